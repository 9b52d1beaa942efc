from __future__ import annotations

import asyncio
import time

import pytest

from tests import virtual_loop
from tests.patience import PATIENCE
from tests.virtual_loop import VirtualTimeLoop, run_virtual


def test_a_day_passes_in_no_time_and_exactly() -> None:
    async def day() -> float:
        for _ in range(24):
            await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    begun = time.perf_counter()
    assert run_virtual(day()) == 86_400.0
    assert time.perf_counter() - begun < PATIENCE


def test_timers_fire_in_order_at_their_own_times() -> None:
    async def scenario() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, str]] = []

        def fire(name: str) -> None:
            seen.append((loop.time(), name))

        for at, name in ((2.0, "b"), (0.5, "a"), (2.25, "c")):
            loop.call_at(at, fire, name)
        await asyncio.sleep(3)
        return seen

    assert run_virtual(scenario()) == [(0.5, "a"), (2.0, "b"), (2.25, "c")]


def test_a_callback_can_hold_up_the_others() -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.call_at(1.0, loop.hold_up, 5.0)
        await asyncio.sleep(2)
        return loop.time()

    assert run_virtual(scenario()) == 6.0


def test_a_thread_is_waited_for_when_no_timer_is_left() -> None:
    async def scenario() -> int:
        return await asyncio.to_thread(lambda: 7)

    assert run_virtual(scenario()) == 7


def test_a_deadlock_is_an_error_instead_of_a_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_loop, "PATIENCE_S", 0.01)

    async def scenario() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="no timer"):
        run_virtual(scenario())
