"""UpdateFirmware and GetDiagnostics end to end (OCPP 1.6 sections 4.4, 4.5, 5.9 and 5.19)."""

from __future__ import annotations

import asyncio
import json

import pytest

from evtui.station.state.store import StateStore
from tests.station.rig import Rig, charge, station, virtual

URL = "http://files.example/new.bin"
IMAGE = b"evtui-firmware 2.0\nmeaningless"
NOW = "2026-01-01T12:00:00Z"
STATUSES = ["Downloading", "Downloaded", "Installing", "Installed"]


def firmware(rig: Rig) -> list[str]:
    """Statuses of the update so far."""
    return [each.payload["status"] for each in rig.central.of("FirmwareStatusNotification")]


async def update(rig: Rig) -> None:
    """Offer the image and ask for the update."""
    rig.transfers.files[URL] = IMAGE
    assert await rig.central.call("UpdateFirmware", location=URL, retrieveDate=NOW) == {}


@virtual
async def test_an_update_goes_from_download_to_a_boot_with_the_new_version() -> None:
    store = StateStore()
    async with station(connectors=2, plugged=False, store=store) as rig:
        await rig.accepted()
        await update(rig)
        await rig.until(lambda: firmware(rig) == STATUSES)
        assert rig.central.of("BootNotification")[1].payload["firmwareVersion"] == "2.0"
        told = [line for line in rig.central.log if not line.endswith("0 Available")]
        assert told == [
            "BootNotification",
            "StatusNotification 1 Available",
            "StatusNotification 2 Available",
            "->",
            "FirmwareStatusNotification",
            "FirmwareStatusNotification",
            "StatusNotification 1 Unavailable",
            "StatusNotification 2 Unavailable",
            "FirmwareStatusNotification",
            "BootNotification",
            "StatusNotification 1 Available",
            "StatusNotification 2 Available",
            "FirmwareStatusNotification",
        ]
        assert rig.charge_point.identity.firmware == "2.0"
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Accepted"
        killed = dict(store.rows)
    async with station(store=StateStore(killed)) as rig:
        boot = await rig.sent("BootNotification")
        assert boot.payload["firmwareVersion"] == "2.0"
        await asyncio.sleep(5)
        assert firmware(rig) == []


@virtual
async def test_an_update_waits_for_the_transaction_and_takes_free_connectors_out_of_use() -> None:
    async with station(connectors=2) as rig:
        transaction = await charge(rig, 1)
        await update(rig)
        await asyncio.sleep(30)
        assert firmware(rig) == STATUSES[:2]
        assert rig.central.statuses(1)[-1] == "Charging"
        assert rig.central.statuses(2)[-1] == "Unavailable"
        assert await rig.ask("RemoteStartTransaction", idTag="TAG", connectorId=2) == "Rejected"
        await rig.ask("RemoteStopTransaction", transactionId=transaction)
        await rig.until(lambda: firmware(rig) == STATUSES)
        stop = (await rig.sent("StopTransaction")).payload
        assert stop["reason"] == "Remote"
        assert rig.central.statuses(1)[-2:] == ["Unavailable", "Preparing"]
        assert rig.central.statuses(2)[-1] == "Available"


@virtual
async def test_a_reset_while_an_update_waits_leaves_the_connectors_to_the_update() -> None:
    async with station(connectors=2) as rig:
        await charge(rig, 1)
        await update(rig)
        await rig.until(lambda: rig.central.statuses(2)[-1] == "Unavailable")
        assert await rig.ask("Reset", type="Soft") == "Accepted"
        await rig.sent("BootNotification", 2)
        await rig.until(lambda: firmware(rig)[-1:] == ["Installing"])
        assert await rig.ask("RemoteStartTransaction", idTag="TAG") == "Rejected"
        assert [rig.central.statuses(number)[-1] for number in (1, 2)] == ["Unavailable"] * 2
        boot = await rig.sent("BootNotification", 3)
        assert boot.payload["firmwareVersion"] == "2.0"
        await rig.until(lambda: firmware(rig)[-1:] == ["Installed"])
        assert [rig.central.statuses(number)[-1] for number in (1, 2)] == ["Preparing", "Available"]


@virtual
async def test_what_the_central_system_made_unavailable_stays_so_after_an_update() -> None:
    store = StateStore()
    async with station(connectors=2, plugged=False, store=store) as rig:
        await rig.accepted()
        await rig.ask("ChangeAvailability", connectorId=2, type="Inoperative")
        await update(rig)
        await rig.until(lambda: firmware(rig)[-1:] == ["Installing"])
        assert await rig.ask("ChangeAvailability", connectorId=1, type="Inoperative") == "Accepted"
        assert await rig.ask("ChangeAvailability", connectorId=2, type="Operative") == "Accepted"
        killed = dict(store.rows)
        await rig.until(lambda: firmware(rig) == STATUSES)
        await asyncio.sleep(1)
        assert rig.central.statuses(1)[-1] == "Unavailable"
        assert rig.central.statuses(2)[-1] == "Available"
    async with station(connectors=2, plugged=False, store=StateStore(killed)) as rig:
        await rig.accepted()  # the installation was forgotten, what was asked for was not
        assert rig.central.statuses(1) == ["Unavailable"]
        assert rig.central.statuses(2) == ["Available"]


@pytest.mark.parametrize(
    ("image", "status"), [(None, "DownloadFailed"), (b"rubbish", "InstallationFailed")]
)
@virtual
async def test_an_update_that_fails_says_so_and_disturbs_nothing(
    image: bytes | None, status: str
) -> None:
    async with station(connectors=2) as rig:
        await charge(rig)
        if image is not None:
            rig.transfers.files[URL] = image
        await rig.central.call("UpdateFirmware", location=URL, retrieveDate=NOW)
        await rig.until(lambda: firmware(rig)[-1:] == [status])
        await asyncio.sleep(20)
        assert len(rig.central.of("BootNotification")) == 1
        assert rig.central.statuses(1)[-1] == "Charging"
        assert rig.central.statuses(2) == ["Available"]


@virtual
async def test_diagnostics_are_uploaded_and_reported() -> None:
    async with station(connectors=2) as rig:
        await charge(rig)
        answer = await rig.central.call("GetDiagnostics", location="ftp://files.example/in/")
        await rig.sent("DiagnosticsStatusNotification", 2)
        statuses = [e.payload["status"] for e in rig.central.of("DiagnosticsStatusNotification")]
        assert statuses == ["Uploading", "Uploaded"]
        ((url, data),) = rig.transfers.files.items()
        assert url.endswith(answer["fileName"])
        head = json.loads(data.splitlines()[0])
        assert (head["station"], head["vendor"]) == ("CP1", "evtui")
        assert head["lines"] > 0


@virtual
async def test_diagnostics_that_cannot_be_uploaded_are_reported_as_failed() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.transfers.failures.append("no such host")
        await rig.central.call("GetDiagnostics", location="ftp://files.example/in/", retries=0)
        await rig.sent("DiagnosticsStatusNotification", 2)
        statuses = [e.payload["status"] for e in rig.central.of("DiagnosticsStatusNotification")]
        assert statuses == ["Uploading", "UploadFailed"]
