"""From the start of the process to the first full frame, and to the end of ``--help``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from tests.bench.measure import Options, Row
from tests.e2e.screens import drawn
from tests.e2e.terminal import EVTUI, Terminal

__all__ = ["bench"]


def bench(options: Options) -> Iterator[Row]:
    """Full frame: all four panels and the footer, read from the terminal; warm bytecode."""
    runs = 3 if options.quick else 7
    python: list[float] = []
    usage: list[float] = []
    frame: list[float] = []
    for turn in range(runs + 1):
        times = (
            _run([sys.executable, "-c", "pass"]),
            _run([*EVTUI, "--help"]),
            _first_frame(options),
        )
        if turn:  # the first run warms the bytecode and the disk
            for column, value in zip((python, usage, frame), times, strict=True):
                column.append(value)
    base = statistics.median(python)
    for what, values, target in (
        ("start to first full frame", frame, 0.9),
        ("evtui --help", usage, 0.12),
    ):
        middle = statistics.median(values)
        note = f"{middle / base:.0f} times python -c pass ({base * 1000:.0f} ms)"
        yield Row(what, middle, "s", target, f"{note}, worst of {runs}: {max(values):.2f} s")


def _run(command: Sequence[str]) -> float:
    since = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    return time.monotonic() - since


def _first_frame(options: Options) -> float:
    with Terminal("--port", "0", home=options.home, columns=80, rows=24) as terminal:
        return terminal.wait_for(drawn, timeout=20) - terminal.started_at
