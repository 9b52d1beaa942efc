"""Messages that are sent again and again by hand: on time, changed while they run, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.canbus import Frame, PeriodicSender, frame_bits
from evtui.events import CanFrame, Note, PeriodicState
from tests.canbus.rig import Rig
from tests.virtual_loop import VirtualTimeLoop, run_virtual

ONE = Frame(0x210, b"\x01\x00")
TWO = Frame(0x210, b"\x02\x00")
LENGTH = frame_bits(ONE) / 500_000
"""s that each of these takes."""


def times(rig: Rig) -> list[float]:
    return [each.t for each in rig.of(CanFrame)]


def in_time(scenario: Callable[[Rig, PeriodicSender], Coroutine[Any, Any, None]]) -> Rig:
    async def run() -> Rig:
        rig = Rig()
        await scenario(rig, PeriodicSender(rig.bus, rig.stream))
        return rig

    return run_virtual(run())


def test_the_period_does_not_drift_in_an_hour() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {"Limit": 1})
        await asyncio.sleep(3600)

    seen = times(in_time(scenario))
    assert len(seen) in (36_000, 36_001)
    assert max(abs(t - 0.1 * n - LENGTH) for n, t in enumerate(seen)) < 1e-4
    assert max(seen) == pytest.approx(0.1 * (len(seen) - 1) + LENGTH, abs=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.floats(0.001, 2), st.floats(0, 3)), min_size=1, max_size=4))
def test_turns_come_one_period_apart_whatever_it_is_changed_to(
    plan: list[tuple[float, float]],
) -> None:
    changes = []

    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        for period, lasts in plan:
            changes.append((rig.clock.now(), period))
            sender.start("SetLimit", ONE, period, {})
            await asyncio.sleep(lasts)
        sender.stop()
        await asyncio.sleep(0.01)

    rig = in_time(scenario)
    seen = [t - LENGTH for t in times(rig)]
    due = 0.0
    for turn in seen:
        assert turn == pytest.approx(due, abs=1e-3)
        due = turn + next(period for at, period in reversed(changes) if at <= turn + 1e-9)
        for at, period in changes:
            if turn < at < due - 1e-6:  # one loop step: then the turn that was due goes first
                due = max(turn + period, at)
    assert rig.of(PeriodicState)[-1].sent == len(seen)


def test_a_value_that_changes_goes_out_at_the_next_turn_and_turns_stay_where_they_were() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {"Limit": 1})
        await asyncio.sleep(0.25)
        sender.start("SetLimit", TWO, None, {"Limit": 2})
        await asyncio.sleep(0.2)

    rig = in_time(scenario)
    assert [each.data for each in rig.of(CanFrame)] == [ONE.data] * 3 + [TWO.data] * 2
    lengths = [LENGTH] * 3 + [frame_bits(TWO) / 500_000] * 2
    assert times(rig) == pytest.approx([0.1 * n + length for n, length in enumerate(lengths)])
    told = [(each.change, each.values, each.sent) for each in rig.of(PeriodicState)]
    assert told == [("on", {"Limit": 1}, 0), ("changed", {"Limit": 2}, 3)]


def test_a_period_that_changes_counts_from_the_last_turn() -> None:
    async def scenario(_: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {})
        await asyncio.sleep(0.25)
        sender.start("SetLimit", ONE, 1.0, {})
        await asyncio.sleep(2.0)

    assert times(in_time(scenario)) == pytest.approx(
        [at + LENGTH for at in (0, 0.1, 0.2, 1.2, 2.2)]
    )


def test_it_ends_by_itself_after_as_many_as_were_asked_for() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {}, turns=3)
        await asyncio.sleep(5)
        assert sender.running == ()
        assert [node.name for node in rig.bus.nodes] == ["somebody"]

    rig = in_time(scenario)
    assert len(times(rig)) == 3
    assert [(each.change, each.sent) for each in rig.of(PeriodicState)] == [("on", 0), ("off", 3)]


def test_once_stopped_nothing_of_it_comes_and_its_node_is_gone() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {})
        sender.start("StopCharging", Frame(0x201), 0.02, {})
        await asyncio.sleep(1.05)
        assert [each.name for each in sender.running] == ["SetLimit", "StopCharging"]
        assert sender.stop("SetLimit") == ("SetLimit",)
        assert sender.stop("SetLimit") == ()
        await asyncio.sleep(1)
        assert {each.arbitration_id for each in rig.of(CanFrame)[-40:]} == {0x201}
        assert sender.stop() == ("StopCharging",)
        rig.events.clear()
        await asyncio.sleep(10)
        assert rig.events == []
        assert [node.name for node in rig.bus.nodes] == ["somebody"]

    in_time(scenario)


def test_turns_that_are_over_after_a_late_wake_up_are_left_out_and_counted() -> None:
    async def scenario(_: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {})
        await asyncio.sleep(0.15)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.hold_up(0.5)
        await asyncio.sleep(0.3)
        (told,) = sender.running
        assert (told.sent, told.left_out) == (6, 4)

    seen = times(in_time(scenario))
    assert seen == pytest.approx([at + LENGTH for at in (0, 0.1, 0.65, 0.7, 0.8, 0.9)])


def test_a_line_that_is_taken_leaves_turns_out_instead_of_piling_them_up() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        flood = rig.bus.attach("flood", lambda _: None)

        def fill() -> None:
            while flood.queued < 200:
                flood.send(Frame(0, bytes(8)))

        sender.start("SetLimit", ONE, 0.001, {})
        for _ in range(100):
            fill()
            await asyncio.sleep(0.01)
        (told,) = sender.running
        assert told.sent <= 17
        assert told.left_out > 900
        sender.stop()
        await asyncio.sleep(1.0)
        rig.events.clear()
        await asyncio.sleep(1.0)
        assert rig.events == []

    in_time(scenario)


def test_without_a_period_it_cannot_begin() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        with pytest.raises(ValueError, match="SetLimit has no cycle time in the DBC"):
            sender.start("SetLimit", ONE, None, {})
        assert [node.name for node in rig.bus.nodes] == ["somebody"]
        rig.bus.close()
        with pytest.raises(ValueError, match="CP1/can is closed"):
            sender.start("SetLimit", ONE, 0.1, {})

    in_time(scenario)


def test_a_bus_that_closes_ends_it() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {})
        await asyncio.sleep(0.05)
        rig.bus.close()
        await asyncio.sleep(1)
        assert sender.running == ()

    in_time(scenario)


def test_each_frame_is_put_down_to_what_holds_when_it_is_sent() -> None:
    causes = iter((None, 7, 7, 8))

    async def scenario(_: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {}, turns=4, cause=lambda: next(causes))
        await asyncio.sleep(1)

    assert [each.cause for each in in_time(scenario).of(CanFrame)] == [None, 7, 7, 8]


def test_where_nothing_may_be_injected_any_more_it_ends_and_cannot_begin() -> None:
    async def scenario(rig: Rig, sender: PeriodicSender) -> None:
        sender.start("SetLimit", ONE, 0.1, {})
        await asyncio.sleep(0.25)
        rig.bus.guard = lambda: "the bus is not armed"
        await asyncio.sleep(1)
        assert len(times(rig)) == 3
        assert [each.text for each in rig.of(Note)] == [
            "SetLimit is sent no more: the bus is not armed"
        ]
        assert [node.name for node in rig.bus.nodes] == ["somebody"]
        for begin in (lambda: sender.start("SetLimit", ONE, 0.1, {}), lambda: sender.once(ONE)):
            with pytest.raises(ValueError, match="the bus is not armed"):
                begin()

    in_time(scenario)
