"""Another client that says it is one of our charge points."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from evtui.anomalies.targets.base import Site
from evtui.events import caused_by
from evtui.ocpp16 import OCPP_16
from evtui.ocppj import Link, LinkClosed

__all__ = ["SecondConnection"]


class SecondConnection:
    """A connection under the identity of a charge point, beside its own.

    Whoever dials needs to know no more than the identity where the central system asks for no
    password.  It answers every call of the central system with NotSupported.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._link: Link | None = None
        self._reader: asyncio.Task[None] | None = None
        self._count = 0

    @property
    def open(self) -> bool:
        """True while it is connected."""
        return self._reader is not None and not self._reader.done()

    async def dial(self) -> None:
        """Connect.

        Raises:
            LinkClosed: it did not work.
        """
        site = self._site
        transport = await site.line.dial_apart()
        self._count += 1
        link = self._link = Link(
            transport,
            version=OCPP_16,
            station=site.station,
            role="charge_point",
            stream=site.stream,
            source=f"{site.station}/second",
            ids=site.line.ids,
            sent=site.line.sent,
            supports=frozenset(),
            number=self._count,
        )
        with caused_by(None):
            self._reader = asyncio.get_running_loop().create_task(
                _read(link), name="second connection"
            )

    async def call(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send a call; returns the payload of its answer.

        Raises:
            LinkClosed, CallRefused, TimeoutError: see :meth:`Link.call`.
        """
        if self._link is None:
            raise LinkClosed("the second connection is not open")
        return await self._link.call(action, dict(payload))

    async def closed(self) -> None:
        """Return when it has been closed."""
        if self._reader is not None:
            await asyncio.wait({self._reader})

    async def close(self) -> None:
        """Close it."""
        if self._link is not None:
            await self._link.close(1000, "done")
            await self.closed()


async def _read(link: Link) -> None:
    with suppress(LinkClosed):
        while True:
            await link.receive()
