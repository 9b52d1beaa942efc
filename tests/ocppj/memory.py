"""The in-memory connection, with an end that can stop reading."""

from __future__ import annotations

import asyncio

from evtui.ocppj.memory import MemoryTransport as PlainTransport

__all__ = ["MemoryTransport", "pair"]


class MemoryTransport(PlainTransport):
    """One end of a pair.

    Attributes:
        reads: cleared, this end takes nothing more, and who sends to it waits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, text: str | bytes) -> None:
        if isinstance(self._other, MemoryTransport):
            await self._other.reads.wait()
        await super().send(text)


def pair() -> tuple[MemoryTransport, MemoryTransport]:
    """Two connected ends."""
    one, other = MemoryTransport(), MemoryTransport()
    one._connect(other)
    other._connect(one)
    return one, other
