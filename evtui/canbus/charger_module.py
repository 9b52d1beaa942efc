"""The charger module: a CAN node around the pure power stage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.nodes import module_of
from evtui.canbus.protocol import (
    Current,
    MalformedFrame,
    SetLimit,
    StartCharging,
    StopCharging,
    connector_of,
    decode,
    encode,
)
from evtui.events import CanFrame, caused_by
from evtui.power import PowerStage, StageState

__all__ = ["PERIOD", "ChargerModule"]

PERIOD = 0.1
"""s between two steps of the stage and between two 0x300 frames (GenMsgCycleTime in the DBC)."""


class ChargerModule:
    """Obeys StartCharging, StopCharging and SetLimit, and reports its Current every 100 ms.

    Deadlines are absolute, so the period does not drift.  After a late wake-up the stage makes
    up for every step it missed, so energy and heat stay true; of the frames only the newest is
    sent, as a controller that was held up would do.

    Args:
        bus: where it talks, as node ``name``.
        stage: what it drives; others may switch or plug it between two steps.
        on_sample: called with the stage's state after each step.
        connector: whose module it is; the node is ``module``, ``module-2`` for connector 2.

    Attributes:
        name: of its node on the bus.
        malformed: frames ignored since the start, because their length was wrong.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        stage: PowerStage,
        on_sample: Callable[[StageState], None] | None = None,
        *,
        connector: int = 1,
    ) -> None:
        self.stage = stage
        self.malformed = 0
        self._bus = bus
        self._on_sample = on_sample
        self._connector = connector
        self.name = module_of(connector)

    async def run(self) -> None:
        """Work until cancelled; however it ends, the stage is at 0 A and the node detached."""
        loop = asyncio.get_running_loop()
        node = self._bus.attach(self.name, self._on_frame)
        crashed: asyncio.Future[None] = loop.create_future()
        timer: asyncio.TimerHandle | None = None
        begun, steps = loop.time(), 0

        def tick() -> None:
            # A timer rather than a task that sleeps: half the work for the loop.
            nonlocal steps, timer
            try:
                steps += 1
                state = self._step()
                while begun + (steps + 1) * PERIOD <= loop.time():
                    steps += 1
                    state = self._step()
                node.send(encode(Current(round(state.current)), self._connector))
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
            # Nobody steps the stage from here on: what it shows now is what it goes on showing.
            state = self.stage.trip()
            node.detach()
            if self._on_sample is not None:
                self._on_sample(state)

    def _step(self) -> StageState:
        state = self.stage.step(PERIOD)
        if self._on_sample is not None:
            self._on_sample(state)
        return state

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
                self.stage.start()
            case StopCharging():
                self.stage.stop()
            case SetLimit(amperes):
                self.stage.set_limit(amperes)
            case _:
                pass
