"""One connector at work: its transaction, its limit, its module on CAN, its status."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
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
from evtui.events import ConnectorState, Sample, TransactionState, caused_by
from evtui.power import Preset, StageState
from evtui.smart_charging import Period, allowance
from evtui.station.connector import ConnectorFacts, Status, connector_status
from evtui.station.context import StationContext
from evtui.station.metering import Meter, sampled_values

__all__ = ["ConnectorController", "Transaction"]

MODULE_SILENCE = 1.0
"""s without a 0x300 after which the module counts as lost: ten of its periods."""

UNANSWERED = -1
"""transactionId for what follows a StartTransaction that was never answered (errata 3.18)."""


@dataclass(slots=True)
class Transaction:
    """A transaction at this connector.

    Attributes:
        meter_start: Wh.
        started: lab time, s.
        transaction_id: issued by the central system; None until it has answered.
    """

    id_tag: str
    meter_start: int
    started: float
    transaction_id: int | None = None
    metering: asyncio.Task[None] | None = None


class ConnectorController:
    """Connector logic; runs on the engine's loop, never waits, is told what happens.

    Args:
        context: what the charge point's pieces share.
        number: connectorId, from 1.
        bus: where the charger module is.
        preset: kind of power stage behind it.
    """

    def __init__(
        self, context: StationContext, number: int, bus: SimulatedBus, preset: Preset
    ) -> None:
        self.number = number
        self.transaction: Transaction | None = None
        self.reported: float | None = None
        self._context = context
        self._preset = preset
        self._meter = Meter(preset)
        self._node = bus.attach("charge-point", self._on_frame)
        self._facts = ConnectorFacts()
        self._stage: StageState | None = None
        self._published = ""
        self._notified = ""
        self._error_code = "NoError"
        self._info = ""
        self._id_tag = ""
        self._limit = preset.default_limit
        self._limit_sent: int | None = None
        self._limit_timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._module_seen: float | None = None
        self._inoperative_next = False

    # What others may know

    @property
    def status(self) -> Status:
        """Status of OCPP 1.6 section 4.9."""
        return connector_status(self._facts)

    @property
    def limit(self) -> float:
        """A that the charging profiles allow now."""
        return self._limit

    @property
    def plugged(self) -> bool:
        """True while a vehicle is plugged in."""
        return self._facts.plugged

    @property
    def startable(self) -> bool:
        """True when a remote start can be accepted now."""
        facts = self._facts
        return not (facts.transaction or facts.starting or facts.faulted) and facts.operative

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
            if self._facts.faulted:
                self._error_code, self._info = "NoError", ""
                self._update(faulted=False)

    def watch_module(self) -> None:
        """Called about once a second: a silent module is a fault that ends the transaction."""
        if self._module_seen is None or self._facts.faulted:
            return
        silent = self._context.clock.now() - self._module_seen
        if silent > MODULE_SILENCE:
            self._error_code = "OtherError"
            self._info = "charger module silent on CAN"
            if self._facts.transaction:
                self.stop("Other")
            self._update(faulted=True)

    def on_stage(self, state: StageState) -> None:
        """What the power stage does; called after each of its steps, every 100 ms."""
        self._stage = state
        if state.phase != self._facts.phase:
            self._update(phase=state.phase)
        transaction = self.transaction
        name = self._context.identity.name
        self._context.stream.publish(
            Sample(
                source=name,
                station=name,
                connector=self.number,
                current=state.current,
                limit=self._limit,
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
        self._preset = self._meter.preset = preset
        self.apply_limit()

    # Vehicle and people

    def plug(self) -> None:
        """A vehicle is plugged in."""
        self._update(plugged=True)
        if self._facts.starting and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
            self._go()

    def unplug(self) -> None:
        """The vehicle goes; a running transaction ends (StopTransactionOnEVSideDisconnect)."""
        if self._facts.transaction:
            self.stop("EVDisconnected")
        self._update(plugged=False, finishing=False)

    # Transactions

    def request_start(self, id_tag: str) -> None:
        """Start a transaction as soon as there is a vehicle, within ConnectionTimeOut."""
        self._id_tag = id_tag
        self._update(starting=True, finishing=False)
        if self._facts.plugged:
            self._go()
            return
        timeout = self._context.configuration.number("ConnectionTimeOut")
        self._waiting = asyncio.get_running_loop().call_later(timeout, self._give_up)

    def _give_up(self) -> None:
        self._waiting = None
        self._context.note("nobody plugged in within ConnectionTimeOut: start given up", "warning")
        self._update(starting=False)

    def _go(self) -> None:
        if not self._context.configuration.flag("AuthorizeRemoteTxRequests"):
            self._begin()
            return
        id_tag = self._id_tag
        self._context.outbox.post(lambda: call.Authorize(id_tag=id_tag), done=self._authorized)

    def _authorized(self, answer: Any) -> None:
        status = answer.id_tag_info["status"]
        if not self._facts.starting:
            return
        if status == "Accepted" and self._facts.plugged:
            self._begin()
        else:
            self._context.note(f"start given up: id tag {status}", "warning")
            self._update(starting=False)

    def _begin(self) -> None:
        context = self._context
        transaction = self.transaction = Transaction(
            self._id_tag, self._register(), context.clock.now()
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
        self._update(starting=False, transaction=True)
        self.apply_limit()
        with caused_by(None):
            transaction.metering = asyncio.get_running_loop().create_task(
                self._report_meter(transaction), name=f"meter values of connector {self.number}"
            )

    def _started(self, transaction: Transaction, answer: Any) -> None:
        transaction.transaction_id = answer.transaction_id
        self._publish_transaction(transaction, "started", transaction.meter_start)
        accepted = answer.id_tag_info["status"] == "Accepted"
        if accepted or self.transaction is not transaction:
            return
        if self._context.configuration.flag("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")

    def stop(self, reason: str) -> None:
        """End the transaction, if any: current down, StopTransaction queued.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
        """
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        if transaction.metering is not None:
            transaction.metering.cancel()
        self._send(StopCharging())
        meter_stop = max(self._register(), transaction.meter_start)
        timestamp = self._context.clock.iso()

        def build() -> Any:
            return call.StopTransaction(
                meter_stop=meter_stop,
                timestamp=timestamp,
                transaction_id=_id_or(transaction, UNANSWERED),
                reason=reason,
            )

        self._context.outbox.post(build, keep=True)
        self._publish_transaction(transaction, "stopped", meter_stop, reason)
        self._context.profiles.end_transaction(self.number)
        self._update(
            transaction=False,
            finishing=self._facts.plugged,
            operative=self._facts.operative and not self._inoperative_next,
        )
        self._inoperative_next = False
        self.apply_limit()

    def change_availability(self, *, operative: bool) -> str:
        """Answer a ChangeAvailability.req for this connector; takes effect at once if it can.

        Returns:
            ``Accepted``, or ``Scheduled`` during a transaction (section 5.2).
        """
        if not operative and self._facts.transaction:
            self._inoperative_next = True
            return "Scheduled"
        self._inoperative_next = False
        self._update(operative=operative)
        return "Accepted"

    # Limit

    def apply_limit(self) -> None:
        """Work out what the profiles allow now and tell the module if it changed."""
        context = self._context
        now = context.clock.start_utc + context.clock.now()
        since = context.clock.start_utc + self.transaction.started if self.transaction else None
        allowed = allowance(
            context.profiles.for_connector(self.number),
            now,
            since,
            self._to_ampere,
            context.configuration.number("EvtuiDefaultLimit"),
        )
        self._limit = min(allowed.limit, self._preset.rated_current)
        minimum = self._preset.ac.min_current if self._preset.ac is not None else 0.0
        self._update(offered=self._limit, minimum=minimum)
        whole = floor(self._limit + 1e-9)  # never more than was allowed
        if whole != self._limit_sent and self._module_seen is not None:
            self._limit_sent = whole
            self._send(SetLimit(whole))
        if self._limit_timer is not None:
            self._limit_timer.cancel()
            self._limit_timer = None
        if allowed.until is not None:
            # A day at most: a timer far away overflows on some loops.
            delay = min(max(0.0, allowed.until - now), 86_400.0)
            loop = asyncio.get_running_loop()
            self._limit_timer = loop.call_later(delay, self.apply_limit)

    def _to_ampere(self, period: Period, unit: str) -> float:
        """A of a limit: output current for DC, current per phase for AC (section 7.12)."""
        if unit == "A":
            return period.limit
        voltage = self._stage.voltage if self._stage is not None else 0.0
        if self._preset.ac is not None:
            ac = self._preset.ac
            return period.limit / (ac.voltage * min(period.phases, ac.phases) * ac.power_factor)
        return period.limit / voltage if voltage > 0 else 0.0

    # Meter values

    def _register(self) -> int:
        return int(self._meter.read(soc=None, temperature=0.0).energy)

    def post_meter_values(self, transaction: Transaction | None = None) -> None:
        """Queue one MeterValues with what the meter shows now."""
        stage = self._stage
        if stage is None:
            return
        reading = self._meter.read(soc=stage.soc, temperature=stage.temperature)
        value = MeterValue(
            timestamp=self._context.clock.iso(), sampled_value=sampled_values(reading, self._preset)
        )
        self.reported = reading.current
        self._context.outbox.post(
            lambda: call.MeterValues(
                connector_id=self.number,
                meter_value=[value],
                transaction_id=_id_or(transaction, None),
            ),
            keep=transaction is not None,
        )

    async def _report_meter(self, transaction: Transaction) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            interval = self._context.configuration.number("MeterValueSampleInterval")
            if interval <= 0:  # switched off (section 9.1.13); look again in a second
                await asyncio.sleep(1.0)
                due = loop.time()
                continue
            due = max(due + interval, loop.time())
            await asyncio.sleep(due - loop.time())
            self.post_meter_values(transaction)

    # Status

    def _update(self, **changes: Any) -> None:
        self._facts = replace(self._facts, **changes)
        status = self.status.value
        if status == self._published:
            return
        self._published = status
        name = self._context.identity.name
        self._context.stream.publish(
            ConnectorState(
                source=name,
                station=name,
                connector=self.number,
                status=status,
                error_code=self._error_code,
                info=self._info,
            )
        )
        self.notify()

    def notify(self, *, always: bool = False) -> None:
        """Send a StatusNotification if the central system does not know the status."""
        status = self.status.value
        if status == self._notified and not always:
            return
        message = call.StatusNotification(
            connector_id=self.number,
            error_code=self._error_code,
            status=status,
            timestamp=self._context.clock.iso(),
            info=self._info or None,
        )
        if self._context.outbox.post(lambda: message):
            self._notified = status

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
            if self.transaction.metering is not None:
                self.transaction.metering.cancel()
        for timer in (self._limit_timer, self._waiting):
            if timer is not None:
                timer.cancel()
        self._node.detach()


def _id_or(transaction: Transaction | None, default: int | None) -> int | None:
    if transaction is None or transaction.transaction_id is None:
        return default
    return transaction.transaction_id
