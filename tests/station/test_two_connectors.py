"""A charge point with two connectors: each for itself, what is shared is shared."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.events import ConnectorState
from tests.station.rig import charge, profile, station, virtual


@virtual
async def test_an_accepted_station_tells_the_status_of_every_connector() -> None:
    async with station(connectors=2, plugged=False) as rig:
        rig.plug(2)
        await rig.accepted()
        assert rig.central.log[1:4] == [
            "StatusNotification 0 Available",
            "StatusNotification 1 Available",
            "StatusNotification 2 Preparing",
        ]


@virtual
async def test_two_transactions_run_at_once_and_end_one_by_one() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        first = await charge(rig, 1, "ONE")
        second = await charge(rig, 2, "TWO")
        assert first != second
        await asyncio.sleep(10)
        meters = rig.central.of("MeterValues")
        told = {(each.payload["connectorId"], each.payload["transactionId"]) for each in meters}
        assert told == {(1, first), (2, second)}
        assert await rig.ask("RemoteStopTransaction", transactionId=first) == "Accepted"
        stop = await rig.sent("StopTransaction")
        assert stop.payload["transactionId"] == first
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-1] == "Finishing"
        assert rig.central.statuses(2)[-1] == "Charging"
        assert rig.stage_of(1).state.current < 1 < rig.stage_of(2).state.current


@virtual
async def test_a_start_without_connector_takes_one_where_a_vehicle_waits() -> None:
    async with station(connectors=2, plugged=False) as rig:
        rig.plug(2)
        await rig.accepted()
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Accepted"
        assert (await rig.sent("StartTransaction")).payload["connectorId"] == 2
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Accepted"
        rig.plug(1)
        assert (await rig.sent("StartTransaction", 2)).payload["connectorId"] == 1
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Rejected"


@virtual
async def test_a_start_without_connector_takes_the_one_reserved_for_the_tag() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        later = {"expiryDate": "2026-01-02T00:00:00Z", "idTag": "TAG", "reservationId": 4}
        assert await rig.ask("ReserveNow", connectorId=2, **later) == "Accepted"
        rig.plug(1)
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Accepted"
        rig.plug(2)
        start = (await rig.sent("StartTransaction")).payload
        assert (start["connectorId"], start["reservationId"]) == (2, 4)


@virtual
async def test_limits_go_to_the_module_of_their_connector() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig, 1)
        transaction = await charge(rig, 2)
        fields: Any = {"purpose": "TxProfile", "transaction_id": transaction}
        assert await rig.set_profile(2, limit=20, **fields) == "Accepted"
        await asyncio.sleep(5)
        assert rig.limits(1)[-1] == 100
        assert rig.limits(2)[-1] == 20
        assert rig.frames(0x230)[-1].data == b"\x14\x00"
        assert rig.stage_of(2).state.current == pytest.approx(20, abs=0.5)


@virtual
async def test_a_charge_point_max_profile_is_shared_by_those_that_charge() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig, 1)
        await rig.set_profile(0, limit=60, purpose="ChargePointMaxProfile")
        assert rig.connector.limit == 60
        second = await charge(rig, 2)
        await asyncio.sleep(5)
        limits = [each.limit for each in rig.charge_point.connectors.values()]
        assert sum(limits) <= 60
        assert min(limits) > 0
        await rig.ask("RemoteStopTransaction", transactionId=second)
        await rig.sent("StopTransaction")
        assert rig.connector.limit < 60  # the other one's current is still falling
        await rig.until(lambda: rig.connector.limit == 60, timeout=2)


@virtual
async def test_a_connector_that_joins_never_makes_them_all_draw_more_than_the_cap() -> None:
    """A vehicle at an AC connector follows a limit after up to 5 s (IEC 61851-1)."""
    async with station("ac", connectors=2) as rig:
        await rig.accepted()
        rig.plug(2)
        await rig.set_profile(0, limit=32, purpose="ChargePointMaxProfile")
        await charge(rig, 1)
        await rig.until(lambda: rig.stage.state.current > 31.9)
        await rig.set_profile(1, limit=31, purpose="TxDefaultProfile", profile_id=2)
        await asyncio.sleep(0.5)
        await charge(rig, 2)
        for _ in range(200):
            await asyncio.sleep(0.1)
            together = [rig.stage_of(number).state.current for number in (1, 2)]
            assert sum(together) <= 32.001, together
        assert together == pytest.approx([16, 16])


@virtual
async def test_a_change_of_phases_never_makes_them_all_draw_more_watts_than_the_cap() -> None:
    async with station("ac", connectors=2) as rig:
        await rig.accepted()
        rig.plug(2)
        cap: Any = {"limit": 14_000, "unit": "W", "purpose": "ChargePointMaxProfile"}
        await rig.set_profile(0, **cap)
        await charge(rig, 1)
        await charge(rig, 2)
        await rig.until(lambda: rig.stage.state.current > 10)
        for turn, phases in enumerate((1, 2, 1, 3)):
            await asyncio.sleep(20 + turn)
            await rig.set_profile(1, limit=32, profile_id=2, phases=phases)
            for _ in range(200):
                await asyncio.sleep(0.1)
                watts = [rig.stage_of(number).state.power for number in (1, 2)]
                assert sum(watts) <= 14_000.1, watts
            assert sum(watts) > 11_000  # whole amperes, and the power factor
            assert rig.stage.state.phases == phases


@virtual
async def test_a_module_that_falls_silent_faults_its_own_connector_only() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        first = await charge(rig, 1)
        second = await charge(rig, 2)
        await rig.silence_module(2)
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (second, "Other")
        await asyncio.sleep(5)
        assert rig.central.statuses(2)[-1] == "Faulted"
        assert rig.central.statuses(1)[-1] == "Charging"
        assert rig.central.statuses(0) == ["Available"]
        assert await rig.ask("RemoteStartTransaction", idTag="X", connectorId=2) == "Rejected"
        running = rig.connector.transaction
        assert running is not None
        assert running.transaction_id == first


@virtual
async def test_a_reset_ends_the_transactions_of_every_connector() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        transactions = {await charge(rig, 1), await charge(rig, 2)}
        assert await rig.ask("Reset", type="Soft") == "Accepted"
        await rig.sent("BootNotification", 2)
        stops = rig.central.of("StopTransaction")
        assert {each.payload["transactionId"] for each in stops} == transactions
        assert {each.payload["reason"] for each in stops} == {"SoftReset"}


@virtual
async def test_nothing_starts_between_a_soft_reset_and_its_boot() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig, 1)
        rig.central.ignores.add("StopTransaction")
        assert await rig.ask("Reset", type="Soft") == "Accepted"
        assert await rig.ask("RemoteStartTransaction", idTag="TAG", connectorId=2) == "Rejected"
        rig.charge_point.connectors[2].present("TAG")
        assert await rig.ask("Reset", type="Hard") == "Accepted"
        await rig.sent("BootNotification", 2)
        rig.central.ignores.clear()
        await rig.sent("StopTransaction", 2)
        await asyncio.sleep(60)
        assert len(rig.central.of("BootNotification")) == 2
        assert len(rig.central.of("StartTransaction")) == 1
        assert {each.payload["reason"] for each in rig.central.of("StopTransaction")} == {
            "SoftReset"
        }
        await charge(rig, 2)


@virtual
async def test_unlocking_ends_the_transaction_of_that_connector_only() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig, 1)
        second = await charge(rig, 2)
        for unknown in (0, 3):
            assert await rig.ask("UnlockConnector", connectorId=unknown) == "NotSupported"
        assert await rig.ask("UnlockConnector", connectorId=2) == "Unlocked"
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (second, "UnlockCommand")
        assert await rig.ask("UnlockConnector", connectorId=2) == "Unlocked"
        await asyncio.sleep(5)
        assert len(rig.central.of("StopTransaction")) == 1
        assert rig.central.statuses(1)[-1] == "Charging"


@virtual
async def test_the_profile_of_a_start_that_comes_to_nothing_goes_with_it() -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        rig.central.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
        await rig.configure("AuthorizeRemoteTxRequests", "true")
        wanted = {"connectorId": 2, "chargingProfile": profile(limit=9, purpose="TxProfile")}
        assert await rig.ask("RemoteStartTransaction", idTag="TAG", **wanted) == "Accepted"
        await asyncio.sleep(1)
        assert rig.charge_point.connectors[2].limit == 100
        assert len(rig.charge_point.profiles) == 0
        rig.central.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
        assert await rig.ask("RemoteStartTransaction", idTag="TAG", **wanted) == "Accepted"
        assert rig.charge_point.connectors[2].limit == 9
        await rig.silence_module(2)
        await rig.until(lambda: rig.charge_point.connectors[2].status == "Faulted")
        assert len(rig.charge_point.profiles) == 0
        assert rig.of(ConnectorState)[-1].error_code == "InternalError"


@virtual
async def test_each_connector_reports_its_own_register() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig, 2)
        await asyncio.sleep(30)
        await charge(rig, 1)
        starts = rig.central.of("StartTransaction")
        assert [each.payload["meterStart"] for each in starts] == [0, 0]
        rig.charge_point.stop_charging("Local")
        await rig.sent("StopTransaction", 2)
        one, two = (each.payload["meterStop"] for each in rig.central.of("StopTransaction"))
        assert one < two
