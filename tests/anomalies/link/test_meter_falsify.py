from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from evtui.events import AnomalyState, OcppMessage
from tests.anomalies.rig import AnomalyRig, run_anomaly

REGISTER = "Energy.Active.Import.Register"


def told(message: OcppMessage, measurand: str) -> float:
    """What a MeterValues tells of a measurand."""
    (values,) = message.payload["meterValue"]
    return next(float(v["value"]) for v in values["sampledValue"] if v["measurand"] == measurand)


def on_from_to(rig: AnomalyRig) -> tuple[float, float]:
    on, off = (s.t for s in rig.of(AnomalyState) if s.change in ("on", "off"))
    return on, off


def test_a_tenth_of_current_power_and_energy_arrives_and_the_bus_tells_all_of_it() -> None:
    rig = run_anomaly("meter-falsify", 60.0, factor=0.1)
    on, off = on_from_to(rig)
    sent = [m for m in rig.calls("MeterValues", "sent", on) if m.t < off]
    arrived = [m for m in rig.calls("MeterValues", "delivered", on) if m.t < off]
    assert len(sent) == len(arrived) == 60
    for genuine, falsified in zip(sent, arrived, strict=True):
        assert told(genuine, "Current.Import") == pytest.approx(100.0, abs=0.5)
        assert told(falsified, "Current.Import") == pytest.approx(10.0, abs=0.1)
        power = told(falsified, "Power.Active.Import")
        assert power == pytest.approx(told(genuine, "Power.Active.Import") / 10, abs=0.1)
        assert told(falsified, "Voltage") == told(genuine, "Voltage")
    energy = [told(m, REGISTER) for m in sent]
    skimmed = [told(m, REGISTER) for m in arrived]
    assert skimmed[-1] - skimmed[0] == pytest.approx((energy[-1] - energy[0]) / 10, abs=2)
    amperes = [int.from_bytes(f.data[:2], "little") for f in rig.frames(0x300, on) if f.t < off]
    assert min(amperes) >= 99


def test_the_register_never_runs_back_and_meter_stop_agrees_with_it() -> None:
    async def stop_charging(rig: AnomalyRig) -> None:
        await asyncio.sleep(30.0)
        await rig.lab.execute("station.charge")

    rig = run_anomaly("meter-falsify", 5.0, stop_charging, factor=0.1)
    registers = [told(m, REGISTER) for m in rig.calls("MeterValues", "delivered")]
    assert all(before <= after for before, after in pairwise(registers))
    (stop,) = rig.calls("StopTransaction", "delivered")
    (genuine,) = rig.calls("StopTransaction", "sent")
    assert stop.payload["meterStop"] - registers[-1] in (0, 1)
    assert genuine.payload["meterStop"] > stop.payload["meterStop"] + 200


def test_a_phantom_load_is_told_where_nothing_is_multiplied() -> None:
    rig = run_anomaly("meter-falsify", 20.0, factor=1.0, offset_w=64_800.0)
    on, off = on_from_to(rig)
    sent = [m for m in rig.calls("MeterValues", "sent", on) if m.t < off]
    arrived = [m for m in rig.calls("MeterValues", "delivered", on) if m.t < off]
    extra = [
        told(b, "Power.Active.Import") - told(a, "Power.Active.Import")
        for a, b in zip(sent, arrived, strict=True)
    ]
    assert extra == pytest.approx([64_800.0] * len(extra), abs=0.2)
    grown = [told(m, REGISTER) - told(g, REGISTER) for g, m in zip(sent, arrived, strict=True)]
    assert grown[-1] - grown[0] == pytest.approx(64_800.0 * 19 / 3600, abs=3)


def test_it_is_ramped_in_and_follows_a_change_of_its_factor() -> None:
    async def turn(rig: AnomalyRig) -> None:
        await asyncio.sleep(30.0)
        await rig.set("meter-falsify", factor=2.0)

    rig = run_anomaly("meter-falsify", 10.0, turn, factor=0.0, ramp_in_s=20.0)
    on, off = on_from_to(rig)
    amperes = [
        told(m, "Current.Import") for m in rig.calls("MeterValues", "delivered", on) if m.t < off
    ]
    ramp = amperes[:20]
    assert all(before > after for before, after in pairwise(ramp))
    assert ramp[9] == pytest.approx(50.0, abs=6.0)
    assert amperes[25] == 0.0
    assert amperes[-1] == pytest.approx(200.0, abs=1.0)


def test_afterwards_meter_values_arrive_as_they_were_measured() -> None:
    rig = run_anomaly("meter-falsify", 20.0)
    _, off = on_from_to(rig)
    arrived = rig.calls("MeterValues", "delivered", off + 0.2)
    assert len(arrived) >= 9
    assert all(told(m, "Current.Import") == pytest.approx(100.0, abs=0.5) for m in arrived)
