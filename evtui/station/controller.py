"""One connector at work: its vehicle, its transaction, its limit, its module, its status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from evtui.canbus.protocol import StationMessage
from evtui.events import Sample, TransactionState, caused_by
from evtui.power import Preset, StageState
from evtui.station.authorization import Decision
from evtui.station.connector import Status, is_established
from evtui.station.context import StationContext
from evtui.station.id_tag import fold
from evtui.station.limiter import Limiter
from evtui.station.metering import Meter, Reading
from evtui.station.module_link import ModuleLink
from evtui.station.sampling import Sampler
from evtui.station.state import next_key
from evtui.station.status import StatusReporter
from evtui.station.transaction import Transaction

__all__ = ["ConnectorController"]


@dataclass(slots=True)
class Starting:
    """A transaction that is to start.

    Attributes:
        parent: group of the id tag, None while unknown.
        authorized: False while the id tag is being asked about.
        waiting: gives up when nobody plugs in within ConnectionTimeOut.
    """

    id_tag: str
    parent: str | None = None
    authorized: bool = False
    waiting: asyncio.TimerHandle | None = None


class ConnectorController:
    """Connector logic; runs on the engine's loop, never waits, is told what happens.

    Args:
        context: what the charge point's pieces share.
        number: connectorId, from 1.
        send: puts a message for the charger module on the bus.
        preset: kind of power stage behind it.
        ended: called after a transaction has ended.
        neighbours: the other connectors, with which a ChargePointMaxProfile is shared.
    """

    def __init__(
        self,
        context: StationContext,
        number: int,
        send: Callable[[StationMessage], None],
        preset: Preset,
        *,
        ended: Callable[[], None] = lambda: None,
        neighbours: Callable[[], Iterable[ConnectorController]] = tuple,
    ) -> None:
        self.number = number
        self.transaction: Transaction | None = None
        self.reported: float | None = None
        self._context = context
        self._preset = preset
        self._ended = ended
        self._meter = Meter(preset)
        kept = context.store.register(number)
        if kept is not None:
            self._meter.restore(kept.energy)
        self.module = ModuleLink(
            context.clock,
            self._meter,
            send,
            returned=self._module_is_back,
            lost=self._module_is_lost,
        )
        self._status = StatusReporter(context, number)
        self._stage: StageState | None = None
        self._starting: Starting | None = None
        self.limiter = Limiter(
            context,
            number,
            preset,
            self._limit_applied,
            neighbours=lambda: [each.limiter for each in neighbours()],
        )
        self._sampler = Sampler(
            context.configuration,
            context.clock,
            read=self._read,
            preset=lambda: self._preset,
            report=self._post_meter_values,
        )
        self._keeping: asyncio.TimerHandle | None = None
        self._inoperative_next = False
        self._energy_left: float | None = None

    # What others may know

    @property
    def status(self) -> Status:
        """Status of OCPP 1.6 section 4.9."""
        return self._status.status

    @property
    def limit(self) -> float:
        """A that the station allows now."""
        return self.limiter.limit

    @property
    def plugged(self) -> bool:
        """True while a vehicle is plugged in."""
        return self._status.facts.plugged

    @property
    def busy(self) -> bool:
        """True while a transaction runs or is to start."""
        return self._status.facts.transaction or self._status.facts.starting

    @property
    def operative(self) -> bool:
        """False after ChangeAvailability to Inoperative."""
        return self._status.facts.operative

    @property
    def startable(self) -> bool:
        """True when a start can be accepted now, from whoever may use the connector."""
        return not (self.busy or self._status.facts.faulted) and self.operative

    def startable_by(self, id_tag: str) -> bool:
        """True when a start for this tag can be accepted now.

        A tag whose group is not known may belong to that of a reservation: it is taken, and
        asked about before anything starts (section 5.13).
        """
        parent = self._context.authorizer.parent(id_tag)
        blocking = self._context.reservations.blocking(self.number, id_tag, parent)
        undecided = blocking is not None and blocking.parent is not None and parent is None
        return self.startable and (blocking is None or undecided)

    # Hardware: CAN and the station's own wires

    def on_message(self, message: StationMessage) -> None:
        """What was heard on CAN about this connector."""
        self.module.on_message(message)
        self._watch_energy()

    def watch_module(self) -> None:
        """Called about twice a second: a silent module is a fault that ends the transaction."""
        self.module.watch()

    def _module_is_back(self) -> None:
        """Bring a module that has just appeared to what it should be doing."""
        with caused_by(None):
            self.apply_limit()
            if self._energising:
                self.module.start()  # it may have missed the first one
            if self._status.facts.faulted:
                self.module.stop()
                self._status.error_code, self._status.info = "NoError", ""
                self._status.update(faulted=False)

    def _module_is_lost(self) -> None:
        self._status.error_code = "InternalError"
        self._status.info = "charger module silent on CAN"
        self._status.update(faulted=True)
        self._context.reservations.review()
        self.stop("Other")

    def on_stage(self, state: StageState) -> None:
        """What the power stage does; called after each of its steps, every 100 ms."""
        self._stage = state
        self.module.voltage = state.voltage
        facts = self._status.facts
        if state.phase != facts.phase:
            established = facts.established or is_established(state.phase)
            self._status.update(phase=state.phase, established=facts.transaction and established)
        self.limiter.on_voltage(state.voltage)
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
        self._preset = self.limiter.preset = preset
        self._meter.use(preset)
        self.apply_limit()

    # Vehicle and people

    def plug(self) -> None:
        """A vehicle is plugged in; a transaction that goes on without one gets its energy back."""
        self._status.update(plugged=True)
        if self.transaction is not None:
            self.module.start()
        self._start_if_ready()

    def unplug(self) -> None:
        """The vehicle goes; StopTransactionOnEVSideDisconnect says whether its transaction does."""
        if self.transaction is not None:
            if self._context.configuration.flag("StopTransactionOnEVSideDisconnect"):
                self._status.info = "EV side disconnected"  # section 4.9 wants the reason said
                self.stop("EVDisconnected")
                self._status.info = ""
            else:
                self.module.stop()
        self._status.update(plugged=False, finishing=False)

    def present(self, id_tag: str) -> None:
        """Somebody holds an id tag to the reader, to start or to stop (sections 4.1 and 4.8)."""
        running, starting = self.transaction, self._starting
        if running is not None:
            self._context.authorizer.presented_while_running(
                running.id_tag,
                running.parent_id_tag,
                id_tag,
                partial(self._may_stop, running, id_tag),
            )
        elif starting is None:
            self._begin_starting(id_tag, authorize=True)
        elif fold(starting.id_tag) == fold(id_tag):
            self._abandon_start("the id tag was presented again")
        else:
            self._context.note(f"id tag {id_tag}: connector {self.number} is being started")

    def _may_stop(self, running: Transaction, id_tag: str, allowed: bool) -> None:
        if self.transaction is not running:
            return
        if allowed:
            self.stop("Local", id_tag)
        else:
            self._context.note(f"id tag {id_tag} may not stop this transaction", "warning")

    def unlock(self) -> str:
        """Open the lock (section 5.18); a transaction ends first."""
        self.stop("UnlockCommand")
        return "Unlocked"

    # Starting

    def request_start(self, id_tag: str) -> None:
        """Do what a RemoteStartTransaction.req asks for (section 5.11).

        A tag that could only use a reserved connector as one of its group is asked about first.
        """
        context = self._context
        parent = context.authorizer.parent(id_tag)
        reserved = context.reservations.blocking(self.number, id_tag, parent) is not None
        authorize = context.configuration.flag("AuthorizeRemoteTxRequests")
        self._begin_starting(id_tag, authorize=authorize or reserved)

    def _begin_starting(self, id_tag: str, *, authorize: bool) -> None:
        starting = self._starting = Starting(id_tag, authorized=not authorize)
        self._status.update(starting=True, finishing=False)
        if authorize:
            self._context.authorizer.authorize(id_tag, partial(self._authorized, starting))
        else:
            starting.parent = self._context.authorizer.parent(id_tag)
            self._wait_for_vehicle()

    def _authorized(self, starting: Starting, decision: Decision) -> None:
        if self._starting is not starting:
            return
        if not decision.accepted:
            self._abandon_start(f"id tag {decision.status} ({decision.source})")
            return
        starting.authorized = True
        starting.parent = decision.info.parent
        self._wait_for_vehicle()

    def _wait_for_vehicle(self) -> None:
        """Start at once, or within ConnectionTimeOut (section 9.1.5)."""
        starting = self._starting
        assert starting is not None
        reservations = self._context.reservations
        if reservations.blocking(self.number, starting.id_tag, starting.parent) is not None:
            self._abandon_start("the connector is reserved for somebody else")
        elif not self.plugged:
            timeout = self._context.configuration.number("ConnectionTimeOut")
            starting.waiting = asyncio.get_running_loop().call_later(timeout, self._give_up)
        self._start_if_ready()

    def _give_up(self) -> None:
        self._abandon_start("nobody plugged in within ConnectionTimeOut")

    def _abandon_start(self, reason: str) -> None:
        """Forget about a transaction that was to start, and the profile that came with it."""
        starting, self._starting = self._starting, None
        if starting is not None and starting.waiting is not None:
            starting.waiting.cancel()
        self._context.profiles.end_transaction(self.number)
        self._context.note(f"start given up: {reason}", "warning")
        self._status.update(starting=False)
        self.apply_limit()

    def _start_if_ready(self) -> None:
        starting = self._starting
        if starting is None or not starting.authorized or not self.plugged:
            return
        if starting.waiting is not None:
            starting.waiting.cancel()
        self._starting = None
        self._begin(starting)

    def _begin(self, starting: Starting) -> None:
        context = self._context
        now = context.clock.now()
        self._keep_register()
        transaction = self.transaction = Transaction(
            key=next_key(context.store),
            connector=self.number,
            id_tag=starting.id_tag,
            meter_start=self._register,
            started=context.clock.start_utc + now,
            parent_id_tag=starting.parent,
            reservation_id=context.reservations.use(self.number, starting.id_tag, starting.parent),
        )
        payload = {
            "connectorId": self.number,
            "idTag": transaction.id_tag,
            "meterStart": transaction.meter_start,
            "timestamp": context.clock.iso(),
        }
        if transaction.reservation_id is not None:
            payload["reservationId"] = transaction.reservation_id
        context.outbox.post_transaction(
            "StartTransaction", payload, transaction, done=partial(self._started, transaction)
        )
        self.module.start()
        established = is_established(self._status.facts.phase)
        self._status.update(starting=False, transaction=True, established=established)
        self.limiter.charging_since = now
        self.apply_limit()
        self._sampler.begin()

    def _started(self, transaction: Transaction, answer: dict[str, Any] | None) -> None:
        if answer is None:
            return
        info = self._context.authorizer.learned(transaction.id_tag, answer["idTagInfo"])
        transaction.parent_id_tag = info.parent or transaction.parent_id_tag
        if self.transaction is not transaction:
            return  # stopped before it was answered
        self._publish_transaction(transaction, "started", transaction.meter_start)
        if info.accepted:
            return
        configuration = self._context.configuration
        if configuration.flag("StopTransactionOnInvalidId"):
            self.stop("DeAuthorized")
        else:  # only the delivery of energy stops (errata 3.17), after MaxEnergyOnInvalidId
            self._energy_left = self._meter.energy + configuration.number("MaxEnergyOnInvalidId")
            self._watch_energy()

    def _watch_energy(self) -> None:
        """Bar a vehicle whose id tag is not accepted once it has had what it may have."""
        if self._energy_left is not None and self._meter.energy >= self._energy_left:
            self._energy_left = None
            self.limiter.barred = True
            self.apply_limit()

    # Stopping

    def stop(self, reason: str, id_tag: str | None = None) -> None:
        """End the transaction, or what is to become one: current down, StopTransaction queued.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
            id_tag: who asked for it, when somebody did.
        """
        if self._starting is not None:
            self._abandon_start(reason)
        transaction = self.transaction
        if transaction is None:
            return
        data = self._sampler.end()
        if data and self._sampler.dropped:
            self._context.note(
                f"StopTransaction leaves out {self._sampler.dropped} readings "
                "(StopTransactionMaxMeterValues)"
            )
        self.transaction = None
        self._stop_keeping()
        self.module.stop()
        self._keep_register()
        meter_stop = max(self._register, transaction.meter_start)
        payload: dict[str, Any] = {
            "meterStop": meter_stop,
            "timestamp": self._context.clock.iso(),
            "reason": reason,
        }
        if id_tag is not None:
            payload["idTag"] = id_tag
        if data:
            payload["transactionData"] = data
        self._context.outbox.post_transaction(
            "StopTransaction", payload, transaction, done=partial(self._stopped, id_tag)
        )
        self._publish_transaction(transaction, "stopped", meter_stop, reason)
        self._context.profiles.end_transaction(self.number)
        self.limiter.charging_since = self._energy_left = None
        self.limiter.barred = False
        operative = self.operative and not self._inoperative_next
        self._inoperative_next = False
        self._status.update(
            transaction=False,
            established=False,
            finishing=self._status.facts.plugged and operative,
            operative=operative,
        )
        self._context.reservations.review()
        self.apply_limit()
        self._ended()

    def _stopped(self, id_tag: str | None, answer: dict[str, Any] | None) -> None:
        if answer is not None and id_tag is not None and "idTagInfo" in answer:
            self._context.authorizer.learned(id_tag, answer["idTagInfo"])

    def change_availability(self, *, operative: bool) -> str:
        """Answer a ChangeAvailability.req for this connector; takes effect at once if it can.

        Returns:
            ``Accepted``, or ``Scheduled`` during a transaction (section 5.2).
        """
        if not operative and self.transaction is not None:
            self._inoperative_next = True
            return "Scheduled"
        self._inoperative_next = False
        if not operative and self._starting is not None:
            self._abandon_start("the connector becomes unavailable")
        # From Unavailable there is no way back to Finishing (table in section 4.9).
        self._status.update(
            operative=operative, finishing=self._status.facts.finishing and operative
        )
        self._context.reservations.review()
        return "Accepted"

    def show_reserved(self, reserved: bool) -> None:
        """The connector is held for somebody, or not any more."""
        self._status.update(reserved=reserved)

    # Limit

    def apply_limit(self) -> None:
        """Work out what the profiles allow now and tell the module if it changed."""
        self.limiter.apply()

    def _limit_applied(self) -> None:
        ac = self._preset.ac
        self._status.update(offered=self.limit, minimum=0.0 if ac is None else ac.min_current)
        self.module.set_limit(self.limit)

    @property
    def _energising(self) -> bool:
        return self.transaction is not None and self.plugged

    # Meter

    @property
    def _register(self) -> int:
        return int(self._meter.energy)

    def _read(self) -> Reading | None:
        stage = self._stage
        if stage is None:
            return None
        return self._meter.read(soc=stage.soc, temperature=stage.temperature, offered=self.limit)

    def retime_meter_values(self) -> None:
        """One of the intervals of meter values has changed."""
        self._sampler.retime()

    def trigger_meter_values(self) -> None:
        """TriggerMessage asks for meter values (section 5.17)."""
        self._sampler.trigger()

    def _post_meter_values(self, values: list[dict[str, Any]], context: str) -> None:
        """Queue one MeterValues.

        Args:
            values: MeterValue (section 7.33) each.
            context: ReadingContext (section 7.35).
        """
        reading = self._read()
        if reading is not None:
            self.reported = reading.current
        payload: dict[str, Any] = {"connectorId": self.number, "meterValue": values}
        outbox = self._context.outbox
        if self.transaction is None:
            outbox.post("MeterValues", payload, triggered=context == "Trigger")
        else:
            self._keep_register()
            outbox.post_transaction("MeterValues", payload, self.transaction)

    def _keep_register(self) -> None:
        """Keep the register, and again every persist interval while a transaction runs."""
        self._stop_keeping()
        clock = self._context.clock
        self._context.store.save_register(
            self.number, self._meter.energy, clock.start_utc + clock.now()
        )
        if self.transaction is not None:
            with caused_by(None):
                self._keeping = asyncio.get_running_loop().call_later(
                    self._context.persist_interval, self._keep_register
                )

    def _stop_keeping(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    # Reports

    def notify(self, *, always: bool = False, triggered: bool = False) -> None:
        """Send a StatusNotification if the central system does not know the status."""
        self._status.notify(always=always, triggered=triggered)

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
        """Stop every timer; the module is told to stop first."""
        if self.transaction is not None:
            self.module.stop()
        if self._starting is not None and self._starting.waiting is not None:
            self._starting.waiting.cancel()
        self._stop_keeping()
        self._sampler.close()
        self._status.close()
        self.limiter.cancel()
