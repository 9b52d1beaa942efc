"""Transfers from and to servers that lie, drip, fall silent or never end.

Each ends in one line, with no thread and no socket left behind.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import tracemalloc
from collections.abc import Awaitable
from pathlib import Path

import pytest

from evtui.station.files import exchange
from evtui.station.files.network import NetworkTransfers
from evtui.station.files.transfers import TransferFailed
from tests.station.hostile_servers import (
    Behaviour,
    Ftp,
    HostileServer,
    answering,
    dripping,
    hostile,
    repeating,
)
from tests.station.loopback_certificate import CERTIFICATE

DATA = bytes(range(256)) * 100
LIMIT = 1 << 20
SOON = 0.15
"""s that a transfer may take that nothing but its time can end."""

QUICK = 60.0
"""s within which a transfer ends that its time does not end, on a busy computer."""

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


async def failure(
    server: HostileServer, scheme: str, *, upload: bool = False, timeout: float = 300.0
) -> str:
    """Why a transfer fails; nothing of it is left then."""
    transfers = NetworkTransfers(timeout=timeout)
    url = f"{scheme}://bob:hunter2@{server.place}/file"
    begun = time.monotonic()
    transfer: Awaitable[object] = (
        transfers.upload(url, bytes(1 << 24))  # more than sockets hold by themselves
        if upload
        else transfers.download(url, limit_bytes=LIMIT)
    )
    with pytest.raises(TransferFailed) as failed:
        await transfer
    assert time.monotonic() - begun < QUICK
    assert threads() == []
    async with asyncio.timeout(QUICK):
        while server.ended < server.begun:  # noqa: ASYNC110 - threads set no asyncio.Event
            await asyncio.sleep(0.005)
    text = str(failed.value)
    shown = f"{scheme}://***@{server.place}/file: "
    assert text.startswith(shown)
    assert text.isprintable()
    assert "hunter2" not in text
    return text.removeprefix(shown)


def threads() -> list[str]:
    """Names of those of transfers."""
    return [each.name for each in threading.enumerate() if each.name.startswith("transfer ")]


# HTTP


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345", "more than one Content-Len"),
        (OK + b"Content-Length: 5\r\ncontent-length: 6\r\n\r\n12345", "more than one Content-Len"),
        (OK + b"Content-Length: 5, 5\r\n\r\n12345", "Content-Length of the answer is no number"),
        (OK + b"Content-Length: -5\r\n\r\n12345", "Content-Length of the answer is no number: '-5"),
        (OK + b"Content-Length: +5\r\n\r\n12345", "Content-Length of the answer is no number: '+5"),
        (OK + b"Content-Length: 0x5\r\n\r\n1234", "Content-Length of the answer is no number: '0x"),
        (OK + b"Content-Length: \xb2\r\n\r\n12", "Content-Length of the answer is no number"),
        (OK + b"Content-Length:\r\n\r\n12345", "Content-Length of the answer is no number: ''"),
        (OK + b"Content-Length: 1" + b"0" * 15 + b"\r\n\r\n12345", "larger than 1048576 bytes"),
        (OK + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", "larger than 1048576 bytes"),
        (OK + b"Content-Length: 00" + b"9" * 9 + b"\r\n\r\n", "larger than 1048576 bytes"),
        (CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n"), "beside Transfer-Encod"),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\n", "coded as gzip, chunked"),
        (OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "coded as"),
        (CHUNKED + b"zz\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: 'zz'"),
        (CHUNKED + b"0x5\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: '0x5"),
        (CHUNKED + b"+5\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: '+5'"),
        (CHUNKED + b"-5\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: '-5'"),
        (CHUNKED + b" 5\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: '5'"),
        (CHUNKED + b"0_5\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number"),
        (CHUNKED + b"\r\n12345\r\n0\r\n\r\n", "size of a chunk is no hexadecimal number: ''"),
        (CHUNKED + b"5\r\n1234567\r\n0\r\n\r\n", "a chunk is longer than its size says"),
        (OK + b"Content-Length : 2\r\n\r\n12345", "a header line of the answer is broken"),
        (OK + b"a\r\nContent-Length: 2\r\n\r\n12345", "a header line of the answer is broken"),
        (OK + b": a\r\nContent-Length: 2\r\n\r\n12345", "a header line of the answer is broken"),
        (OK + b" a: b\r\nContent-Length: 2\r\n\r\n12", "a header line of the answer is broken"),
        (b"HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n12345", "HTTP 206 Partial Con"),
        (b"HTTP/1.1 999 \r\n\r\n", "HTTP 999"),
        (b"HTTP/1.1 20000 OK\r\n\r\n", ""),
        (b"HTTP/1.1 \xff\r\n\r\n", ""),
        (b"SSH-2.0-OpenSSH_9.6\r\n", ""),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://bob:hunter2@127.0.0.1/b?key=1\r\n\r\n",
            "HTTP 302 Found; redirections are not followed, give http://***@127.0.0.1/b?key=***",
        ),
        (
            b"HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n",
            "HTTP 301 Moved Permanently",
        ),
    ],
)
async def test_an_answer_that_is_not_to_be_trusted_is_a_failure_at_once(
    answer: bytes, reason: str
) -> None:
    with hostile(answering(answer)) as server:
        assert reason in await failure(server, "http")


def ending(answer: bytes) -> Behaviour:
    """Send it and end, so that nobody waits for more."""

    def behave(connection: socket.socket) -> None:
        answering(answer)(connection)
        connection.shutdown(socket.SHUT_WR)

    return behave


@pytest.mark.parametrize("sent", [b"", b"5", b"5\r\n123", b"5\r\n12345", b"5\r\n12345\r\n"])
async def test_chunks_that_end_too_early_are_no_file(sent: bytes) -> None:
    with hostile(ending(CHUNKED + sent)) as server:
        assert await failure(server, "http") == "ended in the middle of a chunk"


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"0005 ;a=b\r\n12345\r\n00A\r\n67890abcde\r\n0;c\r\nd: e\r\n\r\n",
        OK + b"Content-Type: multipart/mixed\r\nContent-Length: 15\r\n\r\n1234567890abcde",
        OK + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n1234567890abcde",
    ],
)
async def test_an_odd_answer_that_is_whole_is_a_file(answer: bytes) -> None:
    with hostile(ending(answer)) as server:
        data = await NetworkTransfers().download(f"http://{server.place}/a", limit_bytes=15)
    assert data == b"1234567890abcde"


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "the server sends on and on, and no file"),
        (b"", b"\x00", "got more than 65536 bytes when reading status line"),
        (OK, b"a: b\r\n", "got more than 100 headers"),
        (OK, b"a", "got more than 65536 bytes when reading header line"),
        (OK + b"\r\n", b"x", "larger than 1048576 bytes"),
        (CHUNKED, b"0064\r\n" + b"x" * 100 + b"\r\n", "larger than 1048576 bytes"),
        (CHUNKED, b"1;" + b"e" * 1_000 + b"\r\n1\r\n", "the server sends on and on, and no file"),
        (CHUNKED, b"5\r\n12345\r\n", "the server sends on and on, and no file"),
        (CHUNKED, b"1" * 15, "got more than 65536 bytes when reading chunk size"),
        (CHUNKED + b"f" * 500 + b"\r\n", b"x", "larger than 1048576 bytes"),
        (CHUNKED + b"0\r\n", b"a: b\r\n", "the server sends on and on, and no file"),
    ],
)
async def test_an_answer_without_end_is_a_failure_long_before_its_time(
    first: bytes, then: bytes, reason: str
) -> None:
    with hostile(repeating(first, then)) as server:
        assert reason in await failure(server, "http")


@pytest.mark.parametrize("upload", [False, True])
@pytest.mark.parametrize(
    "behave",
    [
        answering(b""),
        answering(OK),
        dripping(b"", b"H"),
        dripping(OK, b"a"),
        dripping(OK + b"Content-Length: ", b"0"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silent", "silent head", "status line", "header", "zeros", "continue"],
)
async def test_a_server_that_does_not_answer_in_time_is_given_up(
    behave: Behaviour, upload: bool
) -> None:
    with hostile(behave) as server:
        text = await failure(server, "http", upload=upload, timeout=SOON)
        assert text == f"not done after {SOON:g} s"


@pytest.mark.parametrize(
    "behave",
    [
        answering(OK + b"Content-Length: 9\r\n\r\n12345"),
        dripping(OK + b"Content-Length: 99999\r\n\r\n", b"x"),
        dripping(OK + b"\r\n", b"x"),
        dripping(CHUNKED, b"1\r\nx\r\n"),
        dripping(CHUNKED, b"0"),
        dripping(CHUNKED + b"0\r\n", b"a: b\r\n"),
    ],
)
async def test_a_file_that_does_not_come_in_time_is_given_up(behave: Behaviour) -> None:
    with hostile(behave) as server:
        text = await failure(server, "http", timeout=SOON)
        assert text == f"not done after {SOON:g} s"


@pytest.mark.parametrize("behave", [answering(b""), dripping(b"\x16\x03\x03\x40\x00", b"\x02")])
async def test_a_handshake_of_tls_that_does_not_end_is_given_up(behave: Behaviour) -> None:
    with hostile(behave) as server:
        text = await failure(server, "https", timeout=SOON)
        assert text == f"not done after {SOON:g} s"


async def test_an_upload_that_is_not_read_is_given_up() -> None:
    def sleep(connection: socket.socket) -> None:
        time.sleep(2 * SOON)

    with hostile(sleep) as server:
        text = await failure(server, "http", upload=True, timeout=SOON)
        assert text == f"not done after {SOON:g} s"


async def test_a_server_that_refuses_before_it_has_read_all_is_heard() -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(1_000)
        connection.sendall(b"HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_RD)

    with hostile(refuse) as server:
        text = await failure(server, "http", upload=True)
        assert text.startswith("HTTP 413 ")


async def test_what_comes_after_the_announced_length_is_not_the_file() -> None:
    with hostile(answering(OK + b"Content-Length: 005\r\n\r\n1234567")) as server:
        url = f"http://{server.place}/file"
        assert await NetworkTransfers().download(url, limit_bytes=LIMIT) == b"12345"


async def test_a_file_in_chunks_or_without_a_length_is_a_file() -> None:
    async def fetched(answer: bytes) -> bytes:
        def behave(connection: socket.socket) -> None:
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)

        with hostile(behave) as server:
            url = f"http://{server.place}/file"
            return await NetworkTransfers().download(url, limit_bytes=5)

    assert await fetched(CHUNKED + b"3;a=b\r\n123\r\n0002\r\n45\r\n0\r\nc: d\r\n\r\n") == b"12345"
    assert await fetched(b"HTTP/1.0 200 OK\r\n\r\n12345") == b"12345"


# FTP

close_at_once = answering(b"")


@pytest.mark.parametrize("upload", [False, True])
@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [
        (b"", b"220-hello\r\n", "the server sends on and on, and no file"),
        (b"220-hello\r\n", b"\r\n", "the server sends on and on, and no file"),
        (b"220-hello\r\n", b"x", "got more than 8192 bytes"),
        (b"", b"\x00", "got more than 8192 bytes"),
        (b"\xff\xfe\r\n", b"", "\ufffd"),
    ],
)
async def test_a_greeting_without_end_is_a_failure_long_before_its_time(
    first: bytes, then: bytes, reason: str, upload: bool
) -> None:
    behave = repeating(first, then) if then else answering(first)
    with hostile(behave) as server:
        assert reason in await failure(server, "ftp", upload=upload)


async def test_a_greeting_without_end_takes_no_memory() -> None:
    with hostile(repeating(b"", b"220-" + b"x" * 1_000 + b"\r\n")) as server:
        tracemalloc.start()
        try:
            await failure(server, "ftp")
            assert tracemalloc.get_traced_memory()[1] < 8 * exchange.BESIDE_BYTES
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("command", ["USER", "PASS", "TYPE", "PASV", "RETR"])
async def test_a_reply_without_end_is_a_failure_long_before_its_time(command: str) -> None:
    peer = Ftp(answering(DATA), {command: repeating(b"", b"230-so\r\n")})
    with hostile(peer) as server:
        assert await failure(server, "ftp") == "the server sends on and on, and no file"


@pytest.mark.parametrize("upload", [False, True])
@pytest.mark.parametrize("behave", [answering(b""), dripping(b"", b"220-hello\r\n")])
async def test_a_greeting_that_does_not_end_in_time_is_given_up(
    behave: Behaviour, upload: bool
) -> None:
    with hostile(behave) as server:
        text = await failure(server, "ftp", upload=upload, timeout=SOON)
        assert text == f"not done after {SOON:g} s"


@pytest.mark.parametrize(
    ("command", "upload"),
    [
        *(
            (command, upload)
            for command in ("USER", "PASS", "TYPE", "PASV")
            for upload in (False, True)
        ),
        ("RETR", False),
        ("STOR", True),
    ],
)
async def test_a_reply_that_does_not_come_in_time_is_given_up(command: str, upload: bool) -> None:
    with hostile(Ftp(close_at_once, {command: b""})) as server:
        text = await failure(server, "ftp", upload=upload, timeout=SOON)
        assert text == f"not done after {SOON:g} s"


@pytest.mark.parametrize(
    "data",
    [dripping(b"", b"x"), lambda connection: time.sleep(2 * SOON)],
    ids=["drips", "says nothing and stays"],
)
async def test_a_data_connection_that_does_not_end_in_time_is_given_up(data: Behaviour) -> None:
    with hostile(Ftp(data)) as server:
        text = await failure(server, "ftp", timeout=SOON)
        assert text == f"not done after {SOON:g} s"


async def test_a_data_connection_that_is_not_read_is_given_up() -> None:
    with hostile(Ftp(lambda connection: time.sleep(2 * SOON))) as server:
        text = await failure(server, "ftp", upload=True, timeout=SOON)
        assert text == f"not done after {SOON:g} s"


async def test_a_data_connection_that_sends_on_and_on_is_a_failure() -> None:
    with hostile(Ftp(repeating(b"", b"x"))) as server:
        assert await failure(server, "ftp") == "larger than 1048576 bytes"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"227 at (127,0,0,1,0,0)\r\n", "0 is no port"),
        (b"227 at (127,0,0,1,999,999)\r\n", "256743 is no port"),
        (b"227 at (127,0,0,1,0,1)\r\n", "Connection refused"),
        (b"227 at home\r\n", "227 at home"),
        (b"227 at (127,0,0,1," + b"9" * 5_000 + b",1)\r\n", ""),
        (b"500 what?\r\n", "500 what?"),
    ],
)
async def test_a_data_connection_to_nowhere_is_a_failure(reply: bytes, reason: str) -> None:
    with hostile(Ftp(close_at_once, {"PASV": reply})) as server:
        assert reason in await failure(server, "ftp")


async def test_data_come_from_the_server_itself_whatever_address_it_gives() -> None:
    with hostile(Ftp(answering(DATA), address="192,0,2,1")) as server:
        url = f"ftp://bob:hunter2@{server.place}/file"
        assert await NetworkTransfers().download(url, limit_bytes=LIMIT) == DATA


async def test_a_file_that_is_there_does_not_wait_for_a_goodbye() -> None:
    with hostile(Ftp(answering(DATA), {"QUIT": b""})) as server:
        url = f"ftp://bob:hunter2@{server.place}/file"
        begun = time.monotonic()
        assert await NetworkTransfers(timeout=300).download(url, limit_bytes=LIMIT) == DATA
        assert time.monotonic() - begun < QUICK


# From outside


@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
async def test_a_transfer_that_is_cancelled_is_over_with_its_thread_and_sockets(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "certificate.pem").write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with hostile(dripping(b"", b"\x16")) as server:
        url = f"{scheme}://{server.place}/file"
        transfer = asyncio.create_task(NetworkTransfers().download(url, limit_bytes=LIMIT))
        async with asyncio.timeout(QUICK):
            while not server.begun:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)
        assert threads() == ["transfer 127.0.0.1"]
        transfer.cancel()
        await asyncio.wait((transfer,))
        assert transfer.cancelled()
        assert threads() == []
        async with asyncio.timeout(QUICK):
            while not server.ended:  # noqa: ASYNC110 - threads set no asyncio.Event
                await asyncio.sleep(0.005)


async def test_a_wire_that_was_cut_connects_no_more() -> None:
    with hostile(answering(b"")) as server:
        host, _, port = server.place.partition(":")
        wire = exchange.Wire(30)
        wire.cut()
        with pytest.raises(OSError, match="cut off"):
            wire.connect(host, int(port))


async def test_a_computer_without_a_thread_to_spare_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    transfers = NetworkTransfers()
    with hostile(answering(b"")) as server, monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        for _ in range(20):  # more than there are places
            with pytest.raises(TransferFailed, match="can't start new thread"):
                await transfers.download(f"http://{server.place}/x", limit_bytes=LIMIT)
