"""Bad contacts: the connector gets hot, the power stage does not."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_the_connector_gets_hot_and_the_station_warns_gives_less_and_stops() -> None:
    async with charging() as under:
        await under.on("connector-hot-spot")
        await under.until(lambda: under.connector.status == "Faulted", 600.0)
        warned, faulted = under.told
        assert (warned.status, warned.error) == ("Charging", "HighTemperature")
        assert (faulted.status, faulted.error) == ("Faulted", "HighTemperature")
        assert under.reasons == ["Other"]
        assert 60.0 < warned.t < faulted.t < 400.0
        assert under.samples(warned.t - 0.2)[0].current == pytest.approx(100.0, abs=0.1)
        assert under.samples(faulted.t - 0.2)[0].current < 60.0
        readings = under.state.readings
        assert readings is not None
        assert readings.connector == pytest.approx(90.0, abs=0.5)
        assert readings.temperature < 45.0
        await under.off("connector-hot-spot")
        assert under.changes[-1].lasting
        await under.until(lambda: under.connector.status == "Finishing", 1200.0)
        assert under.changes[-1].change == "effect_end"


@virtual
async def test_the_voltage_at_the_output_is_higher_by_what_drops_at_the_contacts() -> None:
    async with charging() as under:
        before = under.state.voltage
        await under.on("connector-hot-spot", contact_mohm=50.0, ramp_s=0.0)
        await asyncio.sleep(1.0)
        assert under.state.voltage - before == pytest.approx(5.0, abs=0.1)


@virtual
async def test_contacts_that_were_never_hot_leave_nothing_behind() -> None:
    async with charging() as under:
        await under.on("connector-hot-spot", contact_mohm=1.0, ramp_s=0.0)
        await asyncio.sleep(5.0)
        await under.off("connector-hot-spot")
        assert not under.changes[-1].lasting
        await asyncio.sleep(300.0)
        assert under.state.readings is None
