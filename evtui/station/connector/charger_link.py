"""What a connector has to do with its charger: orders, reports, silence."""

from __future__ import annotations

from evtui.runtime import LoopClock
from evtui.station.connector.silence import Silence
from evtui.station.hardware import ChargerReport, ConnectorHardware, OwnReadings
from evtui.station.listeners import Listeners
from evtui.station.metering.readings import Meter

__all__ = ["WATCH_EVERY", "ChargerLink"]

WATCH_EVERY = 0.5
"""s between two calls of :meth:`ChargerLink.watch`."""


class ChargerLink:
    """Tells the charger what to do, feeds the meter from its reports, notices its silence.

    Args:
        hardware: the connector's.
        clock: lab clock.
        meter: the connector's.

    Attributes:
        returned: told when the charger is heard for the first time, or again.
        lost: told once when it has fallen silent.
        running: True between an order to let current flow and one to let none flow.
        said: its newest report; None before the first.
    """

    def __init__(self, hardware: ConnectorHardware, clock: LoopClock, meter: Meter) -> None:
        self.returned: Listeners[[]] = Listeners()
        self.lost: Listeners[[]] = Listeners()
        self.running = False
        self.said: ChargerReport | None = None
        self._charger = hardware.charger
        self._line = hardware.line
        self._clock = clock
        self._meter = meter
        self._silence = Silence(WATCH_EVERY)
        self._silent = False
        self._to_open: float | None = None  # since when the contactor is to open, until it does

    def start(self) -> None:
        """Let current flow."""
        self.running, self._to_open = True, None
        self._charger.start()

    def stop(self) -> None:
        """Let no current flow."""
        self.running = False
        if self._to_open is None:
            self._to_open = self._clock.now()
        self._charger.stop()

    def set_limit(self, limit: float) -> None:
        """Tell the charger a limit in A, if it is known to be there.

        The voltage that goes with it is what the vehicle asks for; a protocol that has no word
        for it leaves that to the charger.
        """
        if self._silence.begun:
            self._charger.set_limits(limit, self._line.voltage)

    @property
    def sets_voltage(self) -> bool:
        """True where the charger is told what voltage the vehicle asks for."""
        return self._charger.capabilities.sets_voltage

    def forget_limit(self) -> None:
        """The charger may be set to another limit: the next one is told in any case."""
        self._charger.forget()

    def stuck(self, own: OwnReadings, now: float) -> float:
        """Take what the auxiliary contact of the contactor says at lab time ``now``.

        Returns:
            s for which it has not opened although the charger was stopped; 0 once it has.
        """
        if self._to_open is None:
            return 0.0
        if not own.contactor:
            self._to_open = None
            return 0.0
        return now - self._to_open

    def on_report(
        self, report: ChargerReport, voltage: float | None, phases: int | None, now: float
    ) -> None:
        """Take what the charger reports.

        Args:
            voltage: V at the output, None where nobody measures it.
            phases: of an AC supply that are switched on.
            now: lab time in s.
        """
        silence = self._silence.heard(now)
        back = silence is None or self._silent or silence > self._charger.silence
        self.said = report
        self._meter.report(report.current, voltage, now, phases)
        if back:
            self._silent = False
            self._charger.forget()  # it may have missed the last limit
            self.returned()

    def watch(self) -> None:
        """Called every :data:`WATCH_EVERY` s: says so when the charger has fallen silent."""
        now = self._clock.now()
        if self._silence.look(now) <= self._charger.silence or self._silent:
            return
        self._silent = True
        self._meter.report(0.0, 0.0, now)  # what nobody reports is not counted
        self.lost()

    def close(self) -> None:
        """Leave the charger alone."""
        self._charger.close()
