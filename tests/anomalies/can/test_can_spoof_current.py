"""Forged reports among the genuine ones."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "can-spoof-current"


def test_right_after_each_genuine_one_the_forged_one_rules() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(10)
        assert amperes(stand.forged()) == [50] * len(stand.forged())
        assert len(stand.forged()) == len(stand.genuine(0x300))
        assert {each.reported for each in stand.samples(2, 10)} == {50}
        assert {each.current for each in stand.samples(0, 10)} == {100}

    on_the_bus(NAME, scenario)


def test_beside_them_it_keeps_to_its_rate() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="beside", rate_per_s=50, factor=0, offset_a=7)
        await asyncio.sleep(4)
        assert gaps(stand.forged())[10:] == pytest.approx(
            [0.02] * len(gaps(stand.forged())[10:]), abs=1e-3
        )
        assert {*amperes(stand.forged())} == {7}
        await stand.change(rate_per_s=2.0)
        count = len(stand.forged())
        await asyncio.sleep(4)
        assert len(stand.forged()) - count == pytest.approx(8, abs=1)
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_less_than_nothing_cannot_be_said() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(2, offset_a=-900)
        assert {*amperes(stand.forged())} == {0}

    on_the_bus(NAME, scenario)


def test_a_station_that_is_told_of_too_much_gives_up_a_sound_session() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(factor=2)
        await asyncio.sleep(14)
        assert stand.statuses()[0] == ("Faulted", "OverCurrentFailure")
        assert max(each.current for each in stand.samples(0, 14)) == pytest.approx(100)
        await stand.stop()

    on_the_bus(NAME, scenario)
