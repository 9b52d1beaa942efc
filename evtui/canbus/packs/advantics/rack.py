"""The modules' end of ADVANTICS: one node of the bus for all modules of a pistol."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.packs.advantics.codec import Message, decode, encode, pistol_of
from evtui.canbus.packs.advantics.modules import AdvanticsModules, Measured
from evtui.canbus.packs.api import PowerUnit
from evtui.canbus.packs.periodic import PERIOD, PeriodicEnd
from evtui.events import CanFrame, caused_by
from evtui.power import StageState

__all__ = ["AdvanticsRack"]

LATE = 0.02
"""s by which a timer may be late; later than that, the loop was held up, and that is no silence."""


class AdvanticsRack(PeriodicEnd):
    """Power modules that their own controller sums up, and a unit that gives what they allow.

    Args:
        bus: see :class:`PeriodicEnd`.
        unit: see :class:`PeriodicEnd`.
        name: of the node.
        pistol: whose modules they are, from 1.
        modules: what they are.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        unit: PowerUnit,
        name: str,
        pistol: int,
        modules: AdvanticsModules,
    ) -> None:
        super().__init__(bus, unit, (name,))
        self.modules = modules
        self.can_fail = modules.count
        self._pistol = pistol
        self._node: Node | None = None
        self._watch: asyncio.TimerHandle | None = None

    def _begin(self, nodes: Sequence[Node]) -> None:
        self._node = nodes[0]

    def _end(self) -> None:
        self._node = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _wanted(self) -> float | None:
        self.modules.failed = frozenset(number - 1 for number in self.failed)
        return self.modules.wanted()

    def _measure(self, state: StageState) -> None:
        insulation = None if state.readings is None else state.readings.insulation
        self.modules.measured = Measured(
            voltage=state.voltage if state.contactor else 0.0,
            current=state.current,
            temperature=state.measured_temperature,
            insulation=insulation,
        )
        self.modules.move(PERIOD)

    def _speak(self) -> None:
        assert self._node is not None
        self._node.send(encode(self.modules.status(), self._pistol))
        parameters = self.modules.parameters()
        if parameters is not None:
            self._node.send(encode(parameters, self._pistol))

    def _hear(self, number: int, frame: CanFrame) -> None:
        message: Message | None = decode(frame)
        if message is None or message.pistol != self._pistol:
            return
        self.modules.hear(message.content, self._bus.loop.time())
        self._arm()

    def _is_for(self, number: int, frame: CanFrame) -> bool:
        return frame.extended and pistol_of(frame.arbitration_id) == self._pistol

    def _arm(self) -> None:
        """Have the watchdog look when it is due, unless it looks before anyway."""
        if self._watch is None and self.modules.powering:
            with caused_by(None):
                loop = self._bus.loop
                when = max(self.modules.due, loop.time())
                self._watch = loop.call_at(when, self._look, when)

    def _look(self, due: float) -> None:
        self._watch = None
        now = self._bus.loop.time()
        if now - due > LATE:
            with caused_by(None):
                when = now + PERIOD
                self._watch = self._bus.loop.call_at(when, self._look, when)
        elif self.modules.watch(now):
            self.drive(None)
            self._bus.notes.add(
                "warning", f"{self.name}: off, no controller status was heard for 200 ms"
            )
        else:
            self._arm()
