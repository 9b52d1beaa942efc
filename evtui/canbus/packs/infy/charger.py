"""The charge point's end of INFY: controllers of its connectors behind one node of the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.nodes import CHARGE_POINT
from evtui.canbus.packs.api import MalformedFrame
from evtui.canbus.packs.infy.codec import Message, decode, encode
from evtui.canbus.packs.infy.controller import LOST, InfyController
from evtui.canbus.packs.infy.identifier import CONTROLLER
from evtui.events import CanFrame, caused_by
from evtui.station import Capabilities, Charger

__all__ = ["TURN", "InfyCharger", "infy_chargers"]

TURN = 0.05
"""s between two requests on a bus, whoever they are for: what the newest EVerest leaves."""


class InfyCharger(Charger):
    """The INFY modules of one connector.

    Args:
        line: on which all connectors of the charge point speak.
        controller: of this connector's modules.
    """

    silence = LOST

    def __init__(self, line: InfyLine, controller: InfyController) -> None:
        super().__init__()
        self.controller = controller
        self._line = line

    @property
    def capabilities(self) -> Capabilities:
        """See :class:`Charger`."""
        return self.controller.capabilities

    def start(self) -> None:
        """See :class:`Charger`."""
        self._line.send(self.controller.start(self._line.now))

    def stop(self) -> None:
        """See :class:`Charger`."""
        self._line.send(self.controller.stop(self._line.now))

    def set_limits(self, current: float, voltage: float | None = None) -> None:
        """See :class:`Charger`; to the mA for each module."""
        self._line.send(self.controller.set_limits(current, voltage, self._line.now))

    def forget(self) -> None:
        """See :class:`Charger`."""
        self.controller.forget()

    def close(self) -> None:
        """See :class:`Charger`; the node is that of all connectors, so all are closed."""
        self._line.close()


class InfyLine:
    """One node for all connectors: its turns are divided among them, its replies told to them.

    Args:
        bus: where it speaks, as the charge point.
    """

    def __init__(self, bus: SimulatedBus) -> None:
        self._loop = bus.loop
        self._chargers: list[InfyCharger] = []
        self._by_address: Mapping[int, InfyCharger] = {}
        self._node: Node = bus.attach(CHARGE_POINT, self._on_frame, self._stop)
        self._next = 0
        self._begun, self._turns = self._loop.time(), 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """s on the loop's clock."""
        return self._loop.time()

    def serve(self, chargers: Mapping[int, InfyCharger]) -> None:
        """Begin with the turns.

        Args:
            chargers: by the address of each of their modules.
        """
        self._by_address = chargers
        self._chargers = list(dict.fromkeys(chargers.values()))
        with caused_by(None):
            self._arm()

    def send(self, messages: Iterable[Message]) -> None:
        """Say something at once."""
        for message in messages:
            self._node.send(encode(message))

    def close(self) -> None:
        """Leave the bus."""
        self._node.detach()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        # Turns that a late wake-up has missed are not made up for: the modules need their rest.
        self._turns = max(self._turns + 1, int((self.now - self._begun) / TURN + 1e-6))
        self._timer = self._loop.call_at(self._begun + self._turns * TURN, self._turn)

    def _turn(self) -> None:
        for _ in self._chargers:
            charger = self._chargers[self._next]
            self._next = (self._next + 1) % len(self._chargers)
            message = charger.controller.turn(self.now)
            if message is not None:
                self._node.send(encode(message))
                break
        self._arm()

    def _on_frame(self, frame: CanFrame) -> None:
        try:
            message = decode(frame)
        except MalformedFrame:
            return
        if message is None or message.destination != CONTROLLER:
            return
        charger = self._by_address.get(message.source)
        if charger is None:
            return
        now = self.now
        new, answers = charger.controller.hear(message, now)
        self.send(answers)
        if new:
            charger.on_report(charger.controller.report(now))


def infy_chargers(
    bus: SimulatedBus, addresses: Mapping[int, Iterable[int]], *, walk_in: bool = False
) -> dict[int, InfyCharger]:
    """A charger for each connector, behind one node.

    Args:
        bus: where they speak.
        addresses: of the modules of each connector.
        walk_in: ask modules for a soft start.
    """
    line = InfyLine(bus)
    chargers = {}
    by_address = {}
    for connector, modules in addresses.items():
        known = tuple(modules)
        controller = InfyController(known, walk_in=walk_in, begun=line.now)
        chargers[connector] = InfyCharger(line, controller)
        by_address.update(dict.fromkeys(known, chargers[connector]))
    line.serve(by_address)
    return chargers
