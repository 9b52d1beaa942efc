"""The central system's WebSocket endpoint on loopback: OCPP-J 1.6 section 3."""

from __future__ import annotations

import socket
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from evtui.central_system.system import CentralSystem
from evtui.ocpp16.websocket import (
    MAX_MESSAGE_BYTES,
    SUBPROTOCOL,
    WebSocketTransport,
    identity_from_path,
    not_found,
    offered_subprotocols,
    select_subprotocol,
)

__all__ = ["WebSocketEndpoint"]

HOST = "127.0.0.1"

HANDSHAKE_TIMEOUT = 2.0
"""s for the opening handshake over loopback; one never finished holds up stopping that long."""


class WebSocketEndpoint:
    """Listens for charge points.

    Args:
        port: TCP port on loopback; 0 takes a free one, and keeps it.
        listener: a socket that listens already; used for the first start only.
    """

    def __init__(self, port: int = 0, listener: socket.socket | None = None) -> None:
        self._port = port
        self._listener = listener

    @property
    def url(self) -> str:
        """``ws://127.0.0.1:9000``"""
        return f"ws://{HOST}:{self._port}"

    async def serve(self, central: CentralSystem) -> None:
        """Hand connections to ``central`` until cancelled.

        Raises:
            OSError: the port cannot be bound.
        """
        async with self._server(central) as server:
            self._port = server.sockets[0].getsockname()[1]
            central.listens()
            # Not serve_forever(): cancelled, it waits for clients to leave by themselves
            # on Python 3.12 and websockets 15.
            await server.wait_closed()

    def _server(self, central: CentralSystem) -> Any:
        async def handle(connection: ServerConnection) -> None:
            await _handle(central, connection)

        def process_request(_connection: ServerConnection, request: Request) -> Response | None:
            return _process_request(central, request)

        options: dict[str, Any] = {
            "process_request": process_request,
            "select_subprotocol": select_subprotocol,
            "compression": None,  # 61 KiB a connection with it, 22 KiB without
            "max_size": MAX_MESSAGE_BYTES,
            "close_timeout": 1,
            "open_timeout": HANDSHAKE_TIMEOUT,
        }
        listener, self._listener = self._listener, None
        if listener is not None:
            return serve(handle, sock=listener, **options)
        return serve(handle, HOST, self._port, **options)


def _process_request(central: CentralSystem, request: Request) -> Response | None:
    if identity_from_path(request.path) is not None:
        return None
    central.refused(
        "", "unknown identity", f"no charge point identity in path {request.path[:80]!r}: 404"
    )
    return not_found("The path must end with a charge point identity, as in /CP1")


async def _handle(central: CentralSystem, connection: ServerConnection) -> None:
    request = connection.request
    identity = None if request is None else identity_from_path(request.path)
    if identity is None:  # refused in _process_request
        return
    if connection.subprotocol != SUBPROTOCOL:
        offered = offered_subprotocols(request)
        central.refused(
            identity, "sub-protocol", f"offered {offered[:80]}, ocpp1.6 is needed: closed 1002"
        )
        await connection.close(1002, "sub-protocol ocpp1.6 is needed")
        return
    await central.session(identity, WebSocketTransport(connection))
