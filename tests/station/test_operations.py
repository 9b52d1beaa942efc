"""Every operation of the central system, sent to a charge point with two connectors."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.station.fake_central import Refused
from tests.station.rig import charge, profile, station, virtual

FAR = "2100-01-01T00:00:00Z"
URL = "http://files.example/"
LISTED = {"idTag": "TAG", "idTagInfo": {"status": "Accepted"}}

AT_REST: list[tuple[str, dict[str, Any], Any]] = [
    ("CancelReservation", {"reservationId": 1}, "Rejected"),
    ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, "Accepted"),
    ("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}, "Accepted"),
    ("ChangeAvailability", {"connectorId": 3, "type": "Operative"}, "Rejected"),
    ("ChangeAvailability", {"connectorId": -1, "type": "Operative"}, "Rejected"),
    ("ChangeConfiguration", {"key": "heartbeatinterval", "value": "60"}, "Accepted"),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "often"}, "Rejected"),
    ("ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"}, "Rejected"),
    ("ChangeConfiguration", {"key": "MessageTimeout", "value": "5"}, "RebootRequired"),
    ("ChangeConfiguration", {"key": "Nonsense", "value": "5"}, "NotSupported"),
    ("ClearCache", {}, "Accepted"),
    ("ClearChargingProfile", {}, "Unknown"),
    ("DataTransfer", {"vendorId": "nobody"}, "UnknownVendorId"),
    ("GetCompositeSchedule", {"connectorId": 0, "duration": 60}, "Accepted"),
    ("GetCompositeSchedule", {"connectorId": 2, "duration": 60}, "Accepted"),
    ("GetCompositeSchedule", {"connectorId": 3, "duration": 60}, "Rejected"),
    (
        "GetConfiguration",
        {"key": ["Nonsense"]},
        {"configurationKey": [], "unknownKey": ["Nonsense"]},
    ),
    ("GetDiagnostics", {"location": URL, "startTime": FAR}, {}),
    ("GetLocalListVersion", {}, {"listVersion": 0}),
    ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 2}, "Accepted"),
    ("RemoteStartTransaction", {"idTag": "TAG", "connectorId": 0}, "Rejected"),
    ("RemoteStopTransaction", {"transactionId": -1}, "Rejected"),
    (
        "ReserveNow",
        {"connectorId": 0, "expiryDate": FAR, "idTag": "TAG", "reservationId": 1},
        "Accepted",
    ),
    (
        "ReserveNow",
        {"connectorId": 2, "expiryDate": "2020-01-01T00:00:00Z", "idTag": "T", "reservationId": 1},
        "Rejected",
    ),
    ("Reset", {"type": "Soft"}, "Accepted"),
    ("Reset", {"type": "Hard"}, "Accepted"),
    (
        "SendLocalList",
        {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [LISTED]},
        "Accepted",
    ),
    ("SendLocalList", {"listVersion": 0, "updateType": "Differential"}, "Failed"),
    ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": profile()}, "Accepted"),
    (
        "SetChargingProfile",
        {"connectorId": 2, "csChargingProfiles": profile(purpose="ChargePointMaxProfile")},
        "Rejected",
    ),
    ("TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": 9}, "Accepted"),
    ("UnlockConnector", {"connectorId": 2}, "Unlocked"),
    ("UnlockConnector", {"connectorId": 0}, "NotSupported"),
    ("UpdateFirmware", {"location": URL, "retrieveDate": FAR}, {}),
]


def test_no_operation_is_missing_from_the_table() -> None:
    assert len({action for action, _, _ in AT_REST}) == 19


@pytest.mark.parametrize(("action", "payload", "expected"), AT_REST)
@virtual
async def test_at_rest_each_is_answered_as_the_standard_says(
    action: str, payload: dict[str, Any], expected: Any
) -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        answer = await rig.central.call(action, **payload)
        assert (answer if isinstance(expected, dict) else answer["status"]) == expected
        await asyncio.sleep(30)
        assert rig.charge_point.accepted
        assert "failed" not in rig.notes()


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("ReserveNow", {"connectorId": 1, "idTag": "T", "reservationId": 1, "expiryDate": "soon"}),
        ("UpdateFirmware", {"location": URL, "retrieveDate": "soon"}),
        ("SetChargingProfile", {"connectorId": 3, "csChargingProfiles": profile()}),
        ("Reset", {"type": "Lukewarm"}),
        ("UnlockConnector", {}),
    ],
)
@virtual
async def test_what_breaks_the_schema_or_a_constraint_is_refused_by_its_own_code(
    action: str, payload: dict[str, Any]
) -> None:
    async with station(connectors=2, plugged=False) as rig:
        await rig.accepted()
        with pytest.raises(Refused, match=r"Violation|ConstraintViolation"):
            await rig.central.call(action, **payload)


@virtual
async def test_every_profile_of_every_connector_can_be_read_back_while_both_charge() -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        first = await charge(rig, 1)
        await charge(rig, 2)
        await rig.set_profile(0, limit=50, purpose="ChargePointMaxProfile")
        await rig.set_profile(1, limit=10, purpose="TxProfile", profile_id=2, transaction_id=first)
        await asyncio.sleep(5)
        for connector, controller in rig.charge_point.connectors.items():
            answer = await rig.central.call(
                "GetCompositeSchedule", connectorId=connector, duration=600
            )
            periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
            assert periods[0]["limit"] == pytest.approx(controller.limit, abs=0.1)
            assert rig.stage_of(connector).state.current <= controller.limit + 0.1


@virtual
async def test_a_list_that_is_proved_wrong_is_reported_at_connector_0() -> None:
    async with station(connectors=2) as rig:
        await rig.accepted()
        listed = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [LISTED]}
        await rig.ask("SendLocalList", **listed)
        rig.central.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
        rig.connector.present("TAG")
        await rig.sent("Authorize")
        await asyncio.sleep(1)
        conflicts = [
            each.payload
            for each in rig.central.of("StatusNotification")
            if each.payload["errorCode"] == "LocalListConflict"
        ]
        assert [(each["connectorId"], each["status"]) for each in conflicts] == [(0, "Available")]
        assert rig.central.of("StartTransaction") == []
