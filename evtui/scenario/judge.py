"""Whether what a scenario expects has happened.  Pure: fed with events, asked at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from evtui.events import Event, OcppMessage
from evtui.scenario.expectations import Expectation, Observer
from evtui.scenario.matching import FirstSight

__all__ = ["Judge", "Judgement"]


class Judgement(NamedTuple):
    """One expectation at the end of a run; ``found`` is a line for people."""

    expectation: str
    met: bool
    found: str


class Judge:
    """All expectations of a run.

    Args:
        expectations: in the order of the file.
        start: lab time in s at which the run began.
    """

    def __init__(self, expectations: Iterable[Expectation], start: float = 0.0) -> None:
        self._start = start
        self._first = FirstSight()
        self._observers = [(each.words(), each.observer()) for each in expectations]
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
            if not event.violation:
                return
            readers = [one for one in readers if one.deliveries]
        for one in readers:
            one.see(event, t)

    def judge(self) -> list[Judgement]:
        """Every expectation, in the order of the file."""
        return [Judgement(words, *one.judge()) for words, one in self._observers]
