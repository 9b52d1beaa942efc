"""The central system and clients that do not behave: each is dealt with, nobody else notices."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from evtui.central_system.session import StationSession
from evtui.events import LinkState, Note
from evtui.ocpp16.validation import schemas
from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.websocket import MAX_MESSAGE_BYTES
from tests.central_system.rig import booted
from tests.ocpp16.rig import BOOT, Rig, client, running, until


@pytest.mark.parametrize(
    "offered", [None, [Subprotocol("ocpp2.0.1")], [Subprotocol("ocpp1.5"), Subprotocol("mqtt")]]
)
async def test_without_ocpp_1_6_the_handshake_is_finished_without_the_header_then_closed(
    offered: list[Subprotocol] | None,
) -> None:
    rig = Rig()
    central = rig.central_system()
    async with (
        running(central),
        connect(central.url + "/CP1", subprotocols=offered, proxy=None) as connection,
    ):
        assert connection.response is not None
        assert connection.response.status_code == 101
        assert "Sec-WebSocket-Protocol" not in connection.response.headers
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 1002
    [row] = rig.messages()
    assert (row.phase, row.kind, row.station, row.error) == (
        "delivered",
        "invalid",
        "CP1",
        "sub-protocol",
    )
    assert (", ".join(offered) if offered else "none") in row.detail
    assert rig.of(LinkState) == []


async def test_ocpp_1_6_is_chosen_from_several() -> None:
    rig = Rig()
    central = rig.central_system()
    offered = [Subprotocol("ocpp2.0.1"), SUBPROTOCOL, Subprotocol("ocpp1.5")]
    async with (
        running(central),
        connect(central.url + "/CP1", subprotocols=offered, proxy=None) as connection,
    ):
        assert connection.subprotocol == SUBPROTOCOL
        await until(lambda: rig.of(LinkState))
    assert rig.of(LinkState)[0].state == "connected"


@pytest.mark.parametrize("path", ["/", "//", "/%20", "/a%00b", "/%FF", "/?id=CP1"])
async def test_a_path_without_an_identity_is_a_404_and_one_row(path: str) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        with pytest.raises(InvalidStatus) as refused:
            async with client(central, path):
                pass
    assert refused.value.response.status_code == 404
    assert b"identity" in refused.value.response.body
    [row] = rig.messages()
    assert (row.kind, row.station, row.error) == ("invalid", "", "unknown identity")
    assert rig.of(LinkState) == []


@pytest.mark.parametrize(
    ("path", "identity"),
    [("/NEG%204", "NEG 4"), ("/%C3%A9", "é"), ("/ocpp/1.6/X?y=1", "X"), ("/a%2Fb", "a/b")],
)
async def test_an_identity_is_taken_as_the_station_means_it(path: str, identity: str) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), client(central, path) as station:
        await station.call("BootNotification", BOOT)
        assert central.is_connected(identity)
    assert {message.station for message in rig.messages()} == {identity}
    assert rig.of(LinkState)[0].station == identity


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("hello", "-1"),
        ("{}", "-1"),
        ('[2,7,"Heartbeat",{}]', "-1"),
        ('[2,"\\ud800","Heartbeat",{}]', "-1"),
        ('[2,"q",{},{}]', "q"),
        ("[" * 100_000 + "]" * 100_000, "-1"),
        ('[2,"q","Heartbeat",{"x":' + "[" * 500 + "]" * 500 + "}]", "q"),
    ],
    ids=lambda text: text[:30],
)
async def test_a_text_that_is_no_ocpp_is_one_row_and_the_connection_lives_on(
    text: str, uid: str
) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as station:
        answer = await station.say(text)
        assert answer[:3] == [4, uid, "FormationViolation"]
        assert answer[4] == {}
        assert "currentTime" in await station.call("Heartbeat", {})
    assert rig.log() == [
        "delivered invalid FormationViolation",
        "sent error FormationViolation",
        "delivered call Heartbeat",
        "sent result Heartbeat",
    ]
    bad, refusal = rig.messages()[:2]
    assert (bad.text, refusal.cause) == (text[:2000], bad.seq)


async def test_a_message_of_2_mib_closes_with_1009_is_one_row_and_disturbs_nobody() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), client(central, "/good") as good:
        await good.call("BootNotification", BOOT)
        async with client(central, "/big") as big:
            with pytest.raises(ConnectionClosed):
                await big.say(json.dumps([2, "a", "DataTransfer", {"vendorId": "x" * 2**21}]))
            assert big.connection.close_code == 1009
        await until(lambda: not central.is_connected("big"))
        assert "currentTime" in await good.call("Heartbeat", {})
        assert central.is_connected("good")
    rows = [message for message in rig.messages() if message.station == "big"]
    assert [(row.kind, row.error) for row in rows] == [("invalid", "message too big")]
    assert str(MAX_MESSAGE_BYTES) in rows[0].detail
    [offline] = [
        event for event in rig.of(LinkState) if (event.station, event.state) == ("big", "offline")
    ]
    assert "1009" in offline.detail


async def test_a_message_just_below_the_limit_is_read() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as station:
        data = "x" * (MAX_MESSAGE_BYTES - 100)
        await station.call("DataTransfer", {"vendorId": "evtui", "data": data})
    assert rig.log() == ["delivered call DataTransfer", "sent result DataTransfer"]


async def test_a_station_that_finds_our_message_too_big_is_not_reported_as_ours() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), client(central) as station:
        await station.connection.close(1009, "too big for me")
        await until(lambda: rig.of(LinkState)[-1].state == "offline")
    assert rig.of(LinkState)[-1].detail == "closed by peer with 1009: too big for me"
    assert rig.messages() == []


async def test_a_binary_message_closes_with_1003_and_is_one_row() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), client(central) as station:
        with pytest.raises(ConnectionClosed):
            await station.say(b'[2,"a","Heartbeat",{}]')
        assert station.connection.close_code == 1003
        await until(lambda: rig.of(LinkState)[-1].state == "offline")
    assert rig.log() == ["delivered invalid binary frame"]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("Fly", {}, "NotImplemented"),
        ("Reset", {"type": "Soft"}, "NotSupported"),
        ("BootNotification", {}, "OccurenceConstraintViolation"),
        ("BootNotification", BOOT | {"chargePointModel": 1}, "TypeConstraintViolation"),
        ("BootNotification", BOOT | {"chargePointModel": "x" * 21}, "PropertyConstraintViolation"),
        ("BootNotification", BOOT | {"x": 1}, "FormationViolation"),
    ],
)
async def test_a_call_that_cannot_be_taken_is_refused_and_the_connection_lives_on(
    action: str, payload: dict[str, Any], code: str
) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as station:
        answer = await station.say(json.dumps([2, "a", action, payload]))
        assert answer[:3] == [4, "a", code]
        assert "currentTime" in await station.call("Heartbeat", {})
    assert rig.log()[:2] == [f"delivered call {action}", f"sent error {action} {code}"]
    assert len(rig.log()) == 4


async def test_two_messages_at_once_are_answered_in_order() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), booted(rig, central) as station:
        for number in range(50):
            await station.connection.send(f'[2,"m{number}","Heartbeat",{{}}]')
        assert [(await station.hear())[1] for _ in range(50)] == [f"m{n}" for n in range(50)]
    assert rig.log() == ["delivered call Heartbeat", "sent result Heartbeat"] * 50


async def test_huge_integers_are_taken_without_harm() -> None:
    rig = Rig()
    central = rig.central_system()
    huge = 10**400
    status = {"connectorId": huge, "errorCode": "NoError", "status": "Available"}
    async with running(central), booted(rig, central) as station:
        assert await station.call("StatusNotification", status) == {}
        assert "currentTime" in await station.call("Heartbeat", {})
    assert rig.messages()[0].payload["connectorId"] == huge


async def test_a_session_that_dies_of_a_bug_is_reported_closed_and_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(self: StationSession) -> None:
        if self.record.identity == "doomed":
            raise ZeroDivisionError("session bug")
        await serve(self)

    serve = StationSession.serve
    monkeypatch.setattr(StationSession, "serve", broken)
    rig = Rig()
    central = rig.central_system()
    async with running(central) as task, booted(rig, central, "/good") as good:
        async with client(central, "/doomed") as doomed:
            with pytest.raises(ConnectionClosed):
                await doomed.hear()
            assert doomed.connection.close_code == 1011
        await until(lambda: not central.is_connected("doomed"))
        assert "currentTime" in await good.call("Heartbeat", {})
        assert not task.done()
    [note] = rig.of(Note)
    assert (note.level, note.station) == ("error", "doomed")
    assert "session bug" in note.text
    [offline] = [one for one in rig.of(LinkState) if one.station == "doomed"][1:]
    assert (offline.state, offline.detail) == ("offline", note.text)


async def test_a_replaced_station_that_does_not_answer_the_close_does_not_hold_up_the_new_one() -> (
    None
):
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        port = int(central.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
        )
        assert b" 101 " in await reader.readline()
        await until(lambda: central.is_connected("CP1"))
        async with booted(rig, central) as station, asyncio.timeout(8):
            assert "currentTime" in await station.call("Heartbeat", {})
        writer.close()
    assert rig.log() == ["delivered call Heartbeat", "sent result Heartbeat"]
    assert [state.state for state in rig.of(LinkState)][:3] == ["connected", "offline", "connected"]


async def test_stations_are_answered_when_no_more_files_can_be_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cannot_open(*_: object, **__: object) -> str:
        raise OSError(24, "Too many open files")

    rig = Rig()
    central = rig.central_system()
    schemas.cache_clear()
    async with running(central), client(central) as station:
        monkeypatch.setattr(Path, "read_text", cannot_open)
        assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
        assert "currentTime" in await station.call("Heartbeat", {})
