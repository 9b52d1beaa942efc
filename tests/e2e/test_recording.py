"""Recording from the terminal: by key, and a folder that a killed program leaves behind."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from evtui.recording.read.reader import RunFolder
from tests.e2e.conftest import QUICK, Start
from tests.e2e.screens import actual, up
from tests.e2e.terminal import EVTUI
from tests.feed_lines import feed_lines

pytestmark = pytest.mark.e2e

KILLS = 50 if os.environ.get("EVTUI_FULL") else 1

MOST_LOST = 0.25
"""s of a recording that kill -9 may cost."""


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_program_loses_a_quarter_of_a_second_at_most(
    start: Start, tmp_path: Path, number: int
) -> None:
    folder, feed = tmp_path / "night", tmp_path / "events.jsonl"
    terminal = up(start("--port", "0", *QUICK, "--record", str(folder), "--events", str(feed)))
    terminal.send("s")
    terminal.wait_for(lambda screen: "rec" in screen and actual(screen) >= 50)
    terminal.watch(random.Random(number).uniform(0.0, 1.0))
    terminal.kill(signal.SIGKILL)
    terminal.wait()
    # The feed is written before the lab goes on, so it has whatever happened.
    happened = feed_lines(feed)
    recorded = {event.seq for event in RunFolder(folder).events()}
    newest = happened[-1]["t"]
    lost = [event for event in happened if event["seq"] not in recorded]
    assert all(newest - event["t"] <= MOST_LOST for event in lost)
    assert len(recorded) > 50


def test_a_key_records_and_the_status_line_says_where(start: Start, tmp_path: Path) -> None:
    # The folder goes below the working directory, which is the test's.
    command = ("/bin/sh", "-c", f'cd "{tmp_path}" && exec "$@"', "sh", *EVTUI)
    terminal = up(start("--port", "0", command=command, columns=200, rows=50))
    terminal.send("r")
    terminal.wait_for("recording into runs/")
    terminal.wait_for("● rec runs/")
    terminal.send("m")
    terminal.wait_for("▼ mark at")
    terminal.send("odd dip\r")
    terminal.wait_for("marked: odd dip")
    terminal.send("q")
    assert terminal.wait() == 0
    assert terminal.unclean == []
    (folder,) = (tmp_path / "runs").iterdir()
    run = RunFolder(folder)
    assert run.manifest is not None
    assert run.manifest.status == "complete"
    assert "odd dip" in (folder / "events.jsonl").read_text()
