"""The computer's clock is set: what a station times by UTC follows, its seconds do not."""

from __future__ import annotations

import asyncio

import pytest

from evtui.moments import unix_time
from evtui.station.state.store import StateStore
from tests.station.rig import START_UTC, Rig, at, charge, station, virtual

HOUR = 3600.0
MINUTE = 60.0


async def reserve(rig: Rig, until: float) -> None:
    """Reserve connector 1 until a lab time (s) as the clock was at the start."""
    reservation = {"connectorId": 1, "idTag": "MINE", "reservationId": 1}
    assert await rig.ask("ReserveNow", **reservation, expiryDate=at(until)) == "Accepted"
    await rig.until(lambda: rig.central.statuses()[-1] == "Reserved")


@virtual
async def test_a_reservation_ends_at_once_when_its_expiry_is_past_now() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await reserve(rig, until=HOUR)
        rig.set_clock(HOUR)
        await rig.until(lambda: rig.central.statuses()[-1] == "Available", timeout=1)


@virtual
async def test_a_reservation_lasts_as_long_as_the_clock_was_set_back() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await reserve(rig, until=100)
        rig.set_clock(-10 * MINUTE)
        await asyncio.sleep(10 * MINUTE)
        assert rig.central.statuses()[-1] == "Reserved"
        await rig.until(lambda: rig.central.statuses()[-1] == "Available", timeout=101)


@virtual
async def test_a_profile_ends_and_an_absolute_schedule_moves_on_with_the_clock() -> None:
    async with station() as rig:
        await rig.accepted()
        valid = {"purpose": "TxDefaultProfile", "stack_level": 1, "valid_to": 10 * MINUTE}
        assert await rig.set_profile(1, limit=7, **valid) == "Accepted"
        periods = [(0, 30.0), (20 * 60, 20.0)]
        absolute = {"profile_id": 2, "kind": "Absolute", "start": 0.0, "periods": periods}
        assert await rig.set_profile(1, **absolute) == "Accepted"
        assert rig.connector.limit == 7
        rig.set_clock(10 * MINUTE)
        assert rig.connector.limit == 30
        rig.set_clock(10 * MINUTE)
        assert rig.connector.limit == 20
        rig.set_clock(-20 * MINUTE)
        assert rig.connector.limit == 7
        await asyncio.sleep(10 * MINUTE)
        assert rig.connector.limit == 30


@virtual
async def test_a_relative_schedule_and_the_sampling_go_on_by_the_seconds() -> None:
    async with station(meter_interval=10) as rig:
        relative = {"kind": "Relative", "periods": [(0, 30.0), (100, 20.0)]}
        await rig.accepted()
        assert await rig.set_profile(1, **relative) == "Accepted"
        await charge(rig)
        await asyncio.sleep(50)
        assert rig.connector.limit == 30
        before = len(rig.central.of("MeterValues"))
        rig.set_clock(HOUR)
        await asyncio.sleep(40)
        assert len(rig.central.of("MeterValues")) == before + 4
        assert rig.connector.limit == 30
        await asyncio.sleep(12)
        assert rig.connector.limit == 20


@pytest.mark.parametrize("step", [HOUR + 7, -HOUR + 7])
@virtual
async def test_clock_aligned_values_keep_to_the_clock_that_is_set(step: float) -> None:
    async with station(meter_interval=0) as rig:
        await rig.accepted()
        assert await rig.configure("ClockAlignedDataInterval", 60) == "Accepted"
        await rig.sent("MeterValues", timeout=61)
        rig.set_clock(step)
        seen = len(rig.central.of("MeterValues"))
        await rig.sent("MeterValues", seen + 3, timeout=181)
        for call in rig.central.of("MeterValues")[seen:]:
            moment = unix_time(call.payload["meterValue"][0]["timestamp"])
            assert moment % 60 == 0
            assert moment == pytest.approx(START_UTC + step + call.t, abs=1)


@virtual
async def test_a_firmware_update_waits_for_its_date_by_the_clock_that_is_set() -> None:
    async with station(plugged=False, module=False) as rig:
        await rig.accepted()
        where = {"location": "http://127.0.0.1/none"}
        await rig.central.call("UpdateFirmware", **where, retrieveDate=at(2 * MINUTE))
        await asyncio.sleep(1)
        rig.set_clock(-5 * MINUTE)
        await asyncio.sleep(3 * MINUTE)
        assert rig.central.of("FirmwareStatusNotification") == []
        rig.set_clock(5 * MINUTE)
        told = await rig.sent("FirmwareStatusNotification", timeout=1)
        assert told.payload["status"] == "Downloading"


@virtual
async def test_messages_bear_the_time_of_the_clock_that_is_set() -> None:
    async with station() as rig:
        await charge(rig)
        rig.set_clock(HOUR)
        rig.charge_point.stop_charging("Local")
        stop = await rig.sent("StopTransaction")
        moment = unix_time(stop.payload["timestamp"])
        assert moment == pytest.approx(START_UTC + HOUR + stop.t, abs=0.1)


@virtual
async def test_energy_of_a_transaction_that_a_crash_ends_counts_after_the_clock_was_set_back() -> (
    None
):
    store = StateStore()
    async with station(store=store) as rig:
        await charge(rig)
        await asyncio.sleep(5)
        rig.set_clock(-HOUR)
        await asyncio.sleep(60)
        killed = dict(store.rows)
    register = StateStore(killed).register(1)
    assert register is not None
    assert register.energy > 100
    async with station(plugged=False, store=StateStore(killed)) as rig:
        stop = await rig.sent("StopTransaction")
        assert stop.payload["meterStop"] == int(register.energy)
