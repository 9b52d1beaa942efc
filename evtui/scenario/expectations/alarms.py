"""What detectors should find, and what they should not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from evtui.scenario.expectations.base import EXPECTATIONS, Expectation
from evtui.scenario.model import Duration, Moment
from evtui.scenario.narration import alarm_in_words, seconds, view_in_words
from evtui.scenario.observe_station import AlarmRaised, NoAlarm

if TYPE_CHECKING:
    from evtui.scenario.checking import Check

__all__ = ["AlarmExpected", "NoAlarmExpected"]


@EXPECTATIONS.add
class AlarmExpected(Expectation, frozen=True, kw_only=True):
    """A detector raises an alarm."""

    example = "{alarm: current-reversals, within: 30s}"

    alarm: Annotated[str, Meta(description="its name, or any.")]
    within: Annotated[
        Duration,
        Meta(
            description="s from the moment the first anomaly is switched on or the first attack "
            "begins, or from the start of a run without one."
        ),
    ]
    view: Annotated[
        Literal["can", "ocpp"] | None, Meta(description="can or ocpp; any when left out.")
    ] = None

    def words(self) -> str:
        alarm = f"{alarm_in_words(self.alarm)}{view_in_words(self.view)}"
        return f"{alarm} within {seconds(self.within)}"

    def check(self, check: Check) -> None:
        check.detector("alarm", self.alarm)

    def observer(self) -> AlarmRaised:
        return AlarmRaised(self)


@EXPECTATIONS.add
class NoAlarmExpected(Expectation, frozen=True, kw_only=True):
    """No alarm before a time of the run, or before the first anomaly or attack is on."""

    example = "no_alarm_before: anomaly"

    no_alarm_before: Moment
    view: Literal["can", "ocpp"] | None = None

    def words(self) -> str:
        before = self.no_alarm_before
        until = {"anomaly": " before the anomaly", "end": ""}
        moment = until[before] if isinstance(before, str) else f" before {seconds(before)}"
        return f"no alarm{view_in_words(self.view)}{moment}"

    def observer(self) -> NoAlarm:
        return NoAlarm(self)
