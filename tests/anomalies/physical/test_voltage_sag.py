"""Dips of the mains: less current, or the end of the transaction."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_after_a_short_dip_the_same_transaction_goes_on() -> None:
    async with charging() as under:
        await under.on("voltage-sag", dip_s=2.0, pause_s=20.0)
        await asyncio.sleep(21.0)
        assert [(each.status, each.error) for each in under.told] == [
            ("Charging", "UnderVoltage"),
            ("Charging", "NoError"),
        ]
        assert min(each.current for each in under.samples()) == pytest.approx(0.0, abs=0.1)
        assert under.state.current == pytest.approx(100.0)
        assert under.reasons == []


@virtual
async def test_a_long_dip_ends_it_and_the_station_comes_back() -> None:
    async with charging() as under:
        await under.on("voltage-sag", dip_s=10.0, cycles=1)
        await under.until(lambda: under.connector.status == "Faulted")
        assert under.told[-1].error == "UnderVoltage"
        assert under.told[-1].t == pytest.approx(3.1, abs=0.2)
        assert under.reasons == ["Other"]
        await under.until(lambda: under.connector.status == "Finishing", 20.0)
        assert under.told[-1].t == pytest.approx(15.0, abs=0.3)


@virtual
async def test_a_shallow_dip_only_costs_power_at_the_most_a_station_can_give() -> None:
    async with charging(limit=200.0) as under:
        await under.on("voltage-sag", residual_pct=72.0, dip_s=20.0)
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(180.0)
        assert [each.status for each in under.told] == ["Charging"]


@virtual
async def test_in_an_ac_station_the_power_falls_and_the_current_stays() -> None:
    async with charging(preset="ac", seconds=60.0) as under:
        before = under.state.power
        await under.on("voltage-sag", residual_pct=80.0, dip_s=60.0)
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(32.0, abs=0.5)
        assert under.state.power == pytest.approx(0.8 * before, rel=0.02)
        assert under.state.voltage == pytest.approx(184.0)
