"""The charge point's end of ADVANTICS: a controller for each pistol behind one node of the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.nodes import CHARGE_POINT
from evtui.canbus.packs.advantics.codec import decode, encode
from evtui.canbus.packs.advantics.controller import CYCLE, SILENCE, AdvanticsController
from evtui.canbus.packs.advantics.messages import ChargeStatusChange, DcPowerControl
from evtui.canbus.packs.api import MalformedFrame
from evtui.events import CanFrame, caused_by, current_cause
from evtui.station import Capabilities, Charger

__all__ = ["AdvanticsCharger", "advantics_chargers"]


class AdvanticsCharger(Charger):
    """The power modules behind one pistol.

    Args:
        line: on which all connectors of the charge point speak.
        pistol: the number of the connector.
    """

    silence = SILENCE

    def __init__(self, line: AdvanticsLine, pistol: int) -> None:
        super().__init__()
        self.controller = AdvanticsController()
        self.pistol = pistol
        self.cause: int | None = None
        self._line = line

    @property
    def capabilities(self) -> Capabilities:
        """See :class:`Charger`."""
        return self.controller.capabilities

    def start(self) -> None:
        """See :class:`Charger`; said with the next cycle."""
        self.cause = current_cause()
        self.controller.start()

    def stop(self) -> None:
        """See :class:`Charger`; said with the next cycle."""
        self.cause = current_cause()
        self.controller.stop()

    def set_limits(self, current: float, voltage: float | None = None) -> None:
        """See :class:`Charger`; in tenths of A, said with the next cycle."""
        self.cause = current_cause()
        self.controller.set_limits(current, voltage)

    def forget(self) -> None:
        """See :class:`Charger`; limits are said again with every cycle anyway."""

    def close(self) -> None:
        """See :class:`Charger`; the node is that of all connectors, so all are closed."""
        self._line.close()


class AdvanticsLine:
    """One node that speaks for the controllers of all pistols every 100 ms.

    Args:
        bus: where it speaks, as the charge point.
    """

    def __init__(self, bus: SimulatedBus) -> None:
        self._loop = bus.loop
        self._chargers: dict[int, AdvanticsCharger] = {}
        self._node: Node = bus.attach(CHARGE_POINT, self._on_frame, self._stop)
        self._begun, self._cycles = self._loop.time(), 1
        self._timer: asyncio.TimerHandle | None = None

    def serve(self, chargers: dict[int, AdvanticsCharger]) -> None:
        """Begin with the cycles.

        Args:
            chargers: by pistol.
        """
        self._chargers = chargers
        with caused_by(None):
            self._timer = self._loop.call_at(self._begun + CYCLE, self._cycle)

    def close(self) -> None:
        """Leave the bus."""
        self._node.detach()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cycle(self) -> None:
        now = self._loop.time()
        for pistol, charger in self._chargers.items():
            for content in charger.controller.step(now):
                cause = None
                if isinstance(content, DcPowerControl | ChargeStatusChange):
                    # The first frame that says so is what an order has caused.
                    cause, charger.cause = charger.cause, None
                self._node.send(encode(content, pistol), cause)
        # Cycles that a late wake-up has missed are not made up for.
        self._cycles = max(self._cycles + 1, int((now - self._begun) / CYCLE + 1e-6))
        self._timer = self._loop.call_at(self._begun + self._cycles * CYCLE, self._cycle)

    def _on_frame(self, frame: CanFrame) -> None:
        try:
            message = decode(frame)
        except MalformedFrame:
            return
        charger = None if message is None else self._chargers.get(message.pistol)
        if message is None or charger is None:
            return
        if charger.controller.hear(message.content, self._loop.time()):
            charger.on_report(charger.controller.report())


def advantics_chargers(bus: SimulatedBus, connectors: Iterable[int]) -> dict[int, AdvanticsCharger]:
    """A charger for each connector, behind one node."""
    line = AdvanticsLine(bus)
    chargers = {number: AdvanticsCharger(line, number) for number in connectors}
    line.serve(chargers)
    return chargers
