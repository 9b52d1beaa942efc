"""Bounds of the current that flows and of the energy that it delivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from evtui.events import Sample
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE
from evtui.scenario.language.model import Amperes, Duration, Model, WattHours
from evtui.scenario.language.narration import seconds
from evtui.sums import total

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = [
    "CurrentExpected",
    "CurrentRange",
    "CurrentWithin",
    "EnergyExpected",
    "EnergyRange",
    "in_words",
]

_MEASURE = {"all": "", "peak": "peak ", "mean": "mean ", "last": "last "}


class CurrentRange(Model, frozen=True, kw_only=True):
    """Bounds of the current."""

    between: Annotated[tuple[Amperes, Amperes], Meta(description="lowest and highest A allowed.")]
    measure: Annotated[
        Literal["all", "peak", "mean", "last"],
        Meta(description="of every sample, of the highest, of the mean over time, or of the last."),
    ] = "all"
    start: Annotated[Duration | None, Meta(description="s from the start of the run.")] = (
        msgspec.field(default=None, name="from")
    )
    end: Annotated[Duration | None, Meta(description="s; the end of the run when left out.")] = (
        msgspec.field(default=None, name="to")
    )


@EXPECTATIONS.add
class CurrentExpected(Expectation, frozen=True, kw_only=True):
    """The current that really flows keeps to bounds."""

    example = "current: {between: [0 A, 80 A]}"

    current: CurrentRange

    def words(self) -> str:
        return in_words("current", self.current)

    def check(self, check: Check) -> None:
        bounds = self.current
        check.bounds("current", bounds.between, "A")
        if bounds.start is not None and bounds.end is not None and bounds.start > bounds.end:
            check.add("current.from", "expected at most what stands in to")

    def observer(self) -> CurrentWithin:
        return CurrentWithin(self.current)


def in_words(what: str, bounds: CurrentRange) -> str:
    """Bounds of a current: ``peak current 0 to 80 A from 5 s``."""
    low, high = bounds.between
    window = "" if bounds.start is None else f" from {seconds(bounds.start)}"
    window += "" if bounds.end is None else f" until {seconds(bounds.end)}"
    return f"{_MEASURE[bounds.measure]}{what} {low:g} to {high:g} A{window}"


class _Flow:
    """What is known of one connector's current in the window."""

    def __init__(self, current: float, t: float) -> None:
        self.low, self.low_at = current, t
        self.high, self.high_at = current, t
        self.last, self.last_at = current, t
        self._ampere_seconds = 0.0
        self._span = 0.0

    def add(self, current: float, t: float) -> None:
        if current < self.low:
            self.low, self.low_at = current, t
        if current > self.high:
            self.high, self.high_at = current, t
        span = t - self.last_at
        self._ampere_seconds += (self.last + current) / 2 * span
        self._span += span
        self.last, self.last_at = current, t

    @property
    def mean(self) -> float:
        """A, over time."""
        return self._ampere_seconds / self._span if self._span > 0 else self.last


class CurrentWithin(Observer):
    """Every connector must keep to the bounds."""

    reads = (Sample,)

    def __init__(self, bounds: CurrentRange) -> None:
        self._bounds = bounds
        self._flows: dict[tuple[str, int], _Flow] = {}

    def see(self, sample: Sample, t: float) -> None:
        start, end = self._bounds.start, self._bounds.end
        if start is not None and t < start - TOLERANCE:
            return
        if end is not None and t > end + TOLERANCE:
            return
        current = self.read(sample)
        if current is None:
            return
        flow = self._flows.get((sample.station, sample.connector))
        if flow is None:
            self._flows[sample.station, sample.connector] = _Flow(current, t)
        else:
            flow.add(current, t)

    def read(self, sample: Sample) -> float | None:
        """The current that is meant, A; None while there is none."""
        return sample.current

    def judge(self) -> tuple[bool, str]:
        if not self._flows:
            return False, "no current was measured in that time"
        judged = [self._judge(flow) for flow in self._flows.values()]
        return next((each for each in judged if not each[0]), judged[0])

    def _judge(self, flow: _Flow) -> tuple[bool, str]:
        low = self._bounds.between[0] - TOLERANCE
        high = self._bounds.between[1] + TOLERANCE
        match self._bounds.measure:
            case "peak":
                return low <= flow.high <= high, f"{flow.high:.1f} A at {flow.high_at:.1f} s"
            case "mean":
                return low <= flow.mean <= high, f"{flow.mean:.1f} A"
            case "last":
                return low <= flow.last <= high, f"{flow.last:.1f} A at {flow.last_at:.1f} s"
        if flow.low < low:
            return False, f"{flow.low:.1f} A at {flow.low_at:.1f} s"
        if flow.high > high:
            return False, f"{flow.high:.1f} A at {flow.high_at:.1f} s"
        return True, f"{flow.low:.1f} to {flow.high:.1f} A"


class EnergyRange(Model, frozen=True, kw_only=True):
    """Bounds of the energy delivered in the run."""

    between: Annotated[
        tuple[WattHours, WattHours], Meta(description="lowest and highest Wh allowed.")
    ]


@EXPECTATIONS.add
class EnergyExpected(Expectation, frozen=True, kw_only=True):
    """The energy delivered keeps to bounds."""

    example = "energy: {between: [1 kWh, 2 kWh]}"

    energy: EnergyRange

    def words(self) -> str:
        low, high = self.energy.between
        return f"energy {low:g} to {high:g} Wh"

    def check(self, check: Check) -> None:
        check.bounds("energy", self.energy.between, "Wh")

    def observer(self) -> EnergyWithin:
        return EnergyWithin(self)


class EnergyWithin(Observer):
    reads = (Sample,)

    def __init__(self, expected: EnergyExpected) -> None:
        self._bounds = expected.energy
        self._registers: dict[tuple[str, int], tuple[float, float]] = {}

    def see(self, sample: Sample, t: float) -> None:
        key = sample.station, sample.connector
        first, _ = self._registers.get(key, (sample.energy, 0.0))
        self._registers[key] = first, sample.energy

    def judge(self) -> tuple[bool, str]:
        if not self._registers:
            return False, "no energy was measured"
        low, high = self._bounds.between
        energy = total(last - first for first, last in self._registers.values())
        return low - TOLERANCE <= energy <= high + TOLERANCE, f"{energy:.1f} Wh"
