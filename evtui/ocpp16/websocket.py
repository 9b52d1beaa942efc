"""OCPP-J over a real WebSocket (``websockets``): handshake rules and the transport."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.typing import Subprotocol

from evtui.ocpp16.intake import QUEUE, ClientConnectionInTurn, Intake, ServerConnectionInTurn
from evtui.ocpp16.limits import MAX_MESSAGE_BYTES, size_of
from evtui.ocpp16.transport import ConnectionFailed, LinkClosed

__all__ = [
    "MAX_MESSAGE_BYTES",
    "QUEUE",
    "SUBPROTOCOL",
    "ServerConnectionInTurn",
    "WebSocketTransport",
    "dial",
    "identity_from_path",
    "offered_subprotocols",
    "select_subprotocol",
    "station_url",
]

SUBPROTOCOL = Subprotocol("ocpp1.6")

_FAILURES: dict[int, str] = {
    CloseCode.PROTOCOL_ERROR: "WebSocket violation",
    CloseCode.INVALID_DATA: "invalid UTF-8",
    CloseCode.MESSAGE_TOO_BIG: "message too big",
}
"""What the library closes a connection over by itself (RFC 6455 section 7.4.1)."""

_NO_PONG = "keepalive ping timeout"
"""What the library says when it closes a connection over a missing pong."""

CLOSE_REASON_MAX = 123
"""Bytes of UTF-8 that a close frame holds beside its code (RFC 6455 section 5.5)."""

IDENTITY_MAX = 255
"""Longest identity taken from a path; the standard sets no limit for OCPP-J 1.6."""


class WebSocketTransport:
    """A ``websockets`` connection as a link's transport."""

    def __init__(self, connection: ServerConnection | ClientConnection) -> None:
        self._connection = connection
        self._intake = connection if isinstance(connection, Intake) else None

    def ping_every(self, interval: float) -> None:
        """Ping the peer every ``interval`` s from now on, not at all for 0.

        OCPP 1.6 section 9.1.34.  A peer that leaves a ping without its pong for the
        connection's ``ping_timeout`` is gone: the connection is closed with 1011.
        """
        connection = self._connection
        if connection.keepalive_task is not None:
            connection.keepalive_task.cancel()
            connection.keepalive_task = None
        connection.ping_interval = interval or None
        if connection.protocol.state is State.OPEN:
            connection.start_keepalive()

    async def recv(self) -> str | bytes:
        intake = self._intake
        if intake is not None:
            intake.handled()
        try:
            text = await self._connection.recv()
            if intake is not None:
                intake.took(size_of(text))
            return text
        except ConnectionClosed as closed:
            raise _ending(closed) from None

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise LinkClosed(describe_close(closed)) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        fitting = reason.encode()[:CLOSE_REASON_MAX].decode(errors="ignore")
        await self._connection.close(code, fitting)


def describe_close(closed: ConnectionClosed) -> str:
    """Who closed, with which code and why, in one line."""
    if closed.sent is not None and not closed.rcvd_then_sent:
        reason = f": {closed.sent.reason}" if closed.sent.reason else ""
        return f"closed by us with {int(closed.sent.code)}{reason}"
    if closed.rcvd is not None:
        reason = f": {closed.rcvd.reason}" if closed.rcvd.reason else ""
        return f"closed by peer with {int(closed.rcvd.code)}{reason}"
    return "connection lost without a close (1006)"


def _ending(closed: ConnectionClosed) -> LinkClosed:
    ours = closed.sent
    if ours is not None and not closed.rcvd_then_sent:
        error = _FAILURES.get(ours.code)
        if ours.reason == _NO_PONG:
            error = "no pong"
        if error is not None:
            oversize = ours.code == CloseCode.MESSAGE_TOO_BIG
            return ConnectionFailed(describe_close(closed), error, oversize=oversize)
    return LinkClosed(describe_close(closed))


def identity_from_path(path: str) -> str | None:
    """Charge point identity in a request path, None when there is none to accept.

    The identity is the last segment, percent-decoded: a station appends it to whatever
    endpoint URL it was given (OCPP-J 1.6 section 3.1.1).  The query is not part of it.
    """
    try:
        identity = unquote(urlsplit(path).path.rpartition("/")[2], errors="strict")
    except (UnicodeDecodeError, ValueError):
        return None
    usable = identity.strip() and identity.isprintable() and len(identity) <= IDENTITY_MAX
    return identity if usable else None


def station_url(endpoint: str, identity: str) -> str:
    """Connection URL of a charge point: endpoint, slash, identity percent-encoded."""
    return f"{endpoint.rstrip('/')}/{quote(identity, safe='')}"


def select_subprotocol(
    _connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    """``ocpp1.6`` if offered, else none: the handshake is finished all the same.

    OCPP-J 1.6 section 3.2 wants a response without the header and then an immediate close.
    """
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def offered_subprotocols(request: Request | None) -> str:
    """What a client offered, for people."""
    values = [] if request is None else request.headers.get_all("Sec-WebSocket-Protocol")
    return ", ".join(values) or "none"


async def dial(
    url: str, *, max_message_bytes: int = MAX_MESSAGE_BYTES
) -> tuple[WebSocketTransport, ClientConnection]:
    """Connect a charge point.

    Args:
        url: connection URL, see :func:`station_url`.
        max_message_bytes: a larger message of the central system closes the connection.

    Raises:
        LinkClosed: with one line that says why it did not work.
    """
    try:
        connection = await connect(
            url,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            max_size=max_message_bytes,
            max_queue=QUEUE,
            create_connection=ClientConnectionInTurn,
            open_timeout=10,
            close_timeout=1,
            proxy=None,
        )
    except (OSError, InvalidHandshake, InvalidURI, ValueError) as error:
        # ValueError: a port or a host name that urllib or the IDNA codec will not take.
        raise LinkClosed(f"cannot connect: {error}") from None
    if connection.subprotocol != SUBPROTOCOL:
        await connection.close(1002, "ocpp1.6 needed")
        raise LinkClosed("central system did not agree to ocpp1.6")
    return WebSocketTransport(connection), connection
