"""A charge point: identity, configuration, profiles, connectors and its connection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ocpp.exceptions import PropertyConstraintViolationError
from ocpp.v16 import call

from evtui.canbus.bus import SimulatedBus
from evtui.events import ConnectorState, EventStream
from evtui.ocpp16.link import MessageIds, SentMessages
from evtui.ocpp16.peer import PlainCall
from evtui.power import Preset
from evtui.runtime.clock import LoopClock
from evtui.smart_charging import (
    InvalidProfile,
    ProfileStore,
    Purpose,
    StoredProfile,
    profile_from_payload,
)
from evtui.station.configuration import Configuration
from evtui.station.connection import Connection, Dial
from evtui.station.connector import Status, station_status
from evtui.station.context import Identity, StationContext
from evtui.station.controller import ConnectorController
from evtui.station.outbox import Outbox
from evtui.station.session import Then

__all__ = ["ChargePoint"]

FLUSH = 2.0
"""s that a reset or a farewell waits for the last messages to be delivered."""


class ChargePoint:
    """One charge point with its connectors; a supported part: :meth:`run` until cancelled.

    Args:
        identity: who it says it is.
        stream: where everything is published.
        clock: lab clock.
        bus: where its charger modules are; one for each connector.
        preset: kind of power stage.
        dial: opens a transport to the central system.
        ids: message ids.
        sent: twins of messages, shared with our central system.
        chance: spreads reconnects.
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
        *,
        ids: MessageIds,
        sent: SentMessages,
        chance: random.Random,
        meter_interval: float,
        strict: bool,
        reconfigured: Callable[[str], None] = lambda key: None,
    ) -> None:
        self._reconfigured = reconfigured
        self.configuration = Configuration(
            connectors=1,
            meter_interval=meter_interval,
            strict=strict,
            changed=self._configuration_changed,
        )
        self.profiles = ProfileStore()
        outbox = Outbox(
            attempts=lambda: int(self.configuration.number("TransactionMessageAttempts")),
            retry_interval=lambda: self.configuration.number("TransactionMessageRetryInterval"),
            lost=lambda text: self._context.note(text, "warning"),
        )
        self._context = StationContext(
            identity, stream, clock, self.configuration, self.profiles, outbox
        )
        self._operative = True
        self._inoperative_next = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.connectors = {
            1: ConnectorController(self._context, 1, bus, preset, self._transaction_ended)
        }
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

    @property
    def identity(self) -> Identity:
        """Who it says it is."""
        return self._context.identity

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
        return self._context.outbox.post(lambda: PlainCall(action, payload), done=done)

    async def flushed(self) -> None:
        """Return when everything it had to say was answered."""
        await self._context.outbox.flushed()

    async def run(self) -> None:
        """Be connected and watch the modules until cancelled."""
        self._publish_station_status()
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

    def use(self, preset: Preset) -> None:
        """Another power stage stands behind the connectors."""
        self.configuration.set(
            "EvtuiAmpereMeaning", "output current" if preset.ac is None else "current per phase"
        )
        for connector in self.connectors.values():
            connector.use(preset)
        self.configuration.set("EvtuiDefaultLimit", preset.default_limit)

    # What the central system may ask (session.Operations)

    def remote_start(
        self,
        id_tag: str,
        connector: int | None,
        profile: Mapping[str, Any] | None,
        then: Then,
    ) -> str:
        """RemoteStartTransaction (section 5.11); not allowed while Pending (section 4.2)."""
        controller = self.connectors.get(1 if connector is None else connector)
        if controller is None or not controller.startable or not self.accepted:
            return "Rejected"
        if profile is not None:
            purpose = profile["charging_profile_purpose"]
            if purpose != Purpose.TX or "transaction_id" in profile:  # section 5.16.2
                return "Rejected"
            if self._install(controller.number, profile, bound=True) != "Accepted":
                return "Rejected"
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

    def set_charging_profile(self, connector: int, profile: Mapping[str, Any]) -> str:
        """SetChargingProfile (sections 3.13 and 5.16).

        Raises:
            PropertyConstraintViolationError: there is no such connector (errata 3.39).
        """
        if connector != 0 and connector not in self.connectors:
            raise PropertyConstraintViolationError(f"there is no connector {connector}")
        purpose = Purpose(profile["charging_profile_purpose"])
        if (purpose is Purpose.CHARGE_POINT_MAX) != (connector == 0) and (
            purpose is not Purpose.TX_DEFAULT
        ):
            return "Rejected"
        bound = True
        if purpose is Purpose.TX:
            running = self.connectors[connector].transaction
            wanted = profile.get("transaction_id")
            if running is None and wanted is None and not self._strict:
                bound = False
            elif running is None or wanted not in (None, running.transaction_id):
                return "Rejected"
        status = self._install(connector, profile, bound=bound)
        if status == "Accepted" and not bound:
            self._context.note(
                "lenient: took a TxProfile although no transaction runs (OCPP 1.6 5.16.4 says no)"
            )
        return status

    def clear_charging_profile(
        self,
        profile_id: int | None,
        connector: int | None,
        purpose: Purpose | None,
        stack_level: int | None,
    ) -> str:
        """ClearChargingProfile (section 5.5)."""
        cleared = self.profiles.clear(profile_id, connector, purpose, stack_level)
        self._apply_limits()
        return "Accepted" if cleared else "Unknown"

    def change_availability(self, connector: int, *, operative: bool, then: Then) -> str:
        """ChangeAvailability (section 5.2); connector 0 means all of it."""
        if connector != 0:
            controller = self.connectors.get(connector)
            if controller is None:
                return "Rejected"
            return controller.change_availability(operative=operative)
        answers = [
            controller.change_availability(operative=operative)
            for controller in self.connectors.values()
        ]
        self._inoperative_next = "Scheduled" in answers
        if self._inoperative_next:
            return "Scheduled"
        self._operative = operative
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
                return "Accepted"
            case "Heartbeat" | "StatusNotification" | "MeterValues" if not self.accepted:
                return "Rejected"
            case "Heartbeat":
                then(partial(self._context.outbox.post, call.Heartbeat))
                return "Accepted"
            case "StatusNotification":
                return self._trigger_status(connector, then)
            case "MeterValues":
                return self._trigger_meter_values(connector, then)
        return "NotImplemented"

    # Inside

    def _trigger_status(self, connector: int | None, then: Then) -> str:
        if connector is not None and connector not in (0, *self.connectors):
            return "Rejected"
        if not connector:
            then(self._notify_station)
        for number, controller in self.connectors.items():
            if connector in (None, number):
                then(partial(controller.notify, always=True))
        return "Accepted"

    def _trigger_meter_values(self, connector: int | None, then: Then) -> str:
        if connector is not None and connector not in self.connectors:
            return "Rejected"  # connector 0 would be the main meter: there is none
        for number, controller in self.connectors.items():
            if connector in (None, number):
                then(partial(controller.post_meter_values, "Trigger"))
        return "Accepted"

    @property
    def _strict(self) -> bool:
        return self.configuration.flag("EvtuiStrictTxProfile")

    @property
    def _status(self) -> Status:
        return station_status(operative=self._operative, faulted=False)

    def _install(self, connector: int, payload: Mapping[str, Any], *, bound: bool) -> str:
        number = self.configuration.number
        try:
            profile = profile_from_payload(payload)
        except InvalidProfile as error:
            self._context.note(f"charging profile rejected: {error}", "warning")
            return "Rejected"
        stored = StoredProfile(connector, profile, bound)
        if (
            not 0 <= profile.stack_level <= number("ChargeProfileMaxStackLevel")
            or len(profile.periods) > number("ChargingScheduleMaxPeriods")
            or not self.profiles.has_room_for(stored, int(number("MaxChargingProfilesInstalled")))
        ):
            return "Rejected"
        self.profiles.install(stored)
        self._apply_limits()
        return "Accepted"

    def _apply_limits(self) -> None:
        for controller in self.connectors.values():
            controller.apply_limit()

    def _configuration_changed(self, key: str) -> None:
        match key:
            case "EvtuiDefaultLimit":
                self._apply_limits()
            case "HeartbeatInterval":
                self.connection.retime_heartbeats()
            case "MeterValueSampleInterval":
                for controller in self.connectors.values():
                    controller.schedule_meter_values()
        self._reconfigured(key)

    def _transaction_ended(self) -> None:
        if self._inoperative_next and not any(c.transaction for c in self.connectors.values()):
            self._inoperative_next = False
            self._operative = False
            self._publish_station_status()

    def _on_accepted(self, booted: bool) -> None:
        """Tell the central system where we stand (section 4.9, errata 3.22)."""
        if booted:
            self._notify_station()
        for controller in self.connectors.values():
            controller.notify(always=booted)

    def _publish_station_status(self) -> None:
        name = self.identity.name
        self._context.stream.publish(
            ConnectorState(source=name, station=name, connector=0, status=self._status.value)
        )
        self._notify_station()

    def _notify_station(self) -> None:
        timestamp = self._context.clock.iso()
        self._context.outbox.post(
            lambda: call.StatusNotification(
                connector_id=0, error_code="NoError", status=self._status, timestamp=timestamp
            )
        )

    async def _reset(self, reason: str) -> None:
        self.stop_charging(reason)
        await self._flush()
        await self.connection.restart()

    async def _flush(self) -> None:
        if not self._context.outbox.open:
            return
        try:
            async with asyncio.timeout(FLUSH):
                await self._context.outbox.flushed()
        except TimeoutError:
            self._context.note("left before the last messages were acknowledged", "warning")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for controller in self.connectors.values():
                controller.watch_module()

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
