from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.typing import Subprotocol

from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.intake import Intake
from evtui.ocppj.transport import ConnectionFailed, LinkClosed
from evtui.ocppj.websocket import (
    IDENTITY_MAX,
    WebSocketTransport,
    dial,
    identity_from_path,
    station_url,
)
from tests.ocpp16.rig import until

PONG_WITHIN = 0.5
"""s."""


@pytest.mark.parametrize(
    ("path", "identity"),
    [
        ("/CP1", "CP1"),
        ("/ocpp/1.6/CP1", "CP1"),
        ("/NEG%204", "NEG 4"),
        ("/%C3%A9", "é"),
        ("/a%2Fb", "a/b"),
        ("/CP1?token=x/y", "CP1"),
        ("/" + "x" * IDENTITY_MAX, "x" * IDENTITY_MAX),
        ("/", None),
        ("", None),
        ("/CP1/", "CP1"),
        ("/?x=1", None),
        ("/%20", None),
        ("/a%00b", None),
        ("/a%0Ab", None),
        ("/a%1B[2Jb", None),
        ("/%FF", None),
        ("//[", "["),
        ("//CP1", "CP1"),
        ("//ocpp//CP1//?x=/", "CP1"),
        ("///", None),
        ("/" + "x" * (IDENTITY_MAX + 1), None),
    ],
)
def test_the_identity_is_the_decoded_last_segment_of_the_path(
    path: str, identity: str | None
) -> None:
    assert identity_from_path(path) == identity


@settings(deadline=None)
@given(st.text())
def test_any_path_has_a_printable_identity_or_none(path: str) -> None:
    identity = identity_from_path(path)
    assert identity is None or (identity.isprintable() and 0 < len(identity) <= IDENTITY_MAX)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40))
def test_an_identity_survives_the_connection_url(identity: str) -> None:
    url = station_url("ws://127.0.0.1:9000/ocpp/", identity)
    assert url.startswith("ws://127.0.0.1:9000/ocpp/")
    assert identity_from_path(url.removeprefix("ws://127.0.0.1:9000")) == identity


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("ws://h:1/ocpp/", "ws://h:1/ocpp/C%201%2F%C3%A9"),
        ("ws://h/ocpp/{id}/v16", "ws://h/ocpp/C%201%2F%C3%A9/v16"),
        ("ws://h/{id}/x?of={id}", "ws://h/C%201%2F%C3%A9/x?of=C%201%2F%C3%A9"),
        ("ws://u:pä@h/a%20b", "ws://u:p%C3%A4@h/a%20b/C%201%2F%C3%A9"),
        ("wss://hö.example:1/é", "wss://xn--h-1ga.example:1/%C3%A9/C%201%2F%C3%A9"),
    ],
)
def test_the_identity_stands_where_the_endpoint_says_and_nothing_is_encoded_twice(
    endpoint: str, url: str
) -> None:
    assert station_url(endpoint, "C 1/é") == url


@asynccontextmanager
async def server(
    *subprotocols: Subprotocol, close: tuple[int, str] | None = None
) -> AsyncIterator[str]:
    """A WebSocket server that sends back what it gets, or closes at once; its URL."""

    async def echo(connection: ServerConnection) -> None:
        if close is not None:
            await connection.close(*close)
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0, subprotocols=subprotocols or None) as listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/CP1"


async def test_a_dialled_connection_carries_text() -> None:
    async with server(SUBPROTOCOL) as url:
        transport, _ = await dial(url, SUBPROTOCOL)
        await transport.send("[é]")
        assert await transport.recv() == "[é]"
        await transport.close()
        with pytest.raises(LinkClosed, match="closed by us with 1000") as ours:
            await transport.recv()
        assert ours.value.code is None
        with pytest.raises(LinkClosed, match="closed by us with 1000"):
            await transport.send("[]")


async def test_a_close_by_the_peer_says_its_code_and_reason() -> None:
    async with server(SUBPROTOCOL, close=(1001, "bye")) as url:
        transport, _ = await dial(url, SUBPROTOCOL)
        with pytest.raises(LinkClosed, match="closed by peer with 1001: bye") as theirs:
            await transport.recv()
        assert theirs.value.code == 1001


async def test_a_connection_lost_without_a_close_is_a_1006() -> None:
    async with server(SUBPROTOCOL) as url:
        transport, connection = await dial(url, SUBPROTOCOL)
        connection.transport.abort()
        with pytest.raises(LinkClosed, match="1006") as lost:
            await transport.recv()
        assert lost.value.code == 1006


async def test_a_reason_too_long_for_a_close_frame_is_cut_between_characters() -> None:
    heard: list[str] = []

    async def listen(connection: ServerConnection) -> None:
        with pytest.raises(LinkClosed) as closed:
            await WebSocketTransport(connection).recv()
        heard.append(str(closed.value))

    async with serve(listen, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as listening:
        port = listening.sockets[0].getsockname()[1]
        transport, _ = await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
        await transport.close(1000, "é" * 200)
    assert heard == ["closed by peer with 1000: " + "é" * 61]


class PingCounter(ServerConnection):
    """A server's connection that counts the pings it gets."""

    pings = 0

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings += 1
        super().process_event(event)


async def test_pings_go_out_at_the_interval_last_set_and_0_ends_them() -> None:
    accepted: asyncio.Queue[PingCounter] = asyncio.Queue()

    async def keep(connection: ServerConnection) -> None:
        assert isinstance(connection, PingCounter)
        accepted.put_nowait(connection)
        await connection.wait_closed()

    async with serve(
        keep, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], create_connection=PingCounter
    ) as listening:
        port = listening.sockets[0].getsockname()[1]
        transport, _ = await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
        far = await accepted.get()
        transport.ping_every(3600)
        transport.ping_every(0.01)
        await until(lambda: far.pings >= 3)
        transport.ping_every(0)
        await transport.send("[]")
        await far.recv()
        told = far.pings
        await asyncio.sleep(0.05)
        assert far.pings == told
        await transport.close()
        transport.ping_every(0.01)
        assert not pinging()


async def test_a_peer_that_talks_counts_as_there_without_a_pong_until_it_falls_silent() -> None:
    async with silent_server() as (transport, far):
        transport.ping_every(0.01)
        for _ in range(10):
            await far.send("[]")
            assert await transport.recv() == "[]"
            await asyncio.sleep(0.1)
        assert far.pings == 1
        with pytest.raises(LinkClosed, match=r"no pong and no message .* with 1011") as closed:
            await transport.recv()
        assert not isinstance(closed.value, ConnectionFailed)
        with pytest.raises(LinkClosed, match="no pong and no message"):
            await transport.send("[]")
        await until(lambda: not pinging())


async def test_a_pong_is_enough() -> None:
    async with silent_server(pongs=True) as (transport, far):
        transport.ping_every(0.01)
        await until(lambda: far.pings >= 20)
        await far.close(1000, "enough")
        with pytest.raises(LinkClosed, match="closed by peer with 1000: enough"):
            await transport.recv()
        await until(lambda: not pinging())


async def test_a_pong_is_not_missing_while_the_connection_is_left_unread() -> None:
    async with silent_server() as (transport, far):
        intake = transport._connection
        assert isinstance(intake, Intake)
        intake.waits = True
        transport.ping_every(0.01)
        await until(lambda: far.pings)
        await asyncio.sleep(3 * PONG_WITHIN)
        assert pinging()
        intake.waits = False
        with pytest.raises(LinkClosed, match="no pong and no message"):
            await transport.recv()


async def test_a_connection_lost_while_a_pong_is_awaited_leaves_no_error_behind() -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    async with silent_server() as (transport, far):
        transport.ping_every(0.01)
        await until(lambda: far.pings)
        far.transport.abort()
        with pytest.raises(LinkClosed, match="1006"):
            await transport.recv()
        await until(lambda: not pinging())
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []


def pinging() -> list[object]:
    return [task for task in asyncio.all_tasks() if task.get_name() == "pings"]


class Silent(PingCounter):
    """Sends no pong."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        send = self.protocol.send_frame

        def send_no_pong(frame: Frame) -> None:
            if frame.opcode is not Opcode.PONG:
                send(frame)

        self.protocol.send_frame = send_no_pong  # type: ignore[method-assign]


@asynccontextmanager
async def silent_server(
    *, pongs: bool = False
) -> AsyncIterator[tuple[WebSocketTransport, PingCounter]]:
    """A transport whose peer leaves its pings unanswered, but where ``pongs`` says otherwise."""
    accepted: asyncio.Queue[PingCounter] = asyncio.Queue()

    async def keep(connection: ServerConnection) -> None:
        assert isinstance(connection, PingCounter)
        accepted.put_nowait(connection)
        await connection.wait_closed()

    kind = PingCounter if pongs else Silent
    async with serve(
        keep, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], create_connection=kind
    ) as listening:
        port = listening.sockets[0].getsockname()[1]
        _, connection = await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
        yield WebSocketTransport(connection, pong_within=PONG_WITHIN), await accepted.get()


async def test_a_message_over_a_limit_of_ones_own_closes_with_1009() -> None:
    async with server(SUBPROTOCOL) as url:
        transport, _ = await dial(url, SUBPROTOCOL, max_message_bytes=100)
        await transport.send("x" * 100)
        assert len(await transport.recv()) == 100
        await transport.send("x" * 101)
        with pytest.raises(ConnectionFailed, match="1009") as failed:
            await transport.recv()
        assert failed.value.oversize


async def test_a_central_system_without_ocpp_1_6_is_left_with_1002() -> None:
    codes: list[int | None] = []

    async def listen(connection: ServerConnection) -> None:
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with serve(listen, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(LinkClosed, match="did not agree"):
            await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
    assert codes == [1002]


def refusing_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:{port}/CP1",
        "ws://127.0.0.1:99999/CP1",
        "ws://a..b:1/CP1",
        "ws://" + "a" * 70 + "/CP1",
        "ws://[::1/CP1",
        "ws:///CP1",
        "http://127.0.0.1/CP1",
        "",
    ],
)
async def test_whatever_keeps_it_from_connecting_is_one_line(url: str) -> None:
    with pytest.raises(LinkClosed, match="cannot connect") as closed:
        await dial(url.format(port=refusing_port()), SUBPROTOCOL)
    assert "\n" not in str(closed.value)


async def test_a_server_that_speaks_no_http_is_one_line() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(LinkClosed, match="cannot connect"):
            await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
