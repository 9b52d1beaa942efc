"""Both of our ends over a real WebSocket, each with a rough peer that can send anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from evtui.events import OcppMessage
from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.limits import PING_INTERVAL
from evtui.ocppj.link import Link
from evtui.ocppj.websocket import WebSocketTransport, dial
from tests.ocpp16.rig import BOOT, Rig, client, running, serving, until
from tests.ocppj.frames import Frame
from tests.patience import PATIENCE

__all__ = ["ENDS", "OpenEnd", "RoughPeer", "open_end"]

ENDS: tuple[Literal["central system", "charge point"], ...] = ("central system", "charge point")

Call = Callable[[], Awaitable[dict[str, Any]]]


class RoughPeer:
    """A peer that writes whatever it likes into its connection."""

    def __init__(self, connection: ClientConnection | ServerConnection) -> None:
        self.connection = connection
        self._masks = isinstance(connection, ClientConnection)

    def write(self, *frames: Frame, masked_wrongly: bool = False) -> None:
        """Write WebSocket frames, masked as RFC 6455 section 5.1 asks for, or not."""
        mask = self._masks is not masked_wrongly
        self.connection.transport.write(b"".join(frame.wire(mask=mask) for frame in frames))

    async def hear(self) -> list[Any]:
        """The next message, decoded."""
        async with asyncio.timeout(PATIENCE):
            message: list[Any] = json.loads(await self.connection.recv())
        return message

    async def closed(self) -> int | None:
        """Wait for the end of the connection; its close code."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed:
                return self.connection.close_code


class OpenEnd:
    """One of our ends, accepted and quiet.

    Attributes:
        peer: what it is connected to.
        call: makes it send a DataTransfer and wait briefly for the answer.
    """

    def __init__(self, rig: Rig, peer: RoughPeer, call: Call, link: Link) -> None:
        self.peer = peer
        self.call = call
        self._link = link
        self._rig = rig
        self._since = len(rig.events)

    def rows(self) -> list[OcppMessage]:
        """What it has logged since it was opened."""
        return [
            event for event in self._rig.events[self._since :] if isinstance(event, OcppMessage)
        ]

    async def gone(self) -> str:
        """Wait for the end of the connection; why it ended."""
        await until(lambda: self._link.closed)
        return self._link.closed or ""

    async def logged(self, count: int) -> list[OcppMessage]:
        """Wait for that many rows."""
        await until(lambda: len(self.rows()) >= count)
        return self.rows()


class _Station:
    """Answers DataTransfer, and knows nothing else."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def serve(self) -> None:
        while True:
            await self._link.answer(await self._link.receive(), {"status": "UnknownVendorId"})


TRANSFER = {"vendorId": "rough"}
ANSWER_WITHIN = 0.2
"""s that our end waits for an answer here."""


@asynccontextmanager
async def open_end(
    end: Literal["central system", "charge point"],
    *,
    pings: float = 0,
) -> AsyncIterator[OpenEnd]:
    """One of our ends with a rough peer.

    Args:
        pings: s between its pings, and for the pong to come; 0 leaves them as they are.
    """
    rig = Rig()
    opened = _open_central(rig, pings) if end == "central system" else _open_station(rig, pings)
    with pytest.MonkeyPatch.context() as patch:
        if pings:
            for module in ("central_system.websocket_endpoint", "ocppj.websocket"):
                impatient = partial(WebSocketTransport, pong_within=pings)
                patch.setattr(f"evtui.{module}.WebSocketTransport", impatient)
        async with opened as open_:
            yield open_


@asynccontextmanager
async def _open_central(rig: Rig, pings: float) -> AsyncIterator[OpenEnd]:
    central = rig.central_system(ping_interval=pings or PING_INTERVAL)
    async with running(central), client(central) as station:
        await station.call("BootNotification", BOOT)

        async def call() -> dict[str, Any]:
            return await central.call("CP1", "DataTransfer", TRANSFER, timeout=ANSWER_WITHIN)

        session = central._reception.find("CP1")
        assert session is not None
        yield OpenEnd(rig, RoughPeer(station.connection), call, session.link)


@asynccontextmanager
async def _open_station(rig: Rig, pings: float) -> AsyncIterator[OpenEnd]:
    accepted: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def keep(connection: ServerConnection) -> None:
        await accepted.put(connection)
        await connection.wait_closed()

    async with serve(keep, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL], close_timeout=1) as server:
        port = server.sockets[0].getsockname()[1]
        transport, connection = await dial(f"ws://127.0.0.1:{port}/CP1", SUBPROTOCOL)
        transport.ping_every(pings)
        link = rig.link(transport, "charge_point", supports=frozenset({"DataTransfer"}))
        peer = RoughPeer(await accepted.get())

        async def call() -> dict[str, Any]:
            return await link.call("DataTransfer", TRANSFER, timeout=ANSWER_WITHIN)

        async with serving(_Station(link)):
            yield OpenEnd(rig, peer, call, link)
        await connection.close()
