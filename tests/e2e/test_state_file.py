"""A state file that cannot be used: the last line and the exit code say so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from evtui.station.state.file import StateFile
from tests.e2e.conftest import Start
from tests.e2e.screens import actual, up
from tests.e2e.terminal import EVTUI

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


def test_a_file_that_could_not_be_written_to_the_end_is_said_at_the_end(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "lab.db"
    limited = ("/bin/sh", "-c", 'ulimit -f 64; exec "$@"', "sh", *EVTUI)
    often = ("--meter-interval", "0.1s")  # each start, reading and message is written to the file
    terminal = up(start("--port", "0", "--state", str(path), *often, command=limited))
    terminal.send("b")
    terminal.wait_for(lambda screen: actual(screen) >= 10)
    terminal.wait_for("state file")
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("y")
    assert terminal.wait(10) == 1
    (line,) = terminal.after_leaving.splitlines()
    assert line == (
        f"evtui: state file {path}: what has changed since it could not be written is lost"
    )


def test_a_log_that_was_damaged_while_the_file_was_used_is_said_at_the_end(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "lab.db"
    terminal = up(start("--port", "0", "--state", str(path)))
    os.truncate(f"{path}-wal", 0)
    terminal.send("q")
    assert terminal.wait(10) == 1
    (line,) = terminal.after_leaving.splitlines()
    assert line.startswith(f"evtui: state file {path}: its log was damaged while it was used: ")
