"""What is looked for at the station: alarms, statuses, current and energy.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.events import Alarm, AnomalyState, ConnectorState, Sample
from evtui.scenario.matching import TOLERANCE

if TYPE_CHECKING:
    from evtui.scenario.expectations.alarms import AlarmExpected, NoAlarmExpected
    from evtui.scenario.expectations.station import CurrentExpected, EnergyExpected, StatusExpected

__all__ = ["AlarmRaised", "CurrentWithin", "EnergyWithin", "NoAlarm", "StatusReached"]


class AlarmRaised:
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


class NoAlarm:
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


class StatusReached:
    reads = (ConnectorState, Sample)

    def __init__(self, expected: StatusExpected) -> None:
        self._expected = expected
        self._reached: float | None = None
        self._last = ""

    def see(self, event: ConnectorState | Sample, t: float) -> None:
        # Samples tell the status that a connector had when the run began.
        if event.connector == 0 or self._reached is not None:
            return
        self._last = event.status
        if event.status == self._expected.status:
            self._reached = t

    def judge(self) -> tuple[bool, str]:
        within = self._expected.within
        if self._reached is None:
            return False, f"not reached; the last was {self._last}" if self._last else "no status"
        late = within is not None and self._reached > within + TOLERANCE
        return not late, f"reached at {self._reached:.1f} s{', too late' if late else ''}"


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


class CurrentWithin:
    """Every connector must keep to the bounds."""

    reads = (Sample,)

    def __init__(self, expected: CurrentExpected) -> None:
        self._bounds = expected.current
        self._flows: dict[tuple[str, int], _Flow] = {}

    def see(self, sample: Sample, t: float) -> None:
        start, end = self._bounds.start, self._bounds.end
        if start is not None and t < start - TOLERANCE:
            return
        if end is not None and t > end + TOLERANCE:
            return
        flow = self._flows.get((sample.station, sample.connector))
        if flow is None:
            self._flows[sample.station, sample.connector] = _Flow(sample.current, t)
        else:
            flow.add(sample.current, t)

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


class EnergyWithin:
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
        energy = sum(last - first for first, last in self._registers.values())
        return low - TOLERANCE <= energy <= high + TOLERANCE, f"{energy:.1f} Wh"
