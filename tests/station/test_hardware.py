"""What a charge point knows it knows from its charger, the vehicle and its own parts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.canbus.packs.seed import Current, encode
from evtui.events import CanFrame, Sample
from evtui.power import Vehicle
from evtui.station import (
    Capabilities,
    Charger,
    ChargerFault,
    ChargerReport,
    ChargerState,
)
from tests.station.rig import Rig, charge, station, virtual


def sampled(rig: Rig) -> dict[str, float]:
    """The newest MeterValues, by measurand."""
    values = rig.central.of("MeterValues")[-1].payload["meterValue"][0]["sampledValue"]
    return {value["measurand"]: float(value["value"]) for value in values}


class OneCharger(Charger):
    """A charger that speaks no protocol: a test says what it reports."""

    silence = 2.0

    def __init__(self, capabilities: Capabilities) -> None:
        super().__init__()
        self.orders: list[tuple[Any, ...]] = []
        self._capabilities = capabilities

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def start(self) -> None:
        self.orders.append(("start",))

    def stop(self) -> None:
        self.orders.append(("stop",))

    def set_limits(self, current: float, voltage: float | None = None) -> None:
        self.orders.append((current, voltage))

    def forget(self) -> None:
        self.orders.append(("forget",))

    def close(self) -> None:
        self.orders.append(("close",))


@virtual
async def test_with_the_module_on_the_bus_and_no_other_wire_it_charges_reports_and_ends() -> None:
    async with station(wired=False) as rig:
        transaction = await charge(rig)
        await rig.sent("MeterValues", 3)
        assert rig.central.statuses(1) == ["Preparing", "Charging"]
        told = sampled(rig)
        assert told["Current.Import"] == pytest.approx(rig.stage.state.current, abs=10.0)
        assert told["Current.Import"] > 0
        assert "Voltage" not in told  # which nobody measures
        assert "SoC" not in told
        await rig.ask("RemoteStopTransaction", transactionId=transaction)
        await rig.sent("StopTransaction")
        await rig.until(lambda: rig.stage.state.current == 0.0)
        assert rig.central.statuses(1)[-1] == "Finishing"


@virtual
async def test_without_a_line_to_the_vehicle_it_is_the_current_that_tells_what_it_does() -> None:
    async with station(wired=False, vehicle=Vehicle(soc=98.9)) as rig:
        transaction = await charge(rig)
        await rig.until(lambda: rig.central.statuses(1)[-1] == "SuspendedEV", timeout=900)
        await rig.set_profile(limit=0.0, purpose="TxProfile", transaction_id=transaction)
        await rig.until(lambda: rig.central.statuses(1)[-1] == "SuspendedEVSE")


async def session(rig: Rig, cut: bool) -> list[Any]:
    """Everything a station says in a session, on CAN and to the central system."""
    if cut:
        rig.plants[1].on_state = lambda state: None
    transaction = await charge(rig)
    await asyncio.sleep(20.0)
    await rig.set_profile(limit=6.0, purpose="TxProfile", transaction_id=transaction)
    await asyncio.sleep(10.0)
    rig.unplug()
    await asyncio.sleep(5.0)
    frames = [(f.t, f.node, f.arbitration_id, f.data) for f in rig.of(CanFrame)]
    return [frames, [(call.action, call.payload) for call in rig.central.calls]]


def test_when_nobody_tells_the_truth_nothing_of_the_station_changes() -> None:
    said: list[list[Any]] = []
    samples: list[int] = []

    @virtual
    async def run(cut: bool) -> None:
        async with station("ccs") as rig:
            said.append(await session(rig, cut))
            samples.append(len(rig.of(Sample)))

    run(False)
    run(True)
    assert samples[0] > 300
    assert samples[1] == 0
    assert said[0] == said[1]
    assert len(said[0][0]) > 300


@virtual
async def test_a_forged_report_shows_at_once_beside_what_flows() -> None:
    async with station() as rig:
        await charge(rig)
        await asyncio.sleep(5.0)
        honest = rig.of(Sample)[-1]
        assert honest.measured == round(honest.current) == 100
        rig.bus.mutes.append(lambda node, frame: node.name == "module")
        forger = rig.bus.attach("forger", lambda frame: None)
        before = len(rig.of(Sample))
        for _ in range(3):
            forger.send(encode(Current(40)))
            await asyncio.sleep(0.1)
        forged = rig.of(Sample)[before:]
        assert len(forged) == 3
        assert [sample.measured for sample in forged] == [40.0] * 3
        assert all(sample.current > 99.0 for sample in forged)


@virtual
async def test_before_its_charger_has_reported_a_station_has_measured_nothing() -> None:
    async with station() as rig:
        await rig.until(lambda: len(rig.of(Sample)) >= 2)
        first, second = rig.of(Sample)[:2]
        assert first.measured is None
        assert second.measured == 0.0


@virtual
async def test_what_the_charger_tells_of_voltage_heat_and_charge_stands_in_for_its_own_parts() -> (
    None
):
    charger = OneCharger(Capabilities(tells_voltage=True))
    async with station(wired=False, charger=charger, module=False) as rig:
        rig.charge_point.configuration.set(
            "MeterValuesSampledData", "Voltage,Power.Active.Import,SoC,Temperature"
        )
        await rig.until(lambda: rig.charge_point.accepted)
        rig.connector.present("TAG")
        await rig.sent("StartTransaction")
        for _ in range(20):
            charger.on_report(ChargerReport(50.0, 400.0, 61.0, soc=33.0))
            await asyncio.sleep(0.1)
        assert sampled(rig) == {
            "Voltage": 400.0,
            "Power.Active.Import": 20_000.0,
            "SoC": 33.0,
            "Temperature": 61.0,
        }
        assert rig.connector.status == "Charging"


@virtual
async def test_a_charger_that_sets_the_voltage_is_told_what_the_vehicle_asks_for() -> None:
    charger = OneCharger(Capabilities(sets_voltage=True))
    async with station("dc", charger=charger, module=False) as rig:
        charger.on_report(ChargerReport(0.0))
        stage = rig.stage
        assert charger.orders[-1] == (100.0, pytest.approx(stage.asked_voltage))
        before = stage.asked_voltage
        stage.start()
        rig.plants[1].step(0.1)  # the contactor closes
        assert charger.orders[-1] == (100.0, pytest.approx(stage.asked_voltage))
        assert stage.asked_voltage is not None
        assert before is not None
        assert stage.asked_voltage > before + 20


@virtual
async def test_a_charger_that_has_switched_itself_off_ends_the_transaction_until_it_is_well() -> (
    None
):
    charger = OneCharger(Capabilities(tells_state=True))
    ill = ChargerReport(
        0.0, state=ChargerState.FAULT, faults=(ChargerFault.OVER_TEMPERATURE,), temperature=105.0
    )
    async with station(wired=False, charger=charger, module=False) as rig:
        await rig.until(lambda: rig.charge_point.accepted)
        charger.on_report(ChargerReport(0.0, state=ChargerState.STANDBY))
        rig.connector.present("TAG")
        await rig.sent("StartTransaction")
        charger.on_report(ChargerReport(80.0, state=ChargerState.DELIVERING))
        assert rig.connector.status == "Charging"
        charger.on_report(ill)
        stop = await rig.sent("StopTransaction")
        assert stop.payload["reason"] == "Other"
        assert rig.connector.status == "Faulted"
        last = rig.central.of("StatusNotification")[-1].payload
        assert last["errorCode"] == "HighTemperature"
        assert "OverTemperature" in last["info"]
        for _ in range(60):
            await asyncio.sleep(0.1)
            charger.on_report(ChargerReport(0.0, state=ChargerState.OFF))
        assert rig.connector.status == "Finishing"


@virtual
async def test_how_long_a_silence_is_tolerated_is_the_chargers_to_say() -> None:
    charger = OneCharger(Capabilities())
    async with station(wired=False, charger=charger, module=False) as rig:
        charger.on_report(ChargerReport(0.0))
        await asyncio.sleep(1.9)
        assert rig.connector.status != "Faulted"
        await asyncio.sleep(1.2)
        assert rig.connector.status == "Faulted"
        charger.on_report(ChargerReport(0.0))
        assert rig.connector.status != "Faulted"
