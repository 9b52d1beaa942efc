"""Opening handshakes: those under way, and in plain words why one failed."""

from __future__ import annotations

import asyncio
import re
from typing import Any, NamedTuple

from websockets.exceptions import (
    HeaderLineTooLong,
    InvalidHeader,
    InvalidMessage,
    InvalidMethod,
    InvalidProtocol,
    InvalidUpgrade,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS
from websockets.protocol import State

from evtui.central_system.reception import Reception
from evtui.escaping import for_terminal
from evtui.ocppj import ServerConnectionInTurn, identity_from_path

__all__ = ["Fault", "Lobby", "StationConnection", "address", "fault_at_once", "fault_of"]

HEAD_KEPT = 64
"""Bytes of a request that are kept, to say what it was."""

LOOKS = 40
"""Looks at an unfinished handshake before its time is up."""

TURNS = 16
"""Handshakes answered in one round of the event loop; a thousand would take it a second."""

LINGER = 1.0
"""s for a peer to read why it is turned away, and to hang up itself."""

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What an HTTP method is made of (RFC 9110 section 5.6.2)."""


class Fault(NamedTuple):
    """Why a handshake failed.

    Attributes:
        error: in a word or two; what is refused for the same reason is summed up.
        detail: one line for people.
    """

    error: str
    detail: str


def fault_at_once(head: bytes) -> Fault | None:
    """What is wrong with a request for its first bytes alone, None while nothing is.

    A TLS hello need not hold the line end that a reader of HTTP waits for.

    Args:
        head: at least one byte.
    """
    if head[0] == 0x16 and head[1:2] in (b"", b"\x03"):  # TLS 1.3: RFC 8446 section 5.1
        text = "a TLS hello: the station is set to wss://, and this port speaks ws:// only"
        return Fault("TLS on a ws:// port", text)
    method, space, _ = head.partition(b" ")
    if _TOKEN.fullmatch(method) is None:
        return Fault("not HTTP", f"it began with {head[:40]!r}")
    if space and method != b"GET":
        return _wrong_method(method.decode("ascii"))
    return None


def fault_of(error: Exception | None, head: bytes, came: int) -> Fault:
    """What the library found wrong with a handshake.

    Args:
        error: None for a peer that was gone before it could be answered.
        head: first bytes of the request.
        came: bytes of it that came, all in all.
    """
    match error:
        case None:
            return Fault("closed early", "closed before it was answered")
        case InvalidMessage(__cause__=EOFError()):
            return Fault("closed early", f"closed before its request was whole: {_bytes(came)}")
        case InvalidMessage():
            why = _printable(str(error.__cause__ or error))
            return Fault("not HTTP", f"no request of HTTP: {why}; it began with {head[:40]!r}")
        case RequestLineTooLong():
            text = f"a request line of more than {MAX_LINE_LENGTH:,} bytes: 414"
            return Fault("request line too long", text)
        case HeaderLineTooLong():
            return Fault("header too long", f"a header of more than {MAX_LINE_LENGTH:,} bytes: 431")
        case TooManyHeaders():
            return Fault("too many headers", f"more than {MAX_NUM_HEADERS} headers: 431")
        case InvalidMethod(method=method):
            return _wrong_method(method)
        case InvalidProtocol(protocol=protocol):
            return Fault("HTTP version", f"{_printable(protocol)} where HTTP/1.1 is needed: 505")
        case InvalidUpgrade():
            why = _printable(str(error))
            return Fault("plain HTTP", f"an HTTP request, and no WebSocket handshake: {why}: 426")
        case InvalidHeader(name="Sec-WebSocket-Version", value=str(version)):
            text = f"version {_printable(version)} of WebSocket where 13 is needed: 426"
            return Fault("WebSocket version", text)
        case InvalidHeader():
            return Fault("WebSocket header", f"{_printable(str(error))}: 400")
        case _:
            return Fault("handshake", _printable(f"{type(error).__name__}: {error}"))


def address(peer: Any) -> str:
    """``127.0.0.1:40000`` or ``[::1]:40000``, of what a socket calls its peer."""
    try:
        host, port, *_ = peer
    except (TypeError, ValueError):  # it was gone at once
        return "an unknown address"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _wrong_method(method: str) -> Fault:
    return Fault("HTTP method", f"{_printable(method)} where a handshake is a GET: 405")


def _bytes(number: int) -> str:
    return f"{number:,} bytes came" if number else "nothing came"


def _printable(text: str, most: int = 80) -> str:
    """What a peer sent, safe to show and cut."""
    cut = text if len(text) <= most else text[:most] + "…"
    return for_terminal(cut)


class Lobby:
    """The connections of an endpoint, and which of them have not finished their handshake.

    Args:
        reception: where what fails is told.
        most: connections at once; one more costs the longest unfinished handshake.
        within: s for a handshake.  It is looked at in equal steps, each after the one before,
            so that time in which the loop itself was late is not the station's.
    """

    def __init__(self, reception: Reception, most: int, within: float) -> None:
        self._reception = reception
        self._most = most
        self._within = within
        self._connections = 0
        self._unfinished: dict[StationConnection, int] = {}
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._turns = asyncio.Semaphore(TURNS)

    async def turn(self) -> None:
        """Wait until a whole request may be answered: everything else has its turns as well."""
        async with self._turns:
            await asyncio.sleep(0)

    def enter(self, connection: StationConnection) -> None:
        """A connection was accepted."""
        self._connections += 1
        if self._stopping:
            connection.transport.abort()
            return
        self._unfinished[connection] = self._looks
        if self._timer is None:
            self._look_later()
        if self._connections > self._most:
            text = f"its handshake was not done, and {self._most:,} connections are the most"
            self._hang_up(next(iter(self._unfinished)), Fault("too many connections", text))

    def finished(self, connection: StationConnection) -> None:
        """Its handshake is over, one way or the other."""
        self._unfinished.pop(connection, None)

    def leave(self) -> None:
        """A connection is gone."""
        self._connections -= 1

    def refused(self, station: str, fault: Fault, peer: str) -> None:
        """A handshake failed; while stopping all do, for that reason."""
        if not self._stopping:
            self._reception.refused(station, fault.error, fault.detail, peer)

    def stop(self) -> None:
        """Hang up on everybody who has not finished, now and from now on."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in self._unfinished:
            connection.transport.abort()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._within / LOOKS, self._look)

    def _look(self) -> None:
        """Hang up on those whose time is up, which are the first."""
        self._looks += 1
        for connection, since in tuple(self._unfinished.items()):
            if connection.request is not None:  # it has done its part
                continue
            if self._looks - since <= LOOKS:
                break
            text = f"no whole request within {self._within:g} s: {_bytes(connection.came)}"
            self._hang_up(connection, Fault("slow handshake", text))
        self._timer = None
        if self._unfinished:
            self._look_later()

    def _hang_up(self, connection: StationConnection, fault: Fault) -> None:
        connection.refuse(fault)
        self.finished(connection)
        connection.transport.abort()


class StationConnection(ServerConnectionInTurn):
    """A connection whose handshake does not fail without a word.

    Attributes:
        came: bytes of its request so far.
    """

    def __init__(self, lobby: Lobby, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lobby = lobby
        self._head = b""
        self.came = 0
        self._is_told = False

    @property
    def peer(self) -> str:
        """Its address."""
        return address(self.remote_address)

    def told(self) -> None:
        """Why it is not let in has been told."""
        self._is_told = True

    def refuse(self, fault: Fault) -> None:
        """Tell why the handshake failed; the first reason counts."""
        if not self._is_told:
            self._is_told = True
            path = "" if self.request is None else self.request.path
            self._lobby.refused(identity_from_path(path) or "", fault, self.peer)

    async def handshake(self, *arguments: Any, **options: Any) -> None:
        try:
            await super().handshake(*arguments, **options)
        finally:
            self._lobby.finished(self)
            if self.protocol.state is not State.OPEN:
                self.refuse(fault_of(self.protocol.handshake_exc, self._head, self.came))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._lobby.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lobby.leave()

    def data_received(self, data: bytes) -> None:
        if self.request is not None:
            super().data_received(data)
        elif not self._is_told:
            self._take_request(data)

    def _take_request(self, data: bytes) -> None:
        self.came += len(data)
        self._head = (self._head + data[:HEAD_KEPT])[:HEAD_KEPT]
        fault = fault_at_once(self._head)
        if fault is None:
            self._parse(data)  # not in turn: it is short, and is answered in one
            error = self.protocol.handshake_exc
            if self.request is not None or error is None:
                return
            fault = fault_of(error, self._head, self.came)
        elif fault.error == "HTTP method":
            self.protocol.send_response(self.respond(405, f"{fault.detail}\n"))
            self.send_data()
        else:
            self.transport.close()
        self.refuse(fault)
        self.loop.call_later(LINGER, self.transport.abort)
