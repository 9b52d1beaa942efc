"""Stands in the lab for the modules of a connector that are on a real bus."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from evtui.canbus import SimulatedBus
from evtui.canbus.packs import MalformedFrame, ModuleEnd, PowerUnit, ProtocolPack
from evtui.events import CanFrame, EventStream, caused_by
from evtui.power import StageState

__all__ = ["RealModule"]

PERIOD = 0.1
"""s between two steps of the model, as our own modules have it."""

GONE_AFTER = 5.0
"""s without a report after which a module counts as giving nothing: five polls of INFY's."""


class RealModule(ModuleEnd):
    """Goes by what the real modules report, and is never heard on the bus itself.

    What no bus tells, the session and the vehicle's side of it, is the power stage's model, which
    gets the orders that are on the bus; the current that counts as flowing is the one reported
    on the wire, and so is the voltage where the protocol has one.

    Args:
        bus: the lab's, which a gateway joins to the real one.
        pack: the protocol that is spoken there.
        unit: the model.
        stream: where the frames of the bus are.
        connector: connectorId, from 1.

    Attributes:
        current: A, as reported last by all modules of the connector together.
        voltage: V, likewise; None where no report has one.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        pack: ProtocolPack,
        unit: PowerUnit,
        stream: EventStream,
        *,
        connector: int,
    ) -> None:
        self.unit = unit
        self.name = f"{pack.nodes(connector)[0]} on {', '.join(bus.outside)}"
        self.malformed = 0
        self.voltage: float | None = None
        self._currents: dict[int | None, tuple[float, float]] = {}  # A, and when it was said
        self._limits: dict[int | None, float] = {}
        self._energy = 0.0
        self._bus = bus
        self._pack = pack
        self._stream = stream
        self._connector = connector

    @property
    def current(self) -> float:
        """A, as reported last by all modules of the connector together; 0 of one that is gone."""
        since = self._stream.now() - GONE_AFTER
        return sum(current for current, said in self._currents.values() if said >= since)

    async def run(self) -> None:
        """Work until cancelled."""
        loop = asyncio.get_running_loop()
        unsubscribe = self._stream.subscribe(self._on_frame, CanFrame)
        begun, steps = loop.time(), 0
        try:
            with caused_by(None):
                while True:
                    await asyncio.sleep(begun + (steps + 1) * PERIOD - loop.time())
                    while begun + (steps + 1) * PERIOD <= loop.time():
                        steps += 1
                        self.unit.step(PERIOD)
        finally:
            unsubscribe()
            self.unit.trip()

    def as_reported(self, state: StageState) -> StageState:
        """What the model does, with what the real modules have reported in its place."""
        current = self.current
        voltage = state.voltage if self.voltage is None else self.voltage
        power = current * voltage * (state.phases or 1)
        self._energy += power * PERIOD / 3600
        return replace(state, current=current, voltage=voltage, power=power, energy=self._energy)

    def _on_frame(self, frame: CanFrame) -> None:
        if frame.bus != self._bus.name:
            return
        try:
            said = self._pack.decode(frame)
        except MalformedFrame:
            self.malformed += frame.node in self._bus.outside
            return
        if said is None or said.connector not in (None, self._connector):
            return
        if said.by == "charge point":
            if said.limit is not None:
                self._limit(said.module, max(0.0, said.limit))  # less would discharge the vehicle
            if said.run is not None:
                (self.unit.start if said.run else self.unit.stop)()
        elif frame.node in self._bus.outside:
            if said.current is not None:
                self._currents[said.module] = said.current, frame.t
            if said.voltage is not None:
                self.voltage = said.voltage

    def _limit(self, module: int | None, amperes: float) -> None:
        """One module may give so much, or all of them together."""
        if module is None:
            self._limits.clear()
        else:
            self._limits.pop(None, None)
        self._limits[module] = amperes
        self.unit.set_limit(sum(self._limits.values()))
