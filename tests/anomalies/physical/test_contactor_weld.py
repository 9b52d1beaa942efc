"""A contactor that stays closed after the stop."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_current_goes_on_after_the_stop_and_the_station_notices_after_5_s() -> None:
    async with charging() as under:
        await under.on("contactor-weld")
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(100.0)  # nothing shows yet
        await under.lab.execute("station.charge")
        await under.until(lambda: under.connector.status == "Faulted")
        assert under.told[-1].error == "PowerSwitchFailure"
        assert under.told[-1].t == pytest.approx(15.0, abs=0.5)
        assert under.reasons == ["Remote"]
        assert under.state.current == pytest.approx(20.0)
        assert under.state.voltage > 300.0
        assert not under.connector.startable
        assert "safe" in await under.off("contactor-weld")
        assert under.state.voltage == 0.0
        await under.until(lambda: under.connector.status == "Finishing", 10.0)


@virtual
async def test_without_a_residual_current_the_voltage_stays() -> None:
    async with charging() as under:
        await under.on("contactor-weld", residual_a=0.0)
        await under.lab.execute("station.charge")
        await asyncio.sleep(10.0)
        assert under.state.current == pytest.approx(0.0, abs=0.1)
        assert under.state.voltage > 300.0
        assert under.connector.status == "Faulted"


@virtual
async def test_a_contactor_that_is_open_does_not_close_by_itself() -> None:
    async with charging() as under:
        await under.lab.execute("station.charge")
        await asyncio.sleep(10.0)
        await under.on("contactor-weld")
        await asyncio.sleep(10.0)
        assert not under.state.contactor
        assert under.told == []
