"""An event loop whose time jumps to the next timer, for tests of anything that waits.

An hour of heartbeats takes milliseconds, and a test sees exact times::

    async def scenario() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_virtual(scenario()) == 3600.0

Sockets and threads do not know about virtual time: a timer may overtake them.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualTimeLoop", "run_virtual"]

T = TypeVar("T")

PATIENCE_S = 60.0
"""Real seconds to wait for a thread or a socket when no timer is left to jump to."""


class _JumpingSelector(selectors.DefaultSelector):
    """Moves ``now`` by the time it was asked to wait, instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(PATIENCE_S)
            if not ready:
                raise RuntimeError("every task waits, and no timer is left that could wake one")
            return ready
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop that starts at 0 s and never waits; nothing is ready: time jumps on."""

    def __init__(self) -> None:
        self._virtual = _JumpingSelector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-6  # see evtui.runtime.virtual

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual.now

    def hold_up(self, seconds: float) -> None:
        """Let time pass inside a callback, as if it had blocked the loop that long."""
        self._virtual.now += seconds


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a new :class:`VirtualTimeLoop` and return its result.

    Raises:
        RuntimeError: every task waits for something that no timer will bring (a deadlock).
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
