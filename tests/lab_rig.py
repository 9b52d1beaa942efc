"""A whole lab for one test: real WebSockets on loopback, everything it says kept.

On the virtual-time loop an hour of it takes a second: loopback delivers before the loop looks
for the next timer.  A test must still not build on exact times of messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from evtui.config import Settings
from evtui.events import (
    AnomalyState,
    CanFrame,
    Event,
    LabState,
    Note,
    OcppMessage,
    PartState,
    Sample,
)
from evtui.lab import Lab
from evtui.power import PowerStage
from evtui.runtime.clock import LoopClock
from evtui.station.charge_point import ChargePoint

__all__ = ["LabRig", "running_lab"]

E = TypeVar("E", bound=Event)

START_UTC = 1_700_000_000.0


class LabRig:
    """A lab on the running loop, with what it has published so far."""

    def __init__(self, wall: Callable[[], float] | None = None, **settings: Any) -> None:
        self.events: list[Event] = []
        clock = LoopClock(asyncio.get_running_loop(), START_UTC, wall=wall)
        self.lab = Lab(Settings(**({"port": 0} | settings)), clock)
        self.lab.stream.subscribe(self.events.append)
        self._stop = asyncio.Event()
        self._task = asyncio.create_task(self.lab.run(self._stop))

    def of(self, kind: type[E]) -> list[E]:
        """Events of one type, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def charge_point(self) -> ChargePoint:
        return self.lab.stands[self.lab.settings.id].charge_point

    @property
    def stage(self) -> PowerStage:
        return self.lab.stands[self.lab.settings.id].outlets[1].stage

    @property
    def current(self) -> float:
        """A flowing now."""
        return self.stage.state.current

    @property
    def status(self) -> str:
        """Status of the connector."""
        return str(self.charge_point.connectors[1].status)

    @property
    def state(self) -> LabState:
        """Newest state of the lab's settings."""
        return self.of(LabState)[-1]

    @property
    def changes(self) -> list[str]:
        """Changes that begin and end attacks, in order."""
        ends = ("on", "off", "safe", "failed")
        return [state.change for state in self.of(AnomalyState) if state.change in ends]

    @property
    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]

    @property
    def parts(self) -> dict[str, str]:
        """Newest state of each part."""
        return {event.part: event.state for event in self.of(PartState)}

    def actions(self, since: int = 0) -> list[str]:
        """Actions of the calls sent by either end after event ``since``, oldest first."""
        return [
            message.action
            for message in self.of(OcppMessage)
            if message.kind == "call" and message.phase == "sent" and message.seq > since
        ]

    def commands_on_can(self, since: int = 0) -> list[tuple[int, int | None]]:
        """Id and, for 0x210, amperes of what the charge point sent after event ``since``."""
        return [
            (
                frame.arbitration_id,
                int.from_bytes(frame.data, "little") if frame.data else None,
            )
            for frame in self.of(CanFrame)
            if frame.node == "charge-point" and frame.seq > since
        ]

    def highest(self, since: float) -> float:
        """Highest current in A since lab time ``since``."""
        return max(sample.current for sample in self.of(Sample) if sample.t >= since)

    async def execute(self, command: str, **arguments: Any) -> str:
        """The line that the lab answers with."""
        return (await self.lab.execute(command, **arguments)).text

    async def until(self, condition: Callable[[], object], within: float = 60.0) -> None:
        """Wait until ``condition`` holds, at most ``within`` s."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.02)

    def has_told_status(self, station: str) -> bool:
        """True once a station has told the central system of this lab its connector's status."""
        return any(
            (message.station, message.action, message.phase, message.connector)
            == (station, "StatusNotification", "delivered", 1)
            for message in self.of(OcppMessage)
        )

    async def up(self) -> None:
        """Wait until the charge point is accepted and the module is on the bus."""
        await self.until(lambda: self.has_told_status(self.lab.settings.id))
        await self.until(lambda: self.commands_on_can())

    async def down(self) -> float:
        """Stop the lab and return how many s it took."""
        begun = self.lab.clock.now()
        self._stop.set()
        await self._task
        return self.lab.clock.now() - begun


@asynccontextmanager
async def running_lab(
    wall: Callable[[], float] | None = None, **settings: Any
) -> AsyncIterator[LabRig]:
    """A lab that is up, and down again afterwards.

    Args:
        wall: Unix time in s by the computer's clock; default: there is none to follow.
    """
    rig = LabRig(wall, **settings)
    try:
        await rig.up()
        yield rig
    finally:
        await rig.down()
