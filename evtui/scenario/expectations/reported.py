"""Bounds of the current that the charge point reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.events import Sample
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation
from evtui.scenario.expectations.current import CurrentRange, CurrentWithin, in_words

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["ReportedExpected"]


@EXPECTATIONS.add
class ReportedExpected(Expectation, frozen=True, kw_only=True):
    """The current in MeterValues keeps to bounds; options as for current."""

    example = "reported: {between: [0 A, 80 A]}"

    reported: CurrentRange

    def words(self) -> str:
        return in_words("reported current", self.reported)

    def check(self, check: Check) -> None:
        check.bounds("reported", self.reported.between, "A")

    def observer(self) -> ReportedWithin:
        return ReportedWithin(self.reported)


class ReportedWithin(CurrentWithin):
    """Every connector must keep to the bounds, in the newest of its MeterValues."""

    def read(self, sample: Sample) -> float | None:
        return sample.reported
