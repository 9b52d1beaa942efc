"""OCPP-J over a real WebSocket (``websockets``): handshake rules and the transport."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.typing import Subprotocol

from evtui.ocppj.intake import QUEUE, ClientConnectionInTurn, Intake, ServerConnectionInTurn
from evtui.ocppj.limits import MAX_MESSAGE_BYTES, size_of
from evtui.ocppj.refusals import why_refused
from evtui.ocppj.transport import ConnectionFailed, LinkClosed

__all__ = [
    "MAX_MESSAGE_BYTES",
    "QUEUE",
    "ServerConnectionInTurn",
    "WebSocketTransport",
    "dial",
    "identity_from_path",
    "offered_subprotocols",
    "selecting",
    "station_url",
]

_FAILURES: dict[int, str] = {
    CloseCode.PROTOCOL_ERROR: "WebSocket violation",
    CloseCode.INVALID_DATA: "invalid UTF-8",
    CloseCode.MESSAGE_TOO_BIG: "message too big",
}
"""What the library closes a connection over by itself (RFC 6455 section 7.4.1)."""

OPEN_WITHIN = 10.0
"""s for a central system to answer the handshake."""

PONG_WITHIN = 20.0
"""s for a pong, or any message, to follow a ping (OCPP-J 1.6 section 5.3 leaves it open)."""

CLOSE_WITHIN = 2.0
"""s to say goodbye to a peer that has gone silent, which may not even take in what is sent."""

CLOSE_REASON_MAX = 123
"""Bytes of UTF-8 that a close frame holds beside its code (RFC 6455 section 5.5)."""

_NOT_ASCII = re.compile("[^\x00-\x7f]+")

IDENTITY_MAX = 255
"""Longest identity taken from a path; the standard sets no limit for OCPP-J 1.6."""


class WebSocketTransport:
    """A ``websockets`` connection as a link's transport."""

    def __init__(
        self, connection: ServerConnection | ClientConnection, *, pong_within: float = PONG_WITHIN
    ) -> None:
        self._connection = connection
        self._intake = connection if isinstance(connection, Intake) else None
        self._pong_within = pong_within
        self._received = 0
        self._pings: asyncio.Task[None] | None = None
        self._silent = ""  # why we closed the connection to a peer that gave no sign of life

    def ping_every(self, interval: float) -> None:
        """Ping the peer every ``interval`` s from now on, not at all for 0.

        OCPP 1.6 section 9.1.34.  A peer from which neither the pong nor any message has come
        for some time after a ping is gone: the connection is closed with 1011.  The library's
        own pings take no message for a sign of life, and many stations send no pong.
        """
        self._end_pings()
        if interval > 0 and self._connection.state is State.OPEN:
            self._pings = asyncio.get_running_loop().create_task(self._ping(interval), name="pings")

    async def recv(self) -> str | bytes:
        intake = self._intake
        if intake is not None:
            intake.handled()
        try:
            text = await self._connection.recv()
        except ConnectionClosed as closed:
            self._end_pings()
            raise self._gone(closed) from None
        self._received += 1
        if intake is not None:
            intake.took(size_of(text))
        return text

    async def send(self, text: str) -> None:
        connection = self._connection
        try:
            if connection.state is not State.OPEN:
                await connection.send(text)  # says why it cannot
                return
            # What its send() comes to for a message in one piece while all is well: it asks for
            # two contexts for each message, which are a tenth of a call.
            connection.protocol.send_text(text.encode())
            connection.send_data()
            await connection.drain()
        except ConnectionClosed as closed:
            raise self._gone(closed) from None
        except OSError:
            await connection.wait_closed()
            raise self._gone(connection.close_exc) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._end_pings()
        fitting = reason.encode()[:CLOSE_REASON_MAX].decode(errors="ignore")
        await self._connection.close(code, fitting)

    def _gone(self, closed: ConnectionClosed) -> LinkClosed:
        return LinkClosed(self._silent) if self._silent else describe_close(closed)

    def _end_pings(self) -> None:
        if self._pings is not None:
            self._pings.cancel()
            self._pings = None

    async def _ping(self, interval: float) -> None:
        while self._connection.state is State.OPEN:
            await asyncio.sleep(interval)
            pong = asyncio.ensure_future(self._pong())
            try:
                received = -1
                while not pong.done() and (received != self._received or self._is_left_unread):
                    received = self._received
                    await asyncio.wait((pong,), timeout=self._pong_within)
                if not pong.done():
                    await self._leave()
            finally:
                pong.cancel()

    @property
    def _is_left_unread(self) -> bool:
        """True while we do not read, so that a pong that has come is not missing."""
        return self._intake is not None and self._intake.waits

    async def _pong(self) -> None:
        """Send a ping, which a peer that takes nothing in can hold up, and wait for its pong."""
        with suppress(ConnectionClosed):  # the reader says so
            await (await self._connection.ping())

    async def _leave(self) -> None:
        """Close the connection to a peer that gives no sign of life."""
        reason = f"no pong and no message for {self._pong_within:g} s after a ping"
        self._silent = f"{reason}: closed by us with 1011"
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._connection.close(CloseCode.INTERNAL_ERROR, reason)
        except TimeoutError:
            self._connection.transport.abort()


def describe_close(closed: ConnectionClosed) -> LinkClosed:
    """Who closed, with which code and why."""
    ours, theirs = closed.sent, closed.rcvd
    if ours is not None and not closed.rcvd_then_sent:
        reason = f": {ours.reason}" if ours.reason else ""
        text = f"closed by us with {int(ours.code)}{reason}"
        error = _FAILURES.get(ours.code)
        if error is None:
            return LinkClosed(text)
        return ConnectionFailed(text, error, oversize=ours.code == CloseCode.MESSAGE_TOO_BIG)
    if theirs is not None:
        reason = f": {theirs.reason}" if theirs.reason else ""
        return LinkClosed(f"closed by peer with {int(theirs.code)}{reason}", int(theirs.code))
    return LinkClosed("connection lost without a close (1006)", CloseCode.ABNORMAL_CLOSURE)


def identity_from_path(path: str) -> str | None:
    """Charge point identity in a request path, None when there is none to accept.

    The identity is the last segment that is not empty, percent-decoded: a station appends it to
    whatever endpoint URL it was given (OCPP-J 1.6 section 3.1.1), and some slashes too many, as
    in ``//CP1`` and ``/CP1/``.  The query is not part of it.
    """
    before_query = path.partition("?")[0].partition("#")[0]
    try:
        identity = unquote(before_query.rstrip("/").rpartition("/")[2], errors="strict")
    except UnicodeDecodeError:
        return None
    usable = identity.strip() and identity.isprintable() and len(identity) <= IDENTITY_MAX
    return identity if usable else None


def station_url(endpoint: str, identity: str) -> str:
    """Connection URL of a charge point, in ASCII.

    The identity, percent-encoded, stands wherever the endpoint says ``{id}``, or behind it after
    a slash where path and query do not say so.  Whatever else is not ASCII is encoded here, each
    character once: the library would encode what is percent-encoded already once more (RFC 3987
    section 3.1 does not).
    """
    name = quote(identity, safe="")
    whole = "{id}" in urlsplit(endpoint)._replace(netloc="").geturl()
    if not whole:
        endpoint = f"{endpoint.rstrip('/')}/{{id}}"
    url = endpoint.replace("{id}", name)
    if url.isascii():
        return url
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    if not place.isascii():
        port = "" if parts.port is None else f":{parts.port}"
        place = (parts.hostname or "").encode("idna").decode() + port
    return _NOT_ASCII.sub(
        lambda found: quote(found[0]), parts._replace(netloc=user + at + place).geturl()
    )


def selecting(
    subprotocol: Subprotocol,
) -> Callable[[ServerConnection, Sequence[Subprotocol]], Subprotocol | None]:
    """Selects ``subprotocol`` if offered, else none: the handshake is finished all the same.

    OCPP-J 1.6 section 3.2 wants a response without the header and then an immediate close.
    """
    return lambda _connection, offered: subprotocol if subprotocol in offered else None


def offered_subprotocols(request: Request | None) -> str:
    """What a client offered, for people."""
    values = [] if request is None else request.headers.get_all("Sec-WebSocket-Protocol")
    return ", ".join(values) or "none"


async def dial(
    url: str, subprotocol: Subprotocol, *, max_message_bytes: int = MAX_MESSAGE_BYTES
) -> tuple[WebSocketTransport, ClientConnection]:
    """Connect a charge point.

    Args:
        url: connection URL, see :func:`station_url`.
        subprotocol: of the version to be spoken.
        max_message_bytes: a larger message of the central system closes the connection.

    Raises:
        LinkClosed: with one line that says why it did not work.
    """
    try:
        connection = await connect(
            url,
            subprotocols=[subprotocol],
            compression=None,
            max_size=max_message_bytes,
            max_queue=QUEUE,
            create_connection=ClientConnectionInTurn,
            open_timeout=OPEN_WITHIN,
            close_timeout=1,
            ping_interval=None,  # the transport has pings of its own
            proxy=None,
        )
    except (OSError, EOFError, InvalidURI, InvalidHandshake, ValueError) as error:
        # ValueError: a port or a host name that urllib or the IDNA codec will not take.
        why = why_refused(error, url, subprotocol, OPEN_WITHIN)
        raise LinkClosed(f"cannot connect: {why}") from None
    if connection.subprotocol != subprotocol:
        await connection.close(1002, f"{subprotocol} needed")
        raise LinkClosed(
            f"cannot connect: no {subprotocol}: the central system did not agree to it"
        )
    return WebSocketTransport(connection), connection
