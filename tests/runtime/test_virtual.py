"""The loop whose time jumps, or is paced."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.runtime.virtual import RESOLUTION, VirtualLoop, run_virtual


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


def order_of(*waits: Sequence[float]) -> list[int]:
    """In which order side-by-side chains of waits (s each) come to their ends."""

    async def main() -> list[int]:
        seen: list[int] = []

        async def chain(number: int, waits: Sequence[float]) -> None:
            for seconds in waits:
                await asyncio.sleep(seconds)
            seen.append(number)

        await asyncio.gather(*(chain(number, each) for number, each in enumerate(waits)))
        return seen

    return run_virtual(main())


@pytest.mark.parametrize("others", [0, 1, 2, 3, 7, 100])
def test_what_is_due_at_one_moment_comes_in_the_order_in_which_it_was_asked_for(
    others: int,
) -> None:
    later = [[3.0]] * others
    assert order_of(*later, [2.0], [2.0], [2.0])[:3] == [others, others + 1, others + 2]
    assert order_of(*[[1.0]] * 5_000) == list(range(5_000))


def test_a_sum_that_floats_do_not_hold_exactly_is_the_same_moment() -> None:
    assert 0.1 + 0.7 < 0.8
    # The one that waits in two parts asked for its second part later.
    assert order_of([0.1, 0.7], [0.8]) == [1, 0]
    assert order_of([0.8], [0.1, 0.7]) == [0, 1]
    assert order_of([0.1] * 10, [1.0], [0.2] * 5) == [1, 2, 0]
    assert order_of([1.0], [1.0 - 5 * RESOLUTION]) == [1, 0]  # another moment is another moment


def test_every_way_to_ask_for_a_moment_counts_alike() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        seen: list[str] = []

        async def sleeper() -> None:
            await asyncio.sleep(1.0)
            seen.append("sleep")

        async def impatient() -> None:
            try:
                async with asyncio.timeout(1.0):
                    await asyncio.sleep(9.0)
            except TimeoutError:
                seen.append("timeout")

        async def waiter() -> None:
            done, _ = await asyncio.wait({loop.create_future()}, timeout=1.0)
            assert not done
            seen.append("wait")

        loop.call_at(1.0, seen.append, "call_at")
        loop.call_later(1.0, seen.append, "call_later")
        tasks = [loop.create_task(each()) for each in (sleeper, waiter, impatient)]
        await asyncio.sleep(0)
        loop.call_at(1.0, seen.append, "last")
        await asyncio.wait(tasks)
        return seen

    seen = run_virtual(main())
    # A callback runs at once; a task it wakes up has its turn after the callbacks of the moment.
    assert seen == ["call_at", "call_later", "last", "sleep", "wait", "timeout"]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 5), st.integers(0, 3)),
        st.tuples(st.just("cancel"), st.integers(0, 400), st.just(0)),
    ),
    max_size=400,
)


@settings(deadline=None)
@given(steps)
def test_timers_come_as_a_list_sorted_by_moment_would_have_them(
    plan: list[tuple[str, int, int]],
) -> None:
    """The model is Python's stable sort; a timer may ask for others, and some are cancelled."""
    loop = VirtualLoop()
    seen: list[int] = []
    asked: list[tuple[float, int]] = []
    timers: list[asyncio.TimerHandle] = []

    def ask(delay: int, children: int) -> None:
        number, moment = len(asked), round(loop.time(), 1) + delay / 10
        asked.append((round(moment, 1), number))
        due = (
            loop.call_later if number % 2 else lambda s, *args: loop.call_at(loop.time() + s, *args)
        )
        timers.append(due(delay / 10, come, number, children))

    def come(number: int, children: int) -> None:
        seen.append(number)
        for child in range(children):
            ask(child, 0)

    for kind, value, children in plan:
        if kind == "ask":
            ask(value, children)
        elif timers:
            timers[value % len(timers)].cancel()
    cancelled = {number for number, timer in enumerate(timers) if timer.cancelled()}
    loop.call_later(10.0, loop.stop)
    loop.run_forever()
    loop.close()
    assert seen == [number for _, number in sorted(asked) if number not in cancelled]


def test_order_survives_the_heap_being_rid_of_cancelled_timers() -> None:
    loop = VirtualLoop()
    seen: list[int] = []
    timers = [loop.call_at(1.0, seen.append, number) for number in range(1_000)]
    for number, timer in enumerate(timers):
        if number % 10:  # more than half: asyncio builds a new heap
            timer.cancel()
    loop.call_at(1.0, loop.stop)
    loop.run_forever()
    loop.close()
    assert seen == list(range(0, 1_000, 10))


def test_a_closed_loop_takes_no_timer() -> None:
    loop = VirtualLoop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1.0, print)


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
