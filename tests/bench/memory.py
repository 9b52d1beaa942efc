"""Memory under many times the usual traffic: the buffers are bounded, so it must level off."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psutil

from tests.bench.measure import MIB, PERIOD, Options, Row, full, probed, up

__all__ = ["bench"]

FASTEST = ("--waits", "0.05,0.05,0.05,0.05", "--meter-interval", "0.1s")


def bench(options: Options) -> Iterator[Row]:
    """The fluctuation at its fastest at 120x36; ``EVTUI_FULL=1`` makes it an hour's traffic."""
    seconds = 400.0 if full() else 10.0 if options.quick else 60.0
    usual, _ = _soak(options, (), PERIOD / 2 if options.quick else PERIOD)
    fast, sizes = _soak(options, FASTEST, seconds)
    worth = seconds * fast / usual / 60
    note = (
        f"after {seconds:.0f} s at {fast:.0f} events/s, worth {worth:.0f} min at the usual "
        f"{usual:.0f}/s; start {sizes[0]:.0f}, middle {sizes[1]:.0f} MiB"
    )
    yield Row("memory (RSS) at the end", sizes[2], "MiB", 100, note)


def _soak(
    options: Options, arguments: tuple[str, ...], seconds: float
) -> tuple[float, tuple[float, float, float]]:
    """Events a second, and resident MiB at start, middle and end."""
    log = options.home / "memory.jsonl"
    log.unlink(missing_ok=True)

    def size() -> float:
        terminal.forget()
        return float(psutil.Process(terminal.pid).memory_info().rss / MIB)

    with up("--port", "0", *arguments, options=options, columns=120, rows=36, log=log) as terminal:
        terminal.send("s")
        time.sleep(1)
        before, since = probed(log)[-1].seq, time.monotonic()
        start = size()
        time.sleep(seconds / 2)
        middle = size()
        time.sleep(seconds / 2)
        end = size()
        rate = (probed(log)[-1].seq - before) / (time.monotonic() - since)
    return rate, (start, middle, end)
