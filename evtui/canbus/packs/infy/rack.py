"""The modules' end of INFY: one to eight modules on the bus around one power unit."""

from __future__ import annotations

from collections.abc import Sequence

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.packs.api import PowerUnit
from evtui.canbus.packs.infy.codec import decode, encode
from evtui.canbus.packs.infy.identifier import BROADCAST, Identifier
from evtui.canbus.packs.infy.messages import StatusBits
from evtui.canbus.packs.infy.module import InfyModule, Measured
from evtui.canbus.packs.periodic import PeriodicEnd
from evtui.canbus.packs.sharing import shared
from evtui.events import CanFrame
from evtui.power import DERATE_TO, StageState

__all__ = ["InfyRack"]

LOW_MAINS, HIGH_MAINS = 0.65, 1.3
"""Shares of the nominal mains voltage beyond which a module says so (260 and 530 of 400 V)."""


class InfyRack(PeriodicEnd):
    """Modules with neighbouring addresses in one group, and a unit that gives what they allow.

    Each is a node of its own, answers for itself, and has its own set-point and watchdog; the unit
    gives the sum of what they may, and each says its equal part of what then flows.

    Args:
        bus: see :class:`PeriodicEnd`.
        unit: see :class:`PeriodicEnd`.
        nodes: see :class:`PeriodicEnd`.
        modules: one for each node; the first answers for the group, and the one with address 0
            for all that are on the bus.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        unit: PowerUnit,
        nodes: Sequence[str],
        modules: Sequence[InfyModule],
    ) -> None:
        super().__init__(bus, unit, nodes)
        self.modules = tuple(modules)
        self.can_fail = len(self.modules)
        self._nodes: Sequence[Node] = ()

    def _begin(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes

    def _end(self) -> None:
        self._nodes = ()

    def _wanted(self) -> float | None:
        now = self._bus.loop.time()
        for number, module in enumerate(self.modules, start=1):
            module.failed = number in self.failed
            if module.watch(now):
                what = f"{self._names[number - 1]}: off, no controller was heard for 10 s"
                self._bus.notes.add("warning", what)
        if not any(module.working for module in self.modules):
            return None
        return sum(module.capacity(now) for module in self.modules)

    def _measure(self, state: StageState) -> None:
        now = self._bus.loop.time()
        most = [module.capacity(now) for module in self.modules]
        parts = shared(state.current, most)
        rest = (state.current - sum(parts)) / len(parts)  # still falling after a stop
        bits, supply = _bits(state)
        for module, part in zip(self.modules, parts, strict=True):
            module.measured = Measured(
                voltage=state.voltage,
                current=part + rest,
                total=state.current,
                temperature=state.measured_temperature,
                modules=len(self.modules),
                supply=supply,
                bits=bits,
            )

    def _speak(self) -> None:
        """Nothing is cyclic: modules speak when they are asked."""

    def _hear(self, number: int, frame: CanFrame) -> None:
        message = decode(frame)
        if message is None:
            return
        module = self.modules[number]
        to_all = not message.grouped and message.destination == BROADCAST
        master = module.address == 0 if to_all else number == 0
        answer = module.hear(message, self._bus.loop.time(), master=master)
        if answer is not None:
            self._nodes[number].send(encode(answer))

    def _is_for(self, number: int, frame: CanFrame) -> bool:
        identifier = Identifier.of(frame.arbitration_id)
        grouped = identifier.device == 0xB
        module = self.modules[number]
        return not identifier.is_reply and module.is_for(identifier.destination, grouped=grouped)


def _bits(state: StageState) -> tuple[StatusBits, float]:
    """What every module says is wrong with the unit, and the mains as a share of the nominal."""
    bits = StatusBits(0)
    if state.measured_temperature > DERATE_TO:
        bits |= StatusBits.OVER_TEMPERATURE
    if state.readings is None:
        return bits, 1.0
    supply = state.readings.supply
    if supply < LOW_MAINS:
        bits |= StatusBits.INPUT_LOW_VOLTAGE
    elif supply > HIGH_MAINS:
        bits |= StatusBits.INPUT_OVER_VOLTAGE
    return bits, supply
