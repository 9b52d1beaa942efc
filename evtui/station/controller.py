"""One connector at work: its transaction, its limit, its module on CAN, its status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import floor
from typing import Any

import can
from ocpp.v16 import call
from ocpp.v16.datatypes import MeterValue

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.protocol import (
    Current,
    MalformedFrame,
    SetLimit,
    StartCharging,
    StationMessage,
    StopCharging,
    decode,
    encode,
)
from evtui.events import Sample, TransactionState, caused_by
from evtui.power import Preset, StageState
from evtui.station.connector import Status, is_established
from evtui.station.context import StationContext
from evtui.station.limiter import Limiter
from evtui.station.metering import Meter, sampled_values
from evtui.station.status import StatusReporter
from evtui.station.transaction import Transaction

__all__ = ["ConnectorController"]

MODULE_SILENCE = 1.0
"""s without a 0x300 after which the module counts as lost: ten of its periods."""


class ConnectorController:
    """Connector logic; runs on the engine's loop, never waits, is told what happens.

    Args:
        context: what the charge point's pieces share.
        number: connectorId, from 1.
        bus: where the charger module is.
        preset: kind of power stage behind it.
        ended: called after a transaction has ended.
    """

    def __init__(
        self,
        context: StationContext,
        number: int,
        bus: SimulatedBus,
        preset: Preset,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.number = number
        self.transaction: Transaction | None = None
        self.reported: float | None = None
        self._context = context
        self._preset = preset
        self._ended = ended
        self._meter = Meter(preset)
        self._node = bus.attach("charge-point", self._on_frame)
        self._status = StatusReporter(context, number)
        self._stage: StageState | None = None
        self._id_tag = ""
        self._limiter = Limiter(context, number, preset, self._limit_applied)
        self._limit_sent: int | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._module_seen: float | None = None
        self._inoperative_next = False

    # What others may know

    @property
    def status(self) -> Status:
        """Status of OCPP 1.6 section 4.9."""
        return self._status.status

    @property
    def limit(self) -> float:
        """A that the station allows now."""
        return self._limiter.limit

    @property
    def plugged(self) -> bool:
        """True while a vehicle is plugged in."""
        return self._status.facts.plugged

    @property
    def busy(self) -> bool:
        """True while a transaction runs or is to start."""
        return self._status.facts.transaction or self._status.facts.starting

    @property
    def startable(self) -> bool:
        """True when a remote start can be accepted now."""
        return not (self.busy or self._status.facts.faulted) and self._status.facts.operative

    # Hardware: CAN and the station's own wires

    def _send(self, value: StationMessage) -> None:
        self._node.send(encode(value))

    def _on_frame(self, message: can.Message) -> None:
        try:
            value = decode(message)
        except MalformedFrame:
            return
        if not isinstance(value, Current):
            return
        now = self._context.clock.now()
        back = self._module_seen is None or now - self._module_seen > MODULE_SILENCE
        self._module_seen = now
        voltage = self._stage.voltage if self._stage is not None else 0.0
        self._meter.report(float(value.amperes), voltage, now)
        if back:
            self._module_is_back()

    def _module_is_back(self) -> None:
        """Bring a module that has just appeared to what it should be doing."""
        with caused_by(None):
            self._limit_sent = None
            self.apply_limit()
            if self.transaction is not None:
                self._send(StartCharging())  # it may have missed the first one
            if self._status.facts.faulted:
                self._send(StopCharging())
                self._status.error_code, self._status.info = "NoError", ""
                self._status.update(faulted=False)

    def watch_module(self) -> None:
        """Called about once a second: a silent module is a fault that ends the transaction."""
        if self._module_seen is None or self._status.facts.faulted:
            return
        now = self._context.clock.now()
        if now - self._module_seen > MODULE_SILENCE:
            self._status.error_code = "InternalError"
            self._status.info = "charger module silent on CAN"
            self._meter.report(0.0, 0.0, now)  # what nobody reports is not counted
            self._status.update(faulted=True)
            self.stop("Other")

    def on_stage(self, state: StageState) -> None:
        """What the power stage does; called after each of its steps, every 100 ms."""
        self._stage = state
        facts = self._status.facts
        if state.phase != facts.phase:
            established = facts.established or is_established(state.phase)
            self._status.update(phase=state.phase, established=facts.transaction and established)
        self._limiter.on_voltage(state.voltage)
        transaction = self.transaction
        name = self._context.identity.name
        self._context.stream.publish(
            Sample(
                source=name,
                station=name,
                connector=self.number,
                current=state.current,
                limit=self.limit,
                target=state.target,
                voltage=state.voltage,
                power=state.power,
                energy=state.energy,
                temperature=state.temperature,
                contactor=state.contactor,
                status=self.status.value,
                reported=self.reported,
                soc=state.soc,
                transaction_id=transaction.transaction_id if transaction else None,
                phase=state.phase,
            )
        )

    def use(self, preset: Preset) -> None:
        """Another power stage is behind the connector now."""
        self._preset = self._limiter.preset = preset
        self._meter.use(preset)
        self.apply_limit()

    # Vehicle and people

    def plug(self) -> None:
        """A vehicle is plugged in."""
        self._status.update(plugged=True)
        if self._status.facts.starting and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._go()

    def unplug(self) -> None:
        """The vehicle goes; a running transaction ends (StopTransactionOnEVSideDisconnect)."""
        if self._status.facts.transaction:
            self._status.info = "EV side disconnected"  # section 4.9 wants the reason said
            self.stop("EVDisconnected")
            self._status.info = ""
        self._status.update(plugged=False, finishing=False)

    # Transactions

    def request_start(self, id_tag: str) -> None:
        """Start a transaction as soon as there is a vehicle, within ConnectionTimeOut."""
        self._id_tag = id_tag
        self._status.update(starting=True, finishing=False)
        if self._status.facts.plugged:
            self._go()
            return
        timeout = self._context.configuration.number("ConnectionTimeOut")
        self._waiting = asyncio.get_running_loop().call_later(timeout, self._give_up)

    def _give_up(self) -> None:
        self._abandon_start("nobody plugged in within ConnectionTimeOut")

    def _abandon_start(self, reason: str) -> None:
        """Forget about a transaction that was to start, and the profile that came with it."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._context.profiles.end_transaction(self.number)
        self._context.note(f"start given up: {reason}", "warning")
        self._status.update(starting=False)
        self.apply_limit()

    def _go(self) -> None:
        if not self._context.configuration.flag("AuthorizeRemoteTxRequests"):
            self._begin()
            return
        id_tag = self._id_tag
        outbox = self._context.outbox
        if not outbox.post(lambda: call.Authorize(id_tag=id_tag), done=self._authorized):
            self._abandon_start("offline, the id tag cannot be authorized")

    def _authorized(self, answer: Any) -> None:
        if not self._status.facts.starting:
            return
        status = "not authorized" if answer is None else answer.id_tag_info["status"]
        if status != "Accepted":
            self._abandon_start(f"id tag {status}")
        elif not self._status.facts.plugged:
            self._abandon_start("the vehicle has gone")
        else:
            self._begin()

    def _begin(self) -> None:
        context = self._context
        transaction = self.transaction = Transaction(
            self._id_tag,
            self._register(),
            sampled=asyncio.get_running_loop().time(),
        )
        timestamp = context.clock.iso()
        context.outbox.post(
            lambda: call.StartTransaction(
                connector_id=self.number,
                id_tag=transaction.id_tag,
                meter_start=transaction.meter_start,
                timestamp=timestamp,
            ),
            keep=True,
            done=lambda answer: self._started(transaction, answer),
        )
        self._send(StartCharging())
        established = is_established(self._status.facts.phase)
        self._status.update(starting=False, transaction=True, established=established)
        self._limiter.charging_since = context.clock.now()
        self.apply_limit()
        self.schedule_meter_values()

    def _started(self, transaction: Transaction, answer: Any) -> None:
        if answer is None:
            return
        transaction.transaction_id = answer.transaction_id
        if self.transaction is not transaction:
            return  # stopped before it was answered
        self._publish_transaction(transaction, "started", transaction.meter_start)
        if answer.id_tag_info["status"] == "Accepted":
            return
        if self._context.configuration.flag("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")
        else:  # only the delivery of energy stops (errata 3.17)
            self._limiter.barred = True
            self.apply_limit()

    def stop(self, reason: str) -> None:
        """End the transaction, or what is to become one: current down, StopTransaction queued.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
        """
        if self._status.facts.starting:
            self._abandon_start(reason)
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        if transaction.sampling is not None:
            transaction.sampling.cancel()
        self._send(StopCharging())
        meter_stop = max(self._register(), transaction.meter_start)
        timestamp = self._context.clock.iso()

        def build() -> Any:
            return call.StopTransaction(
                meter_stop=meter_stop,
                timestamp=timestamp,
                transaction_id=transaction.id_for_messages,
                reason=reason,
            )

        self._context.outbox.post(build, keep=True)
        self._publish_transaction(transaction, "stopped", meter_stop, reason)
        self._context.profiles.end_transaction(self.number)
        self._limiter.charging_since = None
        self._limiter.barred = False
        operative = self._status.facts.operative and not self._inoperative_next
        self._inoperative_next = False
        self._status.update(
            transaction=False,
            established=False,
            finishing=self._status.facts.plugged and operative,
            operative=operative,
        )
        self.apply_limit()
        self._ended()

    def change_availability(self, *, operative: bool) -> str:
        """Answer a ChangeAvailability.req for this connector; takes effect at once if it can.

        Returns:
            ``Accepted``, or ``Scheduled`` during a transaction (section 5.2).
        """
        if not operative and self._status.facts.transaction:
            self._inoperative_next = True
            return "Scheduled"
        self._inoperative_next = False
        if not operative and self._status.facts.starting:
            self._abandon_start("the connector becomes unavailable")
        # From Unavailable there is no way back to Finishing (table in section 4.9).
        self._status.update(
            operative=operative, finishing=self._status.facts.finishing and operative
        )
        return "Accepted"

    # Limit

    def apply_limit(self) -> None:
        """Work out what the profiles allow now and tell the module if it changed."""
        self._limiter.apply()

    def _limit_applied(self) -> None:
        ac = self._preset.ac
        self._status.update(offered=self.limit, minimum=0.0 if ac is None else ac.min_current)
        whole = floor(self.limit + 1e-9)  # never more than was allowed
        if whole != self._limit_sent and self._module_seen is not None:
            self._limit_sent = whole
            self._send(SetLimit(whole))

    # Meter values

    def _register(self) -> int:
        return self._meter.read(soc=None, temperature=0.0).register

    def post_meter_values(self, context: str = "Sample.Periodic") -> None:
        """Queue one MeterValues with what the meter shows now.

        Args:
            context: ReadingContext (section 7.35).
        """
        stage = self._stage
        transaction = self.transaction
        if stage is None:
            return
        reading = self._meter.read(soc=stage.soc, temperature=stage.temperature)
        value = MeterValue(
            timestamp=self._context.clock.iso(),
            sampled_value=sampled_values(reading, self._preset, context),
        )
        self.reported = reading.current
        self._context.outbox.post(
            lambda: call.MeterValues(
                connector_id=self.number,
                meter_value=[value],
                transaction_id=None if transaction is None else transaction.id_for_messages,
            ),
            keep=transaction is not None,
        )

    def schedule_meter_values(self) -> None:
        """Set the timer of the next MeterValues by MeterValueSampleInterval as it is now.

        The first is due one interval after the start; 0 switches them off (section 9.1.19).
        """
        transaction = self.transaction
        if transaction is None:
            return
        if transaction.sampling is not None:
            transaction.sampling.cancel()
            transaction.sampling = None
        interval = self._context.configuration.number("MeterValueSampleInterval")
        if interval <= 0:
            return
        loop = asyncio.get_running_loop()
        due = max(transaction.sampled + interval, loop.time())
        with caused_by(None):
            transaction.sampling = loop.call_at(due, self._sample, transaction, due)

    def _sample(self, transaction: Transaction, due: float) -> None:
        transaction.sampled = due
        self.post_meter_values()
        self.schedule_meter_values()

    # Reports

    def notify(self, *, always: bool = False) -> None:
        """Send a StatusNotification if the central system does not know the status."""
        self._status.notify(always=always)

    def _publish_transaction(
        self, transaction: Transaction, state: Any, meter: int, reason: str = ""
    ) -> None:
        name = self._context.identity.name
        self._context.stream.publish(
            TransactionState(
                source=name,
                station=name,
                connector=self.number,
                state=state,
                transaction_id=transaction.transaction_id,
                meter=meter,
                id_tag=transaction.id_tag,
                reason=reason,
            )
        )

    def close(self) -> None:
        """Leave the bus and stop every timer; the module is told to stop first."""
        if self.transaction is not None:
            self._send(StopCharging())
            if self.transaction.sampling is not None:
                self.transaction.sampling.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
        self._limiter.cancel()
        self._node.detach()
