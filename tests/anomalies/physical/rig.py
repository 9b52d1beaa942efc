"""A lab in memory whose car charges, for tests of what breaks in the power stage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from evtui.config import Settings
from evtui.events import AnomalyState, Event, OcppMessage, Sample
from evtui.lab import Lab
from evtui.power import PowerStage, StageState
from evtui.runtime.clock import LoopClock
from evtui.station import ConnectorController
from tests.station.rig import virtual

__all__ = ["Told", "Under", "charging", "virtual"]

START_UTC = 1_767_225_600.0


class Told(NamedTuple):
    """A StatusNotification: s since the anomaly was switched on, and what it says."""

    t: float
    status: str
    error: str


class Under:
    """A lab under an anomaly."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.events: list[Event] = []
        self.on_at = 0.0
        self._since = 0
        lab.stream.subscribe(self.events.append)

    @property
    def stage(self) -> PowerStage:
        return self.lab.stands["CP1"].outlets[1].stage

    @property
    def state(self) -> StageState:
        return self.stage.state

    @property
    def connector(self) -> ConnectorController:
        return self.lab.stands["CP1"].charge_point.connectors[1]

    @property
    def changes(self) -> list[AnomalyState]:
        return [each for each in self.events if isinstance(each, AnomalyState)]

    def calls(self, action: str) -> list[OcppMessage]:
        """Calls of the station since the anomaly was switched on."""
        return [
            each
            for each in self.events
            if isinstance(each, OcppMessage)
            and (each.kind, each.phase, each.action) == ("call", "sent", action)
            and each.seq > self._since
        ]

    @property
    def told(self) -> list[Told]:
        """What the station has told of its status since the anomaly was switched on."""
        return [
            Told(each.t - self.on_at, each.payload["status"], each.payload["errorCode"])
            for each in self.calls("StatusNotification")
        ]

    @property
    def reasons(self) -> list[str]:
        """With which transactions have ended since then."""
        return [each.payload["reason"] for each in self.calls("StopTransaction")]

    def samples(self, since: float = 0.0) -> list[Sample]:
        """What the power stage did from so many s after the anomaly was switched on."""
        first = self.on_at + since
        return [each for each in self.events if isinstance(each, Sample) and each.t >= first]

    async def on(self, name: str, **parameters: Any) -> None:
        self.on_at = self.lab.clock.now()
        self._since = self.lab.stream.last_seq
        await self.lab.execute("anomaly.start", name=name, parameters=parameters)

    async def set(self, name: str, **parameters: Any) -> None:
        await self.lab.execute("anomaly.set", name=name, parameters=parameters)

    async def off(self, name: str) -> str:
        return (await self.lab.execute("anomaly.stop", name=name)).text

    async def charge(self) -> None:
        await self.lab.execute("station.charge")
        await self.until(lambda: self.connector.status == "Charging")

    async def until(self, condition: Callable[[], object], within: float = 60.0) -> float:
        """Wait for something; returns s since the anomaly was switched on."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.05)
        return self.lab.clock.now() - self.on_at


@asynccontextmanager
async def charging(
    seconds: float = 10.0, limit: float = 100.0, **settings: Any
) -> AsyncIterator[Under]:
    """A lab whose car has charged for so long.

    Args:
        limit: A that the station offers.
    """
    clock = LoopClock(asyncio.get_running_loop(), START_UTC)
    lab = Lab(Settings(**{"port": 0, "preset": "dc", **settings}), clock, link="memory")
    async with lab:
        under = Under(lab)
        lab.stands["CP1"].charge_point.configuration.set("EvtuiDefaultLimit", limit)
        await under.charge()
        await asyncio.sleep(seconds)
        yield under
