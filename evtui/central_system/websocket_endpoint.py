"""The central system's WebSocket endpoint on loopback: OCPP-J 1.6 section 3."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from evtui.central_system.reception import Reception
from evtui.ocpp16.websocket import (
    MAX_MESSAGE_BYTES,
    QUEUE,
    SUBPROTOCOL,
    ServerConnectionInTurn,
    WebSocketTransport,
    identity_from_path,
    offered_subprotocols,
    select_subprotocol,
)

__all__ = ["WebSocketEndpoint"]

HOST = "127.0.0.1"

HANDSHAKE_TIMEOUT = 2.0
"""s for the opening handshake over loopback; one never finished holds up stopping that long."""


FILES_BESIDE = 256
"""File descriptors for everything that is no station."""


class WebSocketEndpoint:
    """Listens for charge points.

    Args:
        port: TCP port on loopback; 0 takes a free one, and keeps it.
        listener: a socket that listens already; used for the first start only.
        max_message_bytes: a larger message closes its connection with 1009.
    """

    def __init__(
        self,
        port: int = 0,
        listener: socket.socket | None = None,
        *,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
    ) -> None:
        self._port = port
        self._listener = listener
        self._max_message_bytes = max_message_bytes

    @property
    def url(self) -> str:
        """``ws://127.0.0.1:9000``"""
        return f"ws://{HOST}:{self._port}"

    async def serve(self, reception: Reception, listens: Callable[[], None]) -> None:
        """Hand connections to ``reception`` until cancelled.

        Raises:
            OSError: the port cannot be bound.
        """
        _make_room(reception.connections_max)
        async with self._server(reception) as server:
            self._port = server.sockets[0].getsockname()[1]
            listens()
            # Not serve_forever(): cancelled, it waits for clients to leave by themselves
            # on Python 3.12 and websockets 15.
            await server.wait_closed()

    def _server(self, reception: Reception) -> Any:
        async def handle(connection: ServerConnection) -> None:
            await _handle(reception, connection)

        def process_request(connection: ServerConnection, request: Request) -> Response | None:
            return _process_request(reception, connection, request)

        options: dict[str, Any] = {
            "process_request": process_request,
            "select_subprotocol": select_subprotocol,
            "compression": None,  # 61 KiB a connection with it, 22 KiB without
            "max_size": self._max_message_bytes,
            "max_queue": QUEUE,
            "create_connection": ServerConnectionInTurn,
            "close_timeout": 1,
            "open_timeout": HANDSHAKE_TIMEOUT,
        }
        listener, self._listener = self._listener, None
        if listener is not None:
            return serve(handle, sock=listener, **options)
        return serve(handle, HOST, self._port, **options)


def _make_room(connections: int) -> None:
    """Let the process have a file descriptor for each connection, as far as its hard limit goes.

    The soft limit is 1,024 on most systems; a listener that has reached it lets nobody in, and
    tells nobody why.
    """
    if sys.platform == "win32":  # knows no such limit
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _process_request(
    reception: Reception, connection: ServerConnection, request: Request
) -> Response | None:
    identity = identity_from_path(request.path)
    if identity is None:
        detail = f"no charge point identity in path {request.path[:80]!r}: 404"
        reception.refused("", "unknown identity", detail)
        text = "The path must end with a charge point identity, as in /CP1"
        return connection.respond(HTTPStatus.NOT_FOUND, f"{text}\n")
    door = reception.door(identity)
    return None if door is None else connection.respond(door.status, f"{door.text}\n")


async def _handle(reception: Reception, connection: ServerConnection) -> None:
    request = connection.request
    identity = None if request is None else identity_from_path(request.path)
    if identity is None:  # refused in _process_request
        return
    if connection.subprotocol != SUBPROTOCOL:
        offered = offered_subprotocols(request)
        reception.refused(
            identity, "sub-protocol", f"offered {offered[:80]}, ocpp1.6 is needed: closed 1002"
        )
        await connection.close(1002, "sub-protocol ocpp1.6 is needed")
        return
    await reception.session(identity, WebSocketTransport(connection))
