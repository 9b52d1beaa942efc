"""Opening handshakes: slow ones succeed, and each that fails is one row with its reason."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.central_system import websocket_endpoint as endpoint
from evtui.central_system.handshakes import address, fault_at_once
from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.central_system.reception import REFUSALS_AT_ONCE
from evtui.central_system.system import CentralSystem
from evtui.config import Settings
from evtui.events import CentralSystemLoad, CentralSystemState, LinkState, Note, OcppMessage
from evtui.lab import Lab
from evtui.ocppj.link import LinkClosed
from evtui.runtime.loopback import HOST, HOST_6, listen
from evtui.runtime.virtual import run_virtual
from tests.ocpp16.rig import BOOT, Rig, client, running, until
from tests.runtime.test_loopback import needs_ipv6

REQUEST = (
    b"GET /CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)

TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xaa" * 200


def port_of(central: CentralSystem) -> int:
    return int(central.url.rpartition(":")[2])


class Caller:
    """A TCP connection to the central system."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.address = address(writer.get_extra_info("sockname"))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> str:
        """Status line of the answer, empty when it was hung up without one."""
        async with asyncio.timeout(15):
            with suppress(ConnectionResetError):
                return (await self.reader.readline()).decode().strip()
        return ""


@asynccontextmanager
async def calling(central: CentralSystem, host: str = HOST) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection(host, port_of(central))
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()


def changed(old: bytes, new: bytes) -> bytes:
    assert old in REQUEST
    return REQUEST.replace(old, new)


FAILING: dict[str, tuple[bytes, str, str, str]] = {
    "browser": (
        b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
        "426",
        "plain HTTP",
        "an HTTP request, and no WebSocket handshake",
    ),
    "TLS": (TLS_HELLO, "", "TLS on a ws:// port", "the station is set to wss://"),
    "TLS, one byte": (TLS_HELLO[:1], "", "TLS on a ws:// port", "the station is set to wss://"),
    "POST": (
        b"POST /CP1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
        "405",
        "HTTP method",
        "POST where a handshake is a GET",
    ),
    "HEAD": (changed(b"GET", b"HEAD"), "405", "HTTP method", "HEAD where a handshake is a GET"),
    "small letters": (changed(b"GET", b"get"), "405", "HTTP method", "get where"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "405", "HTTP method", "PRI where"),
    "long path": (
        b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n",
        "414",
        "request line too long",
        "8,192 bytes",
    ),
    "long header": (
        changed(b"Host: x", b"Host: " + b"x" * 9_000),
        "431",
        "header too long",
        "8,192 bytes",
    ),
    "many headers": (
        changed(b"Host: x\r\n", b"X: y\r\n" * 200),
        "431",
        "too many headers",
        "128 headers",
    ),
    "garbage": (b"\x00\x01\x1b[2J\r\n", "", "not HTTP", r"b'\x00\x01\x1b[2J\r\n'"),
    "other text": (b"SSH-2.0-OpenSSH_9.6\r\n", "", "not HTTP", "SSH-2.0-OpenSSH_9.6"),
    "broken header": (changed(b"Host: x", b"Ho\x1bst: x"), "", "not HTTP", r"Ho\x1bst"),
    "a body": (changed(b"Host: x", b"Content-Length: 5"), "", "not HTTP", "request body"),
    "HTTP/1.0": (changed(b"HTTP/1.1", b"HTTP/1.0"), "505", "HTTP version", "HTTP/1.0 where"),
    "no upgrade": (
        changed(b"Upgrade: websocket\r\n", b""),
        "426",
        "plain HTTP",
        "missing Upgrade header",
    ),
    "no key": (
        changed(b"Sec-WebSocket-Key: x3JJHMcDL1EzLkh9GBhXDw==\r\n", b""),
        "400",
        "WebSocket header",
        "missing Sec-WebSocket-Key header",
    ),
    "wrong key": (
        changed(b"x3JJHMcDL1EzLkh9GBhXDw==", b"\x9b31mx"),
        "400",
        "WebSocket header",
        r"invalid Sec-WebSocket-Key header: \x9b31mx",
    ),
    "wrong version": (
        changed(b"Version: 13", b"Version: 8"),
        "426",
        "WebSocket version",
        "version 8 of WebSocket where 13 is needed",
    ),
    "no version": (
        changed(b"Sec-WebSocket-Version: 13\r\n", b""),
        "400",
        "WebSocket header",
        "missing Sec-WebSocket-Version header",
    ),
    "broken sub-protocol": (
        changed(b"ocpp1.6", b"o;;c"),
        "400",
        "WebSocket header",
        "invalid Sec-WebSocket-Protocol header",
    ),
    "no identity": (changed(b"/CP1", b"/"), "404", "unknown identity", "no charge point identity"),
    "web page": (
        changed(b"Host: x", b"Host: x\r\nOrigin: http://evil.example"),
        "403",
        "web page",
        "of origin 'http://evil.example'",
    ),
    "page of a file": (
        changed(b"Host: x", b"Host: x\r\nOrigin: null"),
        "403",
        "web page",
        "of origin 'null'",
    ),
    "two origins": (
        changed(b"Host: x", b"Origin: http://a\r\nOrigin: http://b"),
        "400",
        "WebSocket header",
        "invalid Origin header",
    ),
}


@pytest.mark.parametrize("name", FAILING)
async def test_a_handshake_that_fails_is_one_row_and_leaves_no_station(
    name: str,
) -> None:
    data, status, error, detail = FAILING[name]
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        async with calling(central) as caller:
            await caller.say(data)
            assert status in await caller.hear()
            await until(rig.messages)
        assert len(central.stations) == 0
    [row] = rig.messages()
    assert (row.kind, row.error, row.is_refusal) == ("invalid", error, True)
    assert detail in row.detail
    assert row.detail.endswith(f", from {caller.address}")
    assert row.detail.isprintable()
    assert len(row.detail) < 300
    assert rig.of(LinkState) == []


async def test_handshakes_that_fail_are_counted_whatever_the_reason() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        for data, _, _, _ in FAILING.values():
            async with calling(central) as caller:
                await caller.say(data)
                await caller.hear()
        await until(
            lambda: (
                rig.of(CentralSystemLoad) and rig.of(CentralSystemLoad)[-1].refused == len(FAILING)
            )
        )
    assert len(rig.messages()) == len(FAILING)


@pytest.mark.parametrize(("said", "came"), [(b"", "nothing came"), (REQUEST[:20], "20 bytes came")])
async def test_who_hangs_up_before_the_request_is_whole_is_one_row(said: bytes, came: str) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        async with calling(central) as caller:
            await caller.say(said)
        await until(rig.messages)
    [row] = rig.messages()
    assert (row.error, row.station) == ("closed early", "")
    assert row.detail == f"closed before its request was whole: {came}, from {caller.address}"


async def test_a_request_that_never_ends_is_one_row_and_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert endpoint.HANDSHAKE_TIMEOUT == 10
    monkeypatch.setattr(endpoint, "HANDSHAKE_TIMEOUT", 0.1)
    rig = Rig()
    central = rig.central_system()
    async with running(central), calling(central) as caller:
        await caller.say(REQUEST[:20])
        assert await caller.hear() == ""
        await until(rig.messages)
    [row] = rig.messages()
    assert row.error == "slow handshake"
    assert row.detail == (f"no whole request within 0.1 s: 20 bytes came, from {caller.address}")


async def test_a_station_whose_request_comes_in_drips_after_two_seconds_gets_in() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central), calling(central) as caller:
        await asyncio.sleep(2)
        for start in range(0, len(REQUEST), 16):
            await caller.say(REQUEST[start : start + 16])
            await asyncio.sleep(0.02)
        assert "101" in await caller.hear()
        await until(lambda: central.is_connected("CP1"))
    assert rig.messages() == []


async def test_stopping_does_not_wait_for_handshakes_that_are_not_done() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central) as task:
        callers = [await asyncio.open_connection(HOST, port_of(central)) for _ in range(200)]
        for number, (_, writer) in enumerate(callers):
            writer.write(REQUEST[: number % 100])
        callers.append(await asyncio.open_connection(HOST, port_of(central)))
        callers[-1][1].write(b"\x00")  # turned away, and not gone
        await until(rig.messages)
        began = rig.clock.now()
        task.cancel()
        await asyncio.wait((task,))
        assert rig.clock.now() - began < 1
        for _, writer in callers:
            writer.close()
    assert [row.error for row in rig.messages()] == ["not HTTP"]
    assert rig.of(CentralSystemState)[-1].detail == "stopped"


async def test_of_many_that_fail_alike_the_first_are_told_and_the_rest_counted() -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        for _ in range(60):
            async with calling(central) as caller:
                await caller.say(TLS_HELLO)
                assert await caller.hear() == ""
        async with calling(central) as caller:
            await caller.say(b"\x00")
            assert await caller.hear() == ""
        errors = [row.error for row in rig.messages()]
        assert errors.count("TLS on a ws:// port") == REFUSALS_AT_ONCE
        assert errors[-1] == "not HTTP"
        await until(lambda: rig.messages()[-1].error == "TLS on a ws:// port")
        assert "(and 49 more like it in the last " in rig.messages()[-1].detail


def test_a_flood_of_refused_stations_is_a_row_a_second_and_nothing_is_lost() -> None:
    async def main() -> tuple[list[OcppMessage], int, int]:
        rig = Rig()
        door = MemoryEndpoint()
        central = CentralSystem(rig.stream, rig.clock, door, unknown_stations="refuse")
        async with running(central):
            for number in range(5_000):
                with pytest.raises(LinkClosed, match="404"):
                    await door.dial(f"RANDOM-{number}")
                await asyncio.sleep(0.001)
            await asyncio.sleep(2)
            return rig.messages(), rig.of(CentralSystemLoad)[-1].refused, len(central.stations)

    rows, refused, stations = run_virtual(main())
    assert (refused, stations) == (5_000, 0)
    assert len(rows) <= REFUSALS_AT_ONCE + 6
    more = [re.search(r"and ([\d,]+) more like it", row.detail) for row in rows]
    assert len(rows) + sum(int(one[1].replace(",", "")) for one in more if one) == 5_000


async def test_what_is_held_back_is_told_when_the_central_system_stops() -> None:
    rig = Rig()
    door = MemoryEndpoint()
    central = CentralSystem(rig.stream, rig.clock, door, unknown_stations="refuse")
    async with running(central):
        for _ in range(REFUSALS_AT_ONCE + 5):
            with pytest.raises(LinkClosed):
                await door.dial("X")
    assert rig.messages()[-1].detail.startswith("not let in: 404 (and 4 more like it")


async def test_a_station_that_says_nothing_and_goes_is_none() -> None:
    rig = Rig()
    central = rig.central_system(known_stations=["KNOWN"])
    async with running(central):
        async with client(central, "/STRANGER"), client(central, "/KNOWN"):
            await until(lambda: len(central.stations) == 2)
        await until(lambda: len(rig.of(LinkState)) == 4)
        assert list(central.stations) == ["KNOWN"]
        async with client(central, "/STRANGER") as stranger:
            await stranger.call("BootNotification", BOOT)
        await until(lambda: not central.is_connected("STRANGER"))
        assert set(central.stations) == {"KNOWN", "STRANGER"}


# Web pages


@pytest.mark.parametrize("origin", ["http://localhost:3000", "HTTP://LOCALHOST:3000", "null"])
async def test_a_web_page_of_an_allowed_origin_gets_in(origin: str) -> None:
    rig = Rig()
    central = rig.central_system(allowed_origins=["http://localhost:3000", "null"])
    async with running(central), calling(central) as caller:
        await caller.say(changed(b"Host: x", b"Host: x\r\nOrigin: " + origin.encode()))
        assert "101" in await caller.hear()
    assert rig.messages() == []


async def test_the_lab_lets_in_the_pages_that_its_settings_name_and_no_other() -> None:
    async with Lab(Settings(port=0, allowed_origins=("http://mine",))) as lab:
        for origin, status in ((b"http://mine", "101"), (b"http://other", "403")):
            async with calling(lab.central_system) as caller:
                await caller.say(
                    changed(b"/CP1", b"/CP2").replace(b"x\r", b"x\r\nOrigin: %b\r" % origin, 1)
                )
                assert status in await caller.hear()


async def test_an_origin_that_is_none_is_an_error_at_once() -> None:
    for wrong in (["localhost"], "http://localhost"):
        with pytest.raises(ValueError, match="origin"):
            Rig().central_system(allowed_origins=wrong)


# Both addresses of loopback


@needs_ipv6
async def test_localhost_is_reached_over_ipv6_as_well_before_and_after_a_restart() -> None:
    rig = Rig()
    central = rig.central_system()
    ports = set()
    for _ in range(2):
        async with running(central):
            ports.add(port_of(central))
            for host in (HOST, HOST_6):
                async with calling(central, host) as caller:
                    await caller.say(REQUEST)
                    assert "101" in await caller.hear()
                    await until(lambda: central.is_connected("CP1"))
                await until(lambda: not central.is_connected("CP1"))
            async with calling(central, HOST_6) as caller:
                await caller.say(TLS_HELLO)
                assert await caller.hear() == ""
        assert rig.messages()[-1].detail.endswith(f"from [::1]:{caller.address[6:]}")
    assert len(ports) == 1
    assert central.url.startswith("ws://127.0.0.1:")


@needs_ipv6
async def test_a_port_somebody_else_has_on_ipv6_is_a_warning_and_no_more() -> None:
    rig = Rig()
    with listen(0) as listener:
        port = listener.getsockname()[1]
        with socket.create_server((HOST_6, port), family=socket.AF_INET6):
            central = rig.central_system(listener=listener)
            async with running(central), client(central) as station:
                await station.call("BootNotification", BOOT)
    [note] = rig.of(Note)
    assert note.level == "warning"
    assert note.text == (
        f"cannot listen on [::1]:{port}: address already in use: stations that are given "
        f"ws://localhost:{port} may reach somebody else there; ws://127.0.0.1:{port} is this one"
    )


async def test_a_listener_that_was_made_elsewhere_is_taken_over() -> None:
    rig = Rig()
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        central = rig.central_system(listener=listener)
        async with running(central), client(central) as station:
            await station.call("BootNotification", BOOT)
            assert port_of(central) == port


# Bounds


async def test_more_handshakes_than_there_is_room_for_cost_the_longest_unfinished_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint, "_make_room", lambda _connections: 20)
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        idle = [await asyncio.open_connection(HOST, port_of(central)) for _ in range(30)]
        async with client(central) as station:
            await station.call("BootNotification", BOOT)
            rows = rig.messages(kind="invalid")
            assert {row.error for row in rows} == {"too many connections"}
            assert address(idle[0][1].get_extra_info("sockname")) in rows[0].detail
        for _, writer in idle:
            writer.close()


@given(st.binary(min_size=1, max_size=100))
def test_any_first_bytes_have_a_printable_fault_or_none(head: bytes) -> None:
    fault = fault_at_once(head)
    assert fault is None or (fault.detail.isprintable() and len(fault.detail) < 250)
    if fault is None:
        assert head.startswith(b"GET ") or b" " not in head


def test_a_request_is_not_judged_before_its_method_is_whole() -> None:
    for length in range(1, len(REQUEST)):
        assert fault_at_once(REQUEST[:length]) is None


def test_addresses_are_told_apart_from_their_ports() -> None:
    peers: list[tuple[Any, str]] = [
        (("127.0.0.1", 1), "127.0.0.1:1"),
        (("::1", 1, 0, 0), "[::1]:1"),
        (None, "an unknown address"),
    ]
    for peer, text in peers:
        assert address(peer) == text
