"""A station that merely reconnects after the central system has restarted: taken, asked to boot."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from evtui.central_system import boot_reminder
from evtui.events import OcppMessage
from tests.central_system.rig import START, House, LinkKind, open_house
from tests.central_system.test_admission import BEFORE, STATUS, obey, refusal
from tests.ocpp16.rig import BOOT, Client, until

BOOTS = {"requestedMessage": "BootNotification"}


def asked(house: House) -> int:
    """How often somebody was asked to boot."""
    return sum(
        (message.action, message.phase, message.kind) == ("TriggerMessage", "sent", "call")
        for message in house.rig.of(OcppMessage)
    )


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a station."""
    monkeypatch.setattr(boot_reminder, "QUIET", 0.05)
    monkeypatch.setattr(boot_reminder, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(boot_reminder, "WAITS", (0.05, 0.1, 0.1))


@pytest.mark.parametrize("action", sorted(BEFORE))
async def test_what_a_station_says_that_would_be_accepted_is_taken_and_it_is_asked_to_boot(
    link: LinkKind, action: str
) -> None:
    async with open_house(link) as house, house.connected() as station:
        kind, *_ = await station.say(json.dumps([2, "x", action, BEFORE[action]]))
        assert kind == 3
        assert house.central.stations["CP1"].accepted
        assert house.states == ["CP1 connected", "CP1 accepted"]
        assert await obey(station, "TriggerMessage") == BOOTS
        assert await station.call("Heartbeat", {})
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        assert house.central.stations["CP1"].vendor == "evtui"
        assert asked(house) == 1


async def test_its_transactions_go_on(link: LinkKind) -> None:
    async with open_house(link) as house, house.connected() as station:
        value = {"timestamp": "2026-01-01T00:00:05Z", "sampledValue": [{"value": "150"}]}
        told = {"connectorId": 1, "transactionId": 77, "meterValue": [value]}
        assert await station.call("MeterValues", told) == {}
        running = house.central.open_transaction("CP1", 1)
        assert running is not None
        assert (running.transaction_id, running.meter_values) == (77, [value])
        await obey(station, "TriggerMessage")
        stop = {"transactionId": 77, "meterStop": 200, "timestamp": "2026-01-01T00:01:00Z"}
        await station.call("StopTransaction", stop)
        assert (running.open, running.meter_stop) == (False, 200)
        assert "transactionId" in await station.call("StartTransaction", START)


async def test_a_station_that_boots_at_once_is_not_asked(link: LinkKind, short_waits: None) -> None:
    async with open_house(link) as house, house.station() as station:
        await asyncio.sleep(0.3)
        assert "currentTime" in await station.call("Heartbeat", {})
        assert asked(house) == 0
        assert house.notes == []


async def test_a_station_that_has_booted_once_is_not_asked_on_its_next_connections(
    link: LinkKind, short_waits: None
) -> None:
    async with open_house(link) as house:
        async with house.station():
            pass
        async with house.connected() as station:
            await asyncio.sleep(0.3)
            assert "currentTime" in await station.call("Heartbeat", {})
            assert asked(house) == 0


async def test_a_station_that_says_nothing_is_asked_after_a_while_and_again(
    link: LinkKind, short_waits: None
) -> None:
    async with open_house(link) as house, house.connected() as station:
        for _ in boot_reminder.WAITS:
            assert await obey(station, "TriggerMessage") == BOOTS
        await until(lambda: house.notes)
        assert house.notes == ["it was asked to boot 3 times, and sent no BootNotification"]
        assert not house.central.stations["CP1"].accepted
        assert asked(house) == 3


async def test_a_station_that_never_answers_is_asked_three_times(
    link: LinkKind, short_waits: None
) -> None:
    async with open_house(link) as house, house.connected():
        await until(lambda: house.notes)
        assert asked(house) == 3


@pytest.mark.parametrize("how", ["Rejected", "NotImplemented", "a CALLERROR"])
@pytest.mark.parametrize("speaks", [True, False])
async def test_a_station_that_does_not_know_how_is_taken_as_it_is(
    link: LinkKind, short_waits: None, how: str, speaks: bool
) -> None:
    async with open_house(link) as house, house.connected() as station:
        if speaks:
            await station.call("Heartbeat", {})
        await refuse_to_boot(station, how)
        await until(lambda: house.notes)
        outcome = "NotSupported: no" if how == "a CALLERROR" else how
        assert house.notes == [f"it does not boot when it is asked to ({outcome}): taken as booted"]
        assert house.central.stations["CP1"].accepted
        await asyncio.sleep(0.3)
        assert asked(house) == 1


async def refuse_to_boot(station: Client, how: str) -> None:
    """Hear a TriggerMessage and do not obey."""
    _, uid, action, _ = await station.hear()
    assert action == "TriggerMessage"
    answer: list[Any] = [3, uid, {"status": how}]
    if how == "a CALLERROR":
        answer = [4, uid, "NotSupported", "no", {}]
    await station.connection.send(json.dumps(answer))


async def test_a_station_that_nobody_has_let_in_is_asked_to_boot_but_not_heard(
    link: LinkKind,
) -> None:
    async with open_house(link, unknown_stations="ask") as house, house.connected() as station:
        assert (await refusal(station, "StatusNotification", STATUS))[0] == "SecurityError"
        await obey(station, "TriggerMessage")
        assert (await refusal(station, "Heartbeat", {}))[0] == "SecurityError"
        assert house.states == ["CP1 connected", "CP1 asking"]
        assert (await station.call("BootNotification", BOOT))["status"] == "Pending"
        house.central.admit("CP1")
        await obey(station, "TriggerMessage")
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"


async def test_one_that_cannot_be_asked_to_boot_can_be_let_in(
    link: LinkKind, short_waits: None
) -> None:
    async with open_house(link, unknown_stations="ask") as house, house.connected() as station:
        await refuse_to_boot(station, "NotImplemented")
        await until(lambda: house.notes)
        assert house.notes[0].endswith("(NotImplemented): not let in yet")
        assert house.states == ["CP1 connected", "CP1 asking"]
        house.central.admit("CP1")
        await refuse_to_boot(station, "NotImplemented")
        await until(lambda: house.central.stations["CP1"].accepted)
        assert "currentTime" in await station.call("Heartbeat", {})


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_pending_and_rejected_stay_what_they_are_without_a_boot(
    link: LinkKind, status: Any
) -> None:
    async with open_house(link) as house, house.connected() as station:
        house.central.admission.answer("CP1", status)
        assert (await refusal(station, "Heartbeat", {}))[0] == "SecurityError"
        assert house.central.stations["CP1"].boot_status == ""
        if status == "Pending":
            await obey(station, "TriggerMessage")
        assert (await station.call("BootNotification", BOOT))["status"] == status
        assert asked(house) == (status == "Pending")
