"""Booting on a connection where it is accepted: asked for, or distrusted (5.17, errata 3.35)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from evtui.events import LinkState, QueueState
from evtui.station.link.connection import FIRST_DISTRUST, OWN_INTERVAL
from tests.station.fake_central import Call, FakeCentral
from tests.station.rig import Rig, charge, station, virtual
from tests.station.test_triggers import trigger


async def reconnected(rig: Rig) -> None:
    """The connection goes, and the station is accepted on the next one without a boot."""
    accepted = count(rig, "accepted")
    await rig.central.hang_up()
    await rig.until(lambda: count(rig, "accepted") > accepted)


def count(rig: Rig, state: str) -> int:
    """How often the link has been in a state."""
    return sum(event.state == state for event in rig.of(LinkState))


def on_link(rig: Rig, link: int) -> list[Call]:
    """What the station called over one of its connections."""
    return [call for call in rig.central.calls if call.link == link]


@virtual
async def test_a_boot_asked_for_after_a_reconnect_is_sent_and_followed_by_the_statuses() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await reconnected(rig)
        rig.central.boot.append(("Accepted", 77))
        rig.central.boot.popleft()
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.until(lambda: len(on_link(rig, 2)) == 3)
        assert [call.action for call in on_link(rig, 2)] == [
            "BootNotification",
            "StatusNotification",
            "StatusNotification",
        ]
        assert rig.charge_point.configuration.number("HeartbeatInterval") == 77
        assert await trigger(rig, "BootNotification") == "Rejected"  # errata 3.35
        await asyncio.sleep(100)
        beats = [call for call in on_link(rig, 2) if call.action == "Heartbeat"]
        assert beats[0].t - on_link(rig, 2)[0].t == pytest.approx(77, abs=0.1)


@pytest.mark.parametrize("message", ["BootNotification", "StatusNotification", "Heartbeat"])
@virtual
async def test_the_very_first_message_of_a_connection_may_ask_for_it(message: str) -> None:
    async with station() as rig:
        await rig.accepted()
        await asyncio.sleep(1)
        seen = len(rig.central.log)
        rig.central.greets_with = message
        await rig.central.hang_up()
        await rig.until(lambda: message in [call.action for call in on_link(rig, 2)])
        assert rig.central.log[seen] == "-> Accepted"


@virtual
async def test_a_boot_that_was_asked_for_just_before_the_link_went_comes_on_the_next_one() -> None:
    async with station() as rig:
        await rig.accepted()
        await reconnected(rig)
        rig.central.ignores.add("Heartbeat")
        assert await trigger(rig, "Heartbeat") == "Accepted"  # the link is busy with it from now on
        assert await trigger(rig, "BootNotification") == "Accepted"
        await reconnected(rig)
        await rig.until(lambda: "BootNotification" in [call.action for call in on_link(rig, 3)])


@virtual
async def test_a_boot_that_is_asked_for_while_one_is_under_way_follows_it() -> None:
    async with station(prepare=lambda central: central.ignores.add("BootNotification")) as rig:
        await rig.sent("BootNotification")
        assert await trigger(rig, "BootNotification") == "Accepted"
        rig.central.ignores.clear()
        await rig.accepted()
        await rig.sent("BootNotification", 2)


@virtual
async def test_a_transaction_goes_on_through_a_boot_that_was_asked_for() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await reconnected(rig)
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.sent("BootNotification", 2)
        await asyncio.sleep(10)
        assert rig.connector.transaction is not None
        meter = [call for call in on_link(rig, 2) if call.action == "MeterValues"]
        assert len(meter) >= 9
        assert {call.payload["transactionId"] for call in meter} == {transaction}


@virtual
async def test_pending_as_answer_to_it_holds_everything_back_until_the_next_boot() -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await reconnected(rig)
        rig.central.boot.clear()
        rig.central.boot.extend([("Pending", 50), ("Accepted", 300)])
        assert await trigger(rig, "BootNotification") == "Accepted"
        boot = await rig.sent("BootNotification", 2)
        await asyncio.sleep(1)
        seen = len(rig.central.calls)
        await asyncio.sleep(40)
        assert rig.central.calls[seen:] == []
        assert rig.connector.transaction is not None
        assert await trigger(rig, "Heartbeat") == "Accepted"
        await rig.sent("Heartbeat")
        again = await rig.sent("BootNotification", 3)
        assert again.t - boot.t == pytest.approx(50, abs=0.1)
        await rig.charge_point.flushed()
        kept = [call for call in rig.central.calls[seen:] if call.action == "MeterValues"]
        assert len(kept) >= 40
        assert {call.payload["transactionId"] for call in kept} == {transaction}


@virtual
async def test_rejected_as_answer_to_it_makes_the_station_hang_up_and_keep_what_it_has() -> None:
    async with station() as rig:
        await charge(rig)
        await reconnected(rig)
        rig.central.boot.clear()
        rig.central.boot.extend([("Rejected", 40), ("Accepted", 300)])
        assert await trigger(rig, "BootNotification") == "Accepted"
        boot = await rig.sent("BootNotification", 2)
        again = await rig.sent("BootNotification", 3)
        assert again.link == 3
        assert again.t - boot.t == pytest.approx(40, abs=0.1)
        await rig.charge_point.flushed()
        assert rig.connector.transaction is not None


@virtual
async def test_no_answer_to_it_leaves_the_station_accepted_as_it_was() -> None:
    async with station() as rig:
        await rig.accepted()
        await reconnected(rig)
        rig.central.refuses.add("BootNotification")
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.until(lambda: "BootNotification failed: InternalError" in rig.notes())
        await asyncio.sleep(5 * OWN_INTERVAL)
        assert len(rig.central.of("BootNotification")) == 2
        assert rig.charge_point.accepted
        assert await trigger(rig, "BootNotification") == "Accepted"
        await rig.sent("BootNotification", 3)


# SecurityError


@virtual
async def test_a_station_that_was_forgotten_boots_on_the_connection_it_has_and_loses_nothing() -> (
    None
):
    async with station() as rig:
        transaction = await charge(rig)
        await asyncio.sleep(3)
        rig.central.forget()
        rig.charge_point.stop_charging("Local")
        await rig.charge_point.flushed()
        stop = rig.central.of("StopTransaction")[-1]
        assert stop.payload["transactionId"] == transaction
        assert {call.link for call in rig.central.calls} == {1}
        assert len(rig.central.of("BootNotification")) == 2
        assert rig.notes().count("booting again") == 1
        await rig.charge_point.flushed()
        statuses = [call for call in rig.central.calls if call.t >= stop.t - 1]
        assert "StatusNotification" in [call.action for call in statuses]


@virtual
async def test_every_message_that_is_refused_so_makes_it_boot() -> None:
    async with station(meter_interval=0) as rig:
        await rig.accepted()
        await asyncio.sleep(FIRST_DISTRUST)
        for message in ("Heartbeat", "StatusNotification", "MeterValues"):
            await reconnected(rig)
            booted = len(rig.central.of("BootNotification"))
            rig.central.forget()
            assert await trigger(rig, message) == "Accepted"
            await rig.sent("BootNotification", booted + 1)
            await rig.until(lambda: rig.charge_point.accepted)


@virtual
async def test_a_restart_costs_a_kept_message_none_of_its_attempts() -> None:
    async with station(meter_interval=0) as rig:
        await charge(rig)
        assert await rig.configure("TransactionMessageAttempts", 1) == "Accepted"
        for _ in range(3):  # each time on a new connection, as after a restart
            rig.central.forget()
            await reconnected(rig)
            rig.charge_point.stop_charging("Local")
            await rig.charge_point.flushed()
            await charge(rig)
        assert rig.of(QueueState)[-1].lost == 0


@virtual
async def test_while_forgotten_and_pending_what_is_kept_waits() -> None:
    async with station(meter_interval=0) as rig:
        await charge(rig)
        rig.central.boot.clear()
        rig.central.boot.extend([("Pending", 100), ("Accepted", 300)])
        rig.central.forget()
        rig.charge_point.stop_charging("Local")
        await rig.sent("BootNotification", 2)
        await asyncio.sleep(90)
        refused = len(rig.central.of("StopTransaction"))
        assert refused <= 1  # a status may have been refused before it
        await rig.sent("StopTransaction", refused + 1)
        await rig.charge_point.flushed()
        assert rig.of(QueueState)[-1].lost == 0


@virtual
async def test_a_central_system_that_never_trusts_it_is_told_of_and_not_asked_for_ever() -> None:
    async with station(prepare=FakeCentral.distrust, meter_interval=0, module=False) as rig:
        await rig.accepted()
        await asyncio.sleep(24 * 3600)
        boots = rig.central.of("BootNotification")
        assert 5 <= len(boots) <= 40  # 60, 120, ... 3600 s apart, and the heartbeats between
        assert rig.notes().count("booting again") == len(boots) - 1
        assert {call.link for call in boots} == {1}


@virtual
async def test_a_message_that_is_never_taken_is_given_up_and_said() -> None:
    async with station(meter_interval=0) as rig:
        await charge(rig)
        rig.central.refusal = "SecurityError"
        rig.central.refuses.add("StopTransaction")
        rig.charge_point.stop_charging("Local")
        await rig.until(lambda: "StopTransaction given up" in rig.notes(), timeout=3600)
        # The first of them, for which it boots, is no attempt.
        assert "given up after 3 attempt(s): SecurityError" in rig.notes()
        assert len(rig.central.of("StopTransaction")) == 4
        await rig.charge_point.flushed()


@virtual
async def test_a_security_error_while_the_gate_closes_settles_the_message_on_its_way_once() -> None:
    answers: list[Any] = []
    async with station() as rig:
        await rig.accepted()
        await asyncio.sleep(1)
        rig.central.forget()
        for _ in range(3):
            assert rig.charge_point.post("Heartbeat", {}, answers.append)
        await rig.until(lambda: len(answers) == 3)
        assert answers == [None] * 3
        await rig.until(lambda: rig.charge_point.accepted)
        assert rig.charge_point.post("Heartbeat", {}, answers.append)
        await rig.until(lambda: len(answers) == 4)
        assert answers[3] is not None
