"""What a central system gets wrong, and what a charge point makes of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from evtui.events import OcppMessage
from tests.messages import MESSAGES
from tests.ocpp16.slips import slips
from tests.station.fake_central import FakeCentral, Refused
from tests.station.rig import Rig, charge, profile, station, virtual

ORDERS = [each.action for each in MESSAGES if each.sender == "central system"]


def violations(rig: Rig) -> list[str]:
    """What was wrong with messages that were acted on."""
    return [
        str(one.violation)
        for one in rig.of(OcppMessage)
        if one.violation and one.violation.kind == "tolerated"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Accepted"},
        {"idTagInfo": {"status": "Accepted", "expiryDate": None}},
        {"idTagInfo": {"status": "Accepted", "expiryDate": "soon"}},
        {"idTagInfo": {"status": "Perhaps"}},
        {"idTagInfo": None},
    ],
)
@virtual
async def test_the_id_of_a_start_is_kept_whatever_else_its_answer_says(
    change: dict[str, Any],
) -> None:
    def prepare(central: FakeCentral) -> None:
        central.transaction_id = 7
        answer = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}} | change
        central.answers["StartTransaction"] = answer

    async with station(prepare=prepare) as rig:
        await charge(rig)
        assert await rig.ask("RemoteStopTransaction", transactionId=7) == "Accepted"
        assert (await rig.sent("StopTransaction")).payload["transactionId"] == 7
        assert len(rig.central.of("StartTransaction")) == 1
        assert len(violations(rig)) == 1


@pytest.mark.parametrize(
    "answer", [{"status": "Accepted"}, {"status": "Accepted", "interval": 300, "x": 1}]
)
@virtual
async def test_a_boot_is_accepted_when_its_answer_says_so_and_lacks_the_rest(
    answer: dict[str, Any],
) -> None:
    async with station(
        module=False, prepare=lambda c: c.answers.update(BootNotification=answer)
    ) as rig:
        await rig.accepted()
        assert len(rig.central.of("BootNotification")) == 1
        assert len(violations(rig)) == 1


@virtual
async def test_meter_values_that_are_not_implemented_do_not_hold_up_the_stop() -> None:
    def prepare(central: FakeCentral) -> None:
        central.refuses, central.refusal = {"MeterValues"}, "NotImplemented"

    async with station(prepare=prepare) as rig:
        number = await charge(rig)
        await rig.sent("MeterValues", 12)
        before = rig.clock.now()
        await rig.ask("RemoteStopTransaction", transactionId=number)
        await rig.sent("StopTransaction")
        assert rig.clock.now() - before < 1.5
        assert rig.notes().count("MeterValues let go") == 1


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Reset", {"type": "soft"}),
        ("UnlockConnector", {"connectorId": 1, "x": None}),
        ("ChangeAvailability", {"connectorId": 1, "type": "Operative", "x": 1}),
        ("RemoteStartTransaction", {"idTag": "A" * 21}),
        ("GetConfiguration", {"key": ["k" * 51]}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": None}),
    ],
)
@virtual
async def test_an_order_with_a_slip_is_followed_only_when_that_is_tolerated(
    action: str, payload: dict[str, Any]
) -> None:
    async with station(module=False, tolerant=True) as rig:
        await rig.accepted()
        answer = await rig.central.call(action, **payload)
        assert answer.get("status", "") in ("Accepted", "Unlocked", "")
        assert len(violations(rig)) == 1
    async with station(module=False) as rig:
        await rig.accepted()
        with pytest.raises(Refused, match="Violation"):
            await rig.central.call(action, **payload)
        assert violations(rig) == []


@pytest.mark.parametrize(
    ("action", "payload", "status"),
    [
        ("Reset", {"type": "Warm"}, "Rejected"),
        ("ChangeAvailability", {"connectorId": 1, "type": "Off"}, "Rejected"),
        ("TriggerMessage", {"requestedMessage": "LogStatusNotification"}, "NotImplemented"),
        ("ClearChargingProfile", {"chargingProfilePurpose": "Mine"}, "Unknown"),
        (
            "GetCompositeSchedule",
            {"connectorId": 1, "duration": 1, "chargingRateUnit": "kW"},
            "Rejected",
        ),
        ("SendLocalList", {"listVersion": 1, "updateType": "Some"}, "Failed"),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(purpose="Mine")},
            "Rejected",
        ),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(unit="kW")},
            "Rejected",
        ),
        (
            "SetChargingProfile",
            {"connectorId": 1, "csChargingProfiles": profile(kind="Sometimes")},
            "Rejected",
        ),
        (
            "RemoteStartTransaction",
            {"idTag": "A", "chargingProfile": profile(purpose="Mine")},
            "Rejected",
        ),
    ],
)
@virtual
async def test_a_word_that_nobody_knows_is_answered_and_changes_nothing(
    action: str, payload: dict[str, Any], status: str
) -> None:
    async with station(module=False, tolerant=True) as rig:
        await rig.accepted()
        before = len(rig.central.calls)
        assert await rig.central.status_of(action, **payload) == status
        assert rig.charge_point.connectors[1].operative
        assert len(rig.central.calls) == before
        assert len(violations(rig)) == 1


@virtual
async def test_a_long_id_tag_goes_back_to_the_central_system_that_gave_it() -> None:
    async with station(tolerant=True) as rig:
        await charge(rig, id_tag="A" * 21)
        assert (await rig.sent("StartTransaction")).payload["idTag"] == "A" * 21


@pytest.mark.parametrize("action", ORDERS)
@virtual
async def test_no_slip_of_a_tolerated_central_system_ends_in_an_internal_error(action: str) -> None:
    for what, payload in slips(action, "call"):
        async with station(module=False, tolerant=True) as rig:
            await rig.accepted()
            with suppress(Refused):  # the text of the standard, not the schema: no connector
                await rig.central.call(action, **payload)
            refusals = [one.error for one in rig.of(OcppMessage) if one.kind == "error"]
            assert set(refusals) <= {"PropertyConstraintViolation"}, what
            assert "failed" not in rig.notes(), what


@pytest.mark.parametrize(
    "action", ["BootNotification", "Authorize", "StartTransaction", "StopTransaction", "Heartbeat"]
)
@virtual
async def test_a_station_lives_with_every_slip_in_an_answer(action: str) -> None:
    for what, answer in slips(action, "result"):

        def prepare(central: FakeCentral, answer: dict[str, Any] = answer) -> None:
            central.answers[action] = answer

        async with station(tolerant=True, prepare=prepare) as rig:
            await rig.until(lambda: rig.central.of("BootNotification"))
            await rig.until(lambda: rig.clock.now() > 2)
            rig.connector.present("TAG")
            await rig.until(lambda: rig.clock.now() > 8)
            rig.connector.present("TAG")
            await rig.until(lambda: rig.clock.now() > 12)
            assert rig.charge_point is not None, what
            assert "failed" not in rig.notes(), (what, rig.notes())
