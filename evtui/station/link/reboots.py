"""Going down and coming up again (OCPP 1.6 sections 5.14 and 5.19)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from evtui.ocppj import Then
from evtui.station.connector.controller import ConnectorController
from evtui.station.context import StationContext

__all__ = ["Reboots"]

FLUSH = 2.0
"""s that a soft reset or a farewell waits for the last messages to be delivered."""

ANSWER_FIRST = 0.1
"""s before a reboot begins: a peer may lose the answer to its Reset when the connection is closed
right behind it."""


class Reboots:
    """Ends what runs and boots on a new connection.

    Args:
        context: what the charge point's pieces share.
        connectors: by connectorId, from 1.
        reconnect: closes the connection, so that the station boots on the next one.
    """

    def __init__(
        self,
        context: StationContext,
        connectors: Mapping[int, ConnectorController],
        reconnect: Callable[[], Awaitable[None]],
    ) -> None:
        self._context = context
        self._connectors = connectors
        self._reconnect = reconnect
        self._installing = False
        self._task: asyncio.Task[None] | None = None

    def reset(self, *, hard: bool, then: Then) -> str:
        """Answer a Reset.req (section 5.14)."""
        then(lambda: self.begin("HardReset" if hard else "SoftReset"))
        return "Accepted"

    def begin(self, reason: str) -> None:
        """Reboot, unless that goes on already.

        A soft reset lets the last messages out; any other reports its stops after the boot.

        Args:
            reason: OCPP 1.6 Reason (section 7.36) of the transactions that it ends.
        """
        if not self._context.rebooting:
            self._context.rebooting = True
            name = f"{self._context.identity.name} reboot"
            self._task = asyncio.create_task(self._go_down_and_up(reason), name=name)

    def installing(self, installing: bool) -> None:
        """New firmware takes the connectors out of use, or not any more (section 5.19).

        What was Unavailable for an installation is so until after the boot that ends it.
        """
        self._installing = installing
        if not self._context.rebooting:
            self._show_installing()

    def stop_charging(self, reason: str) -> None:
        """End every transaction here and now, and every start.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
        """
        for controller in self._connectors.values():
            controller.stop(reason)

    async def flush(self) -> None:
        """Wait for the last messages to be delivered, but not for long."""
        if not self._context.outbox.open:
            return
        try:
            async with asyncio.timeout(FLUSH):
                await self._context.outbox.flushed()
        except TimeoutError:
            self._context.note("left before the last messages were acknowledged", "warning")

    async def close(self) -> None:
        """Call off a reboot that goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _go_down_and_up(self, reason: str) -> None:
        try:
            await asyncio.sleep(ANSWER_FIRST)
            self.stop_charging(reason)
            if reason == "SoftReset":
                await self.flush()
            self._context.configuration.rebooted()
            await self._reconnect()
        finally:
            self._context.rebooting = False
            self._show_installing()

    def _show_installing(self) -> None:
        for controller in self._connectors.values():
            controller.update_firmware(updating=self._installing)
