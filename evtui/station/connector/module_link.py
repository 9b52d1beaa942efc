"""The station's end of the CAN talk with the charger module of one connector."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from evtui.canbus.protocol import Current, SetLimit, StartCharging, StationMessage, StopCharging
from evtui.runtime import LoopClock
from evtui.station.connector.silence import Silence
from evtui.station.metering.readings import Meter

__all__ = ["MODULE_SILENCE", "WATCH_EVERY", "ModuleLink"]

MODULE_SILENCE = 1.0
"""s without a Current frame after which the module counts as lost: ten of its periods."""

WATCH_EVERY = 0.5
"""s between two calls of :meth:`ModuleLink.watch`."""


class ModuleLink:
    """Tells the module what to do, feeds the meter from its reports, notices its silence.

    Args:
        clock: lab clock.
        meter: the connector's.
        send: puts a message for this module on the bus.
        returned: called when the module is heard for the first time, or again.
        lost: called once when it has fallen silent.

    Attributes:
        voltage: V that the station measures at the output.
        phases: of AC that are switched on, None for DC.
    """

    def __init__(
        self,
        clock: LoopClock,
        meter: Meter,
        send: Callable[[StationMessage], None],
        *,
        returned: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self.voltage = 0.0
        self.phases: int | None = None
        self._clock = clock
        self._meter = meter
        self._send = send
        self._returned = returned
        self._lost = lost
        self._silence = Silence(WATCH_EVERY)
        self._silent = False
        self._limit: int | None = None

    def start(self) -> None:
        """Let current flow."""
        self._send(StartCharging())

    def stop(self) -> None:
        """Let no current flow."""
        self._send(StopCharging())

    def set_limit(self, limit: float) -> None:
        """Tell the module a limit in A, rounded down so that it is never more than allowed."""
        whole = floor(limit + 1e-9)
        if whole != self._limit and self._silence.begun:
            self._limit = whole
            self._send(SetLimit(whole))

    def on_message(self, message: StationMessage) -> None:
        """Take what was heard on the bus about this connector."""
        if not isinstance(message, Current):
            return
        now = self._clock.now()
        silence = self._silence.heard(now)
        back = silence is None or self._silent or silence > MODULE_SILENCE
        self._meter.report(float(message.amperes), self.voltage, now, self.phases)
        if back:
            self._silent = False
            self._limit = None  # it may have missed the last one
            self._returned()

    def watch(self) -> None:
        """Called every :data:`WATCH_EVERY` s: says so when the module has fallen silent."""
        now = self._clock.now()
        if self._silence.look(now) <= MODULE_SILENCE or self._silent:
            return
        self._silent = True
        self._meter.report(0.0, 0.0, now)  # what nobody reports is not counted
        self._lost()
