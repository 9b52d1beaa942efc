"""What the modules' ends of the packs have in common: steps of the unit, frames, failed modules."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.packs.api import MalformedFrame, ModuleEnd, PowerUnit
from evtui.events import CanFrame, caused_by
from evtui.power import StageState

__all__ = ["PERIOD", "PeriodicEnd"]

PERIOD = 0.1
"""s between two steps of the unit."""


class PeriodicEnd(ModuleEnd):
    """Modules as nodes of a bus around one unit that is stepped every 100 ms.

    Deadlines are absolute, so the period does not drift.  After a late wake-up the unit makes up
    for every step it missed; what is cyclic is then sent once.

    Args:
        bus: where they talk.
        unit: what they drive; others may switch or plug it between two steps.
        nodes: names of the nodes.

    Attributes:
        unit: see :class:`ModuleEnd`.
        name: see :class:`ModuleEnd`.
        malformed: see :class:`ModuleEnd`.
        failed: see :class:`ModuleEnd`.
    """

    def __init__(self, bus: SimulatedBus, unit: PowerUnit, nodes: Sequence[str]) -> None:
        self.unit = unit
        self.name = nodes[0]
        self.malformed = 0
        self._names = tuple(nodes)
        self._bus = bus
        self._running = False

    async def run(self) -> None:
        """Work until cancelled; however it ends, the unit is at 0 A and the nodes detached."""
        loop = asyncio.get_running_loop()
        nodes: list[Node] = []
        for number, name in enumerate(self._names):
            nodes.append(self._bus.attach(name, partial(self._take, number)))
        crashed: asyncio.Future[None] = loop.create_future()
        timer: asyncio.TimerHandle | None = None
        begun, steps = loop.time(), 0
        self._begin(nodes)

        def tick() -> None:
            nonlocal steps, timer
            try:
                steps += 1
                self._step()
                while begun + (steps + 1) * PERIOD <= loop.time():
                    steps += 1
                    self._step()
                self._speak()
            except Exception as error:
                crashed.set_exception(error)
            else:
                timer = loop.call_at(begun + (steps + 1) * PERIOD, tick)

        # The command that started this part is not the cause of every frame it will send.
        with caused_by(None):
            timer = loop.call_at(begun + PERIOD, tick)
        try:
            await crashed
        finally:
            if timer is not None:
                timer.cancel()
            self._end()
            for node in nodes:
                node.detach()
            self.unit.trip()

    def drive(self, current: float | None) -> None:
        """Let the unit give ``current`` A from its next step on; None stops it."""
        if current is not None:
            self.unit.set_limit(current)
        if self._running != (current is not None):
            self._running = not self._running
            if self._running:
                self.unit.start()
            else:
                self.unit.stop()

    def _step(self) -> None:
        self.drive(self._wanted())
        self._measure(self.unit.step(PERIOD))

    def _take(self, number: int, frame: CanFrame) -> None:
        try:
            self._hear(number, frame)
        except MalformedFrame as error:
            if self._is_for(number, frame):
                self.malformed += 1
                self._bus.notes.add("warning", f"{self._names[number]}: frame ignored: {error}")

    @abstractmethod
    def _begin(self, nodes: Sequence[Node]) -> None:
        """They are on the bus, one node for each name."""

    @abstractmethod
    def _end(self) -> None:
        """No more timers: the nodes leave the bus."""

    @abstractmethod
    def _wanted(self) -> float | None:
        """A that the unit is to give from now on, None for nothing at all."""

    @abstractmethod
    def _measure(self, state: StageState) -> None:
        """What the unit did in a step."""

    @abstractmethod
    def _speak(self) -> None:
        """Send what is cyclic."""

    @abstractmethod
    def _hear(self, number: int, frame: CanFrame) -> None:
        """Take a frame that a node has heard, from 0; raises MalformedFrame."""

    @abstractmethod
    def _is_for(self, number: int, frame: CanFrame) -> bool:
        """Whether a frame that cannot be read was meant for this node."""
