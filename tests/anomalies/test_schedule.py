"""When an anomaly is on: a delay before, an end after a while, several times with pauses."""

from __future__ import annotations

import asyncio

import pytest

from evtui.anomalies import AnomalyError, Schedule
from tests.anomalies.model_station import FOREIGN_PROFILE, Bench
from tests.virtual_loop import run_virtual


def moments(bench: Bench, change: str) -> list[float]:
    """When the truth told of a change, in s."""
    return [state.t for state in bench.truth if state.change == change]


def test_it_is_switched_on_after_its_delay_and_off_after_its_duration() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.injector.start(Schedule(delay=5.0, duration=6.0))
        assert bench.injector.busy
        assert not bench.injector.active
        await asyncio.sleep(30.0)
        return bench

    bench = run_virtual(scenario())
    (waiting,) = (state for state in bench.truth if state.change == "waiting")
    assert (waiting.active, waiting.next_at) == (False, 5.0)
    assert moments(bench, "on") == [5.0]
    assert moments(bench, "off") == [11.0]
    assert bench.changes == ["on", "off", "safe"]
    assert bench.station.profiles == {FOREIGN_PROFILE}


def test_each_time_is_an_attack_of_its_own_with_a_pause_between() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.injector.start(Schedule(duration=6.0, times=3, pause=10.0))
        await asyncio.sleep(120.0)
        return bench

    bench = run_virtual(scenario())
    on, off, safe = (moments(bench, change) for change in ("on", "off", "safe"))
    assert len(on) == len(off) == len(safe) == 3
    assert [end - begin for begin, end in zip(on, off, strict=True)] == pytest.approx([6.0] * 3)
    pauses = [begin - end for begin, end in zip(on[1:], safe, strict=False)]
    assert pauses == pytest.approx([10.0] * 2)
    attacks = [state.attack_id for state in bench.truth if state.change == "on"]
    assert attacks == ["fluctuation-1", "fluctuation-2", "fluctuation-3"]
    assert not bench.injector.busy


@pytest.mark.parametrize("after", [2.0, 12.0], ids=["before the first", "in a pause"])
def test_a_stop_while_it_waits_calls_it_off(after: float) -> None:
    async def scenario() -> Bench:
        bench = Bench()
        schedule = Schedule(delay=5.0, duration=3.0, times=2, pause=100.0)
        bench.injector.start(schedule)
        await asyncio.sleep(after)
        assert await bench.injector.stop() == "repeated-current-fluctuation is called off"
        assert not bench.injector.busy
        await asyncio.sleep(200.0)
        return bench

    bench = run_virtual(scenario())
    assert len(moments(bench, "on")) == (after > 5)
    assert bench.truth[-1].next_at is None


def test_a_stop_while_it_is_on_ends_the_times_that_were_to_come() -> None:
    async def scenario() -> Bench:
        bench = Bench()
        bench.injector.start(Schedule(duration=60.0, times=5, pause=1.0))
        await asyncio.sleep(4.5)
        assert (await bench.injector.stop()).startswith("safe")
        await asyncio.sleep(200.0)
        return bench

    assert run_virtual(scenario()).changes == ["on", "off", "safe"]


def test_one_that_waits_for_its_moment_is_not_started_again() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.injector.start(Schedule(delay=50.0))
        with pytest.raises(AnomalyError, match="waits for its moment"):
            bench.injector.start()

    run_virtual(scenario())


def test_what_it_does_by_itself_ends_it_before_its_duration() -> None:
    async def scenario() -> Bench:
        bench = Bench(cycles=1)
        bench.injector.start(Schedule(duration=600.0))
        await asyncio.sleep(60.0)
        return bench

    bench = run_virtual(scenario())
    assert moments(bench, "off") == pytest.approx([8.0])
    assert bench.changes == ["on", "off", "safe"]
