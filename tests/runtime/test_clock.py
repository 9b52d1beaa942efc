from __future__ import annotations

import asyncio
import time

from evtui.runtime.clock import LoopClock
from tests.virtual_loop import run_virtual


def test_lab_time_is_the_loops_time_since_the_clock_was_made() -> None:
    async def scenario() -> tuple[float, float]:
        await asyncio.sleep(5.0)
        clock = LoopClock(asyncio.get_running_loop(), 0.0)
        begun = clock.now()
        await asyncio.sleep(3600.0)
        return begun, clock.now()

    assert run_virtual(scenario()) == (0.0, 3600.0)


def test_utc_is_the_start_plus_lab_time() -> None:
    async def scenario() -> list[str]:
        clock = LoopClock(asyncio.get_running_loop(), 1_700_000_000.0)
        await asyncio.sleep(1.5)
        return [clock.iso(), clock.iso(0.0), clock.iso(86_400.0625)]

    assert run_virtual(scenario()) == [
        "2023-11-14T22:13:21.500Z",
        "2023-11-14T22:13:20.000Z",
        "2023-11-15T22:13:20.062Z",
    ]


async def test_lab_time_zero_is_now_unless_said_otherwise() -> None:
    before = time.time()
    clock = LoopClock(asyncio.get_running_loop())
    assert before <= clock.start_utc <= time.time()
