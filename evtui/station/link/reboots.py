"""Going down and coming up again (OCPP 1.6 sections 5.14 and 5.19)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from evtui.ocppj import Then
from evtui.station.configuration import Configuration
from evtui.station.connector.controller import ConnectorController
from evtui.station.link.outbox import Outbox
from evtui.station.publisher import Publisher

__all__ = ["Reboots"]

FLUSH = 2.0
"""s that a soft reset or a farewell waits for the last messages to be delivered."""

ANSWER_FIRST = 0.1
"""s before a reboot begins: a peer may lose the answer to its Reset when the connection is closed
right behind it."""


class Reboots:
    """Ends what runs and boots on a new connection.

    Args:
        connectors: by connectorId, from 1.
        configuration: told that the charge point has booted.
        outbox: asked for the last messages to go out.
        reconnect: closes the connection, so that the station boots on the next one.
    """

    def __init__(
        self,
        connectors: Mapping[int, ConnectorController],
        publisher: Publisher,
        configuration: Configuration,
        outbox: Outbox,
        reconnect: Callable[[], Awaitable[None]],
    ) -> None:
        self._connectors = connectors
        self._publisher = publisher
        self._configuration = configuration
        self._outbox = outbox
        self._reconnect = reconnect
        self._rebooting = False
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
        if not self._rebooting:
            self._set_rebooting(True)
            name = f"{self._publisher.name} reboot"
            self._task = asyncio.create_task(self._go_down_and_up(reason), name=name)

    def installing(self, installing: bool) -> None:
        """New firmware takes the connectors out of use, or not any more (section 5.19).

        What was Unavailable for an installation is so until after the boot that ends it.
        """
        self._installing = installing
        if not self._rebooting:
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
        if not self._outbox.open:
            return
        try:
            async with asyncio.timeout(FLUSH):
                await self._outbox.flushed()
        except TimeoutError:
            self._publisher.note("left before the last messages were acknowledged", "warning")

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
            self._configuration.rebooted()
            await self._reconnect()
        finally:
            self._set_rebooting(False)
            self._show_installing()

    def _set_rebooting(self, rebooting: bool) -> None:
        self._rebooting = rebooting
        for controller in self._connectors.values():
            controller.rebooting = rebooting

    def _show_installing(self) -> None:
        for controller in self._connectors.values():
            controller.update_firmware(updating=self._installing)
