"""A full CAN bus on the screen: keys, processor, and bytes beside python-can's own viewer."""

from __future__ import annotations

import gzip
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.measure import KIB, Options, Row, cpu_share, percentile
from tests.e2e.screens import connected
from tests.e2e.terminal import Terminal

__all__ = ["bench"]

BUSY = (sys.executable, "-P", str(Path(__file__).with_name("busy.py")))
SETTLE = 3.0


def bench(options: Options) -> Iterator[Row]:
    """120x36, 10 frames/s, 4,000 frames of 8 bytes a second on a bus of 500 kbit/s, recorded."""
    seconds, presses = (10.0, 20) if options.quick else (600.0, 300)
    viewer = _viewer(options, seconds=min(seconds, 60.0))
    counted, folder = options.home / "busy-count", options.home / "busy-run"
    with Terminal(
        *("evtui", "--port", "0", "--fps", "10", "--record", str(folder)),
        home=options.home,
        columns=120,
        rows=36,
        env={"EVTUI_TRAFFIC": str(counted)},
        command=BUSY,
    ) as terminal:
        terminal.wait_for(connected, timeout=30)
        terminal.watch(SETTLE)
        echoes = _keys(terminal, presses)
        cpu = cpu_share(terminal.pid)
        read: tuple[Callable[[], float], ...] = (cpu, lambda: terminal.bytes_read / KIB)
        rates = _rates(terminal, seconds, (*read, lambda: _number(counted)))
        terminal.send("q")
        terminal.wait(60)
        frames = _number(counted)
    written = _frames_in(folder)
    pace = f"{rates[2]:,.0f} frames/s, {seconds:.0f} s"
    yield Row(
        "full bus 120x36: key to screen, p99",
        percentile(echoes, 0.99),
        "ms",
        100,
        f"median {statistics.median(echoes):.0f} ms, {len(echoes)} keys",
    )
    yield Row("full bus 120x36: CPU", rates[0], "%", 35, f"of one core, {pace}, recorded")
    note = f"python-can's viewer at {viewer[1]:,.0f} frames/s, with {viewer[0]:.0f} % of a core"
    yield Row("full bus 120x36: output", rates[1], "KiB/s", viewer[2], note)
    lost = max(0.0, frames - written)
    yield Row("full bus: frames not recorded", lost, "", 0, f"of {frames:,.0f}")


def _viewer(options: Options, *, seconds: float) -> tuple[float, float, float]:
    """Of python-can's viewer: per cent of a core, frames/s, KiB/s."""
    counted = options.home / "viewer-count"
    with Terminal(
        "viewer",
        home=options.home,
        columns=120,
        rows=36,
        env={"EVTUI_TRAFFIC": str(counted), "TERM": "xterm-256color"},
        command=BUSY,
    ) as terminal:
        terminal.wait_for("ID", timeout=30)
        terminal.watch(SETTLE)
        read = (cpu_share(terminal.pid), lambda: _number(counted))
        cpu, pace, size = _rates(terminal, seconds, (*read, lambda: terminal.bytes_read / KIB))
    return cpu, pace, size


def _keys(terminal: Terminal, presses: int) -> list[float]:
    """ms from a key to what it changes on the screen."""
    chance, echoes = random.Random(1), []
    terminal.watch(0)
    for turn in range(presses):
        pressed = terminal.send("t")
        seen = terminal.wait_for("CAN · trace" if turn % 2 == 0 else "CAN · by id")
        echoes.append(1000 * (seen - pressed))
        terminal.watch(chance.uniform(0.2, 0.4))
    return echoes


def _rates(
    terminal: Terminal, seconds: float, counters: tuple[Callable[[], float], ...]
) -> list[float]:
    """Growth of each counter a second."""
    before, since = [read() for read in counters], time.monotonic()
    while time.monotonic() < since + seconds:
        time.sleep(0.2)
        terminal.forget()
    elapsed = time.monotonic() - since
    return [(read() - then) / elapsed for read, then in zip(counters, before, strict=True)]


def _number(path: Path) -> float:
    """What was noted last; a note that is just being written is asked for again."""
    for _ in range(100):
        text = path.read_text() if path.exists() else ""
        if text:
            return float(text)
        time.sleep(0.001)
    return 0.0


def _frames_in(folder: Path) -> int:
    """Lines of the recorded can.log."""
    return sum(_lines(path) for path in folder.rglob("can.log*"))


def _lines(path: Path) -> int:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        return sum(1 for _ in file)
