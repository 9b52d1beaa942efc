"""Foreign stations that send a flood of allowed messages: ``python -m tests.bench.peers``.

Each does its handshake by hand and then writes whole bursts of frames, as fast as they are taken.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from websockets.frames import Frame, Opcode

__all__ = ["FLOODS"]

MESSAGE = 1024 * 1024
"""Bytes of the longest message that is allowed."""


def _filled(begin: str, piece: str, end: str, between: str = "") -> str:
    room = MESSAGE - len(begin) - len(end) - 100
    count = room // (len(piece.encode()) + len(between))
    return f"{begin}{between.join([piece] * count)}{end}"


METERED = '{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"1"}]}'
LISTS = '{"connectorId":1,"meterValue":['
DATA = '{"vendorId":"v","data":"'

FLOODS: dict[str, tuple[str, Callable[[], str]]] = {
    "heartbeats": ("Heartbeat", lambda: "{}"),
    "empty arrays": ("MeterValues", lambda: _filled(LISTS, "[]", "]}", ",")),
    "empty objects": ("MeterValues", lambda: _filled(LISTS, "{}", "]}", ",")),
    "objects": ("MeterValues", lambda: _filled(LISTS, '{"":0}', "]}", ",")),
    "meter values": ("MeterValues", lambda: _filled(LISTS, METERED, "]}", ",")),
    "text": ("DataTransfer", lambda: _filled(DATA, "x", '"}')),
    "secrets": ("DataTransfer", lambda: _filled(DATA, "api_key=x ", '"}')),
    "emoji": ("DataTransfer", lambda: _filled(DATA, "\U0001f600", '"}')),
    "escapes": ("DataTransfer", lambda: _filled(DATA, "\\u00e9", '"}')),
    "unknown action": ("x" * 50, lambda: _filled(DATA, "x", '"}')),
    "small texts": ("DataTransfer", lambda: DATA + "x" * 900 + '"}'),
}
"""By name: action and payload."""


async def flood(url: str, identity: str, burst: list[bytes], pause: float) -> None:
    """Connect and write ``burst`` again and again, ``pause`` s between two of them."""
    host, _, port = url.removeprefix("ws://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /{identity} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    await reader.readuntil(b"\r\n\r\n")
    answers = asyncio.create_task(_read(reader))
    while not answers.done():
        for piece in burst:
            writer.write(piece)
            await writer.drain()
        await asyncio.sleep(pause)


async def _read(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def main(url: str, name: str, stations: int, messages: int, pause: float) -> None:
    """Flood until killed."""
    action, payload = FLOODS[name][0], FLOODS[name][1]()
    frames = [
        Frame(Opcode.TEXT, f'[2,"{number}","{action}",{payload}]'.encode()).serialize(mask=True)
        for number in range(messages if len(payload) < 10_000 else 2)
    ]
    burst = [b"".join(frames)] if len(payload) < 10_000 else frames * (messages // 2)
    await asyncio.gather(
        *(flood(url, f"FLOOD{number}", burst, pause) for number in range(stations)),
        return_exceptions=True,
    )


if __name__ == "__main__":
    url, name, stations, messages, pause = sys.argv[1:]
    asyncio.run(main(url, name, int(stations), int(messages), float(pause)))
