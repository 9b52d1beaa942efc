"""Reports that somebody else says."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.can.stand import Stand, amperes, gaps, on_the_bus

NAME = "can-masquerade"


def test_the_module_is_silent_and_its_period_goes_on() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(10)
        assert stand.genuine(0x300) == []
        assert {*amperes(stand.forged())} == {20}
        assert gaps(stand.forged()) == pytest.approx([0.1] * 99)
        assert {each.reported for each in stand.samples(2, 10)} == {20}
        assert {each.current for each in stand.samples(0, 10)} == {100}
        assert stand.rig.status == "Charging"
        # Afterwards the module is heard again.
        assert stand.samples(18, 20)[-1].reported == 100

    on_the_bus(NAME, scenario)


def test_it_holds_the_value_of_its_first_moment() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.start(variant="hold")
        await asyncio.sleep(1)
        await stand.limit(40)
        await asyncio.sleep(5)
        assert {*amperes(stand.forged())} == {100}
        assert stand.rig.current == pytest.approx(40)
        await stand.stop()

    on_the_bus(NAME, scenario)


def test_it_drifts_from_there() -> None:
    async def scenario(stand: Stand) -> None:
        await stand.run(10, variant="drift", slope_a_per_s=-5)
        said = amperes(stand.forged())
        assert said == sorted(said, reverse=True)
        assert said[0] == 100
        assert said[-1] == pytest.approx(50, abs=1)

    on_the_bus(NAME, scenario)
