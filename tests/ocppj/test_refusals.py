"""Why a central system cannot be reached, in words that say what to do about it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj import websocket
from evtui.ocppj.refusals import why_refused
from evtui.ocppj.transport import LinkClosed
from evtui.ocppj.websocket import dial
from tests.station.loopback_certificate import CERTIFICATE, KEY

Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def why(url: str) -> str:
    """Why dialling fails, which must be one line and name no password."""
    with pytest.raises(LinkClosed) as closed:
        await dial(url, SUBPROTOCOL)
    text = str(closed.value)
    assert text.startswith("cannot connect: ")
    assert "\n" not in text
    return text.removeprefix("cannot connect: ")


@asynccontextmanager
async def central(**options: Any) -> AsyncIterator[int]:
    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(stay, "127.0.0.1", 0, **options) as listening:
        yield listening.sockets[0].getsockname()[1]


@asynccontextmanager
async def raw(serve_one: Raw) -> AsyncIterator[int]:
    async with await asyncio.start_server(serve_one, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


def answering(status: int, page: str = "no\n") -> dict[str, Any]:
    def answer(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(HTTPStatus(status), page)

    return {"process_request": answer}


def tls(tmp_path: Path) -> ssl.SSLContext:
    for name, text in (("key", KEY), ("cert", CERTIFICATE)):
        (tmp_path / name).write_text(text)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    return context


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "401 Unauthorized: it wants a password, or another one"),
        (403, "403 Forbidden: "),
        (404, "404 Not Found: it does not know this identity, or the path before it"),
        (429, "429 Too Many Requests: "),
        (500, "500 Internal Server Error: no"),
        (503, "503 Service Unavailable: "),
        (200, "200 OK: that is a web server, not a WebSocket"),
    ],
)
async def test_a_status_is_named_and_explained(status: int, words: str) -> None:
    async with central(**answering(status)) as port:
        assert (await why(f"ws://127.0.0.1:{port}/CP1")).startswith(words)


async def test_what_a_page_says_is_one_short_clean_line() -> None:
    async with central(**answering(418, "\x1b[2J\u202etea " + "x" * 5_000)) as port:
        told = await why(f"ws://127.0.0.1:{port}/CP1")
        assert told.startswith("418 I'm a Teapot: [2Jtea xxx")
        assert len(told) < 200
        assert told.isprintable()


async def test_a_closed_port_refuses() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = f"connection refused: nothing listens at 127.0.0.1:{port}"
    assert await why(f"ws://user:secret@127.0.0.1:{port}/CP1") == place
    assert await why(f"wss://127.0.0.1:{port}/CP1") == place


def test_several_addresses_that_refuse_are_one_refusal() -> None:
    many = OSError(
        "Multiple exceptions: [Errno 111] Connect call failed ('::1', 9, 0, 0), "
        "[Errno 111] Connect call failed ('127.0.0.1', 9)"
    )
    told = why_refused(many, "ws://localhost:9/CP1", SUBPROTOCOL, 10.0)
    assert told == "connection refused: nothing listens at localhost:9"


def test_a_name_that_is_not_known_is_named() -> None:
    error = socket.gaierror(-2, "Name or service not known")
    told = why_refused(error, "wss://user:secret@csms.example:443/CP1", SUBPROTOCOL, 10.0)
    assert told == "host not found: csms.example (Name or service not known)"


async def test_a_certificate_that_is_not_trusted_says_why(tmp_path: Path) -> None:
    async with central(ssl=tls(tmp_path)) as port:
        told = await why(f"wss://127.0.0.1:{port}/CP1")
        assert told.startswith("certificate not trusted: ")
        assert "self-signed" in told or "self signed" in told
        assert "SSL_CERT_FILE" in told


async def test_tls_to_a_plain_port_says_so() -> None:
    async def ssh(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-server\r\n")
        writer.close()

    async with central() as port:
        assert "ws://" in await why(f"wss://127.0.0.1:{port}/CP1")
        assert (await why(f"wss://127.0.0.1:{port}/CP1")).startswith("no TLS: ")
    async with raw(ssh) as port:
        assert (await why(f"wss://127.0.0.1:{port}/CP1")).startswith("no TLS: ")


async def test_a_plain_handshake_with_a_tls_port_says_so(tmp_path: Path) -> None:
    async with central(ssl=tls(tmp_path)) as port:
        told = await why(f"ws://127.0.0.1:{port}/CP1")
        assert told.startswith("no HTTP answer: ")
        assert "wss://" in told


async def test_whoever_speaks_something_else_says_no_http() -> None:
    async def mail(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        writer.close()

    async with raw(mail) as port:
        assert (await why(f"ws://127.0.0.1:{port}/CP1")).startswith("no HTTP answer: ")


async def test_whoever_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    monkeypatch.setattr(websocket, "OPEN_WITHIN", 0.2)
    async with raw(mute) as port:
        told = await why(f"ws://127.0.0.1:{port}/CP1")
        assert told == f"no answer in 0.2 s: from 127.0.0.1:{port}"


async def test_another_sub_protocol_is_named() -> None:
    async with central(select_subprotocol=lambda *_: "ocpp2.0.1") as port:
        told = await why(f"ws://127.0.0.1:{port}/CP1")
        assert told.startswith("no ocpp1.6: ")
        assert told.endswith(" ocpp2.0.1")


async def test_a_server_of_another_sub_protocol_says_so_itself() -> None:
    async with central(subprotocols=["ocpp2.0.1"]) as port:
        assert (await why(f"ws://127.0.0.1:{port}/CP1")).startswith("no ocpp1.6: ")


async def test_an_answer_without_a_sub_protocol_is_no_ocpp() -> None:
    async with central() as port:
        assert (await why(f"ws://127.0.0.1:{port}/CP1")).startswith("no ocpp1.6: ")
