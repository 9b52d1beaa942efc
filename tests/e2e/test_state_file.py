"""A state file that cannot be used: the last line and the exit code say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evtui.station.state_file import StateFile
from tests.e2e.conftest import Start

pytestmark = pytest.mark.e2e


def test_a_row_that_means_nothing_is_one_line_at_the_end_and_on_the_feed(
    start: Start, tmp_path: Path
) -> None:
    path, feed = tmp_path / "lab.db", tmp_path / "events.jsonl"
    file = StateFile(str(path))
    file.station("CP1").save("availability", {"nonsense": 1})
    file.close()
    before = path.read_bytes()
    terminal = start("--port", "0", "--state", str(path), "--events", str(feed))
    assert terminal.wait(20) == 2
    said = f"{path}: station CP1: document availability: "
    (line,) = terminal.after_leaving.splitlines()
    assert line.startswith(f"evtui: {said}")
    assert line.endswith("name another file")
    assert json.loads(feed.read_text().splitlines()[-1])["detail"].startswith(said)
    assert terminal.survivors == []
    assert path.read_bytes() == before
