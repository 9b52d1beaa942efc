"""The central system's WebSocket endpoint on loopback: OCPP-J 1.6 section 3."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from evtui.central_system.handshakes import Fault, Lobby, StationConnection, address, fault_of
from evtui.central_system.reception import Reception
from evtui.ocpp16 import SUBPROTOCOL
from evtui.ocppj import (
    MAX_MESSAGE_BYTES,
    PING_INTERVAL,
    QUEUE,
    WebSocketTransport,
    identity_from_path,
    is_own_end,
    offered_subprotocols,
    selecting,
)
from evtui.runtime import HOST, Listener, listen, listen_beside

__all__ = ["WebSocketEndpoint"]

HANDSHAKE_TIMEOUT = 10.0
"""s for the opening handshake, the library's own: a station on a slow line, or one of hundreds
that come at once, sends its request seconds after it has connected."""

FILES_BESIDE = 256
"""File descriptors for everything that is no station; half of them for connections on their way
in or out."""


class WebSocketEndpoint:
    """Listens for charge points, on 127.0.0.1 and where there is IPv6 on ::1 as well.

    Args:
        port: TCP port on loopback; 0 takes a free one, and keeps it.
        listener: a socket on 127.0.0.1 that listens already; used for the first start only.
        max_message_bytes: a larger message closes its connection with 1009.
        ping_interval: s between two pings, 0 for none.
    """

    def __init__(
        self,
        port: int = 0,
        listener: socket.socket | None = None,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        ping_interval: float = PING_INTERVAL,
    ) -> None:
        self._port = port
        self._listener = listener
        self._max_message_bytes = max_message_bytes
        self._ping_interval = ping_interval

    @property
    def url(self) -> str:
        """``ws://127.0.0.1:9000``"""
        return f"ws://{HOST}:{self._port}"

    async def serve(self, reception: Reception, listens: Callable[[], None]) -> None:
        """Hand connections to ``reception`` until cancelled.

        Raises:
            OSError: the port cannot be bound.
        """
        most = _make_room(reception.connections_max)
        lobby = Lobby(reception, most, HANDSHAKE_TIMEOUT)
        servers: list[Server] = []
        try:
            for listener in self._listeners(reception):
                server = await self._server(reception, lobby, listener)
                servers.append(server)
            listens()
            # Not serve_forever(): cancelled, it waits for clients to leave by themselves
            # on Python 3.12 and websockets 15.
            await servers[0].wait_closed()
        finally:
            lobby.stop()
            for server in servers:
                server.close()
            for server in servers:
                await server.wait_closed()

    def _listeners(self, reception: Reception) -> list[Listener]:
        """The sockets to listen on, in the order of their importance."""
        first, self._listener = self._listener, None
        if first is None:
            first = listen(self._port)
        elif not isinstance(first, Listener):
            first = Listener(fileno=first.detach())
        self._port = first.getsockname()[1]
        listeners = [first]
        try:
            beside = listen_beside(first)
        except OSError as error:
            reception.warn(
                f"{error.strerror}: stations that are given ws://localhost:{self._port} may reach "
                f"somebody else there; {self.url} is this one"
            )
        else:
            listeners += [] if beside is None else [beside]

        def shed(peer: Any) -> None:
            text = "no file descriptor is left for one more connection: hung up"
            reception.refused("", "too many open files", text, address(peer))

        for listener in listeners:
            listener.shed = shed
        return listeners

    async def _server(self, reception: Reception, lobby: Lobby, listener: Listener) -> Server:
        async def handle(connection: ServerConnection) -> None:
            await _handle(reception, connection, self._ping_interval)

        async def process_request(_connection: ServerConnection, _request: Request) -> None:
            await lobby.turn()

        def process_response(
            connection: ServerConnection, request: Request, response: Response
        ) -> Response | None:
            assert isinstance(connection, StationConnection)
            return _process_response(reception, connection, request, response)

        options: dict[str, Any] = {
            "process_request": process_request,
            "process_response": process_response,
            "select_subprotocol": selecting(SUBPROTOCOL),
            "create_connection": partial(StationConnection, lobby),
            "compression": None,  # 61 KiB a connection with it, 22 KiB without
            "max_size": self._max_message_bytes,
            "max_queue": QUEUE,
            "ping_interval": None,  # the transport has pings of its own
            "close_timeout": 1,
            "open_timeout": None,  # the lobby knows how late the loop itself is
        }
        return await serve(handle, sock=listener, **options)


def _make_room(connections: int) -> int:
    """Let the process have a file descriptor for each connection, as far as its hard limit goes.

    The soft limit is 1,024 on most systems.

    Returns:
        Connections that fit, those among them whose handshake is under way.
    """
    wanted = connections + FILES_BESIDE
    if sys.platform == "win32":  # knows no such limit
        return wanted - FILES_BESIDE // 2
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(wanted - FILES_BESIDE // 2, wanted // 2)


def _process_response(
    reception: Reception, connection: StationConnection, request: Request, response: Response
) -> Response | None:
    """Look at a handshake that the library has answered, and say no where it said yes."""
    if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        error = connection.protocol.handshake_exc
        fault = fault_of(error, b"", 0)
        connection.refuse(fault)
        if fault.error == "WebSocket version":  # RFC 6455 section 4.4
            response.status_code = HTTPStatus.UPGRADE_REQUIRED
            response.reason_phrase = HTTPStatus.UPGRADE_REQUIRED.phrase
            response.headers["Sec-WebSocket-Version"] = "13"
        return None
    origin = request.headers.get("Origin")  # one at most, or the library had said no
    if origin is not None and not reception.lets_page_in(origin):
        connection.refuse(
            Fault("web page", f"of origin {origin[:80]!r}, which is not allowed to connect: 403")
        )
        text = "Web pages may connect only from origins that were allowed (--allow-origin)"
        return connection.respond(HTTPStatus.FORBIDDEN, f"{text}\n")
    identity = identity_from_path(request.path)
    if identity is None:
        connection.refuse(
            Fault("unknown identity", f"no charge point identity in {request.path[:80]!r}: 404")
        )
        text = "The path must end with a charge point identity, as in /CP1"
        return connection.respond(HTTPStatus.NOT_FOUND, f"{text}\n")
    door = reception.door(identity, connection.peer)
    if door is None:
        return None
    connection.told()
    return connection.respond(door.status, f"{door.text}\n")


async def _handle(reception: Reception, connection: ServerConnection, ping_interval: float) -> None:
    request = connection.request
    identity = None if request is None else identity_from_path(request.path)
    if identity is None:  # refused in _process_response
        return
    if connection.subprotocol != SUBPROTOCOL:
        offered = offered_subprotocols(request)
        reception.refused(
            identity,
            "sub-protocol",
            f"offered {offered[:80]}, {SUBPROTOCOL} is needed: closed 1002",
            address(connection.remote_address),
        )
        await connection.close(1002, f"sub-protocol {SUBPROTOCOL} is needed")
        return
    transport = WebSocketTransport(connection)
    transport.ping_every(ping_interval)
    try:
        peer = connection.remote_address
        await reception.session(
            identity, transport, stranger="" if is_own_end(peer) else address(peer)
        )
    finally:
        transport.ping_every(0)
