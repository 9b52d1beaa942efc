"""A relay of WebSocket messages and nothing else: what the proxy is held against.

Usage: python bare_relay.py UPSTREAM.  It says on standard output at which port it listens.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


async def pump(source: Any, sink: Any) -> None:
    try:
        async for text in source:
            await sink.send(text)
    except ConnectionClosed:
        pass
    await sink.close()


async def relay(station: ServerConnection) -> None:
    assert station.request is not None
    url = sys.argv[1] + station.request.path
    async with connect(url, subprotocols=["ocpp1.6"], compression=None, proxy=None) as upstream:  # type: ignore[list-item]
        await asyncio.gather(pump(station, upstream), pump(upstream, station))


async def main() -> None:
    options: dict[str, Any] = {"subprotocols": ["ocpp1.6"], "compression": None}
    async with serve(relay, "127.0.0.1", 0, **options) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await server.serve_forever()


asyncio.run(main())
