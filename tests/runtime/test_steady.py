"""Time in which the process stands still does not count."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from evtui.runtime.steady import HELD_UP, STEP, SteadyClock, run_real


class Computer:
    """Its monotonic clock."""

    def __init__(self) -> None:
        self.t = 1000.0

    def __call__(self) -> float:
        return self.t


@pytest.mark.parametrize("stop", [HELD_UP + 0.1, 5.0, 3600.0, 1e6])
def test_a_stop_counts_as_one_step(stop: float) -> None:
    computer = Computer()
    clock = SteadyClock(clock=computer)
    computer.t += stop
    assert clock() == pytest.approx(1000.0 + STEP)
    assert clock.lost == pytest.approx(stop - STEP)
    computer.t += STEP
    assert clock() == pytest.approx(1000.0 + 2 * STEP)
    assert clock.lost == pytest.approx(stop - STEP)


@pytest.mark.parametrize("late", [0.0, STEP, HELD_UP])
def test_what_is_merely_late_counts(late: float) -> None:
    computer = Computer()
    clock = SteadyClock(clock=computer)
    computer.t += late
    assert clock() == pytest.approx(1000.0 + late)


@pytest.mark.parametrize("stop", [0.1, 0.9, 1.5, 60.0])
def test_it_never_goes_back_whichever_thread_looks(stop: float) -> None:
    computer = Computer()
    clock = SteadyClock(clock=computer)
    seen = [clock()]
    with ThreadPoolExecutor(1) as other:
        for _ in range(3):
            computer.t += stop
            seen += [other.submit(clock).result(), clock(), other.submit(clock).result()]
    assert seen == sorted(seen)


def test_an_answer_that_came_during_a_stop_is_there_before_its_deadline() -> None:
    answers: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()
        said = threading.Timer(0.2, loop.call_soon_threadsafe, (answer.set_result, "here"))
        said.start()
        loop.call_later(0.05, time.sleep, HELD_UP + 0.5)  # as long as nothing of us runs
        async with asyncio.timeout(1.0):
            answers.append(await answer)

    run_real(main())
    assert answers == ["here"]
