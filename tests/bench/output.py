"""What the terminal is sent, and what that costs, at the frame rate of a slow link."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.bench.measure import KIB, Options, Row, cpu_share, up, windows
from tests.e2e.terminal import Terminal

__all__ = ["bench"]

SIZES = ((80, 24, 25), (120, 36, 50))
"""Columns, rows, KiB/s allowed while the fluctuation runs."""

SETTLE = 2.0
"""s after a change in which its own repaint goes out."""

FPS = ("--port", "0", "--fps", "4")
COLOURS = "24-bit colour, 4 frames/s"


def bench(options: Options) -> Iterator[Row]:
    """Both sizes at once; the fluctuation with its default waits, three series on the chart."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        labs = [
            stack.enter_context(up(*FPS, options=options, columns=columns, rows=rows))
            for columns, rows, _ in SIZES
        ]

        def rates() -> list[float]:
            return list(pool.map(lambda lab: windows(options, lambda: lab.bytes_read / KIB), labs))

        time.sleep(SETTLE)
        idle = rates()
        _press(labs, "s")
        time.sleep(options.warm_up)
        cpu = pool.submit(windows, options, cpu_share(labs[1].pid))
        running = rates()
        _press(labs, " ")
        paused = rates()
    for what, measured, targets in (
        ("fluctuation running", running, [size[2] for size in SIZES]),
        ("view paused", paused, [1, 1]),
        ("nothing charging", idle, [3, 3]),
    ):
        for (columns, rows, _), value, target in zip(SIZES, measured, targets, strict=True):
            yield Row(f"output {columns}x{rows}, {what}", value, "KiB/s", target, COLOURS)
    yield Row("CPU 120x36, fluctuation, 4 frames/s", cpu.result(), "%", 12, "of one core")


def _press(labs: list[Terminal], key: str) -> None:
    for lab in labs:
        lab.send(key)
        lab.forget()
    time.sleep(SETTLE)
