"""The charger module of the seed protocol: a CAN node around a power unit."""

from __future__ import annotations

import asyncio

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.nodes import module_of
from evtui.canbus.packs.api import MalformedFrame, ModuleEnd, PowerUnit
from evtui.canbus.packs.seed.codec import (
    SetLimit,
    StartCharging,
    StopCharging,
    connector_of,
    current_frame,
    decode,
)
from evtui.events import CanFrame, caused_by

__all__ = ["PERIOD", "ChargerModule"]

PERIOD = 0.1
"""s between two steps of the unit and between two 0x300 frames (GenMsgCycleTime in the DBC)."""


class ChargerModule(ModuleEnd):
    """Obeys StartCharging, StopCharging and SetLimit, and reports its Current every 100 ms.

    Deadlines are absolute, so the period does not drift.  After a late wake-up the unit makes
    up for every step it missed, so energy and heat stay true; of the frames only the newest is
    sent, as a controller that was held up would do.

    Args:
        bus: where it talks, as node ``name``.
        unit: what it drives; others may switch or plug it between two steps.
        connector: whose module it is; the node is ``module``, ``module-2`` for connector 2.

    Attributes:
        unit: see :class:`ModuleEnd`.
        name: of its node on the bus.
        malformed: frames ignored since the start, because their length was wrong.
    """

    def __init__(self, bus: SimulatedBus, unit: PowerUnit, *, connector: int = 1) -> None:
        self.unit = unit
        self.malformed = 0
        self._bus = bus
        self._connector = connector
        self.name = module_of(connector)

    async def run(self) -> None:
        """Work until cancelled; however it ends, the unit is at 0 A and the node detached."""
        loop = asyncio.get_running_loop()
        node = self._bus.attach(self.name, self._on_frame)
        crashed: asyncio.Future[None] = loop.create_future()
        timer: asyncio.TimerHandle | None = None
        begun, steps = loop.time(), 0
        step = self.unit.step

        def tick() -> None:
            # A timer rather than a task that sleeps: half the work for the loop.
            nonlocal steps, timer
            try:
                steps += 1
                state = step(PERIOD)
                while begun + (steps + 1) * PERIOD <= loop.time():
                    steps += 1
                    state = step(PERIOD)
                timer = loop.call_at(begun + (steps + 1) * PERIOD, tick)
                node.send_and_yield(current_frame(round(state.current), self._connector))
            except Exception as error:
                crashed.set_exception(error)

        # The command that started this part is not the cause of every frame it will send.
        with caused_by(None):
            timer = loop.call_at(begun + PERIOD, tick)
        try:
            await crashed
        finally:
            if timer is not None:
                timer.cancel()
            node.detach()
            self.unit.trip()

    def _on_frame(self, frame: CanFrame) -> None:
        try:
            received = decode(frame)
        except MalformedFrame as error:
            if connector_of(frame.arbitration_id) == self._connector:
                self.malformed += 1
                self._bus.notes.add("warning", f"{self.name}: frame ignored: {error}")
            return
        if received is None or received.connector != self._connector:
            return
        match received.message:
            case StartCharging():
                self.unit.start()
            case StopCharging():
                self.unit.stop()
            case SetLimit(amperes):
                self.unit.set_limit(amperes)
            case _:
                pass
