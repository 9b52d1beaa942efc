"""A charge point: identity, configuration, lists, connectors, its modules' bus, its connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from evtui.canbus import CHARGE_POINT, SimulatedBus
from evtui.canbus.protocol import MalformedFrame, StationMessage, decode, encode
from evtui.events import CanFrame, EventStream, TransactionState
from evtui.ocppj import MessageIds, SentMessages
from evtui.power import Preset
from evtui.runtime import LoopClock
from evtui.smart_charging import ProfileStore
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.id_tag_cache import IdTagCache
from evtui.station.authorization.local_list import LocalList
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.connector.availability import Availability
from evtui.station.connector.charging_profiles import ChargingProfiles
from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.module_link import WATCH_EVERY
from evtui.station.connector.remote_control import RemoteControl
from evtui.station.context import Identity, StationContext
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement
from evtui.station.files.journal import Journal
from evtui.station.files.transfers import FileTransfers
from evtui.station.link.answers import OperationAnswers
from evtui.station.link.connection import Connection, Dial
from evtui.station.link.outbox import Outbox
from evtui.station.link.reboots import Reboots
from evtui.station.link.triggers import Triggers
from evtui.station.state.belongings import Belongings
from evtui.station.state.store import StateStore, recover

__all__ = ["ChargePoint", "Equipment"]

LONGEST_VERSION = 50
"""Characters of firmwareVersion (section 6.3)."""

RETIMED_BY = frozenset({"MeterValueSampleInterval", "ClockAlignedDataInterval"})


class Equipment(msgspec.Struct, frozen=True):
    """What a charge point has beside its bus.

    Attributes:
        store: what it must not forget.
        transfers: how it fetches and sends files.
        journal: what it remembers of itself, for diagnostics.
        persist_interval: s between two registers kept while a transaction runs.
        after_crash: reason of a StopTransaction for a transaction that a crash ended,
            ``Reboot`` or ``PowerLoss`` (section 7.36).
        call_timeout: s to wait for an answer of the central system.
    """

    store: StateStore
    transfers: FileTransfers
    journal: Journal
    persist_interval: float = 1.0
    after_crash: str = "Reboot"
    call_timeout: float = 30.0


class ChargePoint:
    """One charge point with its connectors; a supervised part: :meth:`run` until cancelled.

    Args:
        identity: who it says it is.
        stream: where everything is published.
        clock: lab clock.
        bus: where its charger modules are, one for each connector.
        preset: kind of power stage.
        dial: opens a transport to the central system.
        equipment: what else it has.
        ids: message ids.
        sent: twins of messages, shared with our central system.
        chance: spreads reconnects.
        connectors: how many.
        meter_interval: s between MeterValues.
        strict: reject a TxProfile without a transaction.
        tolerant: act on messages of the central system that break their schemas slightly.
        reconfigured: called with the key after a configuration key has changed.
    """

    def __init__(
        self,
        identity: Identity,
        stream: EventStream,
        clock: LoopClock,
        bus: SimulatedBus,
        preset: Preset,
        dial: Dial,
        equipment: Equipment,
        *,
        ids: MessageIds,
        sent: SentMessages,
        chance: random.Random,
        meter_interval: float,
        strict: bool,
        tolerant: bool = False,
        connectors: int = 1,
        reconfigured: Callable[[str], None] = lambda key: None,
    ) -> None:
        self._reconfigured = reconfigured
        self._ready = False
        self.connectors: dict[int, ConnectorController] = {}
        self.configuration = Configuration(
            connectors=connectors,
            meter_interval=meter_interval,
            strict=strict,
            changed=self._configuration_changed,
            refused=lambda line: self._context.note(line, "warning"),
        )
        self._store = store = equipment.store
        self._after_crash = equipment.after_crash
        self._interrupted = recover(store, self._after_crash)
        outbox = Outbox(
            stream,
            identity.name,
            store,
            attempts=lambda: self.configuration.number("TransactionMessageAttempts"),
            retry_interval=lambda: self.configuration.number("TransactionMessageRetryInterval"),
        )
        self.local_list = LocalList(self.configuration, changed=lambda: self._keep("local list"))
        cache = IdTagCache(changed=lambda: self._keep("id tag cache"))
        self.authorizer = Authorizer(
            self.configuration,
            clock,
            outbox,
            self.local_list,
            cache,
            conflict=self._on_list_conflict,
        )
        self.reservations = Reservations(
            range(1, connectors + 1),
            self.configuration,
            clock,
            status=lambda number: self.availability.status_of(number).value,
            changed=self._on_reservation,
        )
        self._context = StationContext(
            identity,
            stream,
            clock,
            self.configuration,
            ProfileStore(),
            outbox,
            store,
            self.authorizer,
            self.reservations,
            equipment.persist_interval,
        )
        self._node = bus.attach(CHARGE_POINT, self._on_frame)
        for number in range(1, connectors + 1):
            self.connectors[number] = ConnectorController(
                self._context,
                number,
                partial(self._send, number),
                preset,
                ended=lambda: self.availability.review(),
                neighbours=partial(self._others, number),
            )
        self.availability = Availability(
            self._context, self.connectors, changed=lambda: self._keep("availability")
        )
        self.charging_profiles = ChargingProfiles(
            self._context, self.connectors, changed=lambda: self._keep("charging profiles")
        )
        self.remote_control = RemoteControl(self._context, self.connectors, self.charging_profiles)
        self.reboots = Reboots(
            self._context, self.connectors, reconnect=lambda: self.connection.restart()
        )
        self.firmware = FirmwareManagement(
            self._context,
            equipment.transfers,
            busy=lambda: any(each.transaction for each in self.connectors.values()),
            installing=self.reboots.installing,
            reboot=self._on_new_firmware,
            changed=lambda: self._keep("firmware update"),
        )
        self.diagnostics = Diagnostics(
            self._context,
            equipment.transfers,
            equipment.journal,
            changed=lambda: self._keep("diagnostics upload"),
        )
        self.connection: Connection = Connection(
            self._context,
            OperationAnswers(self),
            dial,
            ids=ids,
            sent=sent,
            chance=chance,
            accepted=self._on_accepted,
            tolerant=tolerant,
        )
        self.triggers = Triggers(
            self._context,
            self.connectors,
            self.availability.station,
            self.firmware,
            self.diagnostics,
            boot_now=self.connection.boot_now,
            booted=lambda: self.connection.booted,
        )
        self._belongings = Belongings(
            store,
            {
                "configuration": self.configuration,
                "local list": self.local_list,
                "id tag cache": cache,
                "charging profiles": self._context.profiles,
                "reservations": self.reservations,
                "availability": self.availability,
                "firmware update": self.firmware,
                "diagnostics upload": self.diagnostics,
            },
        )
        self.use(preset)
        self.configuration.set("MessageTimeout", equipment.call_timeout)
        self._take_back()
        self._ready = True

    @property
    def identity(self) -> Identity:
        """Who it says it is."""
        return self._context.identity

    @property
    def profiles(self) -> ProfileStore:
        """The charging profiles it holds."""
        return self._context.profiles

    @property
    def accepted(self) -> bool:
        """True while the central system may be talked to."""
        return self._context.outbox.open

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
        return self._context.outbox.post(action, payload, done=done)

    async def flushed(self) -> None:
        """Return when everything it had to say was answered."""
        await self._context.outbox.flushed()

    async def run(self) -> None:
        """Be connected and watch the modules until cancelled."""
        self.availability.review()
        self._tell_interrupted()
        for connector in self.connectors.values():
            connector.metering.retime()
        watch = asyncio.create_task(self._watch(), name="module watch")
        try:
            await self.connection.run()
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
        """Leave the bus; call when the charge point is not run any more."""
        for connector in self.connectors.values():
            connector.close()
        self.availability.station.close()
        self.firmware.close()
        self.diagnostics.close()
        self.reservations.close()
        self._context.outbox.close()
        self._node.detach()

    def use(self, preset: Preset) -> None:
        """Another power stage stands behind the connectors."""
        for connector in self.connectors.values():
            connector.use(preset)
        self.configuration.use(preset)

    # Inside: the bus

    def _send(self, connector: int, message: StationMessage) -> None:
        self._node.send(encode(message, connector))

    def _on_frame(self, frame: CanFrame) -> None:
        try:
            received = decode(frame)
        except MalformedFrame:
            return
        if received is not None and received.connector in self.connectors:
            self.connectors[received.connector].on_message(received.message)

    def _others(self, number: int) -> list[ConnectorController]:
        return [each for each in self.connectors.values() if each.number != number]

    # Inside: what changes

    def _configuration_changed(self, key: str) -> None:
        if not self._ready:
            return
        if key == "EvtuiDefaultLimit":
            for controller in self.connectors.values():
                controller.apply_limit()
        elif key == "HeartbeatInterval":
            self.connection.retime_heartbeats()
        elif key == "WebSocketPingInterval":
            self.connection.retime_pings()
        elif key in RETIMED_BY:
            for controller in self.connectors.values():
                controller.metering.retime()
        self._keep("configuration")
        self._reconfigured(key)

    def _keep(self, name: str) -> None:
        if self._ready:  # not what was only just taken back
            self._belongings.keep(name)

    def _on_reservation(self, connector: int) -> None:
        if connector in self.connectors:
            self.connectors[connector].show_reserved(self.reservations.held(connector))
        self._keep("reservations")

    def _on_list_conflict(self, id_tag: str) -> None:
        """The central system thinks otherwise of a tag than the list (section 3.5.2)."""
        self.availability.station.notify(always=True, error_code="LocalListConflict")

    def _on_new_firmware(self, version: str) -> None:
        self._context.identity = replace(self.identity, firmware=version)
        self._store.save("firmware", version)
        self.reboots.begin("Reboot")

    def _on_accepted(self, booted: bool) -> None:
        """Tell the central system where we stand (section 4.9, errata 3.22)."""
        self.availability.station.notify(always=booted)
        for controller in self.connectors.values():
            controller.status_report.notify(always=booted)
        self.firmware.notify(triggered=False)
        self.diagnostics.notify(triggered=False)

    # Inside: over a crash

    def _take_back(self) -> None:
        """What was kept before the last end of the process."""
        self._belongings.take_back()
        firmware = self._store.load("firmware")
        if firmware is not None:
            if not (isinstance(firmware, str) and 0 < len(firmware) <= LONGEST_VERSION):
                raise self._store.damaged(f"document firmware: {firmware!r:.60} is no version")
            self._context.identity = replace(self.identity, firmware=firmware)
        for controller in self.connectors.values():
            controller.apply_limit()

    def _tell_interrupted(self) -> None:
        """Transactions that ran when the process died before this one, and what has no place."""
        gone = [number for number in self._store.connectors() if number not in self.connectors]
        if gone:
            self._context.note(
                f"state file: of connectors not there any more ({', '.join(map(str, gone))}) "
                "transactions have ended, reservations are forgotten, the rest waits for them",
                "warning",
            )
        interrupted, self._interrupted = self._interrupted, []
        name = self.identity.name
        for end in interrupted:
            self._context.stream.publish(
                TransactionState(
                    source=name,
                    station=name,
                    connector=end.transaction.connector,
                    state="stopped",
                    transaction_id=end.transaction.transaction_id,
                    meter=end.meter_stop,
                    id_tag=end.transaction.id_tag,
                    reason=self._after_crash,
                )
            )

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            for controller in self.connectors.values():
                controller.watch_module()
