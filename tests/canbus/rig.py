"""A bus with everything it publishes, for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from evtui.canbus import Frame, SimulatedBus
from evtui.events import CanFrame, Event, EventStream
from evtui.runtime.clock import LoopClock
from tests.patience import PATIENCE

E = TypeVar("E", bound=Event)

START_UTC = 1_700_000_000.0


class Rig:
    """A bus on the running loop; lab time is 0 now.

    Args:
        bitrate: bit/s; None for an ideal bus.
        heard: a node that listens and acknowledges is there from the start, so a sender is not
            alone.
    """

    def __init__(
        self, bitrate: int | None = 500_000, *, heard: bool = True, **options: Any
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = LoopClock(self.loop, START_UTC)
        self.stream = EventStream(self.clock)
        self.events: list[Event] = []
        self.stream.subscribe(self.events.append)
        self.bus = SimulatedBus(
            "CP1/can", "CP1", self.stream, self.clock, bitrate=bitrate, **options
        )
        if heard:
            self.bus.attach("somebody", ignore)

    def of(self, kind: type[E]) -> list[E]:
        """Events of one type, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def ids(self) -> list[int]:
        """Arbitration ids of the published frames, oldest first."""
        return [frame.arbitration_id for frame in self.of(CanFrame)]


def frame(arbitration_id: int, data: bytes = b"", *, extended: bool = False) -> Frame:
    """A data frame."""
    return Frame(arbitration_id, data, extended)


def ignore(_: CanFrame) -> None:
    """A receiver that has no use for what it hears."""


async def until(condition: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Wait for ``condition``, on real or virtual time, at most ``timeout`` s."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
