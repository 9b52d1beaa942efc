"""Whether what a scenario expects has happened.  Pure: fed with events, asked at the end.

Each observer remembers a few numbers, however long the run.  Times are seconds since the start
of the run.  What would be true because nothing was looked at is not met.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from evtui.events import Event, OcppMessage
from evtui.scenario import model
from evtui.scenario.matching import FirstSight
from evtui.scenario.narration import expectation_in_words
from evtui.scenario.observe_messages import (
    CallsInOrder,
    MessageNotSeen,
    MessageSeen,
    NoViolation,
)
from evtui.scenario.observe_station import (
    AlarmRaised,
    CurrentWithin,
    EnergyWithin,
    NoAlarm,
    StatusReached,
)

__all__ = ["Judge", "Judgement", "Observer", "observer"]


class Judgement(NamedTuple):
    """One expectation at the end of a run; ``found`` is a line for people."""

    expectation: str
    met: bool
    found: str


class Observer(Protocol):
    """Watches for one expectation."""

    @property
    def reads(self) -> tuple[type[Event], ...]:
        """Types of the events it wants to see."""

    def see(self, event: Any, t: float) -> None:
        """Take an event of these types; ``t`` is in s since the start of the run."""

    def judge(self) -> tuple[bool, str]:
        """Whether it was met so far, and what was found."""


class Judge:
    """All expectations of a run.

    Args:
        expectations: of :data:`evtui.scenario.model.Expectation`.
        start: lab time in s at which the run began.
    """

    def __init__(self, expectations: Iterable[Any], start: float = 0.0) -> None:
        self._start = start
        self._first = FirstSight()
        self._observers = [(expectation_in_words(each), observer(each)) for each in expectations]
        self._readers: dict[type[Event], list[Observer]] = {}
        for _, one in self._observers:
            for kind in one.reads:
                self._readers.setdefault(kind, []).append(one)

    @property
    def kinds(self) -> tuple[type[Event], ...]:
        """Types of the events it wants to see."""
        return tuple(self._readers)

    def see(self, event: Event) -> None:
        """Take the next event of the stream."""
        readers = self._readers.get(type(event))
        if readers is None:
            return
        t = event.t - self._start
        if isinstance(event, OcppMessage) and not self._first.of(event):
            # That a message breaks its schema is found out where it is delivered.
            readers = [one for one in readers if isinstance(one, NoViolation)]
            if not event.violation:
                return
        for one in readers:
            one.see(event, t)

    def judge(self) -> list[Judgement]:
        """Every expectation, in the order of the file."""
        return [Judgement(words, *one.judge()) for words, one in self._observers]


def observer(expected: Any) -> Observer:
    """The observer for one of :data:`evtui.scenario.model.Expectation`."""
    kinds: dict[type[Any], type[Any]] = {
        model.AlarmExpected: AlarmRaised,
        model.NoAlarmExpected: NoAlarm,
        model.MessageExpected: MessageSeen,
        model.NoMessageExpected: MessageNotSeen,
        model.OrderExpected: CallsInOrder,
        model.StatusExpected: StatusReached,
        model.CurrentExpected: CurrentWithin,
        model.EnergyExpected: EnergyWithin,
        model.NoSchemaViolation: NoViolation,
    }
    made: Observer = kinds[type(expected)](expected)
    return made
