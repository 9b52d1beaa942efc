"""Frames that do not get onto the bus."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.can.stand import Stand, amperes, on_the_bus

NAME = "can-suspend"


def test_a_station_gives_up_a_module_that_it_does_not_hear_and_takes_it_back() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(9, window_s=5, gap_s=10)
        assert all(each.t - stand.on > 5 for each in stand.genuine(0x300))
        assert stand.statuses() == [("Faulted", "InternalError"), ("Finishing", "NoError")]
        assert stand.forged() == []
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_a_module_that_hears_no_limit_goes_on_with_the_last_until_it_is_told_again() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="limits", window_s=60)
        await stand.limit(30)
        await asyncio.sleep(5)
        assert stand.rig.current == pytest.approx(100)
        assert amperes(stand.genuine(0x210, "charge-point")) == []
        await stand.stop()
        await asyncio.sleep(5)
        assert stand.rig.current == pytest.approx(30)

    on_the_bus(NAME, scenario)


def test_a_module_that_hears_no_stop_goes_on_until_it_is_told_again() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="switching", window_s=60)
        await stand.rig.execute("station.charge")
        await asyncio.sleep(5)
        assert stand.rig.current == pytest.approx(100)
        assert "without a transaction" in await stand.stop()
        await asyncio.sleep(5)
        assert stand.rig.current == 0

    on_the_bus(NAME, scenario)


def test_as_many_are_lost_as_the_probability_says() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(60, probability=0.3, window_s=60)
        assert len(stand.genuine(0x300)) == pytest.approx(0.7 * 600, rel=0.1)
        assert stand.statuses() == []

    on_the_bus(NAME, scenario)
