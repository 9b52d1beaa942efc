"""A matrix in two processes, beside the same one run after the other."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Options, Row

__all__ = ["bench"]

RUNS, RUNS_WHEN_QUICK = 20, 4
SECONDS = 120
"""Simulated, of each run."""

SCENARIO = """\
schema: evtui.scenario/1
id: matrix
title: The fluctuation, many times
inputs: {{high: {{type: float, unit: A, default: 100}}}}
matrix: {{high: {highs}}}
steps:
  - start
  - wait: 30s
  - anomaly: repeated-current-fluctuation
    variant: txprofile
    with: {{low_a: 0, high_a: "${{high}}"}}
    duration: {seconds}s
"""


def bench(options: Options) -> Iterator[Row]:
    """Wall time of ``--jobs 2`` in that of ``--jobs 1``, start and end of the program included.

    Both are run in turn, so that what else the machine does meets both.  CPU time is beside it,
    since no two processes are faster than one where nothing is left of the second core.
    """
    runs = RUNS_WHEN_QUICK if options.quick else RUNS
    scenario = options.home / "matrix.yaml"
    highs = [20 + 4 * number for number in range(runs)]
    scenario.write_text(SCENARIO.format(highs=highs, seconds=SECONDS - 30), "utf-8")
    wall: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(1 if options.quick else 5):
        for jobs in wall:
            taken, used = _run(scenario, options.home / f"matrix-{turn}-{jobs}", jobs)
            wall[jobs].append(taken)
            cpu[jobs].append(used)
    one, two = (statistics.median(wall[jobs]) for jobs in wall)
    work = statistics.median(cpu[2]) / statistics.median(cpu[1])
    yield Row(
        f"{runs} runs of a matrix with --jobs 2",
        two / one,
        "of --jobs 1",
        None if options.quick else 0.6,
        f"{two:.2f} s and {one:.2f} s for {SECONDS} s each; CPU time {work:.2f} of it",
    )


def _run(scenario: Path, out: Path, jobs: int) -> tuple[float, float]:
    """Wall and CPU time in s, that of the worker processes included."""
    before, since = os.times(), time.monotonic()
    subprocess.run(
        [
            *(sys.executable, "-m", "evtui", "run", str(scenario), "--out", str(out), "--quiet"),
            *("--jobs", str(jobs)),
        ],
        check=True,
        capture_output=True,
    )
    elapsed, after = time.monotonic() - since, os.times()
    used = (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )
    return elapsed, used
