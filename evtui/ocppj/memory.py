"""A connection inside the process: two ends, texts in order, closable with a reason.

The same texts go over it as over a WebSocket, so framing, validation and taps are the same;
nothing else is needed for virtual time.
"""

from __future__ import annotations

import asyncio
from collections import deque

from evtui.ocppj.transport import LinkClosed

__all__ = ["MemoryTransport", "memory_pair"]


class MemoryTransport:
    """One end of a pair; a text is there for the other end as soon as it is sent."""

    def __init__(self) -> None:
        self._other = self
        self._inbox: deque[str | bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._closed: LinkClosed | None = None

    async def recv(self) -> str | bytes:
        """The next text; what was sent before a close still arrives.

        Raises:
            LinkClosed: the connection is gone.
        """
        while not self._inbox:
            if self._closed is not None:
                raise self._closed.anew()
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._inbox.popleft()

    async def send(self, text: str | bytes) -> None:
        """Hand a text to the other end.

        Raises:
            LinkClosed: the connection is gone.
        """
        if self._closed is not None:
            raise self._closed.anew()
        self._other._inbox.append(text)
        self._other._wake()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close both ends; closing again does nothing."""
        text = f"{code}: {reason}" if reason else f"{code}"
        self._end(LinkClosed(f"closed by us with {text}"))
        self._other._end(LinkClosed(f"closed by peer with {text}", code))

    def _connect(self, other: MemoryTransport) -> None:
        self._other = other

    def _end(self, closed: LinkClosed) -> None:
        if self._closed is None:
            self._closed = closed
            self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def memory_pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected ends."""
    one, other = MemoryTransport(), MemoryTransport()
    one._connect(other)
    other._connect(one)
    return one, other
