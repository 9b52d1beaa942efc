"""The loop whose time jumps to the next timer, for tests of anything that waits.

An hour of heartbeats takes milliseconds, and a test sees exact times::

    async def scenario() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert run_virtual(scenario()) == 3600.0

It is the shipped loop, but for a clock that waits for sockets and threads where no timer is left.
They do not know about virtual time: a timer may overtake them.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from evtui.runtime.virtual import VirtualClock, VirtualLoop

__all__ = ["VirtualTimeLoop", "run_virtual"]

T = TypeVar("T")

PATIENCE_S = 60.0
"""Real seconds to wait for a thread or a socket when no timer is left to jump to."""


class _PatientClock(VirtualClock):
    """Looks at sockets before every jump, and waits for them before it calls it a deadlock."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = selectors.DefaultSelector.select(self, PATIENCE_S if timeout is None else 0)
        return ready or super().select(timeout)


class VirtualTimeLoop(VirtualLoop):
    """A loop that starts at 0 s and never waits; nothing is ready: time jumps on."""

    stands_still = False  # see hold_up

    def __init__(self) -> None:
        super().__init__(_PatientClock())

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
