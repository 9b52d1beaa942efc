"""Links and what they publish, for one test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from websockets.asyncio.client import ClientConnection, connect

from evtui.central_system.system import CentralSystem
from evtui.central_system.websocket_endpoint import WebSocketEndpoint
from evtui.events import Event, EventStream, OcppMessage, Role
from evtui.ocpp16.version import OCPP_16, SUBPROTOCOL
from evtui.ocppj.limits import PING_INTERVAL, LinkCounters
from evtui.ocppj.link import Link, LinkClosed, MessageIds, SentMessages, Transport
from evtui.runtime.clock import LoopClock
from tests.patience import PATIENCE

E = TypeVar("E", bound=Event)

START_UTC = 1_700_000_000.0

BOOT = {"chargePointVendor": "evtui", "chargePointModel": "lab"}
NOW = "2026-01-01T00:00:00.000Z"


class Rig:
    """A stream on the running loop, and everything published on it; lab time is 0 now."""

    def __init__(self) -> None:
        self.clock = LoopClock(asyncio.get_running_loop(), START_UTC)
        self.stream = EventStream(self.clock)
        self.events: list[Event] = []
        self.stream.subscribe(self.events.append)
        self.ids = MessageIds("run")
        self.sent = SentMessages()

    def link(
        self,
        transport: Transport,
        role: Role = "central_system",
        *,
        supports: frozenset[str] = frozenset({"Heartbeat"}),
        timeout: float = 30.0,
        counters: LinkCounters | None = None,
        tolerant: bool = False,
    ) -> Link:
        """One end of CP1's connection."""
        return Link(
            transport,
            version=OCPP_16,
            station="CP1",
            role=role,
            stream=self.stream,
            source="csms" if role == "central_system" else "CP1",
            ids=self.ids,
            sent=self.sent,
            supports=supports,
            timeout=timeout,
            counters=counters,
            tolerant=tolerant,
        )

    def central_system(self, **options: Any) -> CentralSystem:
        """A central system on a free port of loopback, not started."""
        endpoint = WebSocketEndpoint(
            options.pop("port", 0),
            options.pop("listener", None),
            ping_interval=options.pop("ping_interval", PING_INTERVAL),
        )
        return CentralSystem(
            self.stream, self.clock, endpoint, ids=self.ids, sent=self.sent, **options
        )

    def of(self, kind: type[E]) -> list[E]:
        """Events of one type, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def messages(self, *, phase: str | None = None, kind: str | None = None) -> list[OcppMessage]:
        """OCPP messages published, oldest first."""
        return [
            message
            for message in self.of(OcppMessage)
            if (phase is None or message.phase == phase) and (kind is None or message.kind == kind)
        ]

    def log(self) -> list[str]:
        """OCPP messages in short, ``phase kind action``, with the error where there is one."""
        return [
            " ".join(filter(None, (one.phase, one.kind, one.action, one.error)))
            for one in self.of(OcppMessage)
        ]


async def until(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Wait for ``condition``, on real or virtual time, at most ``timeout`` s."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


class Serves(Protocol):
    """One end of a connection."""

    async def serve(self) -> None: ...


@asynccontextmanager
async def serving(end: Serves) -> AsyncIterator[asyncio.Task[None]]:
    """``end`` answers calls inside the block; the task it does that in."""
    task = asyncio.create_task(end.serve())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def reading(link: Link) -> AsyncIterator[asyncio.Task[None]]:
    """``link`` is read inside the block, so that its calls get their answers."""

    async def read() -> None:
        try:
            while True:
                await link.receive()
        except LinkClosed:
            pass

    task = asyncio.create_task(read())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def running(central: CentralSystem) -> AsyncIterator[asyncio.Task[None]]:
    """``central`` listens inside the block; the task it does that in."""
    task = asyncio.create_task(central.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await central.ready.wait()
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Client:
    """A foreign charge point: raw texts over a real WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._count = 0

    async def say(self, text: str | bytes) -> Any:
        """Send ``text`` and return the decoded answer."""
        await self.connection.send(text)
        return await self.hear()

    async def hear(self) -> Any:
        """The next message, decoded."""
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.connection.recv())

    async def call(self, action: str, payload: dict[str, Any]) -> Any:
        """Send a CALL and return the payload of its CALLRESULT."""
        self._count += 1
        uid = str(self._count)
        kind, answered, result = await self.say(json.dumps([2, uid, action, payload]))
        assert (kind, answered) == (3, uid)
        return result


@asynccontextmanager
async def client(central: CentralSystem, path: str = "/CP1") -> AsyncIterator[Client]:
    """A charge point connected to ``central``."""
    async with connect(
        central.url + path, subprotocols=[SUBPROTOCOL], proxy=None, max_size=None
    ) as connection:
        yield Client(connection)
