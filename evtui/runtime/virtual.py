"""An event loop whose time jumps to the next timer: an hour of charging in seconds.

The same coroutines run on it as in real time, one after the other in an order that depends on
nothing but themselves.  There is nothing to wait for outside the process: no sockets, no
threads.  With a pace the loop really waits between two timers, and otherwise does the same.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualLoop", "run_virtual"]

T = TypeVar("T")


_POLL_EVERY = 256
"""Steps of a loop that never waits between two looks at its wake-up pipe, for signal handlers."""


class _Clock(selectors.DefaultSelector):
    """Stands where a loop waits for files, and moves the time instead."""

    def __init__(self, pace: float | None, before_waiting: Callable[[float], None] | None) -> None:
        super().__init__()
        self.now = 0.0
        self._pace = pace
        self._before_waiting = before_waiting
        self._begun = time.monotonic()
        self._unpolled = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("every task waits, and no timer is left that could wake one")
        if timeout > 0 and self._pace is not None:
            return self._wait(self.now + timeout, self._pace)
        if timeout > 0:
            self.now += timeout
        self._unpolled += 1
        if self._unpolled < _POLL_EVERY:
            return []
        self._unpolled = 0
        return super().select(0)

    def _wait(self, due: float, pace: float) -> list[tuple[selectors.SelectorKey, int]]:
        left = max(0.0, self._begun + due / pace - time.monotonic())
        if left and self._before_waiting is not None:
            self._before_waiting(left)
        ready = super().select(left)
        if not ready:  # else a signal, whose handler comes first
            self.now = due
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that starts at 0 s.

    Args:
        pace: virtual seconds for each real one; None never waits.
        before_waiting: called with the real seconds of each wait before it begins.
    """

    def __init__(
        self,
        *,
        pace: float | None = None,
        before_waiting: Callable[[float], None] | None = None,
    ) -> None:
        self._virtual = _Clock(pace, before_waiting)
        super().__init__(self._virtual)
        # asyncio's own 1 ns vanishes beside 97 days of seconds in a float: a timer that is due
        # would never come, and the loop would spin.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now


def run_virtual(
    main: Coroutine[Any, Any, T],
    *,
    pace: float | None = None,
    before_waiting: Callable[[float], None] | None = None,
) -> T:
    """Run ``main`` to its end on a new :class:`VirtualLoop` and return its result.

    Raises:
        RuntimeError: every task waits for something that no timer will bring.
    """

    def make() -> VirtualLoop:
        return VirtualLoop(pace=pace, before_waiting=before_waiting)

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(main)
