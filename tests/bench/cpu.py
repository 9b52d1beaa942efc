"""CPU time of the whole process at the local frame rate."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.measure import Options, Row, cpu_share, up, windows

__all__ = ["bench"]


def bench(options: Options) -> Iterator[Row]:
    """120x36, 10 frames/s, the fluctuation with its default waits."""
    arguments = ("--port", "0", "--fps", "10")
    with up(*arguments, options=options, columns=120, rows=36) as terminal:
        terminal.send("s")
        time.sleep(options.warm_up)
        running = windows(options, cpu_share(terminal.pid))
    yield Row("CPU 120x36, fluctuation, 10 frames/s", running, "%", 20, "of one core")
