"""The loop whose time jumps, or is paced."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.runtime.virtual import run_virtual


def test_an_hour_of_waiting_takes_no_time_and_the_clock_says_an_hour() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    begun = time.monotonic()
    assert run_virtual(main()) == 3600.0
    assert time.monotonic() - begun < 60


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=20))
def test_timers_come_in_the_order_of_their_times_at_their_times(waits: list[float]) -> None:
    async def main() -> list[tuple[float, float]]:
        loop = asyncio.get_running_loop()
        seen: list[tuple[float, float]] = []

        async def wait(seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((seconds, loop.time()))

        await asyncio.gather(*(wait(seconds) for seconds in waits))
        return seen

    seen = run_virtual(main())
    assert [seconds for seconds, _ in seen] == pytest.approx(sorted(waits), abs=1e-6)
    assert all(at == pytest.approx(seconds, abs=1e-6) for seconds, at in seen)


def test_timers_still_come_after_decades() -> None:
    async def decades() -> float:
        for _ in range(3):
            await asyncio.sleep(20 * 365.25 * 86_400 + 0.123)
        return asyncio.get_running_loop().time()

    assert run_virtual(decades()) == pytest.approx(60 * 365.25 * 86_400 + 0.369, abs=1e-3)


def test_a_deadlock_is_an_error_and_no_hang() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="no timer is left"):
        run_virtual(main())


def test_a_paced_loop_does_the_same_and_really_waits() -> None:
    waits: list[float] = []

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times = []
        for _ in range(5):
            await asyncio.sleep(1.0)
            times.append(loop.time())
        return times

    begun = time.monotonic()
    times = run_virtual(main(), pace=50, before_waiting=waits.append)
    assert times == run_virtual(main())
    assert time.monotonic() - begun >= 5 / 50
    assert waits, "it never waited"  # a machine with other work to do may be late for some
    assert max(waits) <= 1 / 50


@pytest.mark.parametrize("pace", [None, 2.0])
def test_a_signal_handler_gets_a_word_in(pace: float | None) -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        told: asyncio.Future[str] = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, told.set_result, "told")
        loop.call_later(0.01, signal.raise_signal, signal.SIGUSR1)

        async def go_on() -> None:
            while True:  # noqa: ASYNC110 - a timer that is always there
                await asyncio.sleep(1.0)

        others = loop.create_task(go_on())
        try:
            return await told
        finally:
            others.cancel()
            loop.remove_signal_handler(signal.SIGUSR1)

    assert run_virtual(main(), pace=pace) == "told"
