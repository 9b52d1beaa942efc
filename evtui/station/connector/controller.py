"""One connector at work: its vehicle, its transaction, its limit, its module, its status."""

from __future__ import annotations

from functools import partial

from evtui.power import Preset
from evtui.station.authorization.authorizer import Authorizer
from evtui.station.authorization.id_tag import fold
from evtui.station.configuration import Configuration
from evtui.station.connector.charger_link import ChargerLink
from evtui.station.connector.facts import Status
from evtui.station.connector.hardware_watch import HardwareWatch
from evtui.station.connector.limiter import Limiter
from evtui.station.connector.starting import Starting
from evtui.station.connector.status import StatusReporter
from evtui.station.connector.transaction import StationTransaction
from evtui.station.connector.transaction_control import TransactionControl
from evtui.station.hardware import ConnectorHardware
from evtui.station.metering.connector_meter import ConnectorMeter
from evtui.station.publisher import Publisher

__all__ = ["ConnectorController"]

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
        module: what it has to do with its charger.
        wires: its charger, the line to the vehicle, and parts of its own.
        hardware: what it learns over them.
        control: its transaction.
        starting: what may become one.

    Attributes:
        ended: told after a transaction has ended.
        rebooting: True from a Reset to the boot that follows; nothing starts meanwhile.
        module: see above.
        hardware: see above.
        control: see above.
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
        wires: ConnectorHardware,
        hardware: HardwareWatch,
        control: TransactionControl,
        starting: Starting,
    ) -> None:
        self.number = number
        self.ended = control.ended
        self.rebooting = False
        self.status_report = status_report
        self.metering = metering
        self.limiter = limiter
        self.hardware = hardware
        self._line, self._parts = wires.line, wires.parts
        self._phases = limiter.phases
        self._publisher = publisher
        self._configuration = configuration
        self._authorizer = authorizer
        self._preset = preset
        self.module = module
        self.control = control
        self._starting = starting
        self._locked_by: StationTransaction | None = None
        limiter.applied.add(self._limit_applied)
        hardware.broken_off.add(self._broken_off)
        starting.abandoned.add(self._start_abandoned)

    # What others may know

    @property
    def transaction(self) -> StationTransaction | None:
        """The transaction that runs, None without one."""
        return self.control.running

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

    # Hardware: see evtui.station.hardware

    def on_vehicle(self) -> None:
        """Something has changed on the line to the vehicle."""
        line = self._line
        if line.plugged is not self.plugged:
            if line.plugged:
                self._plug()
            else:
                self._unplug()
        self.hardware.follow(line.asks)
        if self.module.sets_voltage:
            self.module.set_limit(self.limit)

    def order_again(self) -> None:
        """Tell the module once more what it should be doing, whatever others have told it."""
        self.module.forget_limit()
        self.apply_limit()
        if self.transaction is not None and self.plugged:
            self.module.start()
        else:
            self.module.stop()

    def use(self, preset: Preset) -> None:
        """Another power stage is behind the connector now."""
        self._preset = self.limiter.preset = preset
        self._phases = None if preset.ac is None else preset.ac.phases
        self.metering.use(preset)
        self.apply_limit()

    def _broken_off(self, info: str) -> None:
        self.stop("Other", info=info)

    # Vehicle and people

    def _plug(self) -> None:
        """A vehicle is plugged in; a transaction that goes on without one gets its energy back."""
        self._locked_by = None
        self.status_report.update(plugged=True, finishing=False)
        if self.transaction is not None:
            self.module.start()
        self._starting.vehicle_there()

    def _unplug(self) -> None:
        """The vehicle goes; StopTransactionOnEVSideDisconnect says whether its transaction does.

        If it does, UnlockConnectorOnEVSideDisconnect says whether the cable is unlocked at the
        station, or stays locked until the same id tag is presented, it is unlocked from afar
        or put to use again (section 4.10).
        """
        self.hardware.unplugged()
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
            self.control.end(reason, id_tag, info)

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
            self._parts.use_phases(phases)
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
