"""What detectors should find, and what they should not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from evtui.detection import View
from evtui.events import Alarm, AnomalyState
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE
from evtui.scenario.language.model import Duration, Moment
from evtui.scenario.language.narration import alarm_in_words, seconds, view_in_words

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["AlarmExpected", "NoAlarmExpected"]

Seen = Annotated[View | None, Meta(description="either when left out.")]


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
    view: Seen = None

    def words(self) -> str:
        alarm = f"{alarm_in_words(self.alarm)}{view_in_words(self.view)}"
        return f"{alarm} within {seconds(self.within)}"

    def check(self, check: Check) -> None:
        check.detector("alarm", self.alarm)

    def observer(self) -> AlarmRaised:
        return AlarmRaised(self)


class AlarmRaised(Observer):
    reads = (Alarm, AnomalyState)

    def __init__(self, expected: AlarmExpected) -> None:
        self._expected = expected
        self._on: AnomalyState | None = None
        self._on_at = 0.0
        self._before: tuple[float, Alarm] | None = None
        self._first: tuple[float, Alarm] | None = None
        self._other: tuple[float, Alarm] | None = None

    def see(self, event: Alarm | AnomalyState, t: float) -> None:
        if isinstance(event, AnomalyState):
            if event.change == "on" and self._on is None:
                self._on, self._on_at = event, t
                self._before, self._first = self._first, None
        elif event.raised:
            wanted = self._expected.alarm in ("any", event.detector)
            if not wanted or self._expected.view not in (None, event.view):
                self._other = self._other or (t, event)
            elif self._first is None:
                self._first = t, event

    def judge(self) -> tuple[bool, str]:
        if self._first is None:
            return False, self._instead()
        t, alarm = self._first
        if self._on is None:
            delay, since = t, f"at {t:.1f} s"
        else:
            delay = t - self._on_at
            since = f"{delay:.1f} s after {self._beginning}"
        name = f"{alarm.detector} " if self._expected.alarm == "any" else ""
        found = f"{name}raised {since} (view {alarm.view})"
        if delay > self._expected.within + TOLERANCE:
            return False, f"{found}, too late"
        return True, found

    @property
    def _beginning(self) -> str:
        attack = self._on is not None and self._on.by_hand
        return "the attack began" if attack else "the anomaly was switched on"

    def _instead(self) -> str:
        if self._before is not None:
            t, alarm = self._before
            return (
                f"raised at {t:.1f} s, before {self._beginning}, and not after (view {alarm.view})"
            )
        if self._other is not None:
            t, alarm = self._other
            return f"not raised, but {alarm.detector} at {t:.1f} s (view {alarm.view})"
        return "not raised"


@EXPECTATIONS.add
class NoAlarmExpected(Expectation, frozen=True, kw_only=True):
    """No alarm before a time of the run, or before the first anomaly or attack is on."""

    anywhere = True
    example = "no_alarm_before: anomaly"

    no_alarm_before: Annotated[
        Moment, Meta(description="anomaly, end, or s from the start of the run.")
    ]
    view: Seen = None

    def words(self) -> str:
        before = self.no_alarm_before
        until = {"anomaly": " before the anomaly", "end": ""}
        moment = until[before] if isinstance(before, str) else f" before {seconds(before)}"
        return f"no alarm{view_in_words(self.view)}{moment}"

    def observer(self) -> NoAlarm:
        return NoAlarm(self)


class NoAlarm(Observer):
    reads = (Alarm, AnomalyState)

    def __init__(self, expected: NoAlarmExpected) -> None:
        self._before = expected.no_alarm_before
        self._view = expected.view
        self._over = False
        self._alarm: tuple[float, Alarm] | None = None

    def see(self, event: Alarm | AnomalyState, t: float) -> None:
        if self._over or self._alarm is not None:
            return
        if not isinstance(self._before, str) and t >= self._before:
            self._over = True
        elif isinstance(event, AnomalyState):
            self._over = self._before == "anomaly" and event.change == "on"
        elif event.raised and self._view in (None, event.view):
            self._alarm = t, event

    def judge(self) -> tuple[bool, str]:
        if self._alarm is None:
            return True, "none raised"
        t, alarm = self._alarm
        return False, f"{alarm.detector} raised at {t:.1f} s (view {alarm.view}): {alarm.evidence}"
