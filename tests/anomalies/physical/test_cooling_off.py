"""The fans stand still: heat, less current, a trip, and the way back."""

from __future__ import annotations

import asyncio

import pytest

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_the_station_warns_gives_less_trips_and_comes_back_when_it_is_cool() -> None:
    async with charging(limit=200.0) as under:
        await under.on("cooling-off")
        trip = await under.until(lambda: under.connector.status == "Faulted", 600.0)
        (warned, faulted) = under.told
        assert (warned.status, warned.error) == ("Charging", "HighTemperature")
        assert (faulted.status, faulted.error) == ("Faulted", "HighTemperature")
        assert 60.0 < warned.t < faulted.t < 400.0
        assert under.reasons == ["Other"]
        at_warning, at_trip = (
            next(each for each in under.samples(t - 0.2)) for t in (warned.t, trip)
        )
        assert at_warning.temperature == pytest.approx(80.0, abs=0.2)
        assert at_warning.current == pytest.approx(200.0, abs=2.0)
        assert at_trip.temperature == pytest.approx(100.0, abs=0.2)
        assert at_trip.current < 120.0
        assert "safe" in await under.off("cooling-off")
        assert under.changes[-1].lasting
        assert under.connector.status == "Faulted"
        await under.until(lambda: under.connector.status == "Finishing", 900.0)
        assert under.told[-1].error == "NoError"
        assert under.state.temperature < 60.0
        assert under.changes[-1].change == "effect_end"


@virtual
async def test_fans_that_turn_slower_heat_less_and_changes_are_followed() -> None:
    async with charging() as under:
        await under.on("cooling-off", fan_pct=50.0)
        await asyncio.sleep(300.0)
        half = under.state.temperature
        assert 35.0 < half < 50.0
        await under.lab.execute("anomaly.set", name="cooling-off", parameters={"fan_pct": 0.0})
        await asyncio.sleep(120.0)
        assert under.state.temperature > half + 15.0


@virtual
async def test_an_ac_station_has_no_fans() -> None:
    async with charging(preset="ac") as under:
        await under.on("cooling-off")
        await under.until(lambda: under.changes[-1].change == "safe")
        assert under.stage.faults.fan == 1.0
