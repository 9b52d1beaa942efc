"""A tour of six short tasks: each says what to do, and notices by the events that it is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import ClassVar

from evtui.events import Alarm, AnomalyState, Event, LabState, RecordingState, Sample
from evtui.tui.key_hints import key_of

__all__ = ["TASKS", "Task", "Tour"]

UNSEEN_FOR = 60.0
"""s that an anomaly must swing the current without an alarm: the window of the fast detector."""

SWING = 8.0
"""A that the current must have moved by: the detector's hysteresis."""

CALM_FOR = 20.0
"""s without an alarm after a session that was no attack."""

BATTERY = "battery"
"""The vehicle that is no car; see the setting ``vehicle``."""

FLOWS = 1.0
"""A from which on a current flows."""


class Task(ABC):
    """One thing to try; each time it is begun is an object of its class."""

    title: ClassVar[str]
    """Two to four words."""

    @property
    @abstractmethod
    def told(self) -> str:
        """What to do, with its keys."""

    @abstractmethod
    def feed(self, event: Event) -> bool:
        """Take what happened; True as soon as it is done."""


class _Start(Task):
    title = "start an anomaly"

    @property
    def told(self) -> str:
        return f"press {key_of('anomaly.start')} and watch the current swing"

    def feed(self, event: Event) -> bool:
        return isinstance(event, AnomalyState) and event.change == "on"


class _CompareLayers(Task):
    title = "compare two layers"

    def __init__(self) -> None:
        self._layers: set[str] = set()

    @property
    def told(self) -> str:
        others = key_of("anomaly.catalogue")
        return f"{others} lists anomalies: start one of another layer; which panel shows it?"

    def feed(self, event: Event) -> bool:
        if isinstance(event, AnomalyState) and event.active:
            self._layers.add(event.layer)
        return len(self._layers) > 1


class _Outwit(Task):
    title = "outwit the detector"

    def __init__(self) -> None:
        self._raised: set[tuple[str, str]] = set()
        self._on: set[str] = set()
        self._since: float | None = None
        self._currents: deque[tuple[float, float]] = deque()

    @property
    def told(self) -> str:
        slower, weaker = key_of("anomaly.longer"), key_of("anomaly.weaker")
        return (
            f"swing the current for {UNSEEN_FOR:g} s without an alarm: {slower} makes it slower, "
            f"{weaker} weaker"
        )

    def feed(self, event: Event) -> bool:
        match event:
            case Alarm():
                which = event.detector, event.view
                (self._raised.add if event.raised else self._raised.discard)(which)
                self._begin_anew(None)
            case AnomalyState():
                (self._on.add if event.active else self._on.discard)(event.attack_id)
            case Sample():
                return self._goes_unseen(event)
        return False

    def _begin_anew(self, t: float | None) -> None:
        self._since = t
        self._currents.clear()

    def _goes_unseen(self, sample: Sample) -> bool:
        if self._raised or not self._on:
            self._begin_anew(None)
            return False
        if self._since is None:
            self._begin_anew(sample.t)
        assert self._since is not None
        self._currents.append((sample.t, sample.current))
        while self._currents[0][0] < sample.t - UNSEEN_FOR:
            self._currents.popleft()
        if sample.t - self._since < UNSEEN_FOR:
            return False
        currents = [current for _, current in self._currents]
        return max(currents) - min(currents) >= SWING


class _FoolNobody(Task):
    title = "let no benign case fool you"

    def __init__(self) -> None:
        self._on: set[str] = set()
        self._unplugged = self._replugged = False
        self._flowed_at: float | None = None

    @property
    def told(self) -> str:
        clear, plug = key_of("lab.all_clear"), key_of("station.plug")
        charge = key_of("station.charge")
        return (
            f"{clear} ends all; {charge} charges, {plug} {plug} replugs, {charge} charges again: "
            f"no alarm for {CALM_FOR:g} s"
        )

    def feed(self, event: Event) -> bool:
        match event:
            case AnomalyState():
                (self._on.add if event.active else self._on.discard)(event.attack_id)
                if self._on:
                    self._begin_anew()
            case Alarm(raised=True):
                self._begin_anew()
            case LabState():
                self._replugged |= self._unplugged and event.plugged
                self._unplugged = not event.plugged
            case Sample() if self._replugged and not self._on:
                if self._flowed_at is None and event.current > FLOWS:
                    self._flowed_at = event.t
                return self._flowed_at is not None and event.t - self._flowed_at >= CALM_FOR
        return False

    def _begin_anew(self) -> None:
        self._unplugged = self._replugged = False
        self._flowed_at = None


class _Record(Task):
    title = "record and replay"

    def __init__(self) -> None:
        self._on = False

    @property
    def told(self) -> str:
        record = key_of("lab.record")
        return f"{record} begins a recording and ends it; `evtui replay` plays its folder again"

    def feed(self, event: Event) -> bool:
        if not isinstance(event, RecordingState):
            return False
        before, self._on = self._on, event.state == "on"
        return before and event.state == "off"


class _RealCar(Task):
    title = "charge a real car's curve"

    def __init__(self) -> None:
        self._cars: set[tuple[str, int]] = set()

    @property
    def told(self) -> str:
        vehicle, charge = key_of("station.vehicle"), key_of("station.charge")
        return (
            f"{vehicle} brings the next car, {charge} charges it: the current climbs as fast as "
            "this car was measured to ask for it"
        )

    def feed(self, event: Event) -> bool:
        match event:
            case LabState():
                place = event.station, event.connector
                (self._cars.discard if event.vehicle == BATTERY else self._cars.add)(place)
            case Sample():
                return (event.station, event.connector) in self._cars and event.current > FLOWS
        return False


TASKS: tuple[type[Task], ...] = (
    _Start,
    _CompareLayers,
    _Outwit,
    _FoolNobody,
    _Record,
    _RealCar,
)
"""In their order."""


class Tour:
    """Where somebody is in the tour.

    What is known of the lab is brought up to date while the tour is not on, too: a task that
    begins knows what is on.
    """

    def __init__(self) -> None:
        self.on = False
        self._place = 0
        self._known: dict[object, Event] = {}
        self._task: Task = TASKS[0]()

    @property
    def over(self) -> bool:
        """True when no task is left."""
        return self._place >= len(TASKS)

    @property
    def number(self) -> int:
        """Of the task, from 1."""
        return self._place + 1

    @property
    def task(self) -> Task:
        """What there is to do now."""
        return self._task

    def begin(self) -> None:
        """Go on where it was left, or from the first task once all are done."""
        self.on = True
        self._go_to(0 if self.over else self._place)

    def leave(self) -> None:
        """It is off; nothing is forgotten."""
        self.on = False

    def skip(self) -> None:
        """On to the next task."""
        self._go_to(self._place + 1)

    def feed(self, events: Iterable[Event]) -> list[str]:
        """Take what happened; the titles of the tasks that are done by it."""
        done: list[str] = []
        for event in events:
            key = _what_it_is_about(event)
            if key is None:
                continue
            if not isinstance(event, Sample):
                self._known[key] = event
            if self.on and self._task.feed(event):
                done.append(self._task.title)
                self._go_to(self._place + 1)
        return done

    def _go_to(self, place: int) -> None:
        self._place = place
        if self.over:
            self.on = False
            return
        self._task = TASKS[place]()
        for event in self._known.values():
            self._task.feed(event)


def _what_it_is_about(event: Event) -> object:
    """What the newest event of it says all about; None for events that no task looks at."""
    match event:
        case AnomalyState():
            return AnomalyState, event.station, event.connector, event.anomaly
        case Alarm():
            return Alarm, event.station, event.connector, event.detector, event.view
        case LabState():
            return LabState, event.station, event.connector
        case RecordingState():
            return RecordingState
        case Sample():
            return Sample
    return None
