"""The central system and stations that behave, over real WebSockets on loopback."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from evtui.central_system.system import StationOffline
from evtui.events import CentralSystemState, LinkState, Note
from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.link import LinkClosed
from evtui.ocppj.websocket import dial
from tests.central_system.rig import START, LinkKind, booted, open_house
from tests.ocpp16.rig import BOOT, NOW, Rig, client, running, until
from tests.patience import PATIENCE

SOFT = {"type": "Soft"}


def link_states(rig: Rig) -> list[str]:
    return [f"{event.station} {event.state}" for event in rig.of(LinkState)]


async def test_it_takes_a_free_port_and_says_where_it_listens() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        [state] = rig.of(CentralSystemState)
        assert (state.listening, state.url) == (True, central.url)
        assert not central.url.endswith(":0")
    stopped = rig.of(CentralSystemState)[-1]
    assert (stopped.listening, stopped.detail) == (False, "stopped")
    assert not central.ready.is_set()


async def test_it_listens_on_the_same_port_when_it_is_started_again() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        url = central.url
    async with running(central), client(central):
        assert central.url == url
        await until(lambda: link_states(rig) == ["CP1 connected"])
    assert [state.listening for state in rig.of(CentralSystemState)[:3]] == [True, False, True]


async def test_it_can_take_over_a_socket_that_listens_already() -> None:
    rig = Rig()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        central = rig.central_system(listener=listener)
        async with running(central), booted(rig, central) as station:
            assert central.url == f"ws://127.0.0.1:{port}"
            assert "currentTime" in await station.call("Heartbeat", {})
    assert rig.log() == ["delivered call Heartbeat", "sent result Heartbeat"]


async def test_a_port_in_use_is_an_os_error_and_an_event_that_names_the_port() -> None:
    rig = Rig()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="address"):
            await rig.central_system(port=port).run()
    [state] = rig.of(CentralSystemState)
    assert not state.listening
    assert f"port {port}" in state.detail


async def test_a_station_boots_and_is_told_time_and_interval() -> None:
    rig = Rig()
    central = rig.central_system(heartbeat_interval=42)
    async with running(central), client(central) as station:
        answer = await station.call("BootNotification", BOOT)
        assert (answer["status"], answer["interval"]) == ("Accepted", 42)
        assert answer["currentTime"].startswith("2023-11-14T22:13:2")
        await until(lambda: link_states(rig) == ["CP1 connected", "CP1 accepted"])
        assert central.is_connected("CP1")
    await until(lambda: link_states(rig)[-1] == "CP1 offline")
    assert not central.is_connected("CP1")
    assert rig.log() == ["delivered call BootNotification", "sent result BootNotification"]


@pytest.mark.parametrize(
    ("action", "payload", "result"),
    [
        ("Authorize", {"idTag": "TAG"}, {"idTagInfo": {"status": "Accepted"}}),
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
            {},
        ),
        (
            "MeterValues",
            {
                "connectorId": 1,
                "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "98.8"}]}],
            },
            {},
        ),
        ("DataTransfer", {"vendorId": "evtui"}, {"status": "UnknownVendorId"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}, {}),
        ("FirmwareStatusNotification", {"status": "Idle"}, {}),
    ],
)
async def test_what_stations_say_is_answered_and_logged(
    action: str, payload: dict[str, Any], result: dict[str, Any]
) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as station:
        assert await station.call(action, payload) == result
    delivered, sent = rig.messages()
    assert rig.log() == [f"delivered call {action}", f"sent result {action}"]
    assert (delivered.payload, delivered.station) == (payload, "CP1")
    assert (sent.payload, sent.cause) == (result, delivered.seq)


async def test_transaction_ids_increase_over_stations_and_connections() -> None:
    rig = Rig()
    central = rig.central_system(first_transaction_id=1000)
    issued = []
    async with running(central):
        for meter, path in enumerate(("/CP1", "/CP2", "/CP1")):
            async with booted(rig, central, path) as station:
                for connector in (1, 2):
                    start = START | {"connectorId": connector, "meterStart": meter}
                    issued.append((await station.call("StartTransaction", start))["transactionId"])
    assert issued == [1000, 1001, 1002, 1003, 1004, 1005]
    assert [
        message.payload["transactionId"] for message in rig.messages(phase="sent", kind="result")
    ] == issued


async def test_a_transaction_is_open_until_it_stops_even_over_a_reconnect(link: LinkKind) -> None:
    async with open_house(link) as house:
        central = house.central
        async with house.station() as station:
            first = (await station.call("StartTransaction", START))["transactionId"]
            await station.call("StartTransaction", START | {"connectorId": 2})
        await until(lambda: not central.is_connected("CP1"))
        running = central.open_transaction("CP1", 1)
        assert running is not None
        assert (running.transaction_id, running.id_tag, running.meter_start) == (first, "TAG", 100)
        async with house.connected() as station:  # accepted before, and not booted since
            stop = {"meterStop": 200, "timestamp": NOW, "transactionId": first}
            assert await station.call("StopTransaction", stop) == {}
        assert central.open_transaction("CP1", 1) is None
        assert central.open_transaction("CP1", 2) is not None
        assert central.open_transaction("CP1", 3) is None
        assert central.open_transaction("never seen", 1) is None
        stopped = central.transactions.get(first)
        assert stopped is not None
        assert (stopped.energy, stopped.reason, stopped.open) == (100, "Local", False)


async def test_what_was_started_once_is_there_once_however_often_it_is_told(
    link: LinkKind,
) -> None:
    async with open_house(link, first_transaction_id=5) as house:
        for _ in range(2):
            async with house.station() as station:
                assert (await station.call("StartTransaction", START))["transactionId"] == 5
        assert [one.transaction_id for one in house.central.transactions] == [5]


async def test_a_stop_of_an_unknown_transaction_is_acknowledged_and_reported(
    link: LinkKind,
) -> None:
    stop = {"meterStop": 200, "timestamp": NOW, "transactionId": 999, "idTag": "TAG"}
    async with open_house(link) as house, house.station() as station:
        answer = await station.call("StopTransaction", stop)
        assert answer == {"idTagInfo": {"status": "Accepted"}}
        assert house.notes == [
            "transaction 999 is not known here: its end is kept, its start is missing"
        ]


async def test_an_operation_reaches_the_station_and_brings_its_answer() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), client(central) as station:
        await until(lambda: central.is_connected("CP1"))
        calling = asyncio.create_task(central.call("CP1", "Reset", {"type": "Hard"}))
        kind, uid, action, payload = await station.hear()
        assert (kind, action, payload) == (2, "Reset", {"type": "Hard"})
        await station.connection.send(json.dumps([3, uid, {"status": "Accepted"}]))
        assert await calling == {"status": "Accepted"}
    sent, delivered = rig.messages()
    assert rig.log() == ["sent call Reset", "delivered result Reset"]
    assert delivered.cause == sent.seq
    assert delivered.latency is not None
    assert 0 < delivered.latency < 5


async def test_an_operation_for_a_station_that_is_not_there_fails_at_once() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        with pytest.raises(StationOffline, match=r"^CP9 is not connected: it never has been$"):
            await central.call("CP9", "Reset", SOFT)
    assert rig.messages() == []


async def test_a_station_that_goes_away_ends_the_operation_it_owes_an_answer() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        async with client(central) as station:
            await until(lambda: central.is_connected("CP1"))
            calling = asyncio.create_task(central.call("CP1", "Reset", SOFT))
            await station.hear()
        async with asyncio.timeout(20):
            with pytest.raises(LinkClosed, match="closed by peer with 1000"):
                await calling
        await until(lambda: link_states(rig)[-1] == "CP1 offline")
    assert rig.of(LinkState)[-1].detail == "closed by peer with 1000"
    assert rig.log() == ["sent call Reset"]


async def test_a_station_that_connects_twice_loses_the_older_connection() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as older:
        await until(lambda: central.is_connected("CP1"))
        calling = asyncio.create_task(central.call("CP1", "Reset", SOFT))
        await older.hear()
        async with client(central) as newer:
            with pytest.raises(ConnectionClosed):
                await older.hear()
            assert older.connection.close_code == 1001
            with pytest.raises(LinkClosed, match="replaced by a new connection"):
                await calling
            assert "currentTime" in await newer.call("Heartbeat", {})
            assert central.is_connected("CP1")
            assert link_states(rig) == ["CP1 connected", "CP1 offline", "CP1 connected"]
    assert "connected twice" in rig.of(LinkState)[1].detail
    assert [message.link for message in rig.messages()] == [1, 2, 2]


async def test_somebody_else_under_an_identity_of_ours_is_told_with_its_address() -> None:
    rig = Rig()
    central = rig.central_system(ours=("CP1",))
    async with running(central):
        ours, connection = await dial(f"{central.url}/CP1", SUBPROTOCOL)
        await until(lambda: central.is_connected("CP1"))
        assert rig.of(Note) == []
        async with client(central) as stranger, client(central):
            await connection.wait_closed()
            await stranger.connection.wait_closed()
        [note] = rig.of(Note)
        assert (note.station, note.level) == ("CP1", "warning")
        assert "somebody else, {}:{}, ".format(*stranger.connection.local_address) in note.text
        await ours.close()


def connected(rig: Rig, times: int) -> bool:
    return link_states(rig).count("CP1 connected") == times


async def test_two_clients_of_one_identity_that_put_each_other_out_are_named_as_that() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        for number in range(1, 7):
            await stack.enter_async_context(client(central))
            await until(partial(connected, rig, number))
    details = [state.detail for state in rig.of(LinkState) if state.state == "connected"]
    assert details[:3] == ["", "", ""]
    for detail in details[3:]:
        assert detail.startswith("two clients may be called CP1: each puts the other out, 3 times")
    warnings = [note for note in rig.of(Note) if "two clients" in note.text]
    assert [(note.station, note.level) for note in warnings] == [("CP1", "warning")]


async def test_a_station_that_comes_back_twice_is_no_pair_of_clients() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), AsyncExitStack() as stack:
        for number in range(1, 4):
            await stack.enter_async_context(client(central))
            await until(partial(connected, rig, number))
    assert not any("two clients" in state.detail for state in rig.of(LinkState))


async def test_stopping_closes_every_session_and_wakes_who_waits() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central) as task, client(central, "/A") as one, client(central, "/B") as two:
        await until(lambda: central.is_connected("A") and central.is_connected("B"))
        calling = asyncio.create_task(central.call("A", "Reset", SOFT))
        await one.hear()
        task.cancel()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait((task,))
        for station in (one, two):
            with pytest.raises(ConnectionClosed):
                await station.hear()
            assert station.connection.close_code == 1001
        with pytest.raises(LinkClosed):
            await calling
        with pytest.raises(StationOffline):
            await central.call("A", "Reset", SOFT)
    assert sorted(link_states(rig)) == ["A connected", "A offline", "B connected", "B offline"]
    state = rig.of(CentralSystemState)[-1]
    assert (state.listening, state.detail) == (False, "stopped")


async def test_a_low_limit_of_open_files_is_raised_for_its_connections() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, before[1]))
    try:
        async with running(Rig().central_system(connections_max=400)):
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (656, before[1])
        async with running(Rig().central_system(connections_max=10)):
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (656, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
