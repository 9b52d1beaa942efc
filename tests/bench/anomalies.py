"""Five anomalies on four layers at once, recorded."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.measure import Options, Row

__all__ = ["bench"]

TARGET = 400.0
"""Simulated seconds a second."""

SCENARIO = """\
schema: evtui.scenario/1
id: five-anomalies
title: Five anomalies on four layers
lab: {{preset: dc, meter_interval: 1s}}
steps:
  - start
  - wait_for: {{status: Charging, timeout: 1min}}
  - parallel:
      - [{{anomaly: profile-oscillation, duration: {seconds}s}}]
      - [{{anomaly: heartbeat-loss, duration: {seconds}s}}]
      - [{{anomaly: meter-falsify, duration: {seconds}s}}]
      - [{{anomaly: can-spoof-current, duration: {seconds}s}}]
      - [{{anomaly: cooling-off, duration: {seconds}s}}]
"""


def bench(options: Options) -> Iterator[Row]:
    """An hour of them; what is started and stopped by others would make it cheaper."""
    seconds, times = (300, 1) if options.quick else (3600, 5)
    file = options.home / "five.yaml"
    file.write_text(SCENARIO.format(seconds=seconds), encoding="utf-8")
    runs = [_run(file, options.home / f"five-{number}") for number in range(times)]
    cost = statistics.median(each["wall_s"] / each["t_end_s"] for each in runs)
    yield Row(
        "a simulated second of five anomalies on four layers",
        cost * 1000,
        "ms",
        1000 / TARGET,
        f"factor {1 / cost:.0f}, recorded, median of {times} times {seconds} s; "
        f"{runs[0]['messages']:,} messages and {runs[0]['frames']:,} frames",
    )


def _run(file: Path, out: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "evtui", "run", str(file), "--out", str(out), "--json", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["verdicts"][0]["met"], result["verdicts"]
    return result
