"""A recording in memory: the canned story of the fake lab, to be played again."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence

from evtui.events import Alarm, AnomalyState, CanFrame, Event, Mark, OcppMessage
from evtui.recording.read import MomentKind
from evtui.recording.read.states import follow
from evtui.tui.replay.overview import Overview
from evtui.tui.series import AttackSpan
from tests.tui.fake_lab import START_UTC, FakeLab

__all__ = ["FakeRecording", "Stopwatch", "story"]


class Stopwatch:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.t = 1000.0

    def __call__(self) -> float:
        return self.t


def story(until: float = 60.0, attack_from: float | None = 5.0) -> list[Event]:
    """The events of the fake lab's story up to ``until`` s."""
    lab = FakeLab(capacity=1_000_000)
    lab.play(until, attack_from=attack_from)
    lab.publish(Mark(text="look here"))
    return lab.events.take()


class FakeRecording:
    """What a replay needs of a run folder.

    Attributes:
        reads: starts of the windows that were read.
        fails_at: s from which on reading fails, None for never.
        gate: reading waits while it is not set.
        waiting: True while it does.
    """

    def __init__(self, events: Sequence[Event] | None = None) -> None:
        self.everything = list(story() if events is None else events)
        self._times = [event.t for event in self.everything]
        self.start_utc = START_UTC
        self.t_first = self._times[0] if self._times else 0.0
        self.t_end = self._times[-1] if self._times else 0.0
        self.reads: list[float] = []
        self.fails_at: float | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = False

    def events(self, start: float = 0.0) -> Iterator[Event]:
        self.waiting = True
        self.gate.wait()
        self.waiting = False
        self.reads.append(start)
        for event in self.everything[bisect_left(self._times, start) :]:
            if self.fails_at is not None and event.t >= self.fails_at:
                raise OSError(5, "Input/output error")
            yield event

    def state_before(self, t: float) -> list[Event]:
        states: dict[Hashable, Event] = {}
        for event in self.everything[: bisect_left(self._times, t)]:
            follow(states, event)
        return sorted(states.values(), key=lambda event: event.seq)

    def next_time(self, kind: MomentKind, after: float) -> float | None:
        times = self.times(kind)
        place = bisect_right(times, after)
        return times[place] if place < len(times) else None

    def previous_time(self, kind: MomentKind, before: float) -> float | None:
        times = self.times(kind)
        place = bisect_left(times, before)
        return times[place - 1] if place else None

    def times(self, kind: MomentKind) -> list[float]:
        return [event.t for event in self.everything if _is(kind, event)]

    def overview(self) -> Overview:
        return Overview(
            attacks=(AttackSpan(5.0),),
            alarms=tuple(event.t for event in self.everything if isinstance(event, Alarm)),
            marks=tuple(event.t for event in self.everything if isinstance(event, Mark)),
        )


def _is(kind: MomentKind, event: Event) -> bool:
    match event:
        case OcppMessage(phase="sent"):
            return kind == "message"
        case CanFrame():
            return kind == "frame"
        case Alarm():
            return kind == "alarm"
        case AnomalyState(change="on" | "off" | "safe" | "failed"):
            return kind == "anomaly"
    return False
