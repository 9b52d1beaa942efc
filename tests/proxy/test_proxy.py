from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, basic_auth
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from evtui.events import CentralSystemState, LinkState, Note
from evtui.ocppj import Let, Passing
from tests.proxy.rig import proxied, until

BOOT = '[2, "b-1",  "BootNotification", {"chargePointVendor":"V","chargePointModel":"M\\u00e9"}]'

HANDSHAKE = (
    "GET /CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)


async def test_every_byte_of_a_message_passes_as_it_came() -> None:
    odd: list[str | bytes] = [
        '[2,"1","Heartbeat",{ }]',
        BOOT,
        "no OCPP at all",
        "",
        '[3,"unknown",{"é":"😀"}]',
        b"\0b",
    ]
    async with proxied() as rig, await rig.station() as station:
        for text in odd:
            await station.send(text)
        await until(lambda: len(rig.upstream.received) == len(odd))
        assert rig.upstream.received == odd
        back = '[2,  "x","Reset",{"type":"Soft"} ]'
        await rig.upstream.connections[0].send(back)
        answers = [await station.recv() for _ in range(3)]
        assert answers[-1] == back


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("", "/ocpp/CP1?key=a%20b", "/ocpp/CP1?key=a%20b"),
        ("/steve/websocket/", "/CP%201", "/steve/websocket/CP%201"),
        ("", "/ws/CP1/", "/ws/CP1/"),
    ],
)
async def test_path_and_query_go_on_behind_the_path_of_the_upstream(
    base: str, path: str, expected: str
) -> None:
    async with proxied(base) as rig, await rig.station(path):
        await until(lambda: rig.upstream.connections)
        assert rig.upstream.path == expected


async def test_headers_of_the_station_go_on_and_those_of_a_hop_do_not() -> None:
    headers = {"Authorization": "Basic Q1AxOnNlY3JldA==", "X-Serial": "7"}
    options: dict[str, Any] = {"additional_headers": headers, "user_agent_header": "Station/1"}
    async with proxied() as rig, await rig.station(**options):
        await until(lambda: rig.upstream.connections)
        request = rig.upstream.connections[0].request
        assert request is not None
        got = request.headers
        assert got.get_all("Authorization") == [headers["Authorization"]]
        assert got.get_all("User-Agent") == ["Station/1"]
        assert got["X-Serial"] == "7"
        assert len(got.get_all("Host")) == len(got.get_all("Sec-WebSocket-Key")) == 1


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp2.0.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp2.1"], None),
        (None, None),
    ],
)
async def test_the_central_system_chooses_the_subprotocol(
    offered: list[str] | None, agreed: str | None
) -> None:
    def choose(_: ServerConnection, names: Any) -> Subprotocol | None:
        return Subprotocol("ocpp1.6") if "ocpp1.6" in names else None

    async with (
        proxied(select_subprotocol=choose) as rig,
        await rig.station(subprotocols=offered) as station,
    ):
        assert station.subprotocol == agreed


async def test_what_the_central_system_refuses_with_is_passed_on() -> None:
    guard = basic_auth(realm="lab", credentials=("CP1", "right"))
    async with proxied(process_request=guard) as rig:
        with pytest.raises(InvalidStatus) as refused:
            await rig.station(additional_headers={"Authorization": "Basic Q1AxOndyb25n"})
        theirs = refused.value.response
        assert theirs.status_code == HTTPStatus.UNAUTHORIZED
        assert 'realm="lab"' in theirs.headers["WWW-Authenticate"]
        assert b"credentials" in (theirs.body or b"")
        (note,) = rig.of(Note)
        assert note.station == "CP1"
        assert note.text == "refused by the central system with HTTP 401"
        good = {"Authorization": "Basic Q1AxOnJpZ2h0"}
        async with await rig.station(additional_headers=good):
            await until(lambda: rig.upstream.connections)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "nonsense"])
async def test_a_web_page_is_refused_and_the_central_system_never_asked(origin: str) -> None:
    async with proxied() as rig:
        with pytest.raises(InvalidStatus) as refused:
            await rig.station(additional_headers={"Origin": origin})
        assert refused.value.response.status_code == HTTPStatus.FORBIDDEN
        assert rig.upstream.connections == []
        assert "a web page" in rig.of(Note)[0].text


async def test_a_redirection_is_passed_on_and_not_followed_with_the_stations_credentials() -> None:
    def elsewhere(connection: ServerConnection, _: Request) -> Response:
        response = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "")
        response.headers["Location"] = "ws://127.0.0.1:1/CP1"
        return response

    async with proxied(process_request=elsewhere) as rig:
        reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(HANDSHAKE.encode())
        answer = (await reader.read(2000)).decode()
        writer.close()
        assert answer.startswith("HTTP/1.1 307")
        assert "Location: ws://127.0.0.1:1/CP1" in answer


async def test_a_central_system_that_is_not_there_is_a_bad_gateway() -> None:
    async with proxied(upstream_port=1) as rig:
        with pytest.raises(InvalidStatus) as refused:
            await rig.station()
        assert refused.value.response.status_code == HTTPStatus.BAD_GATEWAY
        assert "connection refused" in rig.of(Note)[0].text


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3000, 4999])
@pytest.mark.parametrize("by_station", [True, False])
async def test_close_codes_and_reasons_pass(code: int, by_station: bool) -> None:
    async with proxied() as rig:
        station = await rig.station()
        await until(lambda: rig.upstream.connections)
        other = rig.upstream.connections[0]
        one, end = (station, other) if by_station else (other, station)
        await one.close(code, "because of é")
        await end.wait_closed()
        assert (end.close_code, end.close_reason) == (code, "because of é")
        await until(lambda: rig.of(LinkState)[-1].state == "offline")
        who = "the charge point" if by_station else "the central system"
        assert rig.of(LinkState)[-1].detail == f"by {who}: closed with {code}: because of é"


async def test_a_close_without_a_code_passes_as_one() -> None:
    async with proxied() as rig:
        station = await rig.station()
        await until(lambda: rig.upstream.connections)
        await station.close(None)  # type: ignore[arg-type]
        other = rig.upstream.connections[0]
        await other.wait_closed()
        assert other.close_code == 1005


@pytest.mark.parametrize("by_station", [True, False])
async def test_a_connection_lost_without_a_word_ends_the_other_one_likewise(
    by_station: bool,
) -> None:
    async with proxied() as rig:
        station = await rig.station()
        await until(lambda: rig.upstream.connections)
        other = rig.upstream.connections[0]
        one, end = (station, other) if by_station else (other, station)
        one.transport.abort()
        await end.wait_closed()
        assert end.close_code == 1006


async def test_a_ping_of_either_end_reaches_the_other() -> None:
    pinged: list[tuple[str, bytes]] = []
    async with proxied() as rig, await rig.station() as station:
        await until(lambda: rig.upstream.connections)
        other = rig.upstream.connections[0]
        for name, end in (("station", station), ("upstream", other)):
            _watch_pings(end, name, pinged)
        await (await station.ping(b"one"))
        await (await other.ping(b"two"))
        await until(lambda: len(pinged) == 2)
        assert pinged == [("upstream", b"one"), ("station", b"two")]


def _watch_pings(end: Any, name: str, pinged: list[tuple[str, bytes]]) -> None:
    process = end.process_event

    def seen(event: Any) -> None:
        if getattr(event, "opcode", None) == 9:
            pinged.append((name, bytes(event.data)))
        process(event)

    end.process_event = seen


async def test_a_station_that_gives_up_during_the_handshake_leaves_nothing_open() -> None:
    waits = asyncio.Event()

    async def hold(_: ServerConnection, __: Request) -> Response | None:
        waits.set()
        await asyncio.sleep(0.2)
        return None

    async with proxied(process_request=hold) as rig:
        _, writer = await asyncio.open_connection("127.0.0.1", rig.port)
        writer.write(HANDSHAKE.encode())
        await waits.wait()
        writer.transport.abort()
        await until(lambda: rig.upstream.connections)
        await rig.upstream.connections[0].wait_closed()


# What is told


async def test_a_call_and_its_answer_are_told_at_both_ends() -> None:
    async with proxied() as rig, await rig.station() as station:
        await station.send('[2,"1","StatusNotification",{"connectorId":2,"status":"Available",'
                           '"errorCode":"NoError"}]')  # fmt: skip
        await station.recv()
        await until(lambda: len(rig.messages("delivered")) == 2)
        call, result = rig.messages("sent")
        heard, answered = rig.messages("delivered")
        assert (call.sender, call.kind, call.action) == (
            "charge_point",
            "call",
            "StatusNotification",
        )
        assert call.connector == heard.connector == 2
        assert heard.cause == call.seq
        assert (result.sender, result.kind, result.action) == (
            "central_system",
            "result",
            "StatusNotification",
        )
        assert result.cause == heard.seq
        assert answered.cause == result.seq
        assert answered.latency is not None
        assert result.latency is not None
        assert answered.latency >= result.latency >= 0


async def test_an_error_is_told_with_its_code() -> None:
    async def refuse(connection: ServerConnection) -> None:
        async for text in connection:
            uid = json.loads(text)[1]
            await connection.send(json.dumps([4, uid, "NotImplemented", "no such thing", {}]))

    async with proxied() as rig:
        rig.upstream.serve = refuse
        async with await rig.station() as station:
            await station.send('[2,"1","DataTransfer",{"vendorId":"v"}]')
            await station.recv()
            error = rig.messages("delivered", kind="error")[0]
            assert (error.action, error.error, error.detail) == (
                "DataTransfer",
                "NotImplemented",
                "no such thing",
            )


async def test_what_breaks_its_schema_passes_and_is_told() -> None:
    async with proxied() as rig, await rig.station() as station:
        await station.send('[2,"1","StatusNotification",{"connectorId":"one"}]')
        await station.recv()
        call = rig.messages("delivered", kind="call")[0]
        assert call.violation
        assert call.violation.kind == "tolerated"
        assert rig.upstream.received


async def test_ocpp_2_passes_unchecked_and_is_told_by_its_evse() -> None:
    async with proxied() as rig, await rig.station(subprotocols=["ocpp2.0.1"]) as station:
        text = '[2,"1","StatusNotification",{"evseId":3,"connectorId":1,"connectorStatus":"Odd"}]'
        await station.send(text)
        await station.recv()
        call = rig.messages("delivered", kind="call")[0]
        assert call.connector == 3
        assert not call.violation
        assert rig.of(LinkState)[0].detail == "ocpp2.0.1"


async def test_texts_that_are_no_messages_are_told_once() -> None:
    async with proxied() as rig, await rig.station() as station:
        await station.send("hello")
        await station.send(b"\x01\x02")
        await until(lambda: len(rig.messages("delivered", kind="invalid")) == 2)
        text, binary = rig.messages("delivered", kind="invalid")
        assert (text.text, text.sender) == ("hello", "charge_point")
        assert (binary.text, binary.error) == ("01 02", "binary frame")
        assert rig.messages("sent") == []


async def test_a_defect_in_telling_keeps_no_message_from_passing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("evtui.proxy.telling.BothEnds.sent", fail)
    async with proxied() as rig, await rig.station() as station:
        await station.send(BOOT)
        await station.recv()
        assert rig.upstream.received == [BOOT]
        assert "a message was not told: ZeroDivisionError()" in rig.of(Note)[0].text


async def test_it_says_where_it_listens_and_whom_it_stands_before() -> None:
    async with proxied("/ocpp") as rig:
        await until(lambda: rig.of(CentralSystemState))
        state = rig.of(CentralSystemState)[0]
        assert state.url.endswith("/ocpp")
        assert state.listening
        assert not state.ours
        assert state.detail == f"through ws://127.0.0.1:{rig.port}"


# Many


async def test_many_stations_pass_at_once_and_none_hears_anothers_messages() -> None:
    async def echo(connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        async for text in connection:
            await connection.send(json.dumps([3, json.loads(text)[1], {"of": request.path}]))

    async with proxied() as rig:
        rig.upstream.serve = echo

        async def work(name: str) -> None:
            async with await rig.station(f"/{name}") as station:
                for number in range(20):
                    await station.send(f'[2,"{number}","Heartbeat",{{}}]')
                    assert json.loads(await station.recv()) == [
                        3,
                        str(number),
                        {"of": f"/{name}"},
                    ]

        await asyncio.gather(*(work(f"CP{n}") for n in range(30)))
        await until(lambda: sum(each.state == "offline" for each in rig.of(LinkState)) == 30)
        assert len(rig.messages("sent")) == len(rig.messages("delivered")) == 30 * 40
        assert len(rig.proxy.stations) == 30


async def test_a_second_connection_of_an_identity_passes_beside_the_first() -> None:
    async with proxied() as rig, await rig.station() as one, await rig.station() as two:
        for station in (one, two):
            await station.send('[2,"1","Heartbeat",{}]')
            assert json.loads(await station.recv()) == [3, "1", {}]
        states = rig.of(LinkState)
        assert [each.detail for each in states] == ["ocpp1.6", "ocpp1.6, once more"]
        await two.close()
        await until(lambda: len(rig.of(LinkState)) == 3)
        assert rig.of(LinkState)[-1].state == "connected"
        await one.send('[2,"2","Heartbeat",{}]')
        await one.recv()


async def test_the_end_of_the_proxy_ends_its_connections_with_1001() -> None:
    async with proxied() as rig:
        station = await rig.station()
        await until(lambda: rig.upstream.connections)
    await station.wait_closed()
    await rig.upstream.connections[0].wait_closed()
    assert station.close_code == 1001
    assert rig.upstream.connections[0].close_code == 1001


# On the line


def drop(what: str) -> Any:
    def hook(message: Passing) -> tuple[Let, ...] | None:
        return () if message.action == what else None

    return hook


async def test_whoever_sits_on_the_line_drops_and_edits_what_passes() -> None:
    async with proxied() as rig, await rig.station() as station:
        await until(lambda: rig.proxy.stations)
        line = rig.proxy.stations["CP1"].line
        leave = line.sit(drop("Heartbeat"))
        await station.send('[2,"1","Heartbeat",{}]')
        await station.send('[2,"2","DataTransfer",{"vendorId":"v"}]')
        assert json.loads(await station.recv())[1] == "2"
        assert len(rig.upstream.received) == 1
        leave()

        def edit(message: Passing) -> tuple[Let, ...] | None:
            if message.kind != "result":
                return None
            return (Let(message.saying({"currentTime": "forged"}), cause=1),)

        line.sit(edit)
        await station.send('[2,"3","Heartbeat",{}]')
        assert json.loads(await station.recv()) == [3, "3", {"currentTime": "forged"}]
        await until(lambda: len(rig.messages("delivered", kind="result")) == 2)
        assert rig.messages("sent", kind="result")[-1].payload == {}
        assert rig.messages("delivered", kind="result")[-1].payload == {"currentTime": "forged"}


async def test_a_call_in_the_name_of_the_central_system_stays_unknown_to_it() -> None:
    async with proxied() as rig, await rig.station() as station:
        await until(lambda: rig.proxy.stations)
        line = rig.proxy.stations["CP1"].line
        forging = asyncio.create_task(
            line.call_charge_point("Reset", {"type": "Soft"}, cause=1, within=20.0)
        )
        uid = json.loads(await station.recv())[1]
        await station.send(json.dumps([3, uid, {"status": "Accepted"}]))
        assert await forging == {"status": "Accepted"}
        assert rig.upstream.received == []


async def test_texts_to_a_station_that_is_gone_end_the_connection_to_the_central_system() -> None:
    async with proxied() as rig:
        station = await rig.station()
        await until(lambda: rig.upstream.connections)
        station.transport.abort()
        other = rig.upstream.connections[0]

        async def go_on() -> None:
            while True:
                await other.send('[2,"1","Reset",{"type":"Soft"}]')
                await asyncio.sleep(0.01)

        with pytest.raises(ConnectionClosed):
            await go_on()
