"""What the connector should come to: status, current, energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from evtui.scenario.expectations.base import EXPECTATIONS, Expectation
from evtui.scenario.model import Amperes, Duration, Model, WattHours
from evtui.scenario.narration import seconds, within_in_words
from evtui.scenario.observe_station import CurrentWithin, EnergyWithin, StatusReached

if TYPE_CHECKING:
    from evtui.scenario.checking import Check

__all__ = [
    "CurrentExpected",
    "CurrentRange",
    "EnergyExpected",
    "EnergyRange",
    "StatusExpected",
]

_MEASURE = {"all": "", "peak": "peak ", "mean": "mean ", "last": "last "}


@EXPECTATIONS.add
class StatusExpected(Expectation, frozen=True, kw_only=True):
    """The connector reaches a status."""

    example = "{status: Charging, within: 10s}"

    status: str
    within: Duration | None = None

    def words(self) -> str:
        return f"status {self.status}{within_in_words(self.within)}"

    def check(self, check: Check) -> None:
        check.status("status", self.status)

    def observer(self) -> StatusReached:
        return StatusReached(self)


class CurrentRange(Model, frozen=True, kw_only=True):
    """Bounds of the current."""

    between: Annotated[tuple[Amperes, Amperes], Meta(description="lowest and highest A allowed.")]
    measure: Annotated[
        Literal["all", "peak", "mean", "last"],
        Meta(
            description="of what: every sample (all), the highest (peak), the mean over time, the "
            "last."
        ),
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
        bounds = self.current
        low, high = bounds.between
        window = "" if bounds.start is None else f" from {seconds(bounds.start)}"
        window += "" if bounds.end is None else f" until {seconds(bounds.end)}"
        return f"{_MEASURE[bounds.measure]}current {low:g} to {high:g} A{window}"

    def check(self, check: Check) -> None:
        bounds = self.current
        check.bounds("current", bounds.between, "A")
        if bounds.start is not None and bounds.end is not None and bounds.start > bounds.end:
            check.add("current.from", "expected at most what stands in to")

    def observer(self) -> CurrentWithin:
        return CurrentWithin(self)


class EnergyRange(Model, frozen=True, kw_only=True):
    """Bounds of the energy delivered in the run."""

    between: tuple[WattHours, WattHours]


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
