from __future__ import annotations

import asyncio
import time

import pytest

from evtui.runtime.clock import LoopClock, keep_in_step
from tests.virtual_loop import VirtualTimeLoop, run_virtual


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


class Computer:
    """A clock outside that somebody sets."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.set_by = 0.0

    def __call__(self) -> float:
        return 1_700_000_000.0 + self._loop.time() + self.set_by


@pytest.mark.parametrize("step", [3600.0, -3600.0, 0.6, -0.6])
def test_utc_follows_the_computers_clock_and_lab_time_does_not(step: float) -> None:
    async def scenario() -> None:
        computer = Computer(asyncio.get_running_loop())
        clock = LoopClock(asyncio.get_running_loop(), wall=computer)
        await asyncio.sleep(10.0)
        assert clock.follow() == 0.0
        computer.set_by = step
        assert clock.unix() == 1_700_000_010.0
        assert clock.follow() == pytest.approx(step)
        assert clock.follow() == 0.0
        assert clock.now() == 10.0
        assert clock.unix() == pytest.approx(1_700_000_010.0 + step)
        assert clock.utc().timestamp() == pytest.approx(clock.unix())
        assert clock.unix(4.0) == pytest.approx(1_700_000_004.0 + step)
        assert clock.start_utc == 1_700_000_000.0

    run_virtual(scenario())


def test_whoever_keeps_it_in_step_is_told_what_happened() -> None:
    async def scenario() -> list[str]:
        computer = Computer(asyncio.get_running_loop())
        clock = LoopClock(asyncio.get_running_loop(), wall=computer)
        told: list[str] = []
        keeping = asyncio.create_task(keep_in_step(clock, told.append))
        for step in (3600.0, -7200.0):
            await asyncio.sleep(10)
            computer.set_by += step
        await asyncio.sleep(10)
        assert clock.unix() == computer()
        keeping.cancel()
        return told

    forward, back = run_virtual(scenario())
    assert "set forward by 3600.0 s" in forward
    assert "set back by 7200.0 s" in back


def test_a_process_that_was_held_up_is_told_from_a_clock_that_was_set() -> None:
    async def scenario() -> list[str]:
        computer = Computer(asyncio.get_running_loop())
        clock = LoopClock(asyncio.get_running_loop(), wall=computer)
        told: list[str] = []
        lost = 0.0
        keeping = asyncio.create_task(keep_in_step(clock, told.append, lost=lambda: lost))
        for held_up, set_by in ((1.6, 0.0), (1.8, 0.0), (1.8, 3600.0)):
            await asyncio.sleep(3)
            lost += held_up
            computer.set_by += held_up + set_by
        await asyncio.sleep(3)
        keeping.cancel()
        return told

    starting, busy, forward = run_virtual(scenario())
    assert starting == ""
    assert "the computer was busy for 1.8 s, or evtui was stopped" in busy
    assert "clock was set forward by 3601.8 s" in forward


def test_a_drift_is_followed_whenever_it_has_become_worth_telling() -> None:
    async def scenario() -> list[float]:
        computer = Computer(asyncio.get_running_loop())
        clock = LoopClock(asyncio.get_running_loop(), wall=computer)
        steps = []
        for _ in range(100):
            await asyncio.sleep(1.0)
            computer.set_by += 0.01
            if step := clock.follow():
                steps.append(step)
        return steps

    assert run_virtual(scenario()) == pytest.approx([0.5, 0.5], abs=0.011)


def test_a_look_that_was_held_up_says_nothing_of_the_computers_clock() -> None:
    loop = VirtualTimeLoop()

    def wall() -> float:
        loop.hold_up(2.0)
        return 1_700_000_000.0 + loop.time()

    clock = LoopClock(loop, 1_700_000_000.0, wall=wall)
    assert clock.follow() == 0.0
    loop.close()


async def test_only_a_loop_in_real_time_follows_unless_it_is_told_whom() -> None:
    loop = asyncio.get_running_loop()
    assert LoopClock(loop).follows
    assert not LoopClock(loop, 0.0).follows

    async def virtual() -> bool:
        return LoopClock(asyncio.get_running_loop()).follows

    assert not await asyncio.to_thread(run_virtual, virtual())
