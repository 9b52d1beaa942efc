"""A sensor that shows too much: a trip without heat."""

from __future__ import annotations

import asyncio

from tests.anomalies.physical.rig import charging, virtual


@virtual
async def test_the_station_believes_its_sensor_and_trips_while_it_is_cool() -> None:
    async with charging(seconds=60.0) as under:
        await under.on("sensor-drift", bias_k=80.0)
        await under.until(lambda: under.connector.status == "Faulted", 70.0)
        assert [each.error for each in under.told] == ["HighTemperature"] * 2
        assert under.reasons == ["Other"]
        assert max(each.temperature for each in under.samples()) < 40.0
        readings = under.state.readings
        assert readings is not None
        assert readings.temperature > 100.0
        assert "safe" in await under.off("sensor-drift")
        assert not under.changes[-1].lasting
        await under.until(lambda: under.connector.status == "Finishing", 10.0)


@virtual
async def test_less_current_flows_before_the_trip_although_nothing_is_hot() -> None:
    async with charging(seconds=60.0) as under:
        await under.on("sensor-drift", bias_k=60.0, ramp_s=0.0)
        await asyncio.sleep(10.0)
        assert 60.0 < under.state.current < 95.0


@virtual
async def test_a_negative_bias_hides_a_real_heat() -> None:
    async with charging(limit=200.0) as under:
        await under.on("sensor-drift", bias_k=-100.0, ramp_s=0.0)
        await under.lab.execute("anomaly.start", name="cooling-off")
        await asyncio.sleep(400.0)
        assert under.state.temperature > 120.0
        assert [each.error for each in under.told] == []
        assert under.state.current > 199.0
