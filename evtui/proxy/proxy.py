"""Between other people's charge points and their central system."""

from __future__ import annotations

from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from evtui.events import CentralSystemState, EventStream, Note
from evtui.ocppj import MessageIds, SentMessages, identity_from_path, why_refused
from evtui.origins import Origins
from evtui.proxy.ends import MAX_PASSED, OPEN_WITHIN, StationEnd, open_upstream, upstream_url
from evtui.proxy.station import ProxiedStation
from evtui.redaction import SecretUrl
from evtui.runtime import Listener

__all__ = ["Proxy"]

STATIONS_MAX = 5_000
"""Identities that are known; a connection of one more is relayed no longer than it lasts."""

_KEPT_OF_REFUSAL = ("www-authenticate", "retry-after", "content-type", "location")
"""Headers of a refusal that are passed on with it."""


class Proxy:
    """Relays every connection to the central system, with all that makes it what it is.

    A station reaches it by a URL that differs from its own in scheme, host and port: path, query,
    sub-protocols and headers go on to the central system as they are, credentials among them.
    Only when that has let the station in is the station let in, with what the central system
    agreed to; what it refuses with is passed on likewise.  Texts, close codes and pings pass.

    Args:
        stream: where everything that passes is told.
        upstream: URL of the central system, ``ws://`` or ``wss://``; its path comes first.
        listener: takes the connections.
        shown_as: address for people, ``127.0.0.1:9000``.
        ids: message ids, for what is forged.
        sent: twins of messages.
        joined: told each identity when it first comes.
        allowed_origins: web pages that may connect; a browser lets any page try.

    Attributes:
        stations: by identity, in the order in which they came.
    """

    def __init__(
        self,
        stream: EventStream,
        upstream: str,
        listener: Listener,
        *,
        shown_as: str,
        ids: MessageIds,
        sent: SentMessages,
        joined: Callable[[ProxiedStation], None] = lambda station: None,
        allowed_origins: Collection[str] = (),
    ) -> None:
        self._origins = Origins(allowed_origins)
        self.stations: dict[str, ProxiedStation] = {}
        self._stream = stream
        self._upstream = upstream
        self._listener = listener
        self._shown_as = shown_as
        self._ids = ids
        self._sent = sent
        self._joined = joined

    async def run(self) -> None:
        """Relay until cancelled."""
        options: dict[str, Any] = {
            "process_request": self._let_in,
            "select_subprotocol": _as_upstream,
            "create_connection": StationEnd,
            "compression": None,
            "max_size": MAX_PASSED,
            "max_queue": 16,
            "ping_interval": None,
            "open_timeout": OPEN_WITHIN + 5,
            "close_timeout": 1,
            "server_header": None,
        }
        server = await serve(self._relay, sock=self._listener, **options)
        self._stream.publish(
            CentralSystemState(
                source="proxy",
                url=str(SecretUrl(self._upstream)),
                listening=True,
                ours=False,
                detail=f"through ws://{self._shown_as}",
            )
        )
        try:
            await server.wait_closed()
        finally:
            server.close()
            await server.wait_closed()

    async def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        """Ask the central system first; what it says no with is the answer."""
        assert isinstance(connection, StationEnd)
        if not all(map(self._origins.allows, request.headers.get_all("Origin"))):
            self._warn(request, "a web page, which is not allowed to connect: 403")
            text = "Web pages may connect only from origins that were allowed (--allow-origin)"
            return connection.respond(HTTPStatus.FORBIDDEN, f"{text}\n")
        offered = [
            each.strip()
            for value in request.headers.get_all("Sec-WebSocket-Protocol")
            for each in value.split(",")
            if each.strip()
        ]
        url = upstream_url(self._upstream, request.path)
        try:
            upstream = connection.upstream = await open_upstream(url, request, offered)
        except InvalidStatus as refused:
            return self._refused(connection, request, refused)
        except (OSError, EOFError, InvalidURI, InvalidHandshake, ValueError) as error:
            why = why_refused(error, url, ", ".join(offered), OPEN_WITHIN)
            self._warn(request, f"central system not reached: {why}")
            return connection.respond(
                HTTPStatus.BAD_GATEWAY, f"central system not reached: {why}\n"
            )
        if connection.state is not State.CONNECTING:  # the station has given up meanwhile
            upstream.transport.abort()
        return None

    def _refused(
        self, connection: StationEnd, request: Request, refused: InvalidStatus
    ) -> Response:
        theirs = refused.response
        self._warn(request, f"refused by the central system with HTTP {theirs.status_code}")
        body = theirs.body or b""
        headers = Headers(
            (name, value)
            for name, value in theirs.headers.raw_items()
            if name.lower() in _KEPT_OF_REFUSAL
        )
        headers["Connection"] = "close"
        headers["Content-Length"] = str(len(body))
        return Response(theirs.status_code, theirs.reason_phrase, headers, bytes(body))

    async def _relay(self, connection: ServerConnection) -> None:
        assert isinstance(connection, StationEnd)
        assert connection.request is not None
        assert connection.upstream is not None
        station = self._station(_identity(connection.request))
        await station.relay(connection, connection.upstream)

    def _station(self, identity: str) -> ProxiedStation:
        station = self.stations.get(identity)
        if station is None:
            station = ProxiedStation(identity, self._stream, self._ids, self._sent)
            if len(self.stations) < STATIONS_MAX:
                self.stations[identity] = station
                self._joined(station)
        return station

    def _warn(self, request: Request, text: str) -> None:
        self._stream.publish(
            Note(source="proxy", level="warning", station=_identity(request), text=text)
        )


def _identity(request: Request) -> str:
    """Who it is, by its path; a path without an identity stands for itself."""
    return identity_from_path(request.path) or request.path[:80]


def _as_upstream(connection: ServerConnection, _: object) -> Subprotocol | None:
    assert isinstance(connection, StationEnd)
    return None if connection.upstream is None else connection.upstream.subprotocol
