"""What a connector learns from its hardware, and how it protects itself from it."""

from __future__ import annotations

from evtui.events import caused_by
from evtui.power import DERATE_FROM
from evtui.runtime import LoopClock
from evtui.station.connector.charger_link import ChargerLink
from evtui.station.connector.facts import is_established
from evtui.station.connector.limiter import Limiter
from evtui.station.connector.protection import (
    STUCK_AFTER,
    HardwareState,
    HardwareTrouble,
    Protection,
    most_tolerated,
)
from evtui.station.connector.status import StatusReporter
from evtui.station.connector.transaction_control import TransactionControl
from evtui.station.hardware import (
    ChargerReport,
    ChargerState,
    ConnectorHardware,
    OwnReadings,
    VehicleAsks,
)
from evtui.station.listeners import Listeners
from evtui.station.metering.connector_meter import ConnectorMeter

__all__ = ["HardwareWatch"]

FLOWING = 1.0
"""A from which a current counts as flowing, where the vehicle does not say what it wants."""

CLOSE = 0.005
"""s between two reports that are as good as one: a frame of 8 bytes takes 0.3 ms."""

LONGEST = 1.0
"""s that one look stands for at most, after a loop that was held up."""


class HardwareWatch:
    """Told by the charger and by the vehicle's line; the station's own parts it reads itself.

    Args:
        hardware: the connector's.
        clock: lab clock.
        module: what it has to do with the charger.
        control: its transaction.

    Attributes:
        broken_off: told why, when a transaction has to end for the hardware's sake.
        blamed: the event that broke what the station protects itself from, None for wear.
    """

    def __init__(
        self,
        hardware: ConnectorHardware,
        clock: LoopClock,
        status: StatusReporter,
        metering: ConnectorMeter,
        limiter: Limiter,
        module: ChargerLink,
        control: TransactionControl,
    ) -> None:
        self.broken_off: Listeners[[str]] = Listeners()
        self.blamed: int | None = None
        self._line, self._parts = hardware.line, hardware.parts
        self._line_tells = self._line.asks is not VehicleAsks.UNKNOWN
        self._status = status
        self._meter = metering.meter
        self._limiter = limiter
        self._module = module
        self._control = control
        self._protection = Protection(self._excess)
        self._lost = False
        self._clock = clock
        self._heard = True  # since the last look at whether it is
        self._looked = clock.now()
        metering.soc, metering.temperature = self._soc, self._temperature
        module.returned.add(self._module_is_back)
        module.lost.add(self._module_is_lost)

    def on_report(self, report: ChargerReport) -> None:
        """What the charger reports; the station's own parts are read at the same time."""
        now = self._clock.now()
        own = self._parts.read()
        limiter, module = self._limiter, self._module
        limiter.on_phases(own.phases)
        voltage = report.voltage if own.voltage is None else own.voltage
        if voltage is not None:
            limiter.on_voltage(voltage)
        self._heard = True
        # What was reported before counts for the time until now: of two reports in one bit time,
        # as a forger sends them, the second one rules.
        if now - self._looked >= CLOSE:
            self._look(own, now, report)
        module.on_report(report, voltage, own.phases, now)
        current = report.current
        limiter.on_current(current)
        self._control.watch_energy()
        if not self._line_tells:
            flows = current >= FLOWING or report.state is ChargerState.DELIVERING
            self.follow(VehicleAsks.UNKNOWN, flows)

    def follow(self, asks: VehicleAsks, flows: bool = False) -> None:
        """Take what the vehicle wants, and where it does not say, whether current flows."""
        facts = self._status.facts
        if asks is facts.asks and flows is facts.flows:
            return
        established = facts.transaction and (facts.established or is_established(asks, flows))
        self._status.update(asks=asks, flows=flows, established=established)

    def unplugged(self) -> None:
        """The vehicle is gone, and with it what was wrong between it and the station."""
        if self._protection.watching:
            self._act_on(self._protection.unplugged())

    def watch(self) -> None:
        """Called about twice a second: a silent charger is a fault that ends the transaction."""
        self._module.watch()
        self._limiter.on_current(self._meter.current)  # none, once it is silent
        if not self._heard:  # the station's own parts are there still
            self._look(self._parts.read(), self._clock.now(), self._module.said)
        self._heard = False

    def _module_is_back(self) -> None:
        """Bring a charger that has just appeared to what it should be doing."""
        module = self._module
        with caused_by(None):
            self._limiter.apply()
            if self._control.running is not None and self._status.facts.plugged:
                module.start()  # it may have missed the first one
            if self._lost:
                self._lost = False
                module.stop()
                self._status.update(faulted=self._protection.faulted)

    def _module_is_lost(self) -> None:
        self._lost = True
        self._status.update(
            faulted=True, error_code="InternalError", info="charger module silent on CAN"
        )
        self.broken_off("")

    def _look(self, own: OwnReadings, now: float, said: ChargerReport | None) -> None:
        """See whether anything is wrong, where there is reason to look closely.

        Args:
            said: by the charger; its current counts from now on.
        """
        before, self._looked = self._looked, now
        module, faults = self._module, () if said is None else said.faults
        stuck = module.stuck(own, now)
        if not (
            own.sensors is not None
            or faults
            or self._protection.watching
            or stuck >= STUCK_AFTER
            or (self._meter.measured or 0.0) > self._limiter.limit
            or (own.temperature is not None and own.temperature >= DERATE_FROM)
        ):
            return
        line = self._line
        seen = HardwareState(
            own=own,
            running=module.running,
            stuck=stuck,
            silent=line.silent,
            asks=line.asks,
            faults=faults,
            off=said is not None and said.state is ChargerState.FAULT,
        )
        passed = round(min(now - before, LONGEST), 2)  # jitter decides nothing
        self._act_on(self._protection.look(seen, passed))

    def _act_on(self, found: HardwareTrouble | None) -> None:
        """Warn, end the transaction, or switch off, where something is new."""
        if found is None:
            return
        with caused_by(self.blamed):
            if found.emergency:
                self._parts.cut_off()
            faulted = found.faulted or self._lost
            told = self._status.report(found.error, found.info, faulted=faulted)
        with caused_by(told):
            if found.ends:
                self.broken_off(found.info)

    def _excess(self) -> float:
        """The current that the charger reports, in shares of the highest that is tolerated."""
        return self._meter.current / most_tolerated(self._limiter.limit)

    def _soc(self) -> float | None:
        """Per cent, from whoever the vehicle tells it."""
        told, said = self._line.soc, self._module.said
        return said.soc if told is None and said is not None else told

    def _temperature(self) -> float | None:
        """Degrees Celsius, as the station's own sensors have it, or else the charger."""
        own, said = self._parts.read().hottest, self._module.said
        return said.temperature if own is None and said is not None else own
