"""All 19 operations of OCPP 1.6, from central systems that are not ours, to our charge point.

Each is sent by ``ocpp-rpc`` in strict mode and by ``ocpp-csms`` with its validation on, so an
answer that breaks its schema fails there; here it is held against what the operation means.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from evtui.central_system.file_store import FileStore
from evtui.ocpp16.forms import OPERATIONS
from tests.peers.operation_bench import ACCEPTED, REJECTED, Bench, bench_at
from tests.peers.rig import ocpp_csms_peer, remote_peer, until

pytestmark = pytest.mark.peer

LONG_AGO = "2026-01-05T12:00:00Z"
MUCH_LATER = "2037-01-05T12:00:00Z"


def profile(purpose: str, *periods: tuple[int, float], **more: Any) -> dict[str, Any]:
    return {
        "chargingProfileId": 9,
        "stackLevel": 1,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": s, "limit": a} for s, a in periods],
        },
        **more,
    }


# What each operation does


async def reserves(bench: Bench) -> None:
    await bench.unplug(2)
    await _reserve(bench)
    start = {"idTag": "OTHER", "connectorId": 2}
    assert await bench.ask("RemoteStartTransaction", **start) == REJECTED
    assert await bench.ask("RemoteStartTransaction", **start | {"idTag": "CARD"}) == ACCEPTED
    await bench.ours.lab.execute("station.plug", connector=2)
    await bench.says("StartTransaction", connectorId=2, idTag="CARD", reservationId=7)


async def _reserve(bench: Bench) -> None:
    wanted = {"connectorId": 2, "expiryDate": MUCH_LATER, "idTag": "CARD", "reservationId": 7}
    assert await bench.ask("ReserveNow", **wanted) == ACCEPTED
    await bench.says("StatusNotification", connectorId=2, status="Reserved")


async def cancels_a_reservation(bench: Bench) -> None:
    await bench.unplug(2)
    await _reserve(bench)
    assert await bench.ask("CancelReservation", reservationId=8) == REJECTED
    assert await bench.ask("CancelReservation", reservationId=7) == ACCEPTED
    await bench.says("StatusNotification", connectorId=2, status="Available")


async def changes_availability(bench: Bench) -> None:
    transaction = await bench.charge(1)
    asked = {"type": "Inoperative", "connectorId": 2}
    assert await bench.ask("ChangeAvailability", **asked) == ACCEPTED
    await bench.says("StatusNotification", connectorId=2, status="Unavailable")
    assert await bench.ask("ChangeAvailability", **asked | {"type": "Operative"}) == ACCEPTED
    await bench.says("StatusNotification", connectorId=2, status="Preparing")
    scheduled = await bench.ask("ChangeAvailability", **asked | {"connectorId": 1})
    assert scheduled == {"status": "Scheduled"}
    await bench.finish(transaction)
    await bench.says("StatusNotification", connectorId=1, status="Unavailable")


async def changes_configuration(bench: Bench) -> None:
    await bench.configure("MeterValuesSampledData", "Voltage")
    asked = {"requestedMessage": "MeterValues", "connectorId": 1}
    assert await bench.ask("TriggerMessage", **asked) == ACCEPTED
    told = await bench.says("MeterValues", connectorId=1)
    samples = told.payload["meterValue"][0]["sampledValue"]
    assert {sample["measurand"] for sample in samples} == {"Voltage"}
    for key, value, status in (
        ("NumberOfConnectors", "3", "Rejected"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("MessageTimeout", "20", "RebootRequired"),
        ("NoSuchKey", "1", "NotSupported"),
    ):
        answer = await bench.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": status}, key


async def clears_the_cache(bench: Bench) -> None:
    await bench.configure("AuthorizeRemoteTxRequests", "true")
    await bench.configure("LocalPreAuthorize", "true")
    for connector, is_asked_about in ((1, True), (2, False)):
        transaction = await bench.charge(connector)
        assert bool(bench.since("Authorize", idTag="CARD")) == is_asked_about
        await bench.finish(transaction)
    assert await bench.ask("ClearCache") == ACCEPTED
    await bench.charge(1)
    assert bench.since("Authorize", idTag="CARD")


async def clears_charging_profiles(bench: Bench) -> None:
    wanted = {"connectorId": 1, "csChargingProfiles": profile("TxDefaultProfile", (0, 10))}
    assert await bench.ask("SetChargingProfile", **wanted) == ACCEPTED
    assert await bench.limits() == [(0, 10)]
    assert await bench.ask("ClearChargingProfile", id=9) == ACCEPTED
    assert await bench.limits() == [(0, 100)]
    assert await bench.ask("ClearChargingProfile", id=9) == {"status": "Unknown"}


async def knows_no_vendor(bench: Bench) -> None:
    answer = await bench.ask("DataTransfer", vendorId="org.example", messageId="m", data="d")
    assert answer == {"status": "UnknownVendorId"}


async def tells_the_composite_schedule(bench: Bench) -> None:
    steps = profile("TxDefaultProfile", (0, 20), (30, 8.5), (60, 0))
    wanted = {"connectorId": 1, "csChargingProfiles": steps}
    assert await bench.ask("SetChargingProfile", **wanted) == ACCEPTED
    assert await bench.limits() == [(0, 20), (30, 8.5), (60, 0)]
    assert await bench.limits(2) == [(0, 100)]
    assert await bench.ask("GetCompositeSchedule", connectorId=3, duration=100) == REJECTED


async def tells_its_configuration(bench: Bench) -> None:
    everything = await bench.ask("GetConfiguration")
    values = {entry["key"]: entry["value"] for entry in everything["configurationKey"]}
    assert values["NumberOfConnectors"] == "2"
    assert values["HeartbeatInterval"] == "1"  # what the peers give at boot
    asked = await bench.ask("GetConfiguration", key=["NumberOfConnectors", "NoSuchKey"])
    assert asked == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "2"}],
        "unknownKey": ["NoSuchKey"],
    }


async def uploads_diagnostics(bench: Bench) -> None:
    answer = await bench.ask("GetDiagnostics", location=bench.files.diagnostics_url)
    await bench.says("DiagnosticsStatusNotification", status="Uploading")
    await bench.says("DiagnosticsStatusNotification", status="Uploaded")
    assert b"BootNotification" in bench.files.received[answer["fileName"]]


async def tells_the_version_of_its_list(bench: Bench) -> None:
    assert await bench.ask("GetLocalListVersion") == {"listVersion": 0}
    entry = {"idTag": "LISTED", "idTagInfo": {"status": "Accepted"}}
    for version, entries, told in ((5, [entry], 5), (6, [], 0)):  # 0: empty (section 5.10)
        full = {"listVersion": version, "updateType": "Full", "localAuthorizationList": entries}
        assert await bench.ask("SendLocalList", **full) == ACCEPTED
        assert await bench.ask("GetLocalListVersion") == {"listVersion": told}


async def starts_remotely(bench: Bench) -> None:
    await bench.charge(2)
    again = {"idTag": "CARD", "connectorId": 2}
    assert await bench.ask("RemoteStartTransaction", **again) == REJECTED
    start = {"idTag": "CARD2", "chargingProfile": profile("TxProfile", (0, 24))}
    assert await bench.ask("RemoteStartTransaction", **start) == ACCEPTED
    await bench.says("StartTransaction", connectorId=1, idTag="CARD2")
    await until(lambda: 23.5 < bench.current(1) < 24.5, "24 A")


async def stops_remotely(bench: Bench) -> None:
    transaction = await bench.charge(2)
    unknown = await bench.ask("RemoteStopTransaction", transactionId=transaction + 1000)
    assert unknown == REJECTED
    assert await bench.ask("RemoteStopTransaction", transactionId=transaction) == ACCEPTED
    await bench.says("StopTransaction", transactionId=transaction, reason="Remote")
    await until(lambda: bench.current(2) < 1, "no current")


async def resets(bench: Bench) -> None:
    transaction = await bench.charge(1)
    assert await bench.ask("Reset", type="Hard") == ACCEPTED
    await bench.says("BootNotification")
    await bench.says("StopTransaction", transactionId=transaction, reason="HardReset")
    transaction = await bench.charge(2)
    assert await bench.ask("Reset", type="Soft") == ACCEPTED
    await bench.says("StopTransaction", transactionId=transaction, reason="SoftReset")
    await bench.says("BootNotification")


async def takes_a_list(bench: Bench) -> None:
    entry = {"idTag": "LISTED", "idTagInfo": {"status": "Accepted"}}
    blocked = {"idTag": "BLOCKED", "idTagInfo": {"status": "Blocked"}}
    full = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    assert await bench.ask("SendLocalList", **full) == ACCEPTED
    change = {"updateType": "Differential", "localAuthorizationList": [blocked]}
    assert await bench.ask("SendLocalList", listVersion=2, **change) == ACCEPTED
    stale = await bench.ask("SendLocalList", listVersion=2, **change)
    assert stale == {"status": "VersionMismatch"}
    assert await bench.ask("GetLocalListVersion") == {"listVersion": 2}
    await bench.configure("AuthorizeRemoteTxRequests", "true")
    await bench.configure("LocalPreAuthorize", "true")
    await bench.charge(1, "LISTED")
    assert not bench.since("Authorize")


async def limits_the_current(bench: Bench) -> None:
    transaction = await bench.charge(1)
    await until(lambda: bench.current(1) > 60, "more than 60 A")
    wanted = profile("TxProfile", (0, 32), transactionId=transaction)
    for connector, purpose, answer in (
        (1, wanted, ACCEPTED),
        (2, wanted, REJECTED),
        (1, profile("TxProfile", (0, 80), transactionId=transaction + 1000), REJECTED),
        (1, profile("ChargePointMaxProfile", (0, 10)), REJECTED),
    ):
        asked = {"connectorId": connector, "csChargingProfiles": purpose}
        assert await bench.ask("SetChargingProfile", **asked) == answer
    await until(lambda: 31.5 < bench.current(1) < 32.5, "32 A")


async def sends_what_is_triggered(bench: Bench) -> None:
    for message, fields in (
        ("StatusNotification", {"connectorId": 2}),
        ("MeterValues", {"connectorId": 2}),
        ("Heartbeat", {}),
        ("FirmwareStatusNotification", {"status": "Idle"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}),
    ):
        asked = {"requestedMessage": message, "connectorId": 2}
        assert await bench.ask("TriggerMessage", **asked) == ACCEPTED, message
        await bench.says(message, **fields)
    # errata 3.35: not once the station is accepted
    assert await bench.ask("TriggerMessage", requestedMessage="BootNotification") == REJECTED


async def unlocks(bench: Bench) -> None:
    transaction = await bench.charge(2)
    assert await bench.ask("UnlockConnector", connectorId=2) == {"status": "Unlocked"}
    await bench.says("StopTransaction", transactionId=transaction, reason="UnlockCommand")
    assert await bench.ask("UnlockConnector", connectorId=9) == {"status": "NotSupported"}


async def updates_its_firmware(bench: Bench) -> None:
    url = bench.files.add("image.bin", b"evtui-firmware 9.9\nwhatever")
    assert await bench.ask("UpdateFirmware", location=url, retrieveDate=LONG_AGO) == {}
    for status in ("Downloading", "Downloaded", "Installing", "Installed"):
        await bench.says("FirmwareStatusNotification", status=status)
    await bench.says("BootNotification", firmwareVersion="9.9")


MEANINGS: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "CancelReservation": cancels_a_reservation,
    "ChangeAvailability": changes_availability,
    "ChangeConfiguration": changes_configuration,
    "ClearCache": clears_the_cache,
    "ClearChargingProfile": clears_charging_profiles,
    "DataTransfer": knows_no_vendor,
    "GetCompositeSchedule": tells_the_composite_schedule,
    "GetConfiguration": tells_its_configuration,
    "GetDiagnostics": uploads_diagnostics,
    "GetLocalListVersion": tells_the_version_of_its_list,
    "RemoteStartTransaction": starts_remotely,
    "RemoteStopTransaction": stops_remotely,
    "ReserveNow": reserves,
    "Reset": resets,
    "SendLocalList": takes_a_list,
    "SetChargingProfile": limits_the_current,
    "TriggerMessage": sends_what_is_triggered,
    "UnlockConnector": unlocks,
    "UpdateFirmware": updates_its_firmware,
}


def test_every_operation_of_ocpp_1_6_is_tried() -> None:
    assert MEANINGS.keys() == OPERATIONS.keys()
    assert len(MEANINGS) == 19


@pytest.fixture
def files() -> Iterator[FileStore]:
    store = FileStore()
    yield store
    store.close()


@pytest.mark.parametrize("operation", MEANINGS)
async def test_our_charge_point_does_what_a_strict_ocpp_rpc_server_asks(
    ocpp_rpc: Path, files: FileStore, operation: str
) -> None:
    async with (
        remote_peer(ocpp_rpc, "central_system.js") as peer,
        bench_at(peer, files) as bench,
    ):
        await MEANINGS[operation](bench)


@pytest.mark.parametrize("operation", MEANINGS)
async def test_our_charge_point_does_what_ocpp_csms_asks(
    ocpp_csms: Path, files: FileStore, operation: str
) -> None:
    async with ocpp_csms_peer(ocpp_csms) as peer, bench_at(peer, files) as bench:
        await MEANINGS[operation](bench)
