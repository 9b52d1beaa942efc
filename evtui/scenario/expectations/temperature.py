"""Bounds of how hot the hottest part is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from evtui.events import Sample
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE
from evtui.scenario.language.model import Model

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["TemperatureExpected", "TemperatureRange"]


class TemperatureRange(Model, frozen=True, kw_only=True):
    """Bounds of the temperature."""

    between: Annotated[
        tuple[float, float], Meta(description="lowest and highest degrees Celsius allowed.")
    ]
    measure: Annotated[
        Literal["all", "peak", "last"],
        Meta(description="of every sample, of the highest, or of the last."),
    ] = "all"


@EXPECTATIONS.add
class TemperatureExpected(Expectation, frozen=True, kw_only=True):
    """The hottest part of every station, power stage or connector, keeps to bounds."""

    example = "temperature: {between: [20, 60]}"

    temperature: TemperatureRange

    def words(self) -> str:
        low, high = self.temperature.between
        measure = {"all": "", "peak": "peak ", "last": "last "}[self.temperature.measure]
        return f"{measure}temperature {low:g} to {high:g} °C"

    def check(self, check: Check) -> None:
        check.bounds("temperature", self.temperature.between, "°C")

    def observer(self) -> TemperatureWithin:
        return TemperatureWithin(self)


class TemperatureWithin(Observer):
    reads = (Sample,)

    def __init__(self, expected: TemperatureExpected) -> None:
        self._expected = expected.temperature
        self._seen: dict[tuple[str, int], tuple[float, float, float]] = {}

    def see(self, sample: Sample, t: float) -> None:
        now = sample.temperature
        low, high, _ = self._seen.get((sample.station, sample.connector), (now, now, now))
        self._seen[sample.station, sample.connector] = min(low, now), max(high, now), now

    def judge(self) -> tuple[bool, str]:
        if not self._seen:
            return False, "no temperature was measured"
        least, most = self._expected.between
        lows, highs, lasts = zip(*self._seen.values(), strict=True)
        match self._expected.measure:
            case "peak":
                low = high = max(highs)
            case "last":
                low, high = min(lasts), max(lasts)
            case _:
                low, high = min(lows), max(highs)
        text = f"{low:.1f} °C" if low == high else f"{low:.1f} to {high:.1f} °C"
        return least - TOLERANCE <= low and high <= most + TOLERANCE, text
