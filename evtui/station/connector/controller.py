"""One connector at work: its vehicle, its transaction, its limit, its module, its status."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from evtui.events import Sample, caused_by
from evtui.power import DERATE_FROM, Preset, StageState
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.id_tag import fold
from evtui.station.configuration import Configuration
from evtui.station.connector.charger_link import ChargerLink
from evtui.station.connector.facts import Status, is_established
from evtui.station.connector.limiter import Limiter
from evtui.station.connector.protection import HardwareTrouble, Protection, most_tolerated
from evtui.station.connector.starting import Starting
from evtui.station.connector.status import StatusReporter
from evtui.station.connector.transaction import StationTransaction
from evtui.station.connector.transaction_control import TransactionControl
from evtui.station.hardware import ChargerReport
from evtui.station.metering.connector_meter import ConnectorMeter
from evtui.station.publisher import Publisher

__all__ = ["ConnectorController"]

PERIOD = 0.1
"""s between two calls of :meth:`ConnectorController.on_stage`."""

UNPLUGGED = "EV side disconnected"
"""What section 4.9 wants to be said of a status that an unplugged vehicle has caused."""


class ConnectorController:
    """Connector logic; runs on the engine's loop, never waits, is told what happens.

    Args:
        number: connectorId, from 1.
        preset: kind of power stage behind it.
        configuration: asked what an unplugged cable means and whether remote starts are authorized.
        authorizer: asked whether a tag may stop a transaction.
        status_report: its status, told to the central system.
        metering: its meter, told to the central system.
        limiter: what the charging profiles allow it.
        module: its charger.
        control: its transaction.
        starting: what may become one.

    Attributes:
        ended: told after a transaction has ended.
        rebooting: True from a Reset to the boot that follows; nothing starts meanwhile.
        switch_phases: told how many phases of an AC supply to switch on.  The contactors are the
            station's own, on its own wires: what is behind the connector is tied on here.
        cut_off: likewise, opens the contactor at once and stops the power stage.
        module: see above.
        blamed: the event that broke what the station protects itself from, None for wear.
    """

    def __init__(
        self,
        number: int,
        preset: Preset,
        publisher: Publisher,
        configuration: Configuration,
        authorizer: Authorizer,
        *,
        status_report: StatusReporter,
        metering: ConnectorMeter,
        limiter: Limiter,
        module: ChargerLink,
        control: TransactionControl,
        starting: Starting,
    ) -> None:
        self.number = number
        self.ended = control.ended
        self.rebooting = False
        self.status_report = status_report
        self.metering = metering
        self.limiter = limiter
        self.switch_phases: Callable[[int], None] = lambda phases: None
        self.cut_off: Callable[[], object] = lambda: None
        self.blamed: int | None = None
        self._protection = Protection(self._excess)
        self._module_lost = False
        self._phases = limiter.phases
        self._publisher = publisher
        self._configuration = configuration
        self._authorizer = authorizer
        self._preset = preset
        self.module = module
        self._control = control
        self._starting = starting
        self._locked_by: StationTransaction | None = None
        limiter.applied.add(self._limit_applied)
        module.returned.add(self._module_is_back)
        module.lost.add(self._module_is_lost)
        starting.abandoned.add(self._start_abandoned)

    # What others may know

    @property
    def transaction(self) -> StationTransaction | None:
        """The transaction that runs, None without one."""
        return self._control.running

    @property
    def status(self) -> Status:
        """Status of OCPP 1.6 section 4.9."""
        return self.status_report.status

    @property
    def limit(self) -> float:
        """A that the station allows now."""
        return self.limiter.limit

    @property
    def plugged(self) -> bool:
        """True while a vehicle is plugged in."""
        return self.status_report.facts.plugged

    @property
    def busy(self) -> bool:
        """True while a transaction runs or is to start."""
        return self.transaction is not None or self._starting.id_tag is not None

    @property
    def operative(self) -> bool:
        """False after ChangeAvailability to Inoperative."""
        return self.status_report.facts.operative

    @property
    def startable(self) -> bool:
        """True when a start can be accepted now, from whoever may use the connector."""
        facts = self.status_report.facts
        usable = facts.operative and not (facts.updating or facts.faulted)
        return usable and not (self.busy or self.rebooting)

    def startable_by(self, id_tag: str) -> bool:
        """True when a start for this tag can be accepted now."""
        return self.startable and self._starting.open_to(id_tag)

    # Hardware: the charger and the station's own wires

    def on_report(self, report: ChargerReport) -> None:
        """What the charger reports."""
        self.module.on_report(report)
        self.limiter.on_current(self.metering.meter.current)
        self._control.watch_energy()

    def watch_module(self) -> None:
        """Called about twice a second: a silent module is a fault that ends the transaction."""
        self.module.watch()
        self.limiter.on_current(self.metering.meter.current)  # none, once it is silent

    def _module_is_back(self) -> None:
        """Bring a module that has just appeared to what it should be doing."""
        with caused_by(None):
            self.apply_limit()
            if self.transaction is not None and self.plugged:
                self.module.start()  # it may have missed the first one
            if self._module_lost:
                self._module_lost = False
                self.module.stop()
                self.status_report.update(faulted=self._protection.faulted)

    def order_again(self) -> None:
        """Tell the module once more what it should be doing, whatever others have told it."""
        self.module.forget_limit()
        self.apply_limit()
        if self.transaction is not None and self.plugged:
            self.module.start()
        else:
            self.module.stop()

    def _module_is_lost(self) -> None:
        self._module_lost = True
        self.status_report.update(
            faulted=True, error_code="InternalError", info="charger module silent on CAN"
        )
        self.stop("Other")

    def on_stage(self, state: StageState) -> None:
        """What the power stage does; called after each of its steps, every 100 ms."""
        self.metering.stage = state
        self.module.voltage, self.module.phases = state.voltage, state.phases
        self.limiter.on_phases(state.phases)
        facts = self.status_report.facts
        if state.phase != facts.phase:
            established = facts.established or is_established(state.phase)
            self.status_report.update(
                phase=state.phase, established=facts.transaction and established
            )
        self.limiter.on_voltage(state.voltage)
        if (
            state.readings is not None
            or self._protection.watching
            or state.temperature >= DERATE_FROM
            or self.metering.meter.current > self.limiter.limit
        ):
            self._protect(self._protection.look(state, PERIOD))
        transaction = self._control.running
        name = self._publisher.name
        self._publisher.stream.publish(
            Sample(
                source=name,
                station=name,
                connector=self.number,
                current=state.current,
                limit=self.limiter.limit,
                target=state.target,
                voltage=state.voltage,
                power=state.power,
                energy=state.energy,
                temperature=state.temperature,
                contactor=state.contactor,
                status=self.status_report.status.value,
                reported=self.metering.reported,
                soc=state.soc,
                transaction_id=transaction.transaction_id if transaction else None,
                phase=state.phase,
            )
        )

    def _excess(self) -> float:
        """The current that the module reports, in shares of the highest that is tolerated."""
        return self.metering.meter.current / most_tolerated(self.limiter.limit)

    def _protect(self, found: HardwareTrouble | None) -> None:
        """Warn, end the transaction, or switch off, where something is new."""
        if found is None:
            return
        with caused_by(self.blamed):
            if found.emergency:
                self.cut_off()
            faulted = found.faulted or self._module_lost
            told = self.status_report.report(found.error, found.info, faulted=faulted)
        with caused_by(told):
            if found.ends:
                self.stop("Other", info=found.info)

    def use(self, preset: Preset) -> None:
        """Another power stage is behind the connector now."""
        self._preset = self.limiter.preset = preset
        self._phases = None if preset.ac is None else preset.ac.phases
        self.metering.use(preset)
        self.apply_limit()

    # Vehicle and people

    def plug(self) -> None:
        """A vehicle is plugged in; a transaction that goes on without one gets its energy back."""
        self._locked_by = None
        self.status_report.update(plugged=True, finishing=False)
        if self.transaction is not None:
            self.module.start()
        self._starting.vehicle_there()

    def unplug(self) -> None:
        """The vehicle goes; StopTransactionOnEVSideDisconnect says whether its transaction does.

        If it does, UnlockConnectorOnEVSideDisconnect says whether the cable is unlocked at the
        station, or stays locked until the same id tag is presented, it is unlocked from afar
        or put to use again (section 4.10).
        """
        if self._protection.watching:
            self._protect(self._protection.unplugged())
        running, flag = self.transaction, self._configuration.flag
        if running is not None and flag("StopTransactionOnEVSideDisconnect"):
            self.stop("EVDisconnected", info=UNPLUGGED)
            if not flag("UnlockConnectorOnEVSideDisconnect"):
                self._locked_by = running
        elif running is not None:
            self.module.stop()
        locked = self._locked_by is not None and self.status_report.facts.finishing
        info = UNPLUGGED if running is not None and self.transaction is running else ""
        self.status_report.update(plugged=False, finishing=locked, info=info)

    def present(self, id_tag: str) -> None:
        """Somebody holds an id tag to the reader, to start or to stop (sections 4.1 and 4.8)."""
        running, starting, locked = self.transaction, self._starting.id_tag, self._locked_by
        note = self._publisher.note
        if running is not None:
            self._authorizer.presented_while_running(
                running.id_tag,
                running.parent_id_tag,
                id_tag,
                partial(self._may_stop, running, id_tag),
            )
        elif starting is not None:
            if fold(starting) == fold(id_tag):
                self._starting.abandon("the id tag was presented again")
            else:
                note(f"id tag {id_tag}: connector {self.number} is being started")
        elif locked is not None and fold(locked.id_tag) == fold(id_tag):
            self.unlock()
        elif not self.startable:
            note(f"id tag {id_tag}: connector {self.number} is {self.status}", "warning")
        elif not self._starting.open_to(id_tag):
            note(f"id tag {id_tag}: connector {self.number} is reserved for another", "warning")
        else:
            self._locked_by = None
            self._starting.request(id_tag, authorize=True)

    def _may_stop(self, running: StationTransaction, id_tag: str, allowed: bool) -> None:
        if allowed:
            self.stop("Local", id_tag, only=running)
        elif self.transaction is running:
            self._publisher.note(f"id tag {id_tag} may not stop this transaction", "warning")

    def unlock(self) -> str:
        """Answer an UnlockConnector.req (section 5.18): open the lock; a transaction ends first."""
        self.stop("UnlockCommand")
        self._locked_by = None
        if not self.plugged:
            self.status_report.update(finishing=False)
        return "Unlocked"

    # Transaction

    def request_start(self, id_tag: str) -> None:
        """Do what an accepted RemoteStartTransaction.req asks for (section 5.11)."""
        if not self.startable_by(id_tag):  # any more
            self._publisher.note(f"start given up: connector {self.number} is {self.status}")
            self._start_abandoned()
            return
        self._locked_by = None
        authorize = self._configuration.flag("AuthorizeRemoteTxRequests")
        self._starting.request(id_tag, authorize=authorize)

    def _start_abandoned(self) -> None:
        """Forget the profile that came with a start, if one did."""
        self.limiter.end_transaction()
        self.apply_limit()

    def stop(
        self,
        reason: str,
        id_tag: str | None = None,
        *,
        info: str = "",
        only: StationTransaction | None = None,
    ) -> None:
        """End the transaction, or what is to become one.

        Args:
            reason: OCPP 1.6 Reason (section 7.36).
            id_tag: who asked for it, when somebody did.
            info: what to say of the status that follows.
            only: the transaction that is meant; another one goes on.
        """
        if only is None or self.transaction is only:
            self._starting.abandon(reason)
            self._control.end(reason, id_tag, info)

    # Availability

    def change_availability(self, *, operative: bool) -> str:
        """Answer a ChangeAvailability.req for this connector; takes effect at once if it can.

        Returns:
            ``Accepted``, or ``Scheduled`` during a transaction (section 5.2).
        """
        self.status_report.update(operative=operative)
        self._leave_if_unavailable()
        return "Scheduled" if self.transaction is not None and not operative else "Accepted"

    def update_firmware(self, *, updating: bool) -> None:
        """New firmware is to be installed once no transaction runs (section 5.19), or was."""
        self.status_report.update(updating=updating)
        self._leave_if_unavailable()

    def _leave_if_unavailable(self) -> None:
        facts = self.status_report.facts
        if not facts.operative or facts.updating:
            self._starting.abandon("the connector becomes unavailable")
            self._locked_by = None
            self.status_report.update(finishing=False)

    # Limit

    def clock_set(self) -> None:
        """UTC jumped, and with it schedules and clock-aligned readings."""
        self.metering.clock_set()
        self.apply_limit()

    def apply_limit(self) -> None:
        """Work out what the profiles allow now and tell the module if it changed."""
        self.limiter.apply()

    def _limit_applied(self) -> None:
        ac = self._preset.ac
        minimum = 0.0 if ac is None else ac.min_current
        self.status_report.update(offered=self.limit, minimum=minimum)
        phases = self.limiter.phases
        if ac is not None and phases is not None:  # before the limit that is meant for them
            self.switch_phases(phases)
            if phases != self._phases:
                self._publisher.note(
                    f"connector {self.number}: {phases} of {ac.phases} phases in use"
                )
        self._phases = phases
        self.module.set_limit(self.limit)

    def close(self) -> None:
        """Stop every timer; the module is told to stop first."""
        if self.transaction is not None:
            self.module.stop()
        self._starting.close()
        self.metering.close()
        self.status_report.close()
        self.limiter.cancel()
