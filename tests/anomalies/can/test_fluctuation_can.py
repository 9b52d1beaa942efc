"""The current swings, and OCPP has nothing to do with it."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "fluctuation-can"


def test_the_current_swings_while_its_set_point_stays() -> None:
    async def scenario(stand: Stand) -> None:
        before = len(stand.rig.events)
        await stand.run(32)
        assert amperes(stand.forged()) == [0, 100] * 4
        assert gaps(stand.forged()) == pytest.approx([2, 6] * 3 + [2])
        flowing = [each.current for each in stand.samples(0, 32)]
        assert (min(flowing), max(flowing)) == pytest.approx((0, 100), abs=1)
        assert {each.limit for each in stand.samples(0, 32)} == {100}
        actions = stand.rig.actions(stand.rig.events[before].seq)
        assert {*actions} <= {"MeterValues", "Heartbeat", "StatusNotification"}

    on_the_bus(NAME, scenario)


def test_levels_and_times_are_followed_and_it_ends_by_itself() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(low_a=10, high_a=30, low_s=1, high_s=1.5, cycles=2)
        await asyncio.sleep(10)
        assert not stand.rig.lab.stands["CP1"].anomalies.active
        stand.off = stand.now
        assert amperes(stand.forged()) == [10, 30, 10, 30]
        assert gaps(stand.forged()) == pytest.approx([1, 1.5, 1])

    on_the_bus(NAME, scenario)


def test_an_end_at_the_lower_level_lets_the_current_rise_again() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start()
        await asyncio.sleep(1.5)
        assert stand.rig.current < 5
        assert "the current is at" in await stand.stop() or stand.rig.current < 5
        await asyncio.sleep(6)
        assert stand.rig.current == pytest.approx(100)

    on_the_bus(NAME, scenario)
