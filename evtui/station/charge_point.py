"""A charge point: identity, configuration, lists, connectors, its modules' bus, its connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import can

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.protocol import MalformedFrame, StationMessage, decode, encode
from evtui.events import ConnectorState, EventStream, TransactionState
from evtui.ocpp16.link import MessageIds, SentMessages
from evtui.power import Preset
from evtui.runtime.clock import LoopClock
from evtui.smart_charging import ProfileStore
from evtui.station.authorization import Authorizer
from evtui.station.charging_profiles import ChargingProfiles
from evtui.station.configuration import Configuration
from evtui.station.connection import Connection, Dial
from evtui.station.connector import Status, station_status
from evtui.station.context import Identity, StationContext
from evtui.station.controller import ConnectorController
from evtui.station.diagnostics import Diagnostics
from evtui.station.firmware import FirmwareManagement
from evtui.station.id_tag_cache import IdTagCache
from evtui.station.journal import Journal
from evtui.station.local_list import LocalList
from evtui.station.outbox import Outbox
from evtui.station.reservations import Reservations
from evtui.station.session import Then
from evtui.station.state import StateStore, recover
from evtui.station.transfers import FileTransfers

__all__ = ["ChargePoint", "Equipment"]

FLUSH = 2.0
"""s that a soft reset or a farewell waits for the last messages to be delivered."""

RETIMED_BY = frozenset({"MeterValueSampleInterval", "ClockAlignedDataInterval"})


@dataclass(frozen=True, slots=True)
class Equipment:
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
        connectors: int = 1,
        reconfigured: Callable[[str], None] = lambda key: None,
    ) -> None:
        self._reconfigured = reconfigured
        self._ready = False
        self._operative = True
        self._inoperative_next = False
        self._installing_at: list[ConnectorController] = []
        self._tasks: set[asyncio.Task[None]] = set()
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
        self._interrupted = recover(store, self._after_crash, clock)
        outbox = Outbox(
            stream,
            identity.name,
            store,
            attempts=lambda: self.configuration.number("TransactionMessageAttempts"),
            retry_interval=lambda: self.configuration.number("TransactionMessageRetryInterval"),
        )
        self.local_list = LocalList(self.configuration)
        self._cache = IdTagCache()
        self.authorizer = Authorizer(
            self.configuration,
            clock,
            outbox,
            self.local_list,
            self._cache,
            conflict=self._on_list_conflict,
        )
        self.reservations = Reservations(
            range(1, connectors + 1),
            self.configuration,
            clock,
            status=self._status_of,
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
        self._node = bus.attach("charge-point", self._on_frame)
        for number in range(1, connectors + 1):
            self.connectors[number] = ConnectorController(
                self._context,
                number,
                partial(self._send, number),
                preset,
                ended=self._transaction_ended,
                neighbours=partial(self._others, number),
            )
        self.charging_profiles = ChargingProfiles(self._context, self.connectors)
        self.firmware = FirmwareManagement(
            self._context,
            equipment.transfers,
            busy=lambda: any(each.transaction for each in self.connectors.values()),
            installing=self._on_installing,
            reboot=self._on_new_firmware,
        )
        self.diagnostics = Diagnostics(self._context, equipment.transfers, equipment.journal)
        self.connection = Connection(
            self._context,
            self,
            dial,
            ids=ids,
            sent=sent,
            chance=chance,
            accepted=self._on_accepted,
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
        self._publish_station_status()
        self._tell_interrupted()
        for connector in self.connectors.values():
            connector.retime_meter_values()
        watch = asyncio.create_task(self._watch(), name="module watch")
        try:
            await self.connection.run()
        except Exception:
            self.stop_charging("Other")  # a station that crashed must not go on charging
            raise
        finally:
            watch.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(watch, *self._tasks, return_exceptions=True)

    def stop_charging(self, reason: str) -> None:
        """End every transaction here and now, whatever the central system says.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
        """
        for connector in self.connectors.values():
            connector.stop(reason)

    async def farewell(self) -> None:
        """End every transaction (reason Local) and let the last messages go out."""
        self.stop_charging("Local")
        await self._flush()

    def close(self) -> None:
        """Leave the bus; call when the charge point is not run any more."""
        for connector in self.connectors.values():
            connector.close()
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

    # What the central system may ask (session.Operations)

    def remote_start(
        self,
        id_tag: str,
        connector: int | None,
        profile: Mapping[str, Any] | None,
        then: Then,
    ) -> str:
        """RemoteStartTransaction (section 5.11); not allowed while Pending (section 4.2)."""
        if not self.accepted:
            return "Rejected"
        wanted = self.connectors.values() if connector is None else [self.connectors.get(connector)]
        usable = (each for each in wanted if each is not None and each.startable_by(id_tag))
        controller = next(usable, None)
        if controller is None:
            return "Rejected"
        if profile is not None:
            status = self.charging_profiles.set_for_start(controller.number, profile)
            if status != "Accepted":
                return status
        then(lambda: controller.request_start(id_tag) if controller.startable else None)
        return "Accepted"

    def remote_stop(self, transaction_id: int, then: Then) -> str:
        """RemoteStopTransaction (section 5.12): an unknown id is rejected."""
        if not self.accepted:
            return "Rejected"
        for controller in self.connectors.values():
            running = controller.transaction
            if running is not None and running.transaction_id == transaction_id:
                then(partial(controller.stop, "Remote"))
                return "Accepted"
        return "Rejected"

    def unlock(self, connector: int) -> str:
        """UnlockConnector (section 5.18); errata 3.36: no such connector is NotSupported."""
        controller = self.connectors.get(connector)
        return "NotSupported" if controller is None else controller.unlock()

    def change_availability(self, connector: int, *, operative: bool, then: Then) -> str:
        """ChangeAvailability (section 5.2); connector 0 means all of it."""
        if connector != 0:
            controller = self.connectors.get(connector)
            if controller is None:
                return "Rejected"
            status = controller.change_availability(operative=operative)
            self._keep_availability()
            return status
        answers = [
            controller.change_availability(operative=operative)
            for controller in self.connectors.values()
        ]
        self._inoperative_next = "Scheduled" in answers
        if self._inoperative_next:
            return "Scheduled"
        self._operative = operative
        self._keep_availability()
        then(self._publish_station_status)
        return "Accepted"

    def reset(self, *, hard: bool, then: Then) -> str:
        """Reset (section 5.14): transactions end, then the station boots again."""
        then(lambda: self._spawn(self._reset("HardReset" if hard else "SoftReset")))
        return "Accepted"

    def trigger(self, message: str, connector: int | None, then: Then) -> str:
        """TriggerMessage (section 5.17); a connector that means nothing to it is ignored."""
        match message:
            case "BootNotification":
                if self.accepted:  # errata 3.35: not before the next boot
                    return "Rejected"
                then(self.connection.boot_now)
            case "Heartbeat":
                then(partial(self._context.outbox.post, "Heartbeat", {}, triggered=True))
            case "StatusNotification":
                return self._trigger_status(connector, then)
            case "MeterValues":
                return self._trigger_meter_values(connector, then)
            case "FirmwareStatusNotification":
                then(partial(self.firmware.notify, triggered=True))
            case "DiagnosticsStatusNotification":
                then(partial(self.diagnostics.notify, triggered=True))
            case _:
                return "NotImplemented"
        return "Accepted"

    def remember(self) -> None:
        """Keep lists and reservations, which an operation may have changed."""
        self._store.save("local list", self.local_list.export())
        self._store.save("id tag cache", self._cache.export())
        self._store.save("reservations", self.reservations.export())

    # Inside: the bus

    def _send(self, connector: int, message: StationMessage) -> None:
        self._node.send(encode(message, connector))

    def _on_frame(self, frame: can.Message) -> None:
        try:
            received = decode(frame)
        except MalformedFrame:
            return
        if received is not None and received.connector in self.connectors:
            self.connectors[received.connector].on_message(received.message)

    def _others(self, number: int) -> list[ConnectorController]:
        return [each for each in self.connectors.values() if each.number != number]

    # Inside: what is asked

    def _trigger_status(self, connector: int | None, then: Then) -> str:
        if connector is not None and connector not in (0, *self.connectors):
            return "Rejected"
        if not connector:
            then(partial(self._notify_station, triggered=True))
        for number, controller in self.connectors.items():
            if connector in (None, number):
                then(partial(controller.notify, always=True, triggered=True))
        return "Accepted"

    def _trigger_meter_values(self, connector: int | None, then: Then) -> str:
        if connector is not None and connector not in self.connectors:
            return "Rejected"  # connector 0 would be the main meter: there is none
        for number, controller in self.connectors.items():
            if connector in (None, number):
                then(controller.trigger_meter_values)
        return "Accepted"

    async def _reset(self, reason: str) -> None:
        """Stop gracefully, or, for a hard reset, report the stop after the boot (5.14)."""
        self.stop_charging(reason)
        if reason == "SoftReset":
            await self._flush()
        self.configuration.rebooted()
        await self.connection.restart()

    async def _flush(self) -> None:
        if not self._context.outbox.open:
            return
        try:
            async with asyncio.timeout(FLUSH):
                await self._context.outbox.flushed()
        except TimeoutError:
            self._context.note("left before the last messages were acknowledged", "warning")

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
                controller.retime_meter_values()
        self._store.save("configuration", self.configuration.export())
        self._reconfigured(key)

    def _transaction_ended(self) -> None:
        self._keep_availability()
        if self._inoperative_next and not any(c.transaction for c in self.connectors.values()):
            self._inoperative_next = False
            self._operative = False
            self._keep_availability()
            self._publish_station_status()

    def _on_reservation(self, connector: int) -> None:
        if connector in self.connectors:
            self.connectors[connector].show_reserved(self.reservations.held(connector))
        self._store.save("reservations", self.reservations.export())

    def _on_list_conflict(self, id_tag: str) -> None:
        """The central system thinks otherwise of a tag than the list (section 3.5.2)."""
        self._notify_station(error_code="LocalListConflict")

    def _on_installing(self, installing: bool) -> None:
        """Connectors in use are left alone until they are free (section 4.5)."""
        if installing:
            self._installing_at = [c for c in self.connectors.values() if c.operative]
        for controller in self._installing_at:
            controller.change_availability(operative=not installing)

    def _on_new_firmware(self, version: str) -> None:
        self._context.identity = replace(self.identity, firmware=version)
        self._store.save("firmware", version)
        self._spawn(self._reset("Reboot"))

    def _on_accepted(self, booted: bool) -> None:
        """Tell the central system where we stand (section 4.9, errata 3.22)."""
        if booted:
            self._notify_station()
        for controller in self.connectors.values():
            controller.notify(always=booted)
        self.firmware.notify(triggered=False)
        self.diagnostics.notify(triggered=False)

    # Inside: over a crash

    def _keep_availability(self) -> None:
        inoperative = [each.number for each in self.connectors.values() if not each.operative]
        self._store.save("inoperative", inoperative if self._operative else [0, *inoperative])

    def _take_back(self) -> None:
        """What was kept before the last end of the process."""
        load = self._store.load
        for name, restore in (
            ("configuration", self.configuration.restore),
            ("local list", self.local_list.restore),
            ("id tag cache", self._cache.restore),
            ("reservations", self.reservations.restore),
        ):
            kept = load(name)
            if kept is None:
                continue
            try:
                restore(kept)
            except ValueError as error:
                self._context.note(f"{name} of the state file not used: {error}", "warning")
        self.charging_profiles.restore()
        inoperative = load("inoperative") or []
        self._operative = 0 not in inoperative
        for number in inoperative:
            if number in self.connectors:
                self.connectors[number].change_availability(operative=False)
        firmware = load("firmware")
        if firmware is not None:
            self._context.identity = replace(self.identity, firmware=firmware)

    def _tell_interrupted(self) -> None:
        """Transactions that ran when the process died before this one."""
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

    # Inside: reports

    @property
    def _status(self) -> Status:
        return station_status(operative=self._operative, faulted=False)

    def _status_of(self, connector: int) -> str:
        return str((self.connectors[connector].status if connector else self._status).value)

    def _publish_station_status(self) -> None:
        name = self.identity.name
        self._context.stream.publish(
            ConnectorState(source=name, station=name, connector=0, status=self._status.value)
        )
        self._notify_station()
        self.reservations.review()

    def _notify_station(self, *, error_code: str = "NoError", triggered: bool = False) -> None:
        payload = {
            "connectorId": 0,
            "errorCode": error_code,
            "status": self._status.value,
            "timestamp": self._context.clock.iso(),
        }
        self._context.outbox.post("StatusNotification", payload, triggered=triggered)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for controller in self.connectors.values():
                controller.watch_module()

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
