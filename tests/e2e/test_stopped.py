"""Stopped and continued from outside (job control, a debugger): nothing but time is lost.

``EVTUI_FULL=1`` does fifty stops of each kind.
"""

from __future__ import annotations

import csv
import os
import random
import re
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from evtui.events import LinkState, Sample
from evtui.recording.check.checking import check_folder
from evtui.recording.read.reader import RunFolder
from tests.e2e.conftest import QUICK, Start
from tests.e2e.screens import actual, up
from tests.e2e.terminal import Terminal
from tests.patience import PATIENCE
from tests.recording.sample_run import record_sample

pytestmark = pytest.mark.e2e

STOPS = 50 if os.environ.get("EVTUI_FULL") else 1

LONGEST = 3.0
"""s of a stop: more than what a loop that is held up loses by itself."""

JUMP = 1.5
"""s of lab time between two samples, 0.1 s apart: up to 1 s is merely late, and counts."""

SCENARIO = """\
schema: evtui.scenario/1
id: stopped
title: Is stopped and goes on
steps:
  - anomaly: repeated-current-fluctuation
    with: {wait_1_s: 0.2, wait_2_s: 0.2, wait_3_s: 0.5, wait_4_s: 0.5}
    duration: DURATION
"""


def _stop(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


def _assert_whole(folder: Path) -> None:
    report = check_folder(folder)
    assert report.sound, report.findings
    run = RunFolder(folder)
    assert run.manifest is not None
    assert run.manifest.status == "complete"
    assert run.manifest.interrupted == ""
    with (folder / "truth.csv").open() as file:
        attacks = [*csv.DictReader(file)]
    assert attacks
    assert all(attack["t_end"] for attack in attacks)
    events = [*run.events()]
    times = [event.t for event in events if isinstance(event, Sample)]
    assert max(after - before for before, after in pairwise(times)) < JUMP
    assert [each.t for each in events] == sorted(each.t for each in events)
    lost = [event for event in events if isinstance(event, LinkState) and event.state == "offline"]
    assert [event for event in lost if event.t < times[-1] - 1.0] == []


def test_a_lab_goes_on_with_everything_it_had(start: Start, tmp_path: Path) -> None:
    chance, folder = random.Random(1), tmp_path / "run"
    terminal = up(start("--port", "0", *QUICK, "--record", str(folder)))
    terminal.send("s")
    terminal.wait_for(lambda screen: actual(screen) >= 50)
    for _ in range(STOPS):
        terminal.watch(chance.uniform(0.0, 1.0))
        _stop(terminal.pid, chance.uniform(1.0, LONGEST) if STOPS == 1 else chance.random() * 2)
    for wait in (0.0, 0.01, 0.03, 0.1):  # a key pressed while the terminal is taken over again
        _stop(terminal.pid, 0.1)
        time.sleep(wait)
        _answers(terminal)
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("y")
    assert terminal.wait() == 0
    assert terminal.unclean == []
    assert terminal.survivors == []
    _assert_whole(folder)


@pytest.mark.full
def test_a_replay_goes_on_where_it_was(start: Start, tmp_path: Path) -> None:
    chance = random.Random(2)
    record_sample(tmp_path / "sample")
    terminal = start("replay", str(tmp_path / "sample"), columns=120, rows=36)
    terminal.wait_for(lambda screen: "REPLAY" in screen and _cursor(screen) > 0.2)
    for _ in range(STOPS):
        terminal.watch(chance.uniform(0.0, 1.0))
        before = _cursor(terminal.text)
        _stop(terminal.pid, LONGEST)
        terminal.wait_for(partial(_is_elsewhere, before))
        assert _cursor(terminal.text) - before < LONGEST
        if before > 60:
            terminal.send("\x1b[H")
            terminal.wait_for(lambda screen: _cursor(screen) < 60)
    _answers(terminal)
    terminal.send("q")
    assert terminal.wait() == 0
    assert terminal.unclean == []
    assert terminal.survivors == []


def test_a_run_without_a_terminal_goes_on(tmp_path: Path) -> None:
    chance, folder, scenario = random.Random(3), tmp_path / "run", tmp_path / "stopped.yaml"
    scenario.write_text(SCENARIO.replace("DURATION", f"{1 + STOPS}s"), encoding="utf-8")
    arguments = ("run", str(scenario), "--speed", "1", "--out", str(folder), "--quiet")
    with subprocess.Popen([sys.executable, "-m", "evtui", *arguments]) as process:
        deadline = time.monotonic() + PATIENCE
        while not (folder / "truth.csv").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _ in range(STOPS):
            time.sleep(chance.uniform(0.0, 1.0))
            _stop(process.pid, chance.uniform(0.0, LONGEST))
        assert process.wait(PATIENCE + STOPS) == 0
    _assert_whole(folder)


def _answers(terminal: Terminal) -> None:
    """Keys are taken, and the whole screen is drawn again."""
    terminal.send("?")
    terminal.wait_for("─ Keys ─")
    terminal.send("\x1b")
    terminal.wait_for(lambda screen: "─ Keys ─" not in screen and "? help" in screen)


def _is_elsewhere(before: float, screen: str) -> bool:
    return _cursor(screen) not in (before, -1)


def _cursor(screen: str) -> float:
    """Position that the time line gives, s; -1 while it gives none."""
    found = re.search(r"(\d\d):(\d\d):(\d\d\.\d) [/s]", screen)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else -1
