"""An event loop whose time jumps to the next timer: an hour of charging in seconds.

The same coroutines run on it as in real time, one after the other in an order that depends on
nothing but themselves.  There is nothing to wait for outside the process: no sockets, no
threads.  With a pace the loop really waits between two timers, and otherwise does the same.

Virtual time makes exact ties: whatever waits for the same moment is due at the same number.
asyncio leaves their order to its heap; this loop keeps the order in which they were asked for, as
the real clock does, on which no two of them are due at quite the same time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any, Protocol, TypeVar, TypeVarTuple

__all__ = ["VirtualClock", "VirtualLoop", "run_virtual"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

RESOLUTION = 1e-6
"""s between two moments that count as two.

asyncio's own 1 ns vanishes beside 97 days of seconds in a float: a timer that is due would never
come, and the loop would spin.  And 0.1 s after 0.7 s is the moment 0.8 s, whatever floats make
of it.
"""

LONGEST_STEP = 86_400.0
"""s that time moves at once; as asyncio's."""

CANCELLED_KEPT = 20
"""Cancelled timers that may lie in the heap if it has as many others; asyncio keeps 100."""

_POLL_EVERY = 256
"""Steps of a loop that never waits between two looks at its wake-up pipe, for signal handlers."""


class VirtualClock(selectors.DefaultSelector):
    """Stands where a loop waits for files, and moves the time instead.

    Args:
        pace: virtual seconds for each real one; None never waits.
        before_waiting: called with the real seconds of each wait before it begins.

    Attributes:
        now: virtual seconds since the clock was made.
        never_waits: there is no pace.
    """

    def __init__(
        self,
        pace: float | None = None,
        before_waiting: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self.now = 0.0
        self._pace = pace
        self._before_waiting = before_waiting
        self.never_waits = pace is None
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


class _Handle(Protocol):
    """What asyncio keeps of a callback."""

    _cancelled: bool

    def _run(self) -> None: ...


class _Call(asyncio.TimerHandle):
    """What asyncio knows of it too, made in half its time: nobody debugs this loop.

    Args:
        when: virtual s.
        scheduled: it waits among the timers, and is counted there, should it be cancelled.
    """

    __slots__ = ()

    _when: float
    _scheduled: bool
    _cancelled: bool

    def __init__(
        self,
        when: float,
        scheduled: bool,
        callback: Callable[..., object],
        args: Sequence[Any],
        loop: asyncio.AbstractEventLoop,
        context: Context | None,
    ) -> None:
        self._context = copy_context() if context is None else context
        self._loop = loop
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._repr = None
        self._source_traceback = None
        self._when = when
        self._scheduled = scheduled


_Timer = tuple[int, int, _Call]
"""A timer in the heap; of those due at one moment the one that was asked for first goes first.

The moment, in steps of :data:`RESOLUTION`; how many timers the loop had made before; the timer.
"""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that starts at 0 s.

    Args:
        clock: its time.

    Attributes:
        stands_still: no time passes while callbacks run.
    """

    stands_still = True

    # asyncio's own, the same from CPython 3.11 to 3.14.
    _check_closed: Callable[[], None]
    _closed: bool
    _process_events: Callable[[list[tuple[selectors.SelectorKey, int]]], None]
    _timer_cancelled_count: int
    _ready: deque[_Handle]
    _stopping: bool

    def __init__(self, clock: VirtualClock | None = None) -> None:
        self._virtual = VirtualClock() if clock is None else clock
        self._made = count()
        self._timers: list[_Timer] = []
        super().__init__(self._virtual)
        self._clock_resolution = RESOLUTION

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """As asyncio's, with a timer that knows its place; every other way to wait ends here."""
        if self._closed:
            self._check_closed()
        timer = _Call(when, True, callback, args, self, context)
        heappush(self._timers, (round(when / RESOLUTION), next(self._made), timer))
        return timer

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """As asyncio's."""
        if self._closed:
            self._check_closed()
        handle = _Call(self._virtual.now, False, callback, args, self, context)
        self._ready.append(handle)
        return handle

    def skip_to(self, when: float) -> bool:
        """Move the time on from inside a callback, which goes on as if it had been called then.

        Returns:
            False, and nothing happens, where something else is to be called up to that moment.
        """
        virtual, timers = self._virtual, self._timers
        if self._ready or self._stopping or not virtual.never_waits:
            return False
        # A timer nearer than two steps might count as one that is due at the same moment.
        if timers and timers[0][2]._when < when + 2 * RESOLUTION:
            return False
        if not virtual.now <= when <= virtual.now + LONGEST_STEP:
            return False
        virtual.now = when
        return True

    def close(self) -> None:
        """As asyncio's; what is still to come does not come any more."""
        super().close()
        self._timers.clear()

    def _run_once(self) -> None:
        """One step: move the time to the next timer, and call what is due.

        As asyncio's, which the same callbacks are called in the same order by, without what
        a loop needs that waits for files and watches how long a callback takes: a third of the
        time of a headless run was spent there.
        """
        timers, ready, virtual = self._timers, self._ready, self._virtual
        if self._timer_cancelled_count > CANCELLED_KEPT:
            self._drop_cancelled()
        while timers and timers[0][2]._cancelled:
            heappop(timers)[2]._scheduled = False
            self._timer_cancelled_count -= 1
        if ready or self._stopping:
            timeout: float | None = 0
        elif timers:
            timeout = timers[0][2]._when - virtual.now
            if timeout > LONGEST_STEP:
                timeout = LONGEST_STEP
        else:
            timeout = None
        if files := virtual.select(timeout):
            self._process_events(files)
        end = virtual.now + RESOLUTION
        while timers and timers[0][2]._when < end:
            timer = heappop(timers)[2]
            timer._scheduled = False
            ready.append(timer)
        for _ in range(len(ready)):  # what they add is called in the next step
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _drop_cancelled(self) -> None:
        timers = self._timers
        if self._timer_cancelled_count > len(timers) // 2:
            for _, _, each in timers:
                each._scheduled = not each._cancelled
            timers[:] = [timer for timer in timers if timer[2]._scheduled]
            heapify(timers)
            self._timer_cancelled_count = 0


def run_virtual(
    main: Coroutine[Any, Any, T],
    *,
    pace: float | None = None,
    before_waiting: Callable[[float], None] | None = None,
) -> T:
    """Run ``main`` to its end on a new :class:`VirtualLoop` and return its result.

    Args:
        pace: as :class:`VirtualClock` takes it.
        before_waiting: the same.

    Raises:
        RuntimeError: every task waits for something that no timer will bring.
    """

    def make() -> VirtualLoop:
        return VirtualLoop(VirtualClock(pace, before_waiting))

    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(main)
