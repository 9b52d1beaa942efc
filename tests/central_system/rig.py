"""A central system that runs, over either link, and stations that reach it, for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, cast
from urllib.parse import unquote

from evtui.central_system.memory_endpoint import MemoryEndpoint
from evtui.central_system.system import CentralSystem
from evtui.events import Event, LinkState, Note, OcppMessage
from tests.ocpp16.rig import BOOT, NOW, Client, Rig, client, running, until

__all__ = ["START", "House", "LinkKind", "booted", "open_house"]

LinkKind = Literal["websocket", "memory"]

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 100, "timestamp": NOW}


@asynccontextmanager
async def booted(rig: Rig, central: CentralSystem, path: str = "/CP1") -> AsyncIterator[Client]:
    """A charge point over a WebSocket that is accepted; the log does not show how."""
    async with client(central, path) as station:
        await boot(rig, station, unquote(path[1:]))
        yield station


async def boot(rig: Rig, station: Client, identity: str) -> None:
    """Have the station accepted, and forget the events that say so."""

    def tells(event: Event) -> bool:
        if isinstance(event, OcppMessage):
            return (event.station, event.action) == (identity, "BootNotification")
        return isinstance(event, LinkState) and is_accepted(event)

    def is_accepted(event: LinkState) -> bool:
        return (event.station, event.state) == (identity, "accepted")

    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    await until(lambda: any(is_accepted(event) for event in rig.of(LinkState)))
    rig.events[:] = [event for event in rig.events if not tells(event)]


class House:
    """A central system that runs."""

    def __init__(self, rig: Rig, central: CentralSystem, endpoint: MemoryEndpoint | None) -> None:
        self.rig = rig
        self.central = central
        self._endpoint = endpoint

    @asynccontextmanager
    async def connected(self, identity: str = "CP1") -> AsyncIterator[Client]:
        """A station that has not booted."""
        if self._endpoint is None:
            async with client(self.central, f"/{identity}") as station:
                await until(lambda: self.central.is_connected(identity))
                yield station
            return
        transport = await self._endpoint.dial(identity)
        try:
            await until(lambda: self.central.is_connected(identity))
            yield Client(cast(Any, transport))
        finally:
            await transport.close()

    @asynccontextmanager
    async def station(self, identity: str = "CP1") -> AsyncIterator[Client]:
        """A station that is accepted."""
        async with self.connected(identity) as station:
            await boot(self.rig, station, identity)
            yield station

    @property
    def notes(self) -> list[str]:
        """What the central system found odd."""
        return [note.text for note in self.rig.of(Note)]

    @property
    def states(self) -> list[str]:
        """How the stations' connections went."""
        return [f"{state.station} {state.state}" for state in self.rig.of(LinkState)]


@asynccontextmanager
async def open_house(link: LinkKind, **options: Any) -> AsyncIterator[House]:
    """A central system that runs inside the block."""
    rig = Rig()
    endpoint = MemoryEndpoint() if link == "memory" else None
    if endpoint is None:
        central = rig.central_system(**options)
    else:
        central = CentralSystem(
            rig.stream, rig.clock, endpoint, ids=rig.ids, sent=rig.sent, **options
        )
    async with running(central):
        yield House(rig, central, endpoint)
