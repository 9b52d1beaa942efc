"""MeterValues: what they say and when they come (OCPP 1.6 sections 3.16.1, 4.7 and 7.31)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.events import Sample
from evtui.power import PRESETS, preset
from evtui.station.metering.readings import Meter
from tests.station.fake_central import Call
from tests.station.rig import Rig, charge, station, virtual


def values(call: Call) -> dict[tuple[str, str], float]:
    """(measurand, phase) to amount."""
    return {
        (sample["measurand"], sample.get("phase", "")): float(sample["value"])
        for sample in samples(call)
    }


def samples(call: Call) -> list[dict[str, Any]]:
    """The sampledValue list of a MeterValues."""
    (meter_value,) = call.payload["meterValue"]
    sampled: list[dict[str, Any]] = meter_value["sampledValue"]
    return sampled


def times(rig: Rig) -> list[float]:
    """Loop times of the MeterValues so far."""
    return [call.t for call in rig.central.of("MeterValues")]


reports = st.lists(
    st.tuples(st.integers(0, 500), st.floats(0, 1000), st.sampled_from([0.1, 0.1, 0.1, 0.3, 1.0])),
    min_size=1,
    max_size=50,
)


@settings(deadline=None)
@given(reports, st.sampled_from(sorted(PRESETS)))
def test_the_register_never_falls_and_is_the_integral_of_the_power(
    series: list[tuple[int, float, float]], kind: str
) -> None:
    meter = Meter(preset(kind))
    now = energy = power = 0.0
    for current, voltage, pause in series:
        before = meter.read(soc=None, temperature=20).energy
        energy += power * pause / 3600 if now else 0.0
        now += pause
        meter.report(current, voltage, now)
        reading = meter.read(soc=None, temperature=20)
        power = reading.power
        assert reading.energy >= before
        assert reading.energy == pytest.approx(energy)


@pytest.mark.parametrize("old", sorted(PRESETS))
@pytest.mark.parametrize("new", sorted(PRESETS))
def test_power_belongs_to_the_current_as_soon_as_the_power_stage_is_another(
    old: str, new: str
) -> None:
    meter = Meter(preset(old))
    meter.report(8.0, 230.0, 0.0)
    meter.use(preset(new))
    ac = preset(new).ac
    factor = 1 if ac is None else ac.phases * ac.power_factor
    assert meter.read(soc=None, temperature=20).power == pytest.approx(8 * 230 * factor)


@settings(deadline=None)
@given(
    current=st.integers(0, 500),
    voltage=st.floats(0, 1000),
    kind=st.sampled_from(sorted(PRESETS)),
)
def test_power_is_current_times_voltage(current: int, voltage: float, kind: str) -> None:
    meter = Meter(preset(kind))
    meter.report(current, voltage, 0.0)
    ac = preset(kind).ac
    factor = 1 if ac is None else ac.phases * ac.power_factor
    power = meter.read(soc=None, temperature=20).power
    assert power == pytest.approx(current * voltage * factor)


@pytest.mark.parametrize("kind", sorted(PRESETS))
def test_a_register_that_was_kept_goes_on_from_there(kind: str) -> None:
    meter = Meter(preset(kind))
    meter.restore(1234.5)
    assert meter.energy == 1234.5
    meter.report(10.0, 400.0, 0.0)
    meter.report(10.0, 400.0, 9.0)
    reading = meter.read(soc=None, temperature=20)
    assert reading.energy == pytest.approx(1234.5 + reading.power * 9 / 3600)


def test_the_power_is_that_of_the_phases_that_are_switched_on() -> None:
    meter = Meter(preset("ac"))
    powers = []
    for hour, phases in enumerate((None, 1, 2, 3, 1)):
        meter.report(10.0, 230.0, 3600.0 * hour, phases)
        reading = meter.read(soc=None, temperature=20, offered=10.0)
        assert reading.power_offered == reading.power
        powers.append(reading.power)
    assert powers == pytest.approx([230 * 10 * 0.98 * count for count in (3, 1, 2, 3, 1)])
    assert meter.energy == pytest.approx(sum(powers[:-1]))
    meter.use(preset("ac"))  # another outlet: all of its phases until it says something else
    assert meter.read(soc=None, temperature=20).power == pytest.approx(powers[0])


@virtual
async def test_dc_values_belong_together() -> None:
    async with station("dc") as rig:
        await charge(rig)
        await asyncio.sleep(30)
        for call in rig.central.of("MeterValues"):
            assert call.payload["connectorId"] == 1
            assert list(values(call)) == [
                ("Current.Import", ""),
                ("Voltage", ""),
                ("Power.Active.Import", ""),
                ("Energy.Active.Import.Register", ""),
                ("SoC", ""),
                ("Temperature", ""),
            ]
            current, voltage, power, *_ = values(call).values()
            # Both factors are rounded to one decimal.
            assert power == pytest.approx(current * voltage, abs=0.05 * (current + voltage) + 0.1)
        units = {s["measurand"]: s["unit"] for s in samples(rig.central.of("MeterValues")[0])}
        assert list(units.values()) == ["A", "V", "W", "Wh", "Percent", "Celcius"]


@virtual
async def test_ac_values_are_given_for_three_phases_and_without_soc() -> None:
    async with station("ac") as rig:
        await charge(rig)
        await asyncio.sleep(30)
        last = values(rig.central.of("MeterValues")[-1])
        assert ("SoC", "") not in last
        currents = [last["Current.Import", line] for line in ("L1", "L2", "L3")]
        voltages = [last["Voltage", f"{line}-N"] for line in ("L1", "L2", "L3")]
        assert currents == [32.0] * 3
        assert voltages == [230.0] * 3
        assert last["Power.Active.Import", ""] == pytest.approx(32 * 230 * 3 * 0.98, abs=1)


@pytest.mark.parametrize("kind", ["seed", "dc", "ac"])
@virtual
async def test_the_register_agrees_with_the_power_stage(kind: str) -> None:
    async with station(kind) as rig:
        transaction = await charge(rig)
        await asyncio.sleep(200)
        await rig.central.status_of("RemoteStopTransaction", transactionId=transaction)
        stop = await rig.sent("StopTransaction")
        registers = [
            values(call)["Energy.Active.Import.Register", ""]
            for call in rig.central.of("MeterValues")
        ]
        assert registers == sorted(registers)
        # CAN carries whole amperes, so the meter may be half an ampere off.
        assert registers[-1] == pytest.approx(rig.stage.state.energy, rel=0.01)
        assert stop.payload["meterStop"] == pytest.approx(registers[-1], abs=20)


@virtual
async def test_the_last_reported_current_stands_in_the_samples() -> None:
    async with station(meter_interval=10) as rig:
        await charge(rig)
        await rig.sent("MeterValues")
        await asyncio.sleep(0.2)
        reported = values(rig.central.of("MeterValues")[0])["Current.Import", ""]
        assert rig.of(Sample)[0].reported is None
        assert rig.of(Sample)[-1].reported == reported


@virtual
async def test_meter_values_come_exactly_at_the_interval_from_the_start_on() -> None:
    async with station(meter_interval=0.7) as rig:
        await charge(rig)
        begun = rig.central.of("StartTransaction")[0].t
        await asyncio.sleep(140)
        expected = [begun + 0.7 * (n + 1) for n in range(len(times(rig)))]
        assert len(expected) == 200
        assert times(rig) == pytest.approx(expected, abs=0.001)


@virtual
async def test_a_new_interval_applies_to_the_running_transaction_at_once() -> None:
    async with station(meter_interval=600) as rig:
        await charge(rig)
        begun = rig.central.of("StartTransaction")[0].t
        await asyncio.sleep(5)
        assert await rig.configure("MeterValueSampleInterval", 10) == "Accepted"
        await asyncio.sleep(40)
        assert [round(t - begun) for t in times(rig)] == [10, 20, 30, 40]
        assert await rig.configure("MeterValueSampleInterval", 2) == "Accepted"
        await asyncio.sleep(10)
        assert {round(b - a) for a, b in pairwise(times(rig)[4:])} == {2}


@virtual
async def test_interval_0_switches_meter_values_off_and_another_one_on_again() -> None:
    async with station() as rig:
        await charge(rig)
        await rig.sent("MeterValues")
        assert await rig.configure("MeterValueSampleInterval", 0) == "Accepted"
        seen = len(times(rig))
        await asyncio.sleep(100)
        assert len(times(rig)) == seen
        assert await rig.configure("MeterValueSampleInterval", 5) == "Accepted"
        await asyncio.sleep(21)
        assert len(times(rig)) - seen == 5


@pytest.mark.parametrize("value", ["0.5", "1e-9", "-1", "nan", "inf", "often"])
@virtual
async def test_an_interval_that_makes_no_sense_is_rejected(value: str) -> None:
    async with station(meter_interval=3) as rig:
        await rig.accepted()
        assert await rig.configure("MeterValueSampleInterval", value) == "Rejected"
        answer = await rig.central.call("GetConfiguration", key=["MeterValueSampleInterval"])
        assert answer["configurationKey"][0]["value"] == "3"


@virtual
async def test_triggered_meter_values_say_so_and_name_the_transaction_that_runs() -> None:
    async with station(meter_interval=600) as rig:
        await rig.accepted()
        await rig.until(lambda: rig.of(Sample))
        trigger = {"requestedMessage": "MeterValues", "connectorId": 1}
        assert await rig.central.status_of("TriggerMessage", **trigger) == "Accepted"
        idle = await rig.sent("MeterValues")
        assert "transactionId" not in idle.payload
        transaction = await charge(rig)
        del trigger["connectorId"]
        assert await rig.central.status_of("TriggerMessage", **trigger) == "Accepted"
        running = await rig.sent("MeterValues", 2)
        assert running.payload["transactionId"] == transaction
        assert {sample["context"] for sample in samples(running)} == {"Trigger"}
