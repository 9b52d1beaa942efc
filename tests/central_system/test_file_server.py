"""The file server under clients that are slow, lie, speak something else or never end."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evtui.central_system import file_server
from evtui.central_system.file_requests import (
    LONGEST_LINE,
    MOST_HEADERS,
    Refused,
    Request,
    read_request,
)
from evtui.central_system.file_server import UPLOADS, FileServer
from evtui.central_system.file_store import FileStore
from evtui.origins import Origins

T = TypeVar("T")

LARGEST = 1_000

QUICK = 20.0
"""s within which an answer is at once, on a busy computer."""


class Rig:
    """A file store, and what it said went wrong."""

    def __init__(self, **options: Any) -> None:
        self.told: list[str] = []
        self.files = FileStore(
            tell=self.told.append, **{"largest": LARGEST, "patience": 30.0, **options}
        )

    @property
    def server(self) -> FileServer:
        """The server, which was asked before."""
        server = self.files._server
        assert server is not None
        return server

    def connect(self) -> socket.socket:
        """A client."""
        place = urlsplit(self.files.url)
        return socket.create_connection((place.hostname or "", place.port or 0), 30)

    def ask(self, request: bytes, *, end: bool = False) -> tuple[int, bytes]:
        """Status and content of the answer; ``end``: nothing more is sent after the request."""
        with self.connect() as client:
            client.sendall(request)
            if end:
                client.shutdown(socket.SHUT_WR)
            return answer_to(client)


def answer_to(client: socket.socket) -> tuple[int, bytes]:
    """Status and content of what comes until the server hangs up."""
    answer = client.makefile("rb").read()
    head, _, content = answer.partition(b"\r\n\r\n")
    version, status, _ = head.split(b" ", 2)
    assert version == b"HTTP/1.1"
    assert b"Connection: close" in head
    assert f"Content-Length: {len(content)}".encode() in head
    return int(status), content


def put(*headers: str, name: str = "x", body: bytes = b"") -> bytes:
    """An upload with these headers."""
    lines = (f"PUT /diagnostics/{name} HTTP/1.1", "Host: x", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1") + body


@contextmanager
def running(**options: Any) -> Iterator[Rig]:
    rig = Rig(**options)
    try:
        yield rig
    finally:
        rig.files.close()


@pytest.fixture(name="rig")
def _rig(capfd: pytest.CaptureFixture[str]) -> Iterator[Rig]:
    with running() as rig:
        yield rig
    assert capfd.readouterr() == ("", "")


def until(condition: Callable[[], object]) -> None:
    """Wait for what the server's thread does."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


# What a request says about its body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 411),
        (["Transfer-Encoding: chunked"], 411),
        (["Content-Length: -5"], 400),
        (["Content-Length: +5"], 400),
        (["Content-Length: 0x5"], 400),
        (["Content-Length: 5.0"], 400),
        (["Content-Length: 1_0"], 400),
        (["Content-Length: 5 5"], 400),
        (["Content-Length: 5, 5"], 400),
        (["Content-Length: \xb2"], 400),
        (["Content-Length:"], 400),
        (["Content-Length : 5"], 400),
        (["Content-Length: 5", "Content-Length: 5"], 400),
        (["Content-Length: 5", "content-length: 6"], 400),
        (["Content-Length: 5", "Transfer-Encoding: chunked"], 400),
        (["Transfer-Encoding: identity", "Content-Length: 5"], 400),
        ([f"Content-Length: {LARGEST + 1}"], 413),
        ([f"Content-Length: 00{LARGEST + 1}"], 413),
        (["Content-Length: 1" + "0" * 15], 413),
        (["Content-Length: " + "9" * 5_000], 413),
        (["Content-Length: " + "9" * 9_000], 431),
        (["X: " + "y" * 20_000, "Content-Length: 5"], 431),
        ([f"X{number}: y" for number in range(MOST_HEADERS)], 431),
        ([" folded: 5"], 400),
        (["no colon"], 400),
        (["Content-Length: 5", "a\x01b: c"], 400),
        (["Content-Length: 5", "a: b\x00c"], 400),
    ],
)
def test_a_length_that_is_none_or_too_much_is_refused_before_anything_is_kept(
    rig: Rig, headers: list[str], status: int
) -> None:
    assert rig.ask(put(*headers, body=b"12345"))[0] == status
    assert rig.files.received == {}
    assert len(rig.told) == 1
    assert f": {status} " not in rig.told[0]
    assert "\n" not in rig.told[0]


@pytest.mark.parametrize("zeros", [0, 1, 40, 5_000])
@pytest.mark.parametrize("length", ["5", " 5", "5 ", "\t5"])
def test_zeros_and_blanks_around_a_length_mean_nothing(rig: Rig, zeros: int, length: str) -> None:
    padded = length.replace("5", "0" * zeros + "5")
    assert rig.ask(put(f"Content-Length: {padded}", body=b"12345")) == (201, b"kept\n")
    assert rig.files.received == {"x": b"12345"}
    assert rig.told == []


def test_zeros_before_a_length_do_not_hide_how_long_it_is(rig: Rig) -> None:
    for length in ("0" * 20 + "9" * 16, "0" * 4_000 + str(LARGEST + 1)):
        assert rig.ask(put(f"Content-Length: {length}"))[0] == 413


def test_an_announced_length_takes_no_memory() -> None:
    with running(largest=1 << 30, total=1 << 40, patience=0.2) as rig:
        tracemalloc.start()
        try:
            assert rig.ask(put(f"Content-Length: {1 << 30}", body=b"12345"))[0] == 408
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


def test_files_on_their_way_count_as_kept_by_what_has_come_of_them() -> None:
    with running(total=1_500) as rig, rig.connect() as one, rig.connect() as other:
        one.sendall(put("Content-Length: 1000", name="one", body=b"x" * 900))
        until(lambda: rig.server.coming == 900)
        other.sendall(put("Content-Length: 1000", name="other", body=b"x" * 601))
        assert answer_to(other) == (507, b"there are 0 bytes already\n")
        one.sendall(b"x" * 100)
        assert answer_to(one)[0] == 201


def test_an_upload_that_breaks_off_leaves_nothing_and_is_answered(rig: Rig) -> None:
    request = put("Content-Length: 100", body=b"half")
    assert rig.ask(request, end=True) == (400, b"ended after 4 of 100 bytes\n")
    assert rig.files.received == {}
    (told,) = rig.told
    assert told.startswith("file server: PUT /diagnostics/x from 127.0.0.1:")
    assert told.endswith(": ended after 4 of 100 bytes")


def test_who_sends_a_body_that_is_not_wanted_still_hears_why(rig: Rig) -> None:
    body = b"x" * 3_000_000
    for _ in range(5):  # closed at once, the connection would be reset every other time
        assert rig.ask(put(f"Content-Length: {len(body)}", body=body)) == (
            413,
            b"over 1000 bytes\n",
        )


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked_or_refused(rig: Rig) -> None:
    with rig.connect() as client:
        client.sendall(put("Content-Length: 5", "Expect: 100-continue"))
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"12345")
        assert answer_to(client)[0] == 201
    assert rig.ask(put("Content-Length: 5000", "Expect: 100-continue"))[0] == 413


# What is no request at all

TLS_HELLO = bytes.fromhex("16030100c4010000c00303") + bytes(185)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (TLS_HELLO, 400),
        (b"\x16", 400),
        (b"\x00" * 10, 400),
        (b"SSH-2.0-OpenSSH_9.6\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /firmware/x\r\n\r\n", 400),
        (b"GET / HTTP/1.1 more\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET http://[::1/firmware/x HTTP/1.1\r\n\r\n", 404),
        (b"GET /" + b"x" * 10_000, 414),
        (b"\r\n\r\n\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", 501),
        (b"BREW /pot HTTP/1.1\r\n\r\n", 501),
        (b"get / HTTP/1.1\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_gets_an_answer_at_once(rig: Rig, request_: bytes, status: int) -> None:
    begun = time.monotonic()
    assert rig.ask(request_)[0] == status
    assert time.monotonic() - begun < QUICK
    assert len(rig.told) == 1


def test_a_connection_without_a_word_is_closed_without_a_word(rig: Rig) -> None:
    with rig.connect() as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    assert rig.told == []


def test_a_request_that_ends_in_its_head_is_answered(rig: Rig) -> None:
    assert rig.ask(b"GET /firmware/x HTTP/1.1\r\nHos", end=True)[0] == 400


def test_lines_may_end_without_a_carriage_return_and_begin_with_an_empty_one(rig: Rig) -> None:
    rig.files.add("fw", b"image")
    assert rig.ask(b"\r\nGET /firmware/fw HTTP/1.0\nHost: x\n\n") == (200, b"image")


def fed(data: bytes) -> asyncio.StreamReader:
    """A reader of ``data`` and then the end."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def outcome(ask: Callable[[], T]) -> tuple[T | None, Refused | None]:
    """What comes of it."""
    try:
        return ask(), None
    except Refused as refused:
        return None, refused


@given(st.binary())
@example(b"GET / HTTP/1.1\r\n:\r\n\r\n")
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    async def read() -> Request | None:
        return await read_request(fed(data))

    request, refused = outcome(lambda: asyncio.run(read()))
    assert refused is None or 400 <= refused.status < 600
    assert refused is None or str(refused).isprintable()
    assert request is None or request.method


@given(st.lists(st.text(st.characters(max_codepoint=255))), st.integers(0, 10**9))
def test_any_lengths_are_one_number_within_the_bound_or_refused(
    lengths: list[str], largest: int
) -> None:
    request = Request("PUT", "/", tuple(("content-length", length) for length in lengths))
    length, refused = outcome(lambda: request.body_length(largest))
    assert refused is None or refused.status in (400, 411, 413)
    assert length is None or [length] == [int(each) for each in lengths]
    assert length is None or length <= largest


# Those who take their time


def test_uploads_beyond_the_most_at_once_are_told_so_at_once_and_places_are_given_back(
    rig: Rig,
) -> None:
    clients = [rig.connect() for _ in range(UPLOADS)]
    try:
        for client in clients:
            client.sendall(put("Content-Length: 100", body=b"half"))
        until(lambda: rig.server.uploads == UPLOADS)
        begun = time.monotonic()
        assert rig.ask(put("Content-Length: 1", body=b"x")) == (503, b"busy: try again later\n")
        assert time.monotonic() - begun < QUICK
        assert rig.ask(b"GET /firmware/x HTTP/1.1\r\n\r\n")[0] == 404  # needs no place
    finally:
        for client in clients:
            client.close()
    until(lambda: rig.server.uploads == 0)
    assert rig.ask(put("Content-Length: 1", body=b"x"))[0] == 201


def test_uploads_that_drip_for_ever_are_ended_answered_and_told() -> None:
    with running(deadline=2.0) as rig:
        ended = threading.Event()

        def drip(client: socket.socket) -> None:
            while not ended.wait(0.02):
                try:
                    client.sendall(b"x")
                except OSError:
                    return

        clients = [rig.connect() for _ in range(UPLOADS)]
        dripping = [threading.Thread(target=drip, args=(client,)) for client in clients]
        try:
            for client, thread in zip(clients, dripping, strict=True):
                client.sendall(put("Content-Length: 999"))
                thread.start()
            for client in clients:
                assert answer_to(client) == (408, b"not done after 2 s\n")
            assert rig.ask(put("Content-Length: 1", body=b"x"))[0] == 201
        finally:
            ended.set()
            for client, thread in zip(clients, dripping, strict=True):
                thread.join()
                client.close()
        assert rig.told[0].endswith(": not done after 2 s")
        assert len(rig.told) == 1
        assert rig.files.received == {"x": b"x"}


def test_an_upload_that_falls_silent_is_ended_before_its_deadline() -> None:
    with running(patience=1.0) as rig:
        assert rig.ask(put("Content-Length: 100", body=b"half")) == (408, b"silent for 1 s\n")
        assert rig.ask(put("Content-Length: 1", body=b"x"))[0] == 201


@pytest.mark.parametrize("begun", [b"", b"GET /firm", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
def test_a_head_that_drips_is_ended(begun: bytes) -> None:
    with running(patience=0.3) as rig, rig.connect() as client:
        client.sendall(begun)
        stop = time.monotonic() + 30
        client.settimeout(0.02)
        answer = b""
        while not answer:
            assert time.monotonic() < stop
            try:
                if begun:
                    client.sendall(b"x")
                answer = client.recv(1_000)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_download_that_is_read_at_a_drip_is_ended_and_told() -> None:
    with running(deadline=0.5, largest=16 << 20) as rig:
        rig.files.add("fw", bytes(16 << 20))
        with rig.connect() as client:
            client.sendall(b"GET /firmware/fw HTTP/1.1\r\n\r\n")
            until(lambda: rig.told)
            assert rig.told[0].endswith(": not read within 0.5 s")
            until(lambda: rig.server.connections == 0)


def test_the_largest_file_is_sent_whole() -> None:
    with running(largest=16 << 20) as rig:
        rig.files.add("fw", bytes(16 << 20))
        status, content = rig.ask(b"GET /firmware/fw HTTP/1.1\r\n\r\n")
        assert (status, len(content)) == (200, 16 << 20)


def test_connections_beyond_the_most_are_told_so_and_those_beyond_that_are_cut(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_server, "CONNECTIONS", 3)
    monkeypatch.setattr(file_server, "LINGER", 60.0)
    clients = [rig.connect() for _ in range(3)]
    try:
        until(lambda: rig.server.connections == 3)
        for _ in range(3):
            clients.append(rig.connect())
            assert answer_to(clients[-1]) == (503, b"busy: try again later\n")
        with rig.connect() as one_more:
            assert one_more.recv(100) == b""
        assert rig.told[-1] == "file server: over 6 connections"
    finally:
        for client in clients:
            client.close()
    until(lambda: rig.server.connections == 0)
    assert rig.ask(put("Content-Length: 1", body=b"x"))[0] == 201


def test_faults_of_one_kind_are_one_line_and_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_server, "TELL_EVERY", 0.5)
    with running() as rig:
        for _ in range(5):
            rig.ask(b"GET /firmware/x HTTP/1.1\r\n\r\n")
        until(lambda: len(rig.told) == 2)
        assert rig.told[0].endswith(": no such firmware")
        assert rig.told[1].endswith(": no such firmware (3 more like it)")


def test_faults_that_were_not_told_yet_are_told_at_the_end() -> None:
    with running() as rig:
        for _ in range(3):
            rig.ask(b"GET /firmware/x?signature=secret HTTP/1.1\r\n\r\n")
        rig.files.close()
        assert len(rig.told) == 2
        assert rig.told[1].endswith(": no such firmware (1 more like it)")
        assert "secret" not in "".join(rig.told)


def test_a_computer_without_a_descriptor_to_spare_is_told_of(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = rig.files.url

    def accept(_: socket.socket) -> tuple[socket.socket, object]:
        monkeypatch.undo()
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket.socket, "accept", accept)
    assert rig.ask(b"GET /firmware/x HTTP/1.1\r\n\r\n")[0] == 404
    assert rig.told[0] == "file server: socket.accept() out of system resource"
    assert rig.files.url == url


def test_closing_hangs_up_on_everybody_and_ends_the_thread() -> None:
    with running() as rig, rig.connect() as client:
        client.sendall(put("Content-Length: 100", body=b"half"))
        until(lambda: rig.server.uploads)
        rig.files.close()
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""
    assert "file-store" not in {thread.name for thread in threading.enumerate()}


# Web pages


def get(*origins: str, method: str = "GET") -> bytes:
    """A request of a web page for firmware that is there."""
    headers = "".join(f"Origin: {origin}\r\n" for origin in origins)
    return f"{method} /firmware/fw HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode()


def test_a_web_page_is_refused_unless_its_origin_is_allowed_by_name() -> None:
    page = "http://127.0.0.1:8080"
    with running(origins=Origins([page])) as rig:
        rig.files.add("fw", b"image")
        assert rig.ask(get()) == (200, b"image")
        assert rig.ask(get(page)) == (200, b"image")
        for stranger in (
            "http://evil.example",
            "http://127.0.0.1",
            "http://127.0.0.1:8080.evil.example",
            "null",
            "",
        ):
            assert rig.ask(get(stranger))[0] == 403
            assert rig.ask(get(page, stranger))[0] == 403
            upload = put("Content-Length: 1", f"Origin: {stranger}", body=b"x")
            assert rig.ask(upload)[0] == 403
            assert rig.ask(get(stranger, method="OPTIONS"))[0] == 403
        assert rig.files.received == {}
        assert "Origin 'http://evil.example'" in rig.told[0]


def test_an_allowed_page_may_read_the_answer_and_send_files() -> None:
    page = "http://127.0.0.1:8080"
    with running(origins=Origins([page])) as rig:
        rig.files.add("fw", b"image")
        for method in ("GET", "OPTIONS"):
            with rig.connect() as client:
                client.sendall(get(page, method=method))
                answer = client.makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert f"\r\nAccess-Control-Allow-Origin: {page}\r\n".encode() in answer


def test_no_page_is_allowed_by_default(rig: Rig) -> None:
    rig.files.add("fw", b"image")
    assert rig.ask(get("http://127.0.0.1:8080")) == (
        403,
        b"no web page may ask: Origin 'http://127.0.0.1:8080'\n",
    )
