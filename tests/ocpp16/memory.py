"""A connection in memory: two ends, texts in order, closable with a reason."""

from __future__ import annotations

import asyncio

from evtui.ocpp16.link import LinkClosed

__all__ = ["MemoryTransport", "pair"]


class MemoryTransport:
    """One end of a pair.

    Attributes:
        reads: cleared, this end takes nothing more, and who sends to it waits.
    """

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self._other = self
        self._inbox: asyncio.Queue[str | bytes | LinkClosed] = asyncio.Queue()
        self._closed: LinkClosed | None = None

    def connect(self, other: MemoryTransport) -> None:
        """Make ``other`` the far end."""
        self._other = other

    async def recv(self) -> str | bytes:
        if self._closed is not None and self._inbox.empty():
            raise self._closed
        item = await self._inbox.get()
        if isinstance(item, LinkClosed):
            raise item
        return item

    async def send(self, text: str | bytes) -> None:
        if self._closed is not None:
            raise self._closed
        await self._other.reads.wait()
        self._other._inbox.put_nowait(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        text = f"{code}: {reason}" if reason else f"{code}"
        self._end(LinkClosed(f"closed by us with {text}"))
        self._other._end(LinkClosed(f"closed by peer with {text}"))

    def _end(self, closed: LinkClosed) -> None:
        if self._closed is None:
            self._closed = closed
            self._inbox.put_nowait(closed)


def pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected ends."""
    one, other = MemoryTransport(), MemoryTransport()
    one.connect(other)
    other.connect(one)
    return one, other
