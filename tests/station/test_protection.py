"""A station protects itself: what it tells, what it ends, when it comes back."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import Any

import pytest

from evtui.power import Faults, Readings
from evtui.station import ChargerFault, OwnReadings, VehicleAsks
from evtui.station.connector import protection
from evtui.station.connector.protection import (
    CHARGER_ERRORS,
    OVER_CURRENT_FOR,
    HardwareState,
    HardwareTrouble,
    Protection,
)
from tests.station.rig import Rig, charge, station, virtual


def state(
    *,
    temperature: float = 40.0,
    stuck: float = 0.0,
    silent: bool = False,
    faults: tuple[ChargerFault, ...] = (),
    off: bool = False,
    **readings: Any,
) -> HardwareState:
    told = Readings(temperature, **readings)
    return HardwareState(
        own=OwnReadings(400.0, None, True, temperature, told),
        running=not stuck,
        stuck=stuck,
        silent=silent,
        asks=VehicleAsks.ENERGY,
        faults=faults,
        off=off,
    )


def after(protection: Protection, seconds: float, seen: HardwareState) -> HardwareTrouble | None:
    """What is found last in so many s of the same."""
    found = None
    for _ in range(round(seconds / 0.1)):
        found = protection.look(seen, 0.1) or found
    return found


def test_a_limit_is_tolerated_to_be_exceeded_by_little_or_for_some_seconds() -> None:
    excess = 0.99
    protection = Protection(lambda: excess)
    assert after(protection, 60.0, state()) is None
    excess = 1.01
    assert after(protection, OVER_CURRENT_FOR - 0.2, state()) is None
    found = after(protection, 0.5, state())
    assert found is not None
    assert (found.error, found.faulted, found.ends) == ("OverCurrentFailure", True, True)
    excess = 0.0
    assert after(protection, 4.8, state()) is None
    assert after(protection, 0.5, state()) == HardwareTrouble()


@pytest.mark.parametrize(
    ("readings", "seconds", "error", "faulted", "emergency"),
    [
        ({"temperature": 79.9}, 60.0, None, False, False),
        ({"temperature": 80.0}, 0.1, "HighTemperature", False, False),
        ({"temperature": 100.0}, 0.1, "HighTemperature", True, False),
        ({"connector": 80.0}, 0.1, "HighTemperature", False, False),
        ({"connector": 90.0}, 0.1, "HighTemperature", True, False),
        ({"insulation": 210_000.0}, 60.0, None, False, False),
        ({"insulation": 190_000.0}, 0.1, "GroundFailure", False, False),
        ({"insulation": 39_000.0}, 0.1, "GroundFailure", True, True),
        ({"supply": 0.95}, 60.0, None, False, False),
        ({"supply": 0.85}, 60.0, "UnderVoltage", False, False),
        ({"supply": 0.6}, 0.4, None, False, False),
        ({"supply": 0.6}, 2.9, "UnderVoltage", False, False),
        ({"supply": 0.6}, 3.2, "UnderVoltage", True, False),
        ({"stuck": 4.9}, 60.0, None, False, False),
        ({"stuck": 5.0}, 0.1, "PowerSwitchFailure", True, False),
        ({"silent": True}, 0.4, None, False, False),
        ({"silent": True}, 0.7, "EVCommunicationError", False, False),
    ],
)
def test_what_is_found_when(
    readings: dict[str, Any], seconds: float, error: str | None, faulted: bool, emergency: bool
) -> None:
    found = after(Protection(), seconds, state(**readings))
    assert (found and found.error) == error
    if found is not None:
        assert (found.faulted, found.ends, found.emergency) == (faulted, faulted, emergency)


def test_a_vehicle_that_does_not_answer_for_10_s_has_ended_its_session() -> None:
    found = after(Protection(), 10.2, state(silent=True))
    assert found is not None
    assert (found.error, found.faulted, found.ends) == ("EVCommunicationError", False, True)


def test_a_trip_is_over_only_well_below_where_it_came_and_after_a_while() -> None:
    protection = Protection()
    after(protection, 1.0, state(temperature=101.0))
    assert after(protection, 60.0, state(temperature=62.0)) is None
    assert after(protection, 4.9, state(temperature=59.0)) is None
    assert after(protection, 0.3, state(temperature=59.0)) == HardwareTrouble()
    assert not protection.watching


def test_a_dip_that_ends_in_time_does_not_add_up_with_the_next_one() -> None:
    protection = Protection()
    for _ in range(5):
        found = after(protection, 2.0, state(supply=0.6))
        assert found is not None
        assert not found.faulted
        assert after(protection, 1.0, state(supply=1.0)) == HardwareTrouble()


def test_of_two_faults_the_connector_is_used_again_when_both_are_over() -> None:
    protection = Protection()
    after(protection, 1.0, state(temperature=101.0))
    found = after(protection, 1.0, state(temperature=101.0, insulation=1_000.0))
    assert found is not None
    assert (found.error, found.ends, found.emergency) == ("GroundFailure", True, True)
    found = after(protection, 10.0, state(temperature=101.0))
    assert found is not None
    assert (found.error, found.faulted, found.ends) == ("HighTemperature", True, False)
    assert after(protection, 10.0, state()) == HardwareTrouble()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ChargerFault.OVER_TEMPERATURE, "HighTemperature"),
        (ChargerFault.UNDER_VOLTAGE_AC, "UnderVoltage"),
        (ChargerFault.OVER_VOLTAGE_DC, "OverVoltage"),
        (ChargerFault.OVER_CURRENT_DC, "OverCurrentFailure"),
        (ChargerFault.COMMUNICATION, "InternalError"),
        (ChargerFault.VENDOR_WARNING, "OtherError"),
    ],
)
def test_what_a_charger_says_of_itself_is_a_warning_until_it_switches_itself_off(
    fault: ChargerFault, error: str
) -> None:
    protection = Protection()
    found = after(protection, 0.1, state(faults=(fault,)))
    assert found is not None
    assert (found.error, found.faulted, found.ends) == (error, False, False)
    assert str(fault) in found.info
    found = after(protection, 0.1, state(faults=(fault,), off=True))
    assert found is not None
    assert (found.error, found.faulted, found.ends) == (error, True, True)
    assert after(protection, 5.2, state()) == HardwareTrouble()


def test_each_fault_of_a_charger_is_told_as_one_error() -> None:
    assert sorted(chain.from_iterable(CHARGER_ERRORS.values())) == sorted(ChargerFault)


# In a station


def errors(rig: Rig) -> list[tuple[str, str]]:
    """Status and error of each StatusNotification of connector 1."""
    return [
        (call.payload["status"], call.payload["errorCode"])
        for call in rig.central.of("StatusNotification")
        if call.payload["connectorId"] == 1
    ]


@virtual
async def test_a_warning_leaves_the_status_and_goes_with_the_next_one() -> None:
    async with station("dc") as rig:
        await charge(rig)
        rig.stage.faults = Faults(supply=0.85)
        await rig.until(lambda: errors(rig)[-1] == ("Charging", "UnderVoltage"))
        rig.connector.stop("Local")
        await rig.until(lambda: errors(rig)[-1] == ("Finishing", "UnderVoltage"))
        rig.stage.faults = Faults()
        await rig.until(lambda: errors(rig)[-1] == ("Finishing", "NoError"))


@virtual
async def test_a_fault_ends_the_transaction_and_nothing_starts_until_it_is_over() -> None:
    async with station("dc") as rig:
        await charge(rig)
        rig.stage.faults = Faults(supply=0.5)
        stop = await rig.sent("StopTransaction")
        assert stop.payload["reason"] == "Other"
        assert errors(rig)[-1] == ("Faulted", "UnderVoltage")
        assert not rig.connector.startable
        rig.stage.faults = Faults()
        await rig.until(lambda: errors(rig)[-1] == ("Finishing", "NoError"))
        assert rig.connector.startable


@virtual
async def test_a_module_that_comes_back_does_not_hide_another_fault() -> None:
    async with station("dc") as rig:
        await charge(rig)
        rig.stage.faults = Faults(supply=0.5)
        await rig.until(lambda: rig.connector.status == "Faulted")
        await rig.silence_module()
        await asyncio.sleep(3.0)
        rig.start_module()
        await rig.until(lambda: len(rig.frames(0x201)) > 1)
        assert rig.connector.status == "Faulted"


@virtual
async def test_temperature_is_metered_as_the_sensor_has_it() -> None:
    async with station("dc") as rig:
        rig.charge_point.configuration.set("MeterValuesSampledData", "Temperature")
        rig.stage.faults = Faults(sensor_bias=-20.0)
        await charge(rig)
        values = (await rig.sent("MeterValues")).payload["meterValue"][0]["sampledValue"]
        assert float(values[0]["value"]) < 10.0


def test_what_is_wrong_fits_into_a_status_notification() -> None:
    told = [guard.info for guard in chain(protection.GUARDS, protection.charger_guards())]
    assert len(told) > len(protection.CHARGER_ERRORS)
    assert [text for text in told if not 0 < len(text) <= 50] == []  # CiString50, section 6.47
