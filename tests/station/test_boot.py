"""Booting, heartbeats and staying connected (OCPP 1.6 sections 4.2 and 4.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from evtui.events import LinkState
from evtui.station.connector.transaction import StationTransaction
from evtui.station.link.connection import LONGEST_RETRY, OWN_INTERVAL
from evtui.station.link.reboots import ANSWER_FIRST
from evtui.station.state.store import QueuedMessage, StateStore
from tests.ocppj.memory import MemoryTransport
from tests.station.fake_central import FakeCentral
from tests.station.rig import START_UTC, Rig, charge, station, virtual

HOUR = 3600.0


def answering(*boots: tuple[str, int]) -> Callable[[FakeCentral], None]:
    """Prepares a central system that answers BootNotifications like this."""

    def prepare(central: FakeCentral) -> None:
        central.boot.clear()
        central.boot.extend(boots)

    return prepare


def states(rig: Rig) -> list[str]:
    """How the link went, from the station's end."""
    return [event.state for event in rig.of(LinkState)]


@virtual
async def test_an_accepted_station_tells_the_status_of_connector_0_and_then_of_1() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        await asyncio.sleep(1)
        assert rig.central.log == [
            "BootNotification",
            "StatusNotification 0 Available",
            "StatusNotification 1 Available",
        ]
        assert rig.central.calls[0].payload == {
            "chargePointVendor": "evtui",
            "chargePointModel": "lab",
        }
        assert states(rig) == ["connecting", "connected", "booting", "accepted"]


@virtual
async def test_a_pending_station_sends_nothing_but_boot_notifications_at_the_interval() -> None:
    async with station(
        prepare=answering(("Pending", 20), ("Pending", 20), ("Accepted", 60))
    ) as rig:
        await asyncio.sleep(10)
        rig.unplug()
        await rig.accepted()
        assert [round(call.t) for call in rig.central.of("BootNotification")] == [0, 20, 40]
        assert rig.central.log[:3] == ["BootNotification"] * 3
        assert rig.central.log[3] == "StatusNotification 0 Available"
        assert {call.link for call in rig.central.calls} == {1}


@virtual
async def test_a_rejected_station_hangs_up_and_boots_again_after_the_interval() -> None:
    async with station(prepare=answering(("Rejected", 40), ("Accepted", 60))) as rig:
        await rig.accepted()
        assert [round(call.t) for call in rig.central.of("BootNotification")] == [0, 40]
        assert rig.central.dials == pytest.approx([0, 40])
        assert rig.central.log[:2] == ["BootNotification"] * 2
        assert "rejected" in states(rig)


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Accepted"])
@virtual
async def test_an_interval_of_0_is_never_taken_as_0(status: str) -> None:
    async with station(prepare=answering((status, 0)), module=False) as rig:
        await asyncio.sleep(HOUR)
        asked = rig.central.of("BootNotification") + rig.central.of("Heartbeat")
        assert HOUR / OWN_INTERVAL / 1.2 <= len(asked) <= HOUR / OWN_INTERVAL + 2


@virtual
async def test_a_pending_station_that_loses_its_link_does_not_boot_before_the_interval() -> None:
    async with station(prepare=answering(("Pending", 50), ("Accepted", 60))) as rig:
        await rig.sent("BootNotification")
        await asyncio.sleep(10)
        await rig.central.hang_up()
        await rig.accepted()
        assert [round(call.t) for call in rig.central.of("BootNotification")] == [0, 50]


@virtual
async def test_a_refused_boot_notification_is_tried_again_after_a_while() -> None:
    async with station(prepare=lambda central: central.refuses.add("BootNotification")) as rig:
        await rig.sent("BootNotification")
        rig.central.refuses.clear()
        await rig.accepted()
        assert [round(call.t) for call in rig.central.of("BootNotification")] == [0, OWN_INTERVAL]
        assert "BootNotification failed: InternalError" in rig.notes()


@virtual
async def test_trigger_message_makes_a_pending_station_boot_at_once() -> None:
    async with station(prepare=answering(("Pending", 500), ("Accepted", 60))) as rig:
        await asyncio.sleep(10)
        status = await rig.central.status_of(
            "TriggerMessage", requestedMessage="BootNotification", connectorId=99
        )
        assert status == "Accepted"
        await rig.accepted()
        assert rig.central.log[:3] == ["BootNotification", "-> Accepted", "BootNotification"]
        assert rig.central.of("BootNotification")[1].t == pytest.approx(10, abs=0.1)


@virtual
async def test_an_accepted_station_declines_to_boot_anew() -> None:
    async with station() as rig:
        await rig.accepted()
        status = await rig.central.status_of("TriggerMessage", requestedMessage="BootNotification")
        assert status == "Rejected"
        assert len(rig.central.of("BootNotification")) == 1


@virtual
async def test_a_pending_station_answers_and_says_only_what_it_was_asked_to_say() -> None:
    async with station(prepare=answering(("Pending", 500))) as rig:
        await rig.sent("BootNotification")
        central = rig.central
        assert (await central.call("GetConfiguration", key=["HeartbeatInterval"]))[
            "configurationKey"
        ]
        assert await rig.configure("ConnectionTimeOut", 30) == "Accepted"
        assert await central.status_of("RemoteStartTransaction", idTag="TAG") == "Rejected"
        assert await central.status_of("RemoteStopTransaction", transactionId=1) == "Rejected"
        await asyncio.sleep(60)
        assert [call.action for call in central.calls] == ["BootNotification"]
        for message in ("Heartbeat", "StatusNotification", "MeterValues"):
            assert await central.status_of("TriggerMessage", requestedMessage=message) == "Accepted"
        await asyncio.sleep(60)
        told = [call.action for call in central.calls[1:]]
        assert told == ["Heartbeat", "StatusNotification", "StatusNotification", "MeterValues"]


@virtual
async def test_nothing_queued_goes_out_before_the_boot_is_accepted() -> None:
    store = StateStore()
    transaction = StationTransaction(1, 1, "TAG", 0, START_UTC - 60, transaction_id=7)
    stop = {"meterStop": 5, "timestamp": "2026-01-01T11:59:30Z", "reason": "Local"}
    store.add(QueuedMessage(1, "StopTransaction", stop, 1, START_UTC - 30), transaction)
    async with station(
        prepare=answering(("Pending", 20), ("Rejected", 30), ("Accepted", 60)), store=store
    ) as rig:
        sent = await rig.sent("StopTransaction")
        assert rig.central.log[:4] == [*["BootNotification"] * 3, "StatusNotification 0 Available"]
        assert round(sent.t) == 50
        assert sent.payload == {**stop, "transactionId": 7}


@virtual
async def test_before_the_first_answer_nothing_goes_out_even_when_triggered() -> None:
    async with station(prepare=lambda central: central.ignores.add("BootNotification")) as rig:
        await rig.sent("BootNotification")
        await rig.central.call("TriggerMessage", requestedMessage="Heartbeat")
        await asyncio.sleep(10)
        assert [call.action for call in rig.central.calls] == ["BootNotification"]


@virtual
async def test_a_station_is_still_pending_after_a_reconnect() -> None:
    async with station(prepare=answering(("Pending", 500))) as rig:
        await rig.sent("BootNotification")
        await rig.central.hang_up()
        await rig.until(lambda: states(rig).count("connected") == 2)
        await asyncio.sleep(1)
        await rig.central.call("TriggerMessage", requestedMessage="Heartbeat")
        await asyncio.sleep(1)
        assert [call.action for call in rig.central.calls] == ["BootNotification", "Heartbeat"]


@pytest.mark.parametrize("status", ["Pending", "Accepted"])
@virtual
async def test_an_interval_of_ages_is_borne(status: str) -> None:
    async with station(prepare=answering((status, 10**15)), module=False) as rig:
        await asyncio.sleep(HOUR)
        assert [call.action for call in rig.central.calls].count("BootNotification") == 1
        assert rig.central.of("Heartbeat") == []


@virtual
async def test_a_transport_that_can_ping_is_told_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(
        MemoryTransport, "ping_every", lambda _, interval: told.append(interval), raising=False
    )
    async with station() as rig:
        await rig.accepted()
        before = rig.charge_point.configuration.number("WebSocketPingInterval")
        assert await rig.configure("WebSocketPingInterval", 7) == "Accepted"
        await rig.central.hang_up()
        await rig.until(lambda: states(rig).count("accepted") == 2)
        assert told == [before, 7, 7]


@virtual
async def test_heartbeats_come_at_the_given_interval_without_drift() -> None:
    async with station(prepare=answering(("Accepted", 7)), module=False) as rig:
        await asyncio.sleep(HOUR)
        beats = [call.t for call in rig.central.of("Heartbeat")]
        assert len(beats) == int(HOUR // 7)
        assert beats == pytest.approx([7.0 * (n + 1) for n in range(len(beats))], abs=0.01)


@virtual
async def test_a_new_heartbeat_interval_applies_at_once() -> None:
    async with station(prepare=answering(("Accepted", 1000))) as rig:
        await rig.accepted()
        await asyncio.sleep(30)
        assert await rig.configure("HeartbeatInterval", 50) == "Accepted"
        assert await rig.configure("HeartbeatInterval", 0) == "Rejected"
        await asyncio.sleep(100)
        assert [round(call.t) for call in rig.central.of("Heartbeat")] == [50, 100]


@virtual
async def test_a_mere_reconnect_brings_no_boot_notification_and_no_old_news() -> None:
    async with station() as rig:
        await rig.accepted()
        await rig.central.hang_up()
        await rig.until(lambda: states(rig).count("accepted") == 2)
        await asyncio.sleep(5)
        assert [call.action for call in rig.central.calls if call.link == 2] == []


@virtual
async def test_a_status_that_changed_while_offline_is_reported_once_and_as_it_is_now() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.reachable = False
        await rig.central.hang_up()
        await asyncio.sleep(2)
        rig.unplug()
        rig.plug()
        rig.unplug()
        await asyncio.sleep(2)
        rig.central.reachable = True
        await rig.sent("StatusNotification", 3)
        await asyncio.sleep(5)
        assert rig.central.statuses(1) == ["Preparing", "Available"]


@virtual
async def test_a_status_that_was_lost_with_the_link_is_sent_again() -> None:
    async with station() as rig:
        await rig.accepted()
        rig.central.hangs_up_on = {"StatusNotification"}
        rig.unplug()
        await rig.until(lambda: len(rig.central.dials) == 2)
        rig.central.hangs_up_on = set()
        await rig.until(lambda: rig.central.statuses(1) == ["Preparing", "Available", "Available"])


@virtual
async def test_the_backoff_grows_and_is_bounded() -> None:
    def unreachable(central: FakeCentral) -> None:
        central.reachable = False

    async with station(prepare=unreachable, module=False) as rig:
        await asyncio.sleep(HOUR)
        waits = [later - earlier for earlier, later in pairwise(rig.central.dials)]
        assert waits[0] < 1
        assert all(wait <= LONGEST_RETRY * 1.2 for wait in waits)
        assert min(waits[10:]) >= LONGEST_RETRY * 0.8
        assert len(set(waits)) > 10  # stations must not come back in step


@virtual
async def test_a_central_system_that_hangs_up_at_once_is_not_flooded() -> None:
    async with station(
        prepare=lambda central: central.hangs_up_on.add("BootNotification"), module=False
    ) as rig:
        await asyncio.sleep(HOUR)
        assert 100 <= len(rig.central.dials) <= 140


@virtual
async def test_after_a_link_that_lasted_the_next_one_comes_quickly() -> None:
    async with station() as rig:
        for _ in range(5):
            await asyncio.sleep(60)
            before = len(rig.central.dials)
            await rig.central.hang_up()
            await asyncio.sleep(1)
            assert len(rig.central.dials) == before + 1


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
@virtual
async def test_a_reset_ends_the_transaction_and_boots_again(kind: str, reason: str) -> None:
    async with station() as rig:
        transaction = await charge(rig)
        await asyncio.sleep(5)
        seen = len(rig.central.log)
        assert await rig.central.status_of("Reset", type=kind) == "Accepted"
        await rig.sent("BootNotification", 2)
        stop = await rig.sent("StopTransaction")
        assert (stop.payload["transactionId"], stop.payload["reason"]) == (transaction, reason)
        await rig.until(lambda: rig.central.statuses(0) == ["Available", "Available"])
        told = ["Finishing"] * (2 if kind == "Soft" else 1)  # the first one dies with the link
        await rig.until(lambda: rig.central.statuses(1)[-len(told) - 1 :] == ["Charging", *told])
        after = rig.central.log[seen:]
        assert after[0] == "-> Accepted"
        # A hard reset does not wait for anything: the stop is reported after the boot (5.14).
        before_boot = after.index("StopTransaction") < after.index("BootNotification")
        assert before_boot == (kind == "Soft")
        assert rig.stage.state.current < 100


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
@virtual
async def test_the_answer_to_a_reset_has_time_to_arrive_before_the_connection_is_closed(
    kind: str,
) -> None:
    async with station() as rig:
        await rig.accepted()
        assert await rig.central.status_of("Reset", type=kind) == "Accepted"
        await asyncio.sleep(ANSWER_FIRST / 2)
        assert states(rig)[-1] == "accepted"
        await rig.sent("BootNotification", 2)


@virtual
async def test_a_reset_forgets_a_start_that_waits_for_a_vehicle() -> None:
    async with station(plugged=False) as rig:
        await rig.accepted()
        assert await rig.central.status_of("RemoteStartTransaction", idTag="TAG") == "Accepted"
        assert await rig.central.status_of("Reset", type="Soft") == "Accepted"
        await rig.sent("BootNotification", 2)
        rig.plug()
        await asyncio.sleep(10)
        assert rig.central.of("StartTransaction") == []
        assert rig.connector.startable


# Why it is offline


async def put_out(rig: Rig, times: int, code: int, after: float) -> list[LinkState]:
    """The central system ends the connection again and again; how the station tells of it."""
    for _ in range(times):
        await rig.until(lambda: states(rig)[-1:] == ["accepted"])
        await asyncio.sleep(after)
        await rig.central.hang_up(code)
        await rig.until(lambda: states(rig)[-1:] != ["accepted"])
    return [state for state in rig.of(LinkState) if state.state == "offline"]


@virtual
async def test_a_station_that_is_offline_says_why_and_when_it_tries_again() -> None:
    async with station() as rig:
        (offline,) = await put_out(rig, 1, 1001, 1.0)
        assert offline.detail == "closed by peer with 1001: going away"
        assert offline.next_try is not None
        assert 0.4 <= offline.next_try - offline.t <= 0.6
        await rig.until(lambda: states(rig)[-1:] == ["accepted"])
        (again,) = [state for state in rig.of(LinkState) if state.state == "connecting"][1:]
        assert again.t == pytest.approx(offline.next_try, abs=0.05)
        assert again.next_try is None


@pytest.mark.parametrize("code", [1000, 1001, 1008, 3000, 4001])
@virtual
async def test_a_station_that_is_put_out_at_once_every_time_says_that_it_may_have_a_namesake(
    code: int,
) -> None:
    async with station() as rig:
        told = [state.detail for state in await put_out(rig, 4, code, 0.7)]
        closed = f"closed by peer with {code}: going away"
        assert told[:2] == [closed] * 2
        for detail in told[2:]:
            assert detail.startswith("another client called CP1?: put out 3 times soon ")
            assert detail.endswith(closed)
        await rig.until(lambda: states(rig)[-1:] == ["accepted"])
        assert rig.of(LinkState)[-1].detail.startswith("another client called CP1?")


@pytest.mark.parametrize(("code", "after"), [(1002, 0.7), (1009, 0.7), (1011, 0.7), (1001, 8.0)])
@virtual
async def test_what_is_blamed_on_a_message_or_comes_late_is_no_namesake(
    code: int, after: float
) -> None:
    async with station() as rig:
        told = [state.detail for state in await put_out(rig, 4, code, after)]
        assert told == [f"closed by peer with {code}: going away"] * 4
