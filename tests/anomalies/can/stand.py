"""A car that charges with 100 A, and one anomaly on the bus of its station."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

from evtui.canbus import Frame, SimulatedBus, frame_bits
from evtui.canbus.packs.seed import Current, SetLimit, decode
from evtui.events import AnomalyState, BusLoad, CanFrame, ConnectorState, Sample
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual

__all__ = ["Stand", "amperes", "charging", "gaps", "on_the_bus"]

SAFE_WITHIN = 10.0


class Stand:
    """What a test does with one anomaly, and what it sees of it.

    Attributes:
        name: of the anomaly.
        on, off: lab time in s.
    """

    def __init__(self, rig: LabRig, name: str) -> None:
        self.rig = rig
        self.name = name
        self.on = self.off = 0.0

    @property
    def now(self) -> float:
        return self.rig.lab.clock.now()

    @property
    def bus(self) -> SimulatedBus:
        return self.rig.lab.stands["CP1"].bus

    async def start(self, **parameters: Any) -> None:
        self.on = self.now
        await self.rig.execute("anomaly.start", name=self.name, parameters=parameters)

    async def change(self, **parameters: Any) -> None:
        await self.rig.execute("anomaly.set", name=self.name, parameters=parameters)

    async def stop(self) -> str:
        text = await self.rig.execute("anomaly.stop", name=self.name)
        self.off = self.now
        return text

    async def run(self, seconds: float, **parameters: Any) -> None:
        """On for so long, off again and given the time to settle."""
        await self.start(**parameters)
        await asyncio.sleep(seconds)
        assert (await self.stop()).startswith("safe")
        await asyncio.sleep(SAFE_WITHIN)

    async def limit(self, amperes: float) -> None:
        """Have the central system set a limit."""
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
        }
        profile = {
            "chargingProfileId": 99,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        payload = {"connectorId": 1, "csChargingProfiles": profile}
        await self.rig.execute(
            "csms.call", station="CP1", action="SetChargingProfile", payload=payload
        )

    def forged(self) -> list[CanFrame]:
        """Frames of the anomaly."""
        return [each for each in self.rig.of(CanFrame) if each.node == self.name]

    def genuine(self, arbitration_id: int, node: str = "module") -> list[CanFrame]:
        """Frames of the station's own while the anomaly was on."""
        return [
            each
            for each in self.rig.of(CanFrame)
            if (each.node, each.arbitration_id) == (node, arbitration_id)
            and self.on < each.t <= (self.off or self.now)
        ]

    def samples(self, begin: float, end: float) -> list[Sample]:
        """Between two moments, s after the anomaly was switched on."""
        return [each for each in self.rig.of(Sample) if self.on + begin <= each.t <= self.on + end]

    def loads(self) -> list[float]:
        """Per cent, since the anomaly was switched on."""
        return [each.load_pct for each in self.rig.of(BusLoad) if each.t > self.on]

    def statuses(self) -> list[tuple[str, str]]:
        """Status and error code of each change since the anomaly was switched on."""
        return [
            (each.status, each.error_code)
            for each in self.rig.of(ConnectorState)
            if each.connector == 1 and each.t >= self.on
        ]

    def labels(self) -> list[str]:
        """Of its steps."""
        return [each.step_label for each in self.rig.of(AnomalyState) if each.change == "step"]

    def check_truth(self) -> None:
        """Every forged frame has a step as its cause."""
        steps = {each.seq for each in self.rig.of(AnomalyState) if each.change == "step"}
        assert {each.cause for each in self.forged()} <= steps

    def check_nothing_is_left(self) -> None:
        """No node, no mute, nothing forged after its end, the module as ordered."""
        assert [node.name for node in self.bus.nodes] == ["charge-point", "module"]
        assert self.bus.mutes == []
        assert all(each.t <= self.off for each in self.forged())
        connector, stage = self.rig.charge_point.connectors[1], self.rig.stage
        assert stage.limit == connector.limit
        assert stage.state.running == (connector.transaction is not None)


Scenario = Callable[[Stand], Awaitable[None]]


@asynccontextmanager
async def charging(name: str, **settings: Any) -> AsyncIterator[Stand]:
    """A lab in which 100 A flow."""
    given: dict[str, Any] = {"preset": "dc", "meter_interval": 1.0} | settings
    async with running_lab(**given) as rig:
        await rig.execute("station.charge")
        await rig.until(lambda: rig.current >= 100)
        yield Stand(rig, name)


def on_the_bus(name: str, scenario: Scenario, **settings: Any) -> None:
    """Let it happen, then hold what every anomaly promises: truth, and nothing left behind."""

    async def all_of_it() -> None:
        async with charging(name, **settings) as stand:
            await scenario(stand)
            stand.check_truth()
            stand.check_nothing_is_left()

    run_virtual(all_of_it())


def amperes(frames: Iterable[CanFrame]) -> list[int]:
    """What reports and limits among them say."""
    found = []
    for frame in frames:
        received = decode(frame)
        if received is not None and isinstance(received.message, Current | SetLimit):
            found.append(received.message.amperes)
    return found


def gaps(frames: list[CanFrame]) -> list[float]:
    """s between the beginnings of one and the next: their lengths differ with their data."""
    begun = [each.t - length(each) for each in frames]
    return [later - earlier for earlier, later in pairwise(begun)]


def length(frame: CanFrame, bitrate: int = 500_000) -> float:
    """s that a frame without flags was on the line."""
    return frame_bits(Frame(frame.arbitration_id, frame.data)) / bitrate
