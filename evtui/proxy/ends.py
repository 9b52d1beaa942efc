"""The two connections of a relayed station: how each begins, pings and ends as the other does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.typing import Subprotocol

from evtui.ocppj import LinkClosed
from evtui.redaction import reveal

__all__ = [
    "MAX_PASSED",
    "OPEN_WITHIN",
    "StationEnd",
    "TransportEnd",
    "UpstreamEnd",
    "end_like",
    "open_upstream",
    "pass_pings",
    "upstream_url",
]

OPEN_WITHIN = 10.0
"""s for the central system to answer the handshake."""

PONG_WITHIN = 20.0
"""s for the pong of one end to follow the ping of the other."""

MAX_PASSED = 16 * 1024 * 1024
"""Bytes of the largest message that is passed on: above what either end will take."""

_OF_ONE_HOP = frozenset(
    {
        *("connection", "host", "upgrade", "keep-alive", "proxy-connection", "te", "trailer"),
        *("transfer-encoding", "content-length", "sec-websocket-key", "sec-websocket-version"),
        *("sec-websocket-extensions", "sec-websocket-protocol"),
    }
)
"""Headers that speak of a connection and not of who is behind it (RFC 9110 section 7.6.1)."""


class _PingsTold:
    """A connection that says when the peer pings."""

    pinged: Callable[[bytes], None] = staticmethod(lambda data: None)

    def process_event(self, event: Any) -> None:
        super().process_event(event)  # type: ignore[misc]
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pinged(bytes(event.data))


class StationEnd(_PingsTold, ServerConnection):
    """The connection of a charge point.

    Attributes:
        upstream: the one to its central system, opened before this one is let in.
        relayed: somebody looks after both.
    """

    upstream: UpstreamEnd | None = None
    relayed = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone before it was let in, it leaves nothing open behind."""
        super().connection_lost(exc)
        if self.upstream is not None and not self.relayed:
            self.upstream.transport.abort()


class UpstreamEnd(_PingsTold, ClientConnection):
    """The connection to its central system."""


def upstream_url(upstream: str, path: str) -> str:
    """Where a station's request goes on to: its path and query behind those of the upstream."""
    return reveal(upstream).rstrip("/") + (path if path.startswith("/") else f"/{path}")


class _WithoutRedirects(connect):
    """A redirection is the charge point's to follow: with its credentials, or not."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def open_upstream(url: str, request: Request, offered: list[str]) -> UpstreamEnd:
    """Connect to the central system as the station asked to, with its sub-protocols and headers.

    Raises:
        OSError, EOFError, InvalidURI, InvalidHandshake, ValueError: it does not work.
    """
    headers = [
        (name, value)
        for name, value in request.headers.raw_items()
        if name.lower() not in _OF_ONE_HOP
    ]
    return await _WithoutRedirects(  # type: ignore[return-value]
        url,
        subprotocols=[Subprotocol(each) for each in offered] or None,
        additional_headers=headers,
        user_agent_header=None,
        compression=None,
        max_size=MAX_PASSED,
        max_queue=16,
        create_connection=UpstreamEnd,
        open_timeout=OPEN_WITHIN,
        close_timeout=1,
        ping_interval=None,  # those of the station are passed on
        proxy=None,
    )


class TransportEnd:
    """One of the two connections as the transport of a line.

    Args:
        heard: told each text that comes, before anybody has it.
        said: told each text that goes out.
    """

    def __init__(
        self,
        connection: StationEnd | UpstreamEnd,
        heard: Callable[[str | bytes], None],
        said: Callable[[str | bytes], None],
    ) -> None:
        self.connection = connection
        self._heard = heard
        self._said = said

    async def recv(self) -> str | bytes:
        """See :class:`evtui.ocppj.Transport`."""
        try:
            text = await self.connection.recv()
        except ConnectionClosed as closed:
            raise _gone(closed) from None
        self._heard(text)
        return text

    async def send(self, text: str | bytes) -> None:
        """See :class:`evtui.ocppj.Transport`."""
        self._said(text)
        try:
            await self.connection.send(text)
        except ConnectionClosed as closed:
            raise _gone(closed) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """See :class:`evtui.ocppj.Transport`."""
        await self.connection.close(code, reason)


def _gone(closed: ConnectionClosed) -> LinkClosed:
    if closed.rcvd is None:
        return LinkClosed("lost without a close (1006)", CloseCode.ABNORMAL_CLOSURE)
    reason = f": {closed.rcvd.reason}" if closed.rcvd.reason else ""
    return LinkClosed(f"closed with {int(closed.rcvd.code)}{reason}", int(closed.rcvd.code))


async def end_like(ended: StationEnd | UpstreamEnd, other: StationEnd | UpstreamEnd) -> None:
    """End a connection as the other one was ended by its peer: code, reason, or without a word."""
    close = ended.protocol.close_rcvd
    if close is None:
        other.transport.abort()
        return
    # 1005 stands for a close frame with nothing in it, which None sends (RFC 6455 section 7.1.5).
    code = None if close.code == CloseCode.NO_STATUS_RCVD else close.code
    await other.close(code, close.reason)  # type: ignore[arg-type]


def pass_pings(
    one: StationEnd | UpstreamEnd, other: StationEnd | UpstreamEnd, tasks: set[asyncio.Task[None]]
) -> None:
    """Ping ``other`` whenever ``one`` is pinged, and end both where no pong comes.

    The library answers each ping at once; that the end behind us is alive shows in its pong.
    """
    waiting: set[bytes] = set()

    async def ping(data: bytes) -> None:
        try:
            pong = await other.ping(data)
            async with asyncio.timeout(PONG_WITHIN):
                await pong
        except TimeoutError:
            other.transport.abort()
        except ConnectionClosed:
            return
        finally:
            waiting.discard(data)

    def pinged(data: bytes) -> None:
        if not waiting and other.state is State.OPEN:
            waiting.add(data)
            task = asyncio.get_running_loop().create_task(ping(data), name="ping passed on")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    one.pinged = pinged
