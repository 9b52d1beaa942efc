"""Which stations are let in, and what they may say before they are."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from evtui.central_system.admission import Admission
from evtui.central_system.system import StationNotAccepted, StationOffline
from evtui.events import OcppMessage
from evtui.ocppj.link import LinkClosed
from tests.central_system.rig import START, LinkKind, open_house
from tests.ocpp16.rig import BOOT, NOW, Client, until
from tests.patience import PATIENCE

STATUS = {"connectorId": 0, "errorCode": "NoError", "status": "Available"}

BEFORE: dict[str, dict[str, Any]] = {
    "Authorize": {"idTag": "TAG"},
    "DataTransfer": {"vendorId": "evtui"},
    "DiagnosticsStatusNotification": {"status": "Idle"},
    "FirmwareStatusNotification": {"status": "Idle"},
    "Heartbeat": {},
    "MeterValues": {
        "connectorId": 1,
        "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}],
    },
    "StartTransaction": START,
    "StatusNotification": STATUS,
    "StopTransaction": {"meterStop": 1, "timestamp": NOW, "transactionId": 1},
}
"""Every call of a station but BootNotification."""


async def refusal(station: Client, action: str, payload: dict[str, Any]) -> list[Any]:
    """errorCode and description of the CALLERROR that answers a call."""
    answer = await station.say(json.dumps([2, f"x-{action}", action, payload]))
    assert answer[:2] == [4, f"x-{action}"]
    return list(answer[2:4])


async def obey(station: Client, action: str, status: str = "Accepted") -> dict[str, Any]:
    """Hear a call of the central system and answer it; returns its payload."""
    kind, uid, heard, payload = await station.hear()
    assert (kind, heard) == (2, action)
    await station.connection.send(json.dumps([3, uid, {"status": status}]))
    return dict(payload)


@pytest.mark.parametrize("action", sorted(BEFORE))
async def test_whatever_a_station_says_before_somebody_lets_it_in_is_a_security_error(
    link: LinkKind, action: str
) -> None:
    async with open_house(link, unknown_stations="ask") as house, house.connected() as station:
        code, text = await refusal(station, action, BEFORE[action])
        assert code == "SecurityError"
        assert text == f"{action}: not before a BootNotification is accepted"
        assert not house.central.stations["CP1"].connectors
        assert len(house.central.transactions) == 0


async def test_a_station_accepted_once_is_accepted_when_it_reconnects(link: LinkKind) -> None:
    async with open_house(link) as house:
        async with house.station():
            pass
        await until(lambda: not house.central.is_connected("CP1"))
        async with house.connected() as station:
            assert "currentTime" in await station.call("Heartbeat", {})


async def test_unknown_stations_are_refused_with_404_and_known_ones_are_not(
    link: LinkKind,
) -> None:
    async with open_house(
        link, unknown_stations="refuse", known_stations=["CP2"], ours=["CP1"]
    ) as house:
        with pytest.raises((InvalidStatus, LinkClosed), match="404"):
            async with house.connected("CP9"):
                pass
        async with house.station("CP1"), house.station("CP2"):
            assert [info.ours for info in house.central.stations.values()] == [True, False]
        [row] = [one for one in house.rig.of(OcppMessage) if one.station == "CP9"]
        assert (row.kind, row.error) == ("invalid", "unknown identity")
        assert not any(state.startswith("CP9") for state in house.states)


async def test_an_unknown_station_is_pending_until_somebody_lets_it_in(link: LinkKind) -> None:
    async with open_house(link, unknown_stations="ask") as house, house.connected() as station:
        answer = await station.call("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Pending", 10)
        await until(lambda: house.states == ["CP1 connected", "CP1 asking"])
        house.central.admit("CP1")
        assert house.states[-1] == "CP1 pending"  # nobody has to be asked any more
        assert await obey(station, "TriggerMessage") == {"requestedMessage": "BootNotification"}
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        assert (await house.central.wait_for("CP1", timeout=PATIENCE)).boot_status == "Accepted"


async def test_a_known_station_is_not_asked_about(link: LinkKind) -> None:
    rules: dict[str, Any] = {"unknown_stations": "ask", "known_stations": ["CP1"]}
    async with open_house(link, **rules) as house, house.station():
        assert house.central.stations["CP1"].accepted


async def test_a_station_turned_away_is_closed_and_refused_until_it_is_admitted(
    link: LinkKind,
) -> None:
    async with open_house(link, unknown_stations="ask") as house:
        async with house.connected() as station:
            await station.call("BootNotification", BOOT)
            house.central.turn_away("CP1")
            with pytest.raises((ConnectionClosed, LinkClosed), match="1008"):
                await station.hear()
        await until(lambda: not house.central.is_connected("CP1"))
        with pytest.raises((InvalidStatus, LinkClosed), match="404"):
            async with house.connected():
                pass
        house.central.admit("CP1")
        async with house.station():
            assert house.central.stations["CP1"].accepted


async def test_a_pending_station_may_say_what_it_was_told_to_and_nothing_else(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.connected() as station:
        house.central.admission.answer("CP1", "Pending", interval=0)
        answer = await station.call("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Pending", 0)
        await until(lambda: house.states[-1] == "CP1 pending")
        assert (await refusal(station, "StatusNotification", STATUS))[0] == "SecurityError"

        trigger = {"requestedMessage": "StatusNotification"}
        calling = asyncio.create_task(house.central.call("CP1", "TriggerMessage", trigger))
        assert await obey(station, "TriggerMessage") == trigger
        assert await station.call("StatusNotification", STATUS) == {}
        assert await calling == {"status": "Accepted"}
        code, text = await refusal(station, "Heartbeat", {})
        assert (code, text) == (
            "SecurityError",
            "Heartbeat: Pending: only what a TriggerMessage asks for",
        )
        await station.call("BootNotification", BOOT)
        assert (await refusal(station, "StatusNotification", STATUS))[0] == "SecurityError"


async def test_what_a_pending_station_refused_to_be_triggered_for_is_not_let_in(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.connected() as station:
        house.central.admission.answer("CP1", "Pending")
        await station.call("BootNotification", BOOT)
        await until(lambda: house.states[-1] == "CP1 pending")
        trigger = {"requestedMessage": "StatusNotification"}
        for status, refused in (("Rejected", True), ("Accepted", False), ("Rejected", False)):
            calling = asyncio.create_task(house.central.call("CP1", "TriggerMessage", trigger))
            _, uid, *_ = await station.hear()
            await station.connection.send(json.dumps([3, uid, {"status": status}]))
            assert await calling == {"status": status}
            if refused:
                code, _ = await refusal(station, "StatusNotification", STATUS)
                assert code == "SecurityError"
            else:
                assert await station.call("StatusNotification", STATUS) == {}


async def test_a_pending_station_can_be_configured_but_not_told_to_charge(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.connected() as station:
        house.central.admission.answer("CP1", "Pending")
        await station.call("BootNotification", BOOT)
        change = {"key": "HeartbeatInterval", "value": "5"}
        calling = asyncio.create_task(house.central.call("CP1", "ChangeConfiguration", change))
        assert await obey(station, "ChangeConfiguration") == change
        await calling
        for action, payload in (
            ("RemoteStartTransaction", {"idTag": "TAG"}),
            ("RemoteStopTransaction", {"transactionId": 1}),
        ):
            with pytest.raises(StationNotAccepted) as not_sent:
                await house.central.call("CP1", action, payload)
            assert str(not_sent.value) == (
                f"CP1 is Pending: {action} is not allowed before it is accepted"
            )


async def test_a_rejected_station_is_sent_nothing_and_may_say_nothing_but_boot(
    link: LinkKind,
) -> None:
    async with open_house(link) as house, house.connected() as station:
        house.central.admission.answer("CP1", "Rejected", interval=300)
        answer = await station.call("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Rejected", 300)
        assert (await refusal(station, "Heartbeat", {}))[0] == "SecurityError"
        with pytest.raises(StationOffline, match="CP1 is Rejected"):
            await house.central.call("CP1", "Reset", {"type": "Soft"})
        house.central.admission.admit("CP1")
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        assert "currentTime" in await station.call("Heartbeat", {})


async def test_more_stations_than_are_let_in_get_503_and_one_that_comes_again_does_not(
    link: LinkKind,
) -> None:
    async with open_house(link, connections_max=1) as house, house.station("A") as first:
        with pytest.raises((InvalidStatus, LinkClosed), match="503"):
            async with house.connected("B"):
                pass
        async with house.connected("A") as again:
            with pytest.raises((ConnectionClosed, LinkClosed)):
                await first.hear()
            assert "currentTime" in await again.call("Heartbeat", {})


def test_what_somebody_said_of_a_station_goes_before_the_rules() -> None:
    admission = Admission("refuse", ["KNOWN"], heartbeat_interval=42)
    assert not admission.lets_in("X")
    assert not admission.knows("X")
    assert (admission.boot("KNOWN").status, admission.boot("KNOWN").interval) == ("Accepted", 42)
    admission.answer("X", "Pending")
    assert admission.lets_in("X")
    assert (admission.boot("X").status, admission.boot("X").interval) == ("Pending", 10)
    admission.turn_away("KNOWN")
    assert not admission.lets_in("KNOWN")
    admission.answer("KNOWN", "Accepted")
    assert admission.boot("KNOWN").interval == 42


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"unknown": "maybe"}, "unknown stations 'maybe': expected accept, refuse or ask"),
        ({"known": "CP1"}, "known stations 'CP1': expected several"),
    ],
)
def test_rules_that_are_none_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Admission(**arguments)
