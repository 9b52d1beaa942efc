"""``ocpp simulate`` of the npm package ocpp-ws-cli, at our central system.

It reads single keys from stdin, also from a pipe: A authorizes, T starts, M meters, H sends a
heartbeat, E ends, Q leaves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from tests.peers.rig import Exchange, Watched, program, running, until

pytestmark = pytest.mark.peer

SIM = "SIM1"
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
LATER = "2037-01-05T12:00:00Z"
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
    },
}
URL = "http://127.0.0.1:1/"

ANSWERS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "9"}, ACCEPTED),
    ("ClearCache", {}, ACCEPTED),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": PROFILE}, ACCEPTED),
    ("ClearChargingProfile", {"id": 1}, ACCEPTED),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}, ACCEPTED),
    ("DataTransfer", {"vendorId": "org.example"}, ACCEPTED),
    ("GetLocalListVersion", {}, {"listVersion": 1}),
    ("SendLocalList", {"listVersion": 2, "updateType": "Full"}, ACCEPTED),
    ("UnlockConnector", {"connectorId": 1}, {"status": "Unlocked"}),
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}, ACCEPTED),
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}, ACCEPTED),
    ("CancelReservation", {"reservationId": 7}, REJECTED),
    (
        "ReserveNow",
        {"connectorId": 1, "expiryDate": LATER, "idTag": "CARD", "reservationId": 7},
        ACCEPTED,
    ),
    ("CancelReservation", {"reservationId": 7}, ACCEPTED),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, ACCEPTED),
)
"""What it answers while it is idle; most of it without doing anything."""

WRONG_ANSWERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GetDiagnostics", {"location": URL}),
    ("UpdateFirmware", {"location": URL, "retrieveDate": "2026-01-05T12:00:00Z"}),
)
"""It answers these with a status, which their .conf do not have (sections 6.26 and 6.56)."""


@asynccontextmanager
async def simulator(ours: Watched, cli: Path) -> AsyncIterator[Any]:
    await ours.lab.central_system.ready.wait()
    url = ours.lab.central_system.url
    async with program(
        cli, "simulate", "--endpoint", url, "--identity", SIM, "--protocol", "ocpp1.6",
        "--id-tag", "CARD", "--report", "txt", "--report-dir", "/dev/null",
    ) as started:  # fmt: skip
        await says(ours, "StatusNotification", connectorId=1, status="Available")
        yield started


async def says(ours: Watched, action: str, since: int = 0, **fields: Any) -> Exchange:
    """Wait until the simulator has said this, and return it."""

    def heard() -> list[Exchange]:
        return [
            said
            for said in ours.said(SIM)[since:]
            if said.action == action and fields.items() <= said.payload.items()
        ]

    await until(heard, f"{action} {fields}")
    return heard()[0]


async def test_a_simulated_station_authorizes_starts_meters_and_stops_by_its_keys(
    ocpp_cli: Path,
) -> None:
    async with running(Settings(port=0)) as ours, simulator(ours, ocpp_cli) as keys:
        central_system = ours.lab.central_system
        keys.press("a")
        authorized = await says(ours, "Authorize", idTag="CARD")
        assert authorized.answer == {"idTagInfo": ACCEPTED}
        await says(ours, "StatusNotification", connectorId=1, status="Preparing")
        keys.press("t")
        started = await says(ours, "StartTransaction", connectorId=1, idTag="CARD", meterStart=0)
        transaction = started.answer["transactionId"]
        await says(ours, "StatusNotification", connectorId=1, status="Charging")
        running_now = central_system.open_transaction(SIM, 1)
        assert running_now is not None
        assert running_now.transaction_id == transaction
        keys.press("m")
        await says(ours, "MeterValues", transactionId=transaction)
        keys.press("h")
        await says(ours, "Heartbeat")
        keys.press("e")
        await says(ours, "StopTransaction", transactionId=transaction, meterStop=14)
        await says(ours, "StatusNotification", connectorId=1, status="Finishing")
        assert central_system.open_transaction(SIM, 1) is None
        assert central_system.stations[SIM].model == "VirtualSimulator-v1"
        keys.press("q")
        await until(lambda: not central_system.is_connected(SIM), "its leaving")
        assert ours.trouble(SIM) == []


async def test_a_simulated_station_answers_our_operations(ocpp_cli: Path) -> None:
    async with running(Settings(port=0)) as ours, simulator(ours, ocpp_cli):
        call = ours.lab.central_system.call
        for action, payload, answer in ANSWERS:
            assert await call(SIM, action, payload) == answer, action
        await says(ours, "Heartbeat")
        configuration = await call(SIM, "GetConfiguration", {})
        assert {"key": "HeartbeatInterval", "readonly": False, "value": "9"} in configuration[
            "configurationKey"
        ]

        start = {"idTag": "CARD", "connectorId": 1}
        assert await call(SIM, "RemoteStartTransaction", start) == ACCEPTED
        started = await says(ours, "StartTransaction", idTag="CARD")
        stop = {"transactionId": started.answer["transactionId"]}
        await says(ours, "StatusNotification", status="Charging")
        assert await call(SIM, "RemoteStartTransaction", start) == REJECTED
        assert await call(SIM, "RemoteStopTransaction", stop) == ACCEPTED
        await says(ours, "StopTransaction", **stop)
        assert ours.trouble(SIM) == []

        for action, payload in WRONG_ANSWERS:
            await call(SIM, action, payload)
            assert "status" in str(ours.trouble(SIM)[-1].violation)
        await says(ours, "DiagnosticsStatusNotification", status="Uploaded")
        await says(ours, "FirmwareStatusNotification", status="Downloaded")
        said = len(ours.said(SIM))
        assert await call(SIM, "Reset", {"type": "Soft"}) == ACCEPTED
        await says(ours, "BootNotification", since=said)
        assert ours.lab.central_system.stations[SIM].connections == 2
