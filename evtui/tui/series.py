"""What the current chart remembers, and how it is cut into columns.

Columns are aligned to absolute lab time: column ``k`` holds the samples with
``floor(t / column_seconds) == k``, whatever the moment of drawing.  So a sample stays in its
column for as long as it is on the screen and the curve scrolls by whole columns without
wobbling.  A column keeps its minimum and its maximum, so a spike of one sample stays visible
in any window.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from evtui.events import Alarm, AnomalyState, Event, Mark, OcppMessage, Sample
from evtui.tui.models.facts import imported_current
from evtui.tui.models.selection import ByPlace, ChosenPlace

__all__ = [
    "AlarmMark",
    "AllSeries",
    "AttackSpan",
    "ChartColumn",
    "CurrentSeries",
    "Point",
    "column_of",
    "decimate",
    "nice_ceiling",
    "runs",
]

LONGEST_WINDOW = 600.0
"""s of history kept: the longest window of the chart."""

SAMPLE_RATE = 10.0
"""Samples a second the ring is sized for: the power stage publishes every 100 ms."""

LONGEST = math.ceil(LONGEST_WINDOW * SAMPLE_RATE * 1.05)
"""Samples of a connector: a column more than the window, since the oldest is shown whole."""

POINTS_KEPT = 100_000
"""Samples of all connectors, in some 20 MiB: the longest window of fifteen, a minute of 160."""

MARKS_KEPT = 256
"""Attacks, alarm edges and marks kept of each; more would not fit on the band under the chart."""

APART = 1.0
"""A by which what is measured differs from what flowed: modules report whole amperes."""

REPORTED_WITHIN = 6
"""Samples: a report is 100 ms old as a rule, and three times 200 ms where modules are asked."""

CEILINGS = (10, 20, 50, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000)
"""A at the top of the chart's axis: steps that divide into round ticks."""


class Point(NamedTuple):
    """One sample: lab time in seconds and A.

    ``reported`` is what the central system was told last, or the charge point told a foreign one;
    None before any MeterValues; where only that is known, of a charge point of somebody else, the
    other two are None.  ``measured`` is what the charge point takes for the current, where
    that is not what flowed in the last :data:`REPORTED_WITHIN` samples; else None.
    """

    t: float
    current: float | None
    limit: float | None
    reported: float | None
    measured: float | None = None


class ChartColumn(NamedTuple):
    """What the samples of one column were: first and last in time, lowest and highest."""

    first: float
    low: float
    high: float
    last: float


@dataclass(frozen=True, slots=True)
class AttackSpan:
    """Ground truth of one attack, lab time in seconds.

    Attributes:
        start: when it was switched on.
        off: when the injector stopped sending, None while it runs.
        safe: when its effect had ended, None before.
    """

    start: float
    off: float | None = None
    safe: float | None = None
    attack_id: str = field(default="", compare=False)


class AlarmMark(NamedTuple):
    """A detector raised an alarm at lab time ``t`` in seconds, or cleared it."""

    t: float
    raised: bool


class CurrentSeries:
    """Bounded memory of one connector's current, of attacks on it, of alarms and of marks.

    Args:
        points: most samples that are kept.
    """

    def __init__(self, points: int = LONGEST) -> None:
        self._points: deque[Point] = deque(maxlen=points)
        self._attacks: deque[AttackSpan] = deque(maxlen=MARKS_KEPT)
        self._alarms: deque[AlarmMark] = deque(maxlen=MARKS_KEPT)
        self._marks: deque[float] = deque(maxlen=MARKS_KEPT)
        self._arrived: float | None = None
        self._sampled = False
        self.phase = ""
        """State of the power stage's session, as the newest sample has it."""
        self.edges = 0
        """Counts marks, starts and ends of attacks and alarms, so a view knows of a new one."""

    def feed(self, events: Iterable[Event]) -> None:
        """Remember the samples, attacks, alarms and marks of ``events``, which come in order."""
        for event in events:
            if isinstance(event, Sample):
                reported = event.reported if self._arrived is None else self._arrived
                measured = self._parted(event)
                self._points.append(Point(event.t, event.current, event.limit, reported, measured))
                self.phase = event.phase
                self._sampled = True
            elif isinstance(event, OcppMessage):
                arrived = imported_current(event.payload)
                self._arrived = self._arrived if arrived is None else arrived
                if not self._sampled and arrived is not None:
                    self._points.append(Point(event.t, None, None, arrived))
            elif isinstance(event, AnomalyState):
                self._note_anomaly(event)
            elif isinstance(event, Alarm):
                self._alarms.append(AlarmMark(event.t, event.raised))
                self.edges += 1
            elif isinstance(event, Mark):
                self._marks.append(event.moment)
                self.edges += 1

    def keep(self, points: int) -> None:
        """Keep at most so many samples from now on."""
        self._points = deque(self._points, maxlen=points)

    @property
    def newest(self) -> Point | None:
        """The newest sample, None before the first."""
        return self._points[-1] if self._points else None

    @property
    def points(self) -> tuple[Point, ...]:
        """The samples kept, oldest first: a snapshot another thread may read."""
        return tuple(self._points)

    @property
    def attacks(self) -> tuple[AttackSpan, ...]:
        """The attacks, oldest first."""
        return tuple(self._attacks)

    @property
    def alarms(self) -> tuple[AlarmMark, ...]:
        """The alarms raised and cleared, oldest first."""
        return tuple(self._alarms)

    @property
    def marks(self) -> tuple[float, ...]:
        """Lab times in s that somebody has marked, oldest first."""
        return tuple(self._marks)

    def _parted(self, sample: Sample) -> float | None:
        measured, points = sample.measured, self._points
        if measured is None or not points:
            return None
        newest = (points[-n].current for n in range(1, min(REPORTED_WITHIN, len(points)) + 1))
        flowed = [current for current in newest if current is not None]
        if not flowed:
            return None
        return None if min(flowed) - APART <= measured <= max(flowed) + APART else measured

    def _note_anomaly(self, state: AnomalyState) -> None:
        place = len(self._attacks) - 1
        while place >= 0 and self._attacks[place].attack_id != state.attack_id:
            place -= 1
        last = self._attacks[place] if place >= 0 else None
        running = last is not None and last.off is None
        over = state.change in ("safe", "failed") and not state.lasting
        over = over or state.change == "effect_end"
        if state.active and not running:
            if last is not None and last.safe is None:
                self._attacks[place] = replace(last, safe=state.t)
            self._attacks.append(AttackSpan(start=state.t, attack_id=state.attack_id))
        elif last is not None and running and not state.active:
            self._attacks[place] = replace(last, off=state.t, safe=state.t if over else None)
        elif last is not None and last.safe is None and over:
            self._attacks[place] = replace(last, safe=state.t)
        else:
            return
        self.edges += 1


class AllSeries:
    """The series of every connector, which share what is kept."""

    def __init__(self) -> None:
        self._series: ByPlace[CurrentSeries] = ByPlace(CurrentSeries)

    @property
    def shown(self) -> CurrentSeries:
        """That of the chosen connector, or of the first one."""
        return self._series.shown

    def choose(self, place: ChosenPlace | None) -> None:
        """Show this connector."""
        self._series.chosen = place

    def feed(self, events: Iterable[Event]) -> None:
        """Remember what ``events`` say, each of its connector, in the order of the stream."""
        for event in events:
            if isinstance(event, OcppMessage):
                self._note_message(event)
            elif isinstance(event, Sample | AnomalyState | Alarm):
                before = len(self._series)
                self._series.at(event.station, event.connector).feed((event,))
                if len(self._series) > before:
                    self._share()
            elif isinstance(event, Mark):
                for place, series in self._series.pairs():
                    if event.station in ("", place.station):
                        series.feed((event,))

    def _note_message(self, message: OcppMessage) -> None:
        if _tells_of_a_meter(message):
            for place, series in self._series.pairs():  # not of foreign stations, which have none
                if place == (message.station, message.connector):
                    series.feed((message,))

    def _share(self) -> None:
        for _, series in self._series.pairs():
            series.keep(min(LONGEST, POINTS_KEPT // len(self._series)))


def _tells_of_a_meter(message: OcppMessage) -> bool:
    """MeterValues as our central system got them, which a line may have changed."""
    return (
        message.action == "MeterValues"
        and message.kind == "call"
        and message.phase == "delivered"
        and bool(message.connector)
    )


def column_of(t: float, column_seconds: float) -> int:
    """Number of the column that lab time ``t`` in seconds falls into."""
    return math.floor(t / column_seconds)


def decimate(
    samples: Iterable[tuple[float, float]], column_seconds: float, first: int, count: int
) -> list[ChartColumn | None]:
    """Cut ``(t, value)`` samples, in order of time, into ``count`` columns from ``first`` on.

    A column without samples is None.
    """
    columns: list[ChartColumn | None] = [None] * count
    for t, value in samples:
        index = math.floor(t / column_seconds) - first
        if not 0 <= index < count:
            continue
        column = columns[index]
        if column is None:
            columns[index] = ChartColumn(value, value, value, value)
        else:
            columns[index] = ChartColumn(
                column.first, min(column.low, value), max(column.high, value), value
            )
    return columns


def runs(
    columns: Sequence[ChartColumn | None], longest_hole: int
) -> list[list[tuple[int, ChartColumn]]]:
    """Stretches of ``(index, column)`` to be joined by a line.

    Up to ``longest_hole`` empty columns are bridged, since narrow columns may fall between
    two samples; a longer hole is a gap, and a gap is not a line.
    """
    found: list[list[tuple[int, ChartColumn]]] = []
    previous = -math.inf
    for index, column in enumerate(columns):
        if column is None:
            continue
        if index - previous > longest_hole + 1:
            found.append([])
        found[-1].append((index, column))
        previous = index
    return found


def nice_ceiling(highest: float) -> int:
    """A at the top of an axis that starts at 0 and shows ``highest``.

    Half a per cent over a step is rounding of a power stage, not a reason to rescale.
    """
    for ceiling in CEILINGS:
        if highest <= ceiling * 1.005:
            return ceiling
    return math.ceil(highest / 500) * 500
