"""The station's end of the CAN talk with the charger module of one connector."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from evtui.canbus import Node
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
from evtui.events import CanFrame
from evtui.runtime import LoopClock
from evtui.station.connector.silence import Silence
from evtui.station.listeners import Listeners
from evtui.station.metering.readings import Meter

__all__ = ["MODULE_SILENCE", "WATCH_EVERY", "ModuleFrames", "ModuleLink"]

MODULE_SILENCE = 1.0
"""s without a Current frame after which the module counts as lost: ten of its periods."""

WATCH_EVERY = 0.5
"""s between two calls of :meth:`ModuleLink.watch`."""


class ModuleFrames:
    """What charger modules say on the bus, told to whoever listens to their connector.

    Attributes:
        listeners: by connectorId, from 1.
    """

    def __init__(self) -> None:
        self.listeners: dict[int, Callable[[StationMessage], None]] = {}

    def on_frame(self, frame: CanFrame) -> None:
        """Take a frame; what is none of a module of ours is left alone."""
        try:
            received = decode(frame)
        except MalformedFrame:
            return
        if received is not None and received.connector in self.listeners:
            self.listeners[received.connector](received.message)


class ModuleLink:
    """Tells the module what to do, feeds the meter from its reports, notices its silence.

    Args:
        connector: connectorId, from 1.
        clock: lab clock.
        meter: the connector's.
        node: the charge point's on the bus.

    Attributes:
        returned: told when the module is heard for the first time, or again.
        lost: told once when it has fallen silent.
        voltage: V that the station measures at the output.
        phases: of AC that are switched on, None for DC.
    """

    def __init__(self, connector: int, clock: LoopClock, meter: Meter, node: Node) -> None:
        self.returned: Listeners[[]] = Listeners()
        self.lost: Listeners[[]] = Listeners()
        self.voltage = 0.0
        self.phases: int | None = None
        self._clock = clock
        self._meter = meter
        self._node = node
        self._connector = connector
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

    def forget_limit(self) -> None:
        """The module may be set to another limit: the next one is told in any case."""
        self._limit = None

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
            self.forget_limit()  # it may have missed the last one
            self.returned()

    def watch(self) -> None:
        """Called every :data:`WATCH_EVERY` s: says so when the module has fallen silent."""
        now = self._clock.now()
        if self._silence.look(now) <= MODULE_SILENCE or self._silent:
            return
        self._silent = True
        self._meter.report(0.0, 0.0, now)  # what nobody reports is not counted
        self.lost()

    def _send(self, message: StationMessage) -> None:
        self._node.send(encode(message, self._connector))
