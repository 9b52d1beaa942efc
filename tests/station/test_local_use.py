"""Somebody holds an id tag to the reader (OCPP 1.6 sections 3.5, 4.1, 4.8, 4.10 and 9.1)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.station.rig import Rig, charge, station, virtual

LATER = "2100-01-01T00:00:00Z"


def answer_authorize(rig: Rig, **infos: dict[str, str]) -> None:
    """Script Authorize by id tag; any other tag is Invalid."""
    rig.central.answers["Authorize"] = lambda payload: {
        "idTagInfo": infos.get(payload["idTag"], {"status": "Invalid"})
    }


async def send_list(rig: Rig, *entries: dict[str, Any]) -> None:
    """Give the station a local list."""
    status = await rig.ask(
        "SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=list(entries)
    )
    assert status == "Accepted"


async def go_offline(rig: Rig) -> None:
    """The central system is away."""
    rig.central.reachable = False
    await rig.central.hang_up()
    await rig.until(lambda: not rig.charge_point.accepted)


@virtual
async def test_a_presented_tag_is_authorized_starts_and_stops_the_transaction() -> None:
    async with station() as rig:
        await rig.accepted()
        seen = len(rig.central.log)
        rig.connector.present("TAG")
        await rig.sent("StartTransaction")
        assert rig.central.log[seen : seen + 2] == ["Authorize", "StartTransaction"]
        await asyncio.sleep(5)
        rig.connector.present("tag")  # id tags are compared without regard to case
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["idTag"], stop["reason"]) == ("tag", "Local")
        assert len(rig.central.of("Authorize")) == 1


@virtual
async def test_a_tag_that_is_not_accepted_starts_nothing() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.answers["Authorize"] = {"idTagInfo": {"status": "Expired"}}
        rig.connector.present("TAG")
        await rig.sent("Authorize")
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []
        assert rig.connector.startable
        assert "Expired" in rig.notes()


@virtual
async def test_presenting_the_tag_again_before_the_vehicle_is_there_calls_the_start_off() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        rig.connector.present("TAG")
        await rig.until(lambda: rig.central.statuses(1)[-1] == "Preparing")
        rig.connector.present("OTHER")
        assert rig.connector.busy
        rig.connector.present("TAG")
        await rig.until(lambda: rig.central.statuses(1)[-1] == "Available")
        rig.plug()
        await asyncio.sleep(5)
        assert rig.central.of("StartTransaction") == []


@virtual
async def test_only_a_tag_of_the_same_group_may_stop_anothers_transaction() -> None:
    async with station() as rig:
        await rig.accepted()
        group = {"status": "Accepted", "parentIdTag": "FAMILY"}
        answer_authorize(rig, MUM=group, KID=group, GUEST={"status": "Accepted"})
        rig.connector.present("MUM")
        await rig.sent("StartTransaction")
        rig.connector.present("GUEST")
        await asyncio.sleep(2)
        assert "GUEST may not stop" in rig.notes()
        assert rig.connector.transaction is not None
        rig.connector.present("KID")
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["idTag"], stop["reason"]) == ("KID", "Local")


@virtual
async def test_a_master_of_the_group_that_only_start_transaction_tells_may_stop() -> None:
    async with station() as rig:
        await rig.accepted()
        group = {"status": "Accepted", "parentIdTag": "FAMILY"}
        rig.central.answers["StartTransaction"] = {"transactionId": 5, "idTagInfo": group}
        answer_authorize(rig, KID=group)
        assert await rig.ask("RemoteStartTransaction", idTag="MUM") == "Accepted"
        await rig.sent("StartTransaction")
        await asyncio.sleep(1)
        rig.connector.present("KID")
        assert (await rig.sent("StopTransaction")).payload["idTag"] == "KID"


@pytest.mark.parametrize("preauthorize", [True, False])
@virtual
async def test_local_pre_authorize_says_whether_a_listed_tag_is_asked_about(
    preauthorize: bool,
) -> None:
    async with station() as rig:
        await rig.accepted()
        await send_list(rig, {"idTag": "TAG", "idTagInfo": {"status": "Accepted"}})
        await rig.configure("LocalPreAuthorize", str(preauthorize).lower())
        rig.connector.present("TAG")
        await rig.sent("StartTransaction")
        assert len(rig.central.of("Authorize")) == (0 if preauthorize else 1)


@virtual
async def test_a_cached_tag_is_pre_authorized_until_the_cache_is_cleared() -> None:
    async with station() as rig:
        await charge(rig)
        rig.connector.present("TAG")
        await rig.sent("StopTransaction")
        await rig.configure("LocalPreAuthorize", "true")
        rig.connector.present("TAG")
        await rig.sent("StartTransaction", 2)
        assert rig.central.of("Authorize") == []
        rig.connector.present("TAG")
        await rig.sent("StopTransaction", 2)
        # What StopTransaction.conf says without an idTagInfo changes nothing; ClearCache does.
        assert await rig.ask("ClearCache") == "Accepted"
        rig.connector.present("TAG")
        await rig.sent("StartTransaction", 3)
        assert len(rig.central.of("Authorize")) == 1


@pytest.mark.parametrize(
    ("keys", "id_tag", "starts"),
    [
        ({}, "LISTED", True),
        ({}, "BLOCKED", False),
        ({}, "UNKNOWN", False),
        ({"LocalAuthorizeOffline": "false"}, "LISTED", False),
        ({"AllowOfflineTxForUnknownId": "true"}, "UNKNOWN", True),
        ({"AllowOfflineTxForUnknownId": "true"}, "BLOCKED", False),
    ],
)
@virtual
async def test_offline_the_list_and_the_keys_decide(
    keys: dict[str, str], id_tag: str, starts: bool
) -> None:
    async with station() as rig:
        await rig.accepted()
        await send_list(
            rig,
            {"idTag": "LISTED", "idTagInfo": {"status": "Accepted", "expiryDate": LATER}},
            {"idTag": "BLOCKED", "idTagInfo": {"status": "Blocked"}},
        )
        for key, value in keys.items():
            assert await rig.configure(key, value) == "Accepted"
        await go_offline(rig)
        rig.connector.present(id_tag)
        await asyncio.sleep(5)
        assert (rig.connector.transaction is not None) == starts
        rig.central.reachable = True
        await rig.until(lambda: rig.charge_point.accepted)
        await asyncio.sleep(2)
        assert len(rig.central.of("StartTransaction")) == starts
        assert rig.central.of("Authorize") == []


@virtual
async def test_a_tag_unknown_offline_that_turns_out_invalid_is_stopped() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.configure("AllowOfflineTxForUnknownId", "true")
        await go_offline(rig)
        rig.connector.present("STRANGER")
        await asyncio.sleep(10)
        rig.central.answers["StartTransaction"] = {
            "transactionId": 8,
            "idTagInfo": {"status": "Invalid"},
        }
        rig.central.reachable = True
        stop = (await rig.sent("StopTransaction")).payload
        assert (stop["transactionId"], stop["reason"]) == (8, "DeAuthorized")
        assert stop["meterStop"] > 0


@virtual
async def test_a_transaction_is_stopped_offline_by_its_tag_and_by_one_of_its_group() -> None:
    async with station(connectors=2) as rig:
        await rig.accepted()
        group = {"status": "Accepted", "parentIdTag": "FAMILY"}
        await send_list(
            rig, {"idTag": "MUM", "idTagInfo": group}, {"idTag": "KID", "idTagInfo": group}
        )
        rig.plug(2)
        await charge(rig, 1, "MUM")
        await charge(rig, 2, "MUM")
        await go_offline(rig)
        rig.connector.present("MUM")
        rig.charge_point.connectors[2].present("KID")
        rig.central.reachable = True
        await rig.sent("StopTransaction", 2)
        stops = rig.central.of("StopTransaction")
        assert [each.payload["idTag"] for each in stops] == ["MUM", "KID"]


@pytest.mark.parametrize("reason", ["Inoperative", "silent"])
@virtual
async def test_a_tag_starts_nothing_at_a_connector_that_cannot_be_used(reason: str) -> None:
    async with station() as rig:
        await rig.accepted()
        if reason == "Inoperative":
            await rig.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        else:
            await rig.silence_module()
            await rig.until(lambda: rig.connector.status == "Faulted")
        before = rig.central.statuses(1)
        rig.connector.present("TAG")
        await asyncio.sleep(5)
        assert rig.central.of("Authorize") == []
        assert rig.central.of("StartTransaction") == []
        assert rig.central.statuses(1)[len(before) :] in ([], ["Faulted"])
        assert f"connector 1 is {rig.connector.status}" in rig.notes()


@virtual
async def test_max_energy_on_invalid_id_flows_before_the_vehicle_is_barred() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.configure("StopTransactionOnInvalidId", "false")
        await rig.configure("MaxEnergyOnInvalidId", 200)
        rig.central.answers["StartTransaction"] = {
            "transactionId": 8,
            "idTagInfo": {"status": "Blocked"},
        }
        await rig.ask("RemoteStartTransaction", idTag="TAG")
        await rig.until(lambda: rig.connector.limit == 0)
        assert rig.stage.state.energy == pytest.approx(200, abs=10)
        await asyncio.sleep(20)
        assert rig.central.of("StopTransaction") == []
        assert rig.central.statuses(1)[-1] == "SuspendedEVSE"
        rig.connector.present("TAG")
        stop = (await rig.sent("StopTransaction")).payload
        assert stop["meterStop"] == pytest.approx(200, abs=20)


@virtual
async def test_a_vehicle_that_leaves_may_suspend_the_transaction_instead_of_ending_it() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await rig.configure("StopTransactionOnEVSideDisconnect", "false")
        rig.unplug()
        await asyncio.sleep(5)
        suspended = rig.central.of("StatusNotification")[-1].payload
        assert suspended["status"] == "SuspendedEV"
        assert suspended["info"] == "EV side disconnected"
        assert suspended["errorCode"] == "NoError"
        assert rig.central.of("StopTransaction") == []
        rig.plug()
        await rig.until(lambda: rig.stage.state.current > 50)
        charging = rig.central.of("StatusNotification")[-1].payload
        assert (charging["status"], charging.get("info")) == ("Charging", None)
        rig.unplug()
        assert await rig.ask("RemoteStopTransaction", transactionId=transaction) == "Accepted"
        assert (await rig.sent("StopTransaction")).payload["reason"] == "Remote"
        await rig.until(lambda: rig.central.statuses(1)[-1] == "Available")


@pytest.mark.parametrize("way", ["same tag", "UnlockConnector", "plug"])
@virtual
async def test_a_cable_that_stays_locked_is_finishing_until_it_is_unlocked(way: str) -> None:
    async with station() as rig:
        await charge(rig)
        await rig.configure("UnlockConnectorOnEVSideDisconnect", "false")
        rig.unplug()
        stop = (await rig.sent("StopTransaction")).payload
        assert stop["reason"] == "EVDisconnected"
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-1] == "Finishing"
        if way == "same tag":
            rig.connector.present("TAG")
        elif way == "UnlockConnector":
            assert await rig.ask("UnlockConnector", connectorId=1) == "Unlocked"
        else:
            rig.plug()
        await asyncio.sleep(5)
        assert rig.central.statuses(1)[-1] == ("Preparing" if way == "plug" else "Available")
        assert len(rig.central.of("StartTransaction")) == 1
        assert len(rig.central.of("StopTransaction")) == 1
