"""A forged limit holds until the station says its own again."""

from __future__ import annotations

import asyncio

import pytest

from evtui.events import TransactionState
from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "can-set-limit"


def test_the_module_obeys_and_the_station_never_learns_of_it() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(10)
        assert amperes(stand.forged()) == [10] * 10
        assert gaps(stand.forged()) == pytest.approx([1.0] * 9)
        assert stand.samples(9, 10)[-1].current == pytest.approx(10)
        assert {each.limit for each in stand.samples(0, 10)} == {100}
        # Told once more at the end.
        assert amperes(stand.genuine(0x210, "charge-point")) == [100]
        assert stand.rig.current == pytest.approx(100)

    on_the_bus(NAME, scenario)


def test_once_is_enough_until_another_limit_is_wanted() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="once", limit_a=20)
        await asyncio.sleep(5)
        assert amperes(stand.forged()) == [20]
        assert stand.rig.current == pytest.approx(20)
        await stand.change(limit_a=60.0)
        await asyncio.sleep(5)
        assert amperes(stand.forged()) == [20, 60]
        assert stand.rig.current == pytest.approx(60)
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_a_genuine_limit_ends_one_that_was_said_once() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="once")
        await asyncio.sleep(3)
        await stand.limit(50)
        await asyncio.sleep(5)
        assert stand.rig.current == pytest.approx(50)
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_a_station_ends_what_stays_above_its_limit_and_recovers() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(limit_a=180)
        await asyncio.sleep(12)
        assert stand.statuses() == []
        # From 110.55 A on, 10 % above its limit and half an ampere, for 12 s.
        await asyncio.sleep(5)
        assert stand.statuses()[0] == ("Faulted", "OverCurrentFailure")
        assert stand.rig.of(TransactionState)[-1].reason == "Other"
        assert stand.rig.current == pytest.approx(0)
        await asyncio.sleep(5)
        assert stand.rig.status == "Finishing"
        await stand.stop()

    on_the_bus(NAME, scenario)
