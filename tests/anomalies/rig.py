"""A whole lab in virtual time, with a car that charges, and one anomaly after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from evtui.anomalies import Injector
from evtui.anomalies.targets import Site
from evtui.config import Settings
from evtui.events import AnomalyState, CanFrame, Event, Note, OcppMessage, Sample
from evtui.lab import Lab
from evtui.ocppj import StationLine
from evtui.runtime import LoopClock
from evtui.station import ChargePoint
from tests.virtual_loop import run_virtual

__all__ = ["AnomalyRig", "charging_lab", "run_anomaly"]

E = TypeVar("E", bound=Event)

START_UTC = 1_767_225_600.0
"""2026-01-01T00:00:00Z, when lab time is 0."""


class AnomalyRig:
    """A lab of one charge point on the running loop, with what it has published so far.

    Attributes:
        current_afterwards: A that flowed 10 s after the anomaly had been switched off.
    """

    def __init__(self, *, plugged: bool = True, **settings: Any) -> None:
        self.current_afterwards = 0.0
        self.events: list[Event] = []
        given: dict[str, Any] = {"preset": "dc", "meter_interval": 1.0} | settings
        clock = LoopClock(asyncio.get_running_loop(), START_UTC)
        self.lab = Lab(Settings(**given), clock, link="memory", plugged=plugged)
        self.lab.stream.subscribe(self.events.append)

    def of(self, kind: type[E], since: float = 0.0) -> list[E]:
        """Events of one type from lab time ``since`` on, oldest first."""
        return [each for each in self.events if isinstance(each, kind) and each.t >= since]

    @property
    def now(self) -> float:
        return self.lab.clock.now()

    @property
    def charge_point(self) -> ChargePoint:
        return self.lab.stands["CP1"].charge_point

    def injector(self, name: str) -> Injector[Any]:
        return self.lab.stands["CP1"].anomalies.at(1, name)

    @property
    def site(self) -> Site:
        return self.injector("link-drop").run.site

    @property
    def line(self) -> StationLine:
        return self.site.line

    @property
    def current(self) -> float:
        """A flowing now."""
        return self.of(Sample)[-1].current

    @property
    def steps(self) -> list[AnomalyState]:
        return [state for state in self.of(AnomalyState) if state.change == "step"]

    @property
    def changes(self) -> list[str]:
        """Changes that begin and end an attack, in order."""
        ends = ("on", "off", "safe", "failed")
        return [state.change for state in self.of(AnomalyState) if state.change in ends]

    @property
    def notes(self) -> list[str]:
        return [note.text for note in self.of(Note)]

    def calls(self, action: str, phase: str, since: float = 0.0) -> list[OcppMessage]:
        """Calls of an action that were ``sent`` or ``delivered``."""
        return [
            message
            for message in self.of(OcppMessage, since)
            if (message.action, message.phase, message.kind) == (action, phase, "call")
        ]

    def frames(self, arbitration_id: int, since: float = 0.0) -> list[CanFrame]:
        """Frames of an id."""
        return [f for f in self.of(CanFrame, since) if f.arbitration_id == arbitration_id]

    async def start(self, name: str, **parameters: Any) -> None:
        """Switch an anomaly on."""
        await self.lab.execute("anomaly.start", name=name, parameters=parameters)

    async def set(self, name: str, **parameters: Any) -> None:
        """Change its parameters."""
        await self.lab.execute("anomaly.set", name=name, parameters=parameters)

    async def stop(self, name: str) -> str:
        """Switch it off; returns what is said of that."""
        return (await self.lab.execute("anomaly.stop", name=name)).text

    async def until(self, condition: Callable[[], object], within: float = 60.0) -> None:
        """Wait until ``condition`` holds, at most ``within`` s."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.05)


@asynccontextmanager
async def charging_lab(*, charging: bool = True, **settings: Any) -> AsyncIterator[AnomalyRig]:
    """A lab in which a car has charged for 5 s with its full current."""
    rig = AnomalyRig(**settings)
    async with rig.lab:
        if charging:
            await asyncio.sleep(1.0)
            await rig.lab.execute("station.charge")
            await rig.until(lambda: rig.current > 99.0)
            await asyncio.sleep(5.33)  # between two meter values
        yield rig


def run_anomaly(
    name: str,
    seconds: float,
    then: Callable[[AnomalyRig], Awaitable[None]] | None = None,
    *,
    charging: bool = True,
    settings: dict[str, Any] | None = None,
    **parameters: Any,
) -> AnomalyRig:
    """What a lab has published when an anomaly has been on for ``seconds`` and off for 10 s.

    It is held to it that it ends in its safe state and leaves nothing on the link.

    Args:
        then: awaited while it is on, before the ``seconds``.
        charging: a car charges when it is switched on.
        settings: of the lab.
        parameters: of the anomaly.
    """

    async def scenario() -> AnomalyRig:
        async with charging_lab(charging=charging, **(settings or {})) as rig:
            await rig.start(name, **parameters)
            if then is not None:
                await then(rig)
            await asyncio.sleep(seconds)
            await rig.stop(name)
            await asyncio.sleep(10.0)
            assert rig.changes == ["on", "off", "safe"]
            assert not rig.line.busy
            rig.current_afterwards = rig.current
            return rig

    return run_virtual(scenario())
