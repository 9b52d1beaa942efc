"""Whether what a scenario expects has happened.  Pure: fed with events, asked at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from evtui.config import Settings
from evtui.events import Event, OcppMessage
from evtui.scenario.expectations import Expectation, Observer
from evtui.scenario.judge.matching import FirstSight
from evtui.scenario.language.place import Place, Scope, Whereabouts

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
        settings: of the lab.
    """

    def __init__(
        self,
        expectations: Iterable[Expectation],
        start: float = 0.0,
        settings: Settings = Settings(),  # noqa: B008 - it is frozen
    ) -> None:
        self._start = start
        self._first = FirstSight()
        self._whereabouts: Whereabouts | None = None
        self._judged: list[tuple[str, Observer]] = []
        self._readers: dict[type[Event], list[tuple[Observer, Scope | None]]] = {}
        for expected in expectations:
            place = Place(settings.id).of(expected)
            one = expected.observer()
            scope = self._scope(expected, place, settings)
            self._judged.append((place.told(settings).words() + expected.words(), one))
            for kind in one.reads:
                self._readers.setdefault(kind, []).append((one, scope))
        self._both_ends = any(one.both_ends for _, one in self._judged)

    def _scope(self, expected: Expectation, place: Place, settings: Settings) -> Scope | None:
        """What it looks at; None for everything.

        What is to happen is looked for at the first station unless another is named; what must
        not happen must not happen anywhere.
        """
        everywhere = expected.station is None and (expected.anywhere or settings.stations == 1)
        if everywhere and place.named is None:
            return None
        if self._whereabouts is None:
            self._whereabouts = Whereabouts()
        station = None if everywhere else place.station
        return Scope(station, place.named, self._whereabouts, unknown=expected.anywhere)

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
        if isinstance(event, OcppMessage):
            if self._whereabouts is not None:
                self._whereabouts.see(event)
            if not self._first.of(event):
                # That a message breaks its schema is found out where it is delivered.
                if not event.violation and not self._both_ends:
                    return
                readers = [
                    each
                    for each in readers
                    if each[0].both_ends or (event.violation and each[0].deliveries)
                ]
        for one, scope in readers:
            if scope is None or scope.takes(event):
                one.see(event, t)

    def judge(self) -> list[Judgement]:
        """Every expectation, in the order of the file."""
        return [Judgement(words, *one.judge()) for words, one in self._judged]
