"""Where the charge points of the same process reach their central system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.central_system.reception import Reception
from evtui.events import caused_by
from evtui.ocppj import LinkClosed, MemoryTransport, memory_pair

__all__ = ["MemoryEndpoint"]


class MemoryEndpoint:
    """Where the charge points of the same process reach their central system."""

    url = "memory:csms"

    def __init__(self) -> None:
        self._reception: Reception | None = None
        self._sessions: dict[asyncio.Task[None], MemoryTransport] = {}

    async def serve(self, reception: Reception, listens: Callable[[], None]) -> None:
        """Let stations in until cancelled; their connections are closed then."""
        self._reception = reception
        try:
            listens()
            await asyncio.get_running_loop().create_future()
        finally:
            self._reception = None
            for transport in tuple(self._sessions.values()):
                await transport.close(1001, "central system stopped")
            await asyncio.gather(*self._sessions, return_exceptions=True)

    async def dial(self, identity: str) -> MemoryTransport:
        """Connect a charge point.

        Raises:
            LinkClosed: the central system does not listen, or does not let it in.
        """
        if self._reception is None:
            raise LinkClosed("cannot connect: the central system does not listen")
        door = self._reception.door(identity)
        if door is not None:
            raise LinkClosed(f"cannot connect: {door.status}: {door.text}")
        ours, theirs = memory_pair()
        with caused_by(None):
            session = asyncio.get_running_loop().create_task(
                self._reception.session(identity, theirs), name=f"session of {identity}"
            )
        self._sessions[session] = theirs
        session.add_done_callback(self._sessions.pop)
        return ours
