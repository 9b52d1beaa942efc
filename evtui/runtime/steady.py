"""Time that stands still while the process does: stopped from outside, or in a debugger.

Linux stops its monotonic clock while the computer sleeps, and timers go on where they were.  A
process that is stopped has no such clock: when it goes on, everything seems overdue, whoever was
asked something seems silent, and a pong that lies in the socket has missed its deadline.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["SteadyClock", "SteadyLoop", "run_real"]

STEP = 0.25
"""s between two looks at the clock while all is well."""

HELD_UP = 1.0
"""s between two looks from which on the process was held up, and that time does not count."""


class SteadyClock:
    """Monotonic seconds, without those in which the process was held up.

    Any thread may call it; the one that made it has to look at least every :data:`STEP` s.

    Args:
        held_up: s between two looks that are too long to be anything else.
        clock: monotonic seconds of the computer.
    """

    def __init__(
        self, held_up: float = HELD_UP, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._held_up = held_up
        self._clock = clock
        self._owner = threading.get_ident()
        self._mark = clock(), 0.0  # when it was looked at last, and what does not count

    @property
    def lost(self) -> float:
        """Seconds that did not count so far."""
        return self._mark[1]

    def __call__(self) -> float:
        """Seconds; they never go back."""
        looked, lost = self._mark
        now = self._clock()
        gap = now - looked
        if threading.get_ident() != self._owner:
            return looked - lost + min(gap, STEP)
        if gap > self._held_up:
            lost += gap - STEP
        self._mark = now, lost
        return now - lost


class SteadyLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers go by a :class:`SteadyClock`."""

    def __init__(self) -> None:
        self._steady = SteadyClock()
        super().__init__()
        self._look()

    def time(self) -> float:
        """Seconds."""
        return self._steady()

    @property
    def lost(self) -> float:
        """Seconds that did not count so far, in which the process was held up."""
        return self._steady.lost

    def _look(self) -> None:
        self.call_later(STEP, self._look)


def run_real(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a loop of its own, as :func:`asyncio.run` does."""
    with asyncio.Runner(loop_factory=SteadyLoop) as runner:
        runner.run(main)
