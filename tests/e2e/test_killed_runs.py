"""``kill -9`` of a run in real time: what its folder holds, held against an outside witness."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from evtui.recording.check.checking import check_folder
from evtui.recording.check.repairing import repair
from evtui.recording.read.reader import RunFolder
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e

KILLS = 50 if os.environ.get("EVTUI_FULL") else 1

LOST_AT_MOST = 0.25
"""s before the kill of which events may be missing."""

SCENARIO = """\
schema: evtui.scenario/1
id: killed
title: Runs until it is killed
steps:
  - anomaly: repeated-current-fluctuation
    with: {wait_1_s: 0.2, wait_2_s: 0.2, wait_3_s: 0.5, wait_4_s: 0.5}
    duration: 1min
"""


class Witness:
    """Reads the live feed of a run and knows when each line came."""

    def __init__(self, folder: Path, scenario: Path) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "evtui", "run", str(scenario), "--speed", "1"),
                *("--out", str(folder), "--events", "-", "--quiet"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.seen: list[tuple[float, dict[str, Any]]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n") and '"event":"Feed"' not in line:  # the last one may be torn
                self.seen.append((time.monotonic(), json.loads(line)))

    def wait_until(self, t: float) -> None:
        """Until an event of lab time ``t`` s or later has come."""
        deadline = time.monotonic() + PATIENCE
        while not self.seen or self.seen[-1][1]["t"] < t:
            assert self.process.poll() is None, "the run ended by itself"
            assert time.monotonic() < deadline, "no events"
            time.sleep(0.001)

    def kill(self) -> float:
        """``kill -9``; the lab time in s of that moment."""
        self.process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        self.process.wait(10)
        self._thread.join(10)
        # An event comes after it has happened: the quickest one tells best when time 0 was.
        return killed - min(came - float(event["t"]) for came, event in self.seen)


@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_killed_at_any_moment_keeps_all_but_its_last_quarter_second(
    number: int, tmp_path: Path
) -> None:
    chance = random.Random(f"kill {number}")
    scenario = tmp_path / "killed.yaml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    witness = Witness(tmp_path / "run", scenario)
    try:
        witness.wait_until(chance.uniform(0.6, 4.0))
        killed_at = witness.kill()
    finally:
        witness.process.kill()
        witness.process.wait()
    recorded = {event.seq for event in RunFolder(tmp_path / "run").events()}
    due = {event["seq"] for _, event in witness.seen if event["t"] <= killed_at - LOST_AT_MOST}
    assert due
    assert due - recorded == set()
    report = check_folder(tmp_path / "run")
    assert not report.damaged, report.findings
    repair(tmp_path / "run")
    assert check_folder(tmp_path / "run").sound
