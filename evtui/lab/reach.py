"""Whether our stations can reach their central system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from evtui.ocppj import LinkClosed, Transport
from evtui.station import Dial

__all__ = ["Reach"]


class Reach:
    """The network between our stations and their central system, which may be gone for a while.

    Args:
        dial: opens a transport for the charge point of an identity.
    """

    def __init__(self, dial: Callable[[str], Dial]) -> None:
        self._dial = dial
        self._open: dict[str, Transport] = {}
        self._outages = 0

    def dial(self, identity: str) -> Dial:
        """What opens a transport while the network is there."""
        return partial(self._connect, identity, self._dial(identity))

    async def outage(self, seconds: float) -> None:
        """End every connection, and let none be made for a while."""
        self._outages += 1
        try:
            gone, self._open = self._open, {}
            for transport in gone.values():
                await transport.close(1001, "the network is gone")
            await asyncio.sleep(seconds)
        finally:
            self._outages -= 1

    async def _connect(self, identity: str, dial: Dial) -> Transport:
        if self._outages:
            raise LinkClosed("cannot connect: the network is gone")
        transport = self._open[identity] = await dial()
        return transport
