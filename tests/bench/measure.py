"""What every bench needs: a row of the table, and the numbers in it."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import psutil

from tests.e2e.screens import connected
from tests.e2e.terminal import EVTUI, Terminal

__all__ = [
    "KIB",
    "MIB",
    "PERIOD",
    "PROBED",
    "Bench",
    "Options",
    "Row",
    "Seen",
    "cpu_share",
    "full",
    "percentile",
    "probed",
    "up",
    "windows",
]

KIB, MIB = 1024, 1024 * 1024
PERIOD = 8.0
"""s of one cycle of the fluctuation with its default waits; windows are as long."""

PROBED = (sys.executable, "-P", str(Path(__file__).with_name("probe.py")))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        target: largest value that is good enough; None where nothing is asked.
        note: how it was measured, or what else was seen.
    """

    what: str
    measured: float
    unit: str
    target: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run.

    Attributes:
        home: folder for settings and probes.
        quick: True for fewer and shorter runs, good enough to see a collapse.
    """

    home: Path
    quick: bool = False

    @property
    def warm_up(self) -> float:
        """s until the chart's 60 s are full; shorter when quick, and the chart emptier."""
        return PERIOD / 2 if self.quick else 60.0

    @property
    def windows(self) -> int:
        """How many windows of one period are measured."""
        return 1 if self.quick else 3


Bench = Callable[[Options], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of a probed process; see ``probe.py``."""

    at: float
    seq: int
    cause: int | None
    kind: str
    detail: str


def probed(log: Path) -> list[Seen]:
    """Events that a probed process has written to ``log`` so far."""
    complete = log.read_text().rpartition("\n")[0]
    return [Seen(*json.loads(line)) for line in complete.splitlines()]


def up(
    *arguments: str, options: Options, columns: int, rows: int, log: Path | None = None
) -> Terminal:
    """A lab that is up on a terminal; with ``log`` a probed one."""
    terminal = Terminal(
        *arguments,
        home=options.home,
        columns=columns,
        rows=rows,
        env={} if log is None else {"EVTUI_PROBE": str(log)},
        command=EVTUI if log is None else PROBED,
    )
    terminal.wait_for(connected, timeout=20)
    return terminal


def windows(options: Options, read: Callable[[], float]) -> float:
    """Growth of a counter a second, median over windows of one period."""
    rates = []
    for _ in range(options.windows):
        before, since = read(), time.monotonic()
        time.sleep(PERIOD)
        rates.append((read() - before) / (time.monotonic() - since))
    return statistics.median(rates)


def cpu_share(pid: int) -> Callable[[], float]:
    """Counter of the CPU time of a process, in hundredths of a second: per cent of a core."""
    process = psutil.Process(pid)

    def read() -> float:
        times = process.cpu_times()
        return 100 * (times.user + times.system)

    return read


def percentile(values: Sequence[float], share: float) -> float:
    """Smallest value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def full() -> bool:
    """True when ``EVTUI_FULL=1`` asks for the long runs."""
    return os.environ.get("EVTUI_FULL") == "1"
