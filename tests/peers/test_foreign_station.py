"""A strict charge point that is not ours, at our central system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import CanFrame, LinkState, OcppMessage
from evtui.ocpp16.forms import OPERATIONS
from tests.peers.rig import RemotePeer, Watched, remote_peer, running, until

pytestmark = pytest.mark.peer

PEER = "PEER1"
ACCEPTED = {"status": "Accepted"}
WHEN = "2026-01-05T12:00:00.000Z"
LATER = "2037-01-05T12:00:00.000Z"

Operate = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

THEIR_CALLS = {
    "BootNotification": 1,
    "StatusNotification": 7,
    "Authorize": 1,
    "StartTransaction": 1,
    "MeterValues": 2,
    "StopTransaction": 1,
    "DiagnosticsStatusNotification": 2,
    "FirmwareStatusNotification": 2,
    "DataTransfer": 1,
    "Heartbeat": 1,
}
"""All 10 messages of a station, and how often each."""

BOOT = {
    "chargePointVendor": "ocpp-rpc",
    "chargePointModel": "strict",
    "chargePointSerialNumber": "P-1",
    "firmwareVersion": "2",
}

RATED = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}],
    },
}


def status(connector: int, value: str) -> dict[str, Any]:
    return {
        "connectorId": connector,
        "errorCode": "NoError",
        "status": value,
        "timestamp": WHEN,
    }


def meter_values(transaction: int, amperes: str, context: str) -> dict[str, Any]:
    sample = {
        "value": amperes,
        "measurand": "Current.Import",
        "unit": "A",
        "context": context,
    }
    return {
        "connectorId": 2,
        "transactionId": transaction,
        "meterValue": [{"timestamp": WHEN, "sampledValue": [sample]}],
    }


async def one_whole_visit(ours: Watched, peer: RemotePeer) -> None:
    """From the first BootNotification to the last Heartbeat, with every operation of ours."""

    async def operate(action: str, payload: dict[str, Any]) -> dict[str, Any]:
        return await ours.lab.central_system.call(PEER, action, payload)

    assert (await peer.call("BootNotification", BOOT))["status"] == "Accepted"
    for connector in (0, 1, 2):
        await peer.call("StatusNotification", status(connector, "Available"))
    authorized = await peer.call("Authorize", {"idTag": "CARD"})
    assert authorized == {"idTagInfo": {"status": "Accepted"}}

    asked = await operate("GetConfiguration", {"key": ["HeartbeatInterval", "Nothing"]})
    assert asked["configurationKey"][0]["value"] == "10"
    assert asked["unknownKey"] == ["Nothing"]
    changed = await operate("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "20"})
    assert changed == ACCEPTED

    started_from_here = await operate("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 2})
    assert started_from_here == ACCEPTED
    await peer.call("StatusNotification", status(2, "Preparing"))
    started = await peer.call(
        "StartTransaction", {"connectorId": 2, "idTag": "CARD", "meterStart": 5, "timestamp": WHEN}
    )
    transaction = started["transactionId"]
    running_now = ours.lab.central_system.open_transaction(PEER, 2)
    assert running_now is not None
    assert running_now.transaction_id == transaction
    await peer.call("StatusNotification", status(2, "Charging"))
    await peer.call("MeterValues", meter_values(transaction, "15.9", "Sample.Periodic"))

    profile = RATED | {"chargingProfilePurpose": "TxProfile", "transactionId": transaction}
    limit = {"connectorId": 2, "csChargingProfiles": profile}
    assert await operate("SetChargingProfile", limit) == ACCEPTED
    trigger = {"requestedMessage": "MeterValues", "connectorId": 2}
    assert await operate("TriggerMessage", trigger) == ACCEPTED
    await peer.call("MeterValues", meter_values(transaction, "16.1", "Trigger"))

    assert await operate("RemoteStopTransaction", {"transactionId": transaction}) == ACCEPTED
    await peer.call(
        "StopTransaction",
        {"transactionId": transaction, "meterStop": 90, "timestamp": WHEN, "reason": "Remote"},
    )
    assert ours.lab.central_system.open_transaction(PEER, 2) is None
    await peer.call("StatusNotification", status(2, "Finishing"))
    assert await operate("ClearChargingProfile", {"id": 1}) == ACCEPTED
    out_of_order = {"connectorId": 2, "type": "Inoperative"}
    assert await operate("ChangeAvailability", out_of_order) == ACCEPTED
    await peer.call("StatusNotification", status(2, "Unavailable"))
    await everything_else(ours, peer, operate)
    assert await operate("Reset", {"type": "Soft"}) == ACCEPTED
    unknown = await peer.call("DataTransfer", {"vendorId": "org.example"})
    assert unknown == {"status": "UnknownVendorId"}
    assert "currentTime" in await peer.call("Heartbeat", {})


async def everything_else(ours: Watched, peer: RemotePeer, operate: Operate) -> None:
    """What a visit needs none of: lists, reservations, files, schedules, vendors."""
    reservation = {"connectorId": 2, "expiryDate": LATER, "idTag": "CARD", "reservationId": 7}
    assert await operate("ReserveNow", reservation) == ACCEPTED
    assert await operate("CancelReservation", {"reservationId": 7}) == ACCEPTED
    entry = {"idTag": "CARD", "idTagInfo": {"status": "Accepted", "expiryDate": LATER}}
    full = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [entry]}
    assert await operate("SendLocalList", full) == ACCEPTED
    assert await operate("GetLocalListVersion", {}) == {"listVersion": 3}
    assert await operate("ClearCache", {}) == ACCEPTED
    assert await operate("UnlockConnector", {"connectorId": 2}) == {"status": "Unlocked"}
    schedule = await operate("GetCompositeSchedule", {"connectorId": 2, "duration": 60})
    assert schedule["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 16.1
    vendor = {"vendorId": "org.example", "messageId": "hello", "data": "there"}
    assert await operate("DataTransfer", vendor) == {"status": "Accepted", "data": "there"}

    files = ours.lab.central_system.files
    diagnostics = {"location": files.diagnostics_url, "retries": 1}
    assert await operate("GetDiagnostics", diagnostics) == {"fileName": "log.txt"}
    firmware = {"location": files.add("image.bin", b"x"), "retrieveDate": WHEN}
    assert await operate("UpdateFirmware", firmware) == {}
    for status in ("Uploading", "Uploaded"):
        assert await peer.call("DiagnosticsStatusNotification", {"status": status}) == {}
    for status in ("Downloading", "Downloaded"):
        assert await peer.call("FirmwareStatusNotification", {"status": status}) == {}
    told = ours.lab.central_system.stations[PEER]
    assert (told.diagnostics_status, told.firmware_status) == ("Uploaded", "Downloaded")


async def test_a_strict_foreign_station_charges_at_our_central_system_beside_our_own(
    ocpp_rpc: Path,
) -> None:
    async with running(Settings(port=0, meter_interval=0.2)) as ours:
        await until(lambda: ours.link == "accepted" and ours.of(CanFrame, ours.own), "our own")
        await ours.lab.execute("station.charge")
        await until(lambda: ours.status == "Charging", "Charging")
        before = ours.lab.stream.last_seq

        url = ours.lab.central_system.url
        async with remote_peer(ocpp_rpc, "station.js", url, PEER) as peer:
            assert (await peer.report("ready"))["protocol"] == "ocpp1.6"
            await one_whole_visit(ours, peer)

            assert Counter(done.action for done in peer.exchanges("charge_point")) == THEIR_CALLS
            assert {done.action for done in peer.exchanges("central_system")} == set(OPERATIONS)
            for by in ("charge_point", "central_system"):
                assert ours.exchanges(PEER, by) == peer.exchanges(by)
            assert peer.trouble() == []
            assert ours.trouble(PEER) == []
            await until(lambda: len(reports_of_current(ours, before)) >= 3, "MeterValues of ours")
        check_undisturbed(ours, before)


def reports_of_current(ours: Watched, since: int) -> list[OcppMessage]:
    return [
        message
        for message in ours.of(OcppMessage, ours.own, since)
        if message.action == "MeterValues" and message.kind == "call" and message.phase == "sent"
    ]


def check_undisturbed(ours: Watched, since: int) -> None:
    """Our own station went on charging, on the same link, and its module never fell silent."""
    assert ours.status == "Charging"
    assert ours.trouble(ours.own) == []
    assert ours.of(LinkState, ours.own, since) == []
    frames = [f.t for f in ours.of(CanFrame, ours.own, since) if f.arbitration_id == 0x300]
    assert max(later - earlier for earlier, later in pairwise(frames)) < 0.5


async def test_the_strict_station_would_notice_a_breach(ocpp_rpc: Path) -> None:
    async with running(Settings(port=0)) as ours:
        await ours.lab.central_system.ready.wait()
        url = ours.lab.central_system.url
        async with remote_peer(ocpp_rpc, "station.js", url, PEER) as peer:
            with pytest.raises(AssertionError, match="must have required property"):
                await peer.call("BootNotification", {"chargePointVendor": "ocpp-rpc"})
            assert [breach["action"] for breach in peer.trouble()] == ["BootNotification"]
