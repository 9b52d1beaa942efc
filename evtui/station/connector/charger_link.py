"""What a connector has to do with its charger: orders, reports, silence."""

from __future__ import annotations

from evtui.runtime import LoopClock
from evtui.station.connector.silence import Silence
from evtui.station.hardware import Charger, ChargerReport
from evtui.station.listeners import Listeners
from evtui.station.metering.readings import Meter

__all__ = ["WATCH_EVERY", "ChargerLink"]

WATCH_EVERY = 0.5
"""s between two calls of :meth:`ChargerLink.watch`."""


class ChargerLink:
    """Tells the charger what to do, feeds the meter from its reports, notices its silence.

    Args:
        charger: the connector's.
        clock: lab clock.
        meter: the connector's.

    Attributes:
        returned: told when the charger is heard for the first time, or again.
        lost: told once when it has fallen silent.
        voltage: V that the station measures at the output.
        phases: of AC that are switched on, None for DC.
    """

    def __init__(self, charger: Charger, clock: LoopClock, meter: Meter) -> None:
        self.returned: Listeners[[]] = Listeners()
        self.lost: Listeners[[]] = Listeners()
        self.voltage = 0.0
        self.phases: int | None = None
        self._charger = charger
        self._clock = clock
        self._meter = meter
        self._silence = Silence(WATCH_EVERY)
        self._silent = False

    def start(self) -> None:
        """Let current flow."""
        self._charger.start()

    def stop(self) -> None:
        """Let no current flow."""
        self._charger.stop()

    def set_limit(self, limit: float) -> None:
        """Tell the charger a limit in A, if it is known to be there."""
        if self._silence.begun:
            self._charger.set_limits(limit)

    def forget_limit(self) -> None:
        """The charger may be set to another limit: the next one is told in any case."""
        self._charger.forget()

    def on_report(self, report: ChargerReport) -> None:
        """Take what the charger reports."""
        now = self._clock.now()
        silence = self._silence.heard(now)
        back = silence is None or self._silent or silence > self._charger.silence
        self._meter.report(report.current, self.voltage, now, self.phases)
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
