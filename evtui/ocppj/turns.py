"""Turns: how the connections of one event loop share it.

What a peer has sent already can be read without waiting, so a burst of it would be handled in
one go while timers, CAN and every other peer wait.  Here whoever has work to do asks first.  In
each round of the loop work is done for :data:`SHARE` s, all connections together; the rest
waits in line, one piece of work each, and goes on in the next rounds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from evtui.runtime import VirtualLoop

__all__ = ["SHARE", "Turns"]

SHARE = 0.02
"""s of work in one round of the loop, give or take the last piece.

A fifth of the shortest period in the lab, the 100 ms of a charger module."""

UNWATCHED = 0.005
"""s of work, part of the share, that are done before anybody looks when the round is over."""

AT_ONCE = 16
"""Most that are called up in one round: who finds its time used up has to stand in line again."""


class Turns:
    """The line of one event loop; see :meth:`of`.

    On a virtual loop work takes no time, so nobody ever waits.
    """

    _of_loops: ClassVar[dict[asyncio.AbstractEventLoop, Turns]] = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._is_timeless = isinstance(loop, VirtualLoop) and loop.stands_still
        self._is_watched = False
        self._ends = loop.time()  # of the share while the round is watched, else of the free part
        self._line: deque[Callable[[], object]] = deque()
        self._first: deque[Callable[[], object]] = deque()

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Turns:
        """The one line of a loop."""
        turns = cls._of_loops.get(loop)
        if turns is None:
            for ended in [each for each in cls._of_loops if each.is_closed()]:
                del cls._of_loops[ended]
            turns = cls._of_loops[loop] = cls(loop)
        return turns

    def take(self) -> bool:
        """True when a piece of work may be done at once; else it has to :meth:`line_up`."""
        return self._is_timeless or (self._has_time() and not self._line and not self._first)

    def line_up(self, work: Callable[[], object]) -> None:
        """Have ``work`` called when its turn comes, in a round that has time left."""
        self._line.append(work)
        self._watch_round(self._loop.time())

    async def turn(self) -> None:
        """Stand in line and wait for a turn."""
        self._watch_round(self._loop.time())
        line = self._line
        while True:
            called: asyncio.Future[None] = self._loop.create_future()
            line.append(partial(_call_up, called))
            await called
            if self._has_time():
                return
            line = self._first

    def _has_time(self) -> bool:
        now = self._loop.time()
        if self._is_watched:
            return now < self._ends
        if now >= self._ends:
            # That long ago somebody began to work: in this round or in one before.
            self._watch_round(now)
        return True

    def _watch_round(self, now: float) -> None:
        """Be told when this round is over, which costs a round: not for each single message."""
        if not self._is_watched:
            self._is_watched = True
            self._ends = now + SHARE - UNWATCHED
            self._loop.call_soon(self._next_round)

    def _next_round(self) -> None:
        """The loop has come round: timers that were due have had their turn."""
        now = self._loop.time()
        self._is_watched = False
        self._ends = now + UNWATCHED
        for _ in range(min(AT_ONCE, len(self._first) + len(self._line))):
            self._watch_round(now)  # for those who stay behind, or are sent back
            if not self._has_time():
                break
            (self._first or self._line).popleft()()


def _call_up(called: asyncio.Future[None]) -> None:
    if not called.done():  # whoever waited has not gone meanwhile
        called.set_result(None)
