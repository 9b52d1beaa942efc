"""A proxy with somebody's central system behind it and somebody's charge points before it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from evtui.events import Event, EventStream, OcppMessage
from evtui.ocppj import MessageIds, SentMessages
from evtui.proxy import Proxy
from evtui.runtime import LoopClock, listen
from tests.patience import PATIENCE

__all__ = ["ProxyRig", "Upstream", "proxied", "until"]

E = TypeVar("E", bound=Event)


class Upstream:
    """A central system that answers every call with an empty result, unless told otherwise."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.received: list[str | bytes] = []
        self.serve: Callable[[ServerConnection], Awaitable[None]] = self.answer

    async def answer(self, connection: ServerConnection) -> None:
        async for text in connection:
            self.received.append(text)
            if isinstance(text, str) and text.startswith("[2"):
                await connection.send(json.dumps([3, json.loads(text)[1], {}]))

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        await self.serve(connection)

    @property
    def path(self) -> str:
        """Of the newest request."""
        request = self.connections[-1].request
        assert request is not None
        return request.path


class ProxyRig:
    def __init__(self, proxy: Proxy, port: int, events: list[Event], upstream: Upstream) -> None:
        self.proxy = proxy
        self.port = port
        self.events = events
        self.upstream = upstream

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def messages(self, phase: str, **facts: Any) -> list[OcppMessage]:
        return [
            each
            for each in self.of(OcppMessage)
            if each.phase == phase
            and all(getattr(each, name) == value for name, value in facts.items())
        ]

    async def station(self, path: str = "/CP1", **options: Any) -> ClientConnection:
        options = {"subprotocols": ["ocpp1.6"], "compression": None, "proxy": None, **options}
        return await connect(f"ws://127.0.0.1:{self.port}{path}", **options)


@asynccontextmanager
async def proxied(
    base: str = "", upstream_port: int | None = None, **options: Any
) -> AsyncIterator[ProxyRig]:
    """A proxy in front of a central system whose server takes ``options``."""
    upstream, events = Upstream(), list[Event]()
    stream = EventStream(LoopClock(asyncio.get_running_loop()))
    stream.subscribe(events.append)
    options = {"subprotocols": ["ocpp1.6", "ocpp2.0.1"], "compression": None, **options}
    async with serve(upstream.handle, "127.0.0.1", 0, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        listener = listen(0)
        own = listener.getsockname()[1]
        proxy = Proxy(
            stream,
            f"ws://127.0.0.1:{port if upstream_port is None else upstream_port}{base}",
            listener,
            shown_as=f"127.0.0.1:{own}",
            ids=MessageIds("t"),
            sent=SentMessages(),
        )
        task = asyncio.create_task(proxy.run())
        try:
            yield ProxyRig(proxy, own, events, upstream)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
