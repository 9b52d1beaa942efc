"""A charge point: what others may ask of it, and what it does as long as it is run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from evtui.events import TransactionState
from evtui.power import Preset
from evtui.smart_charging import ProfileStore
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.connector.availability import Availability
from evtui.station.connector.charger_link import WATCH_EVERY
from evtui.station.connector.controller import ConnectorController
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement
from evtui.station.identity import Identity, Nameplate
from evtui.station.link.answers import OperationAnswers
from evtui.station.link.connection import Connection
from evtui.station.link.outbox import Outbox
from evtui.station.link.reboots import Reboots
from evtui.station.publisher import Publisher
from evtui.station.state.store import Interrupted, StateStore

__all__ = ["ChargePoint"]


class ChargePoint(msgspec.Struct, kw_only=True, eq=False):
    """One charge point with its connectors; a supervised part: :meth:`run` until cancelled.

    :func:`evtui.station.wire.build_charge_point` makes one.

    Attributes:
        nameplate: who it says it is.
        publisher: where everything is published.
        store: what it must not forget.
        configuration: its keys.
        profiles: the charging profiles it holds.
        outbox: what it has to say to the central system.
        reservations: of its connectors.
        connectors: by connectorId, from 1.
        availability: of itself and its connectors.
        connection: to the central system.
        reboots: going down and coming up again.
        firmware: its updates.
        diagnostics: its uploads.
        answers: what the central system is answered.
        interrupted: transactions that ran when the process before this one ended.
    """

    nameplate: Nameplate
    publisher: Publisher
    store: StateStore
    configuration: Configuration
    profiles: ProfileStore
    outbox: Outbox
    reservations: Reservations
    connectors: dict[int, ConnectorController]
    availability: Availability
    connection: Connection
    reboots: Reboots
    firmware: FirmwareManagement
    diagnostics: Diagnostics
    answers: OperationAnswers
    interrupted: list[Interrupted]

    @property
    def identity(self) -> Identity:
        """Who it says it is."""
        return self.nameplate.identity

    @property
    def accepted(self) -> bool:
        """True while the central system may be talked to."""
        return self.outbox.open

    def post(
        self, action: str, payload: dict[str, Any], done: Callable[[dict[str, Any] | None], None]
    ) -> bool:
        """Queue any call behind what the charge point has to say itself.

        Args:
            payload: as it goes over the wire.
            done: called with the payload of the answer, or with None when there was none.

        Returns:
            False when it was not queued because there is no accepted connection.
        """
        return self.outbox.post(action, payload, done=done)

    def mute(self, mute: bool) -> None:
        """Say nothing on a connection that stays open, or speak again."""
        self.outbox.mute = mute
        if not mute:
            self.outbox.go_on()
            self.tell_statuses()

    def tell_statuses(self, *, always: bool = False) -> None:
        """Tell the central system what it does not know of statuses.

        Args:
            always: tell it all of them.
        """
        self.availability.station.notify(always=always)
        for connector in self.connectors.values():
            connector.status_report.notify(always=always)

    async def flushed(self) -> None:
        """Return when everything it had to say was answered."""
        await self.outbox.flushed()

    async def run(self) -> None:
        """Be connected and watch the modules until cancelled."""
        self.availability.review()
        self._tell_interrupted()
        for connector in self.connectors.values():
            connector.metering.retime()
        watch = asyncio.create_task(self._watch(), name="module watch")
        try:
            await self.connection.run(self.answers)
        except Exception:
            self.stop_charging("Other")  # a station that crashed must not go on charging
            raise
        finally:
            watch.cancel()
            await asyncio.gather(watch, self.reboots.close(), return_exceptions=True)

    def stop_charging(self, reason: str) -> None:
        """End every transaction here and now, whatever the central system says.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
        """
        self.reboots.stop_charging(reason)

    def clock_set(self) -> None:
        """UTC jumped: what waits for a moment of it waits anew."""
        self.reservations.clock_set()
        self.firmware.clock_set()
        for connector in self.connectors.values():
            connector.clock_set()

    async def farewell(self) -> None:
        """End every transaction (reason Local) and let the last messages go out."""
        self.stop_charging("Local")
        await self.reboots.flush()

    def close(self) -> None:
        """Leave the chargers alone; call when the charge point is not run any more."""
        for connector in self.connectors.values():
            connector.close()
        self.availability.station.close()
        self.firmware.close()
        self.diagnostics.close()
        self.reservations.close()
        self.outbox.close()
        for connector in self.connectors.values():
            connector.module.close()

    def use(self, preset: Preset) -> None:
        """Another power stage stands behind the connectors."""
        for connector in self.connectors.values():
            connector.use(preset)
        self.configuration.use(preset)

    def _tell_interrupted(self) -> None:
        """Transactions that ran when the process died before this one, and what has no place."""
        gone = [number for number in self.store.connectors() if number not in self.connectors]
        if gone:
            self.publisher.note(
                f"state file: of connectors not there any more ({', '.join(map(str, gone))}) "
                "transactions have ended, reservations are forgotten, the rest waits for them",
                "warning",
            )
        interrupted, self.interrupted = self.interrupted, []
        name = self.publisher.name
        for end in interrupted:
            self.publisher.stream.publish(
                TransactionState(
                    source=name,
                    station=name,
                    connector=end.transaction.connector,
                    state="stopped",
                    transaction_id=end.transaction.transaction_id,
                    meter=end.meter_stop,
                    id_tag=end.transaction.id_tag,
                    reason=end.reason,
                )
            )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            for controller in self.connectors.values():
                controller.hardware.watch()
