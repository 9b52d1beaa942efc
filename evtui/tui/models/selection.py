"""Where orders go and which connector of ours is shown, and what is kept for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from evtui.events import AnomalyState, Event, LabState, Sample

__all__ = ["ByPlace", "ChosenPlace", "Selection"]

T = TypeVar("T")


class ChosenPlace(NamedTuple):
    """A connector of one of our charge points."""

    station: str
    connector: int

    def __str__(self) -> str:
        return f"{self.station}/{self.connector}"


class Selection:
    """The connectors of ours in the order in which they appeared, one of them chosen.

    The first is chosen until somebody chooses another, or the one that is wanted appears.  A
    foreign station may be chosen beside it: the connector of ours is shown still, for of a foreign
    one there is no current to show, but orders go to the foreign station or nowhere, until a
    connector of ours is chosen again.

    Attributes:
        foreign: identity of the foreign station that is chosen, there or not; empty for none.
        wanted: chosen as soon as it appears, unless somebody has chosen before; None for the first.
    """

    def __init__(self) -> None:
        self.wanted: ChosenPlace | None = None
        self._places: dict[ChosenPlace, None] = {}
        self._chosen: ChosenPlace | None = None
        self.foreign = ""

    @property
    def places(self) -> tuple[ChosenPlace, ...]:
        """All of them."""
        return tuple(self._places)

    @property
    def chosen(self) -> ChosenPlace | None:
        """The one that is shown; None while none has appeared."""
        return self._chosen

    @property
    def target(self) -> ChosenPlace | None:
        """The one that orders go to; None where there is none, or a foreign station is chosen."""
        return None if self.foreign else self._chosen

    @property
    def station(self) -> str:
        """Identity of the charge point that orders go to, empty while there is none."""
        return self.foreign or (self._chosen.station if self._chosen is not None else "")

    @property
    def several(self) -> bool:
        """True where there is a choice, and it has to be said which one is meant."""
        return len(self._places) > 1

    @property
    def name(self) -> str:
        """``CP1/2`` where it could be another one, or is not where orders go; else empty."""
        return str(self._chosen) if self._chosen and (self.several or self.foreign) else ""

    def feed(self, events: Iterable[Event]) -> bool:
        """Learn of connectors; True when there is a new one."""
        before = len(self._places)
        for event in events:
            if isinstance(event, LabState | Sample | AnomalyState):
                self._places[ChosenPlace(event.station, event.connector)] = None
        if self._chosen is None and self._places:
            self._chosen = next(iter(self._places))
        if self.wanted in self._places:
            self._chosen, self.wanted = self.wanted, None
        return len(self._places) > before

    def choose(self, place: ChosenPlace) -> None:
        """Choose a connector that has appeared.

        Raises:
            KeyError: there is no such connector.
        """
        if place not in self._places:
            raise KeyError(place)
        self._chosen, self.wanted = place, None
        self.foreign = ""

    def step(self, by: int) -> None:
        """Choose the one ``by`` places further, round and round; from a foreign one, go back."""
        places, self.wanted = self.places, None
        if self.foreign:
            self.foreign = ""
        elif self._chosen is not None:
            self._chosen = places[(places.index(self._chosen) + by) % len(places)]

    def at(self, station: str) -> ChosenPlace | None:
        """What choosing ``station`` means: its chosen connector, or its first; None: not ours."""
        if self._chosen is not None and self._chosen.station == station:
            return self._chosen
        return next((place for place in self._places if place.station == station), None)


class ByPlace(Generic[T]):
    """Something kept for each connector; one of them is shown.

    Args:
        begin: makes an empty one.

    Attributes:
        chosen: the connector that is shown; None for the one that came first.
    """

    def __init__(self, begin: Callable[[], T]) -> None:
        self._begin = begin
        self._kept: dict[ChosenPlace, T] = {}
        self._nothing = begin()
        self.chosen: ChosenPlace | None = None

    def at(self, station: str, connector: int) -> T:
        """That of one connector."""
        place = ChosenPlace(station, connector)
        kept = self._kept.get(place)
        if kept is None:
            kept = self._kept[place] = self._begin()
        return kept

    @property
    def shown(self) -> T:
        """That of the chosen connector, an empty one where nothing is known of it."""
        if self.chosen is None:
            return next(iter(self._kept.values()), self._nothing)
        return self._kept.get(self.chosen, self._nothing)

    def pairs(self) -> Iterator[tuple[ChosenPlace, T]]:
        """Everything that is kept, the one that came first first."""
        yield from self._kept.items()

    def __len__(self) -> int:
        return len(self._kept)
