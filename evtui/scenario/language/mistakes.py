"""Mistakes in a scenario: collected with their place, told together.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from evtui.durations import duration_text
from evtui.escaping import for_terminal
from evtui.kinds import number, quoted
from evtui.scenario.language.model import Duration

__all__ = ["UNREADABLE", "Mistakes", "ScenarioError", "Unreadable", "located", "shown"]

_LONGEST_PLACE = 120
_MOST_TOLD = 20


class ScenarioError(Exception):
    """A scenario cannot be used; a line each, they are the text of the error.

    Attributes:
        mistakes: printable lines that name file, line, place and way out.
    """

    def __init__(self, *mistakes: str) -> None:
        self.mistakes = tuple(for_terminal(text) for text in mistakes)
        super().__init__("\n".join(self.mistakes))


class Unreadable:
    """See :data:`UNREADABLE`."""


UNREADABLE = Unreadable()
"""Stands for a value whose mistake has been told, so that nothing else is said of it."""


class Mistakes:
    """What is wrong with one file.

    Args:
        name: of the file, as messages call it.
        lines: place (``steps[2].wait``) to line, from 1.
    """

    def __init__(self, name: str, lines: Mapping[str, int]) -> None:
        self._name = name
        self._lines = lines
        self._found: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, place: str, text: str) -> None:
        """Something is wrong at a place of the file; one it does not have counts as its parent."""
        self.add_at(self._line(place), place, text)

    def add_at(self, line: int, place: str, text: str) -> None:
        """Something is wrong in a line, counted from 1."""
        self._found.append((line, located(self._name, line, place, text)))

    def add_given(self, text: str) -> None:
        """Something is wrong with what was given beside the file; it comes first."""
        self._found.append((0, text))

    def raise_all(self) -> None:
        """Raise :class:`ScenarioError` for what there is, in the order of the file."""
        in_order = sorted(self._found, key=lambda each: each[0])
        told = list(dict.fromkeys(text for _, text in in_order))
        if len(told) > _MOST_TOLD:
            told[_MOST_TOLD:] = [f"{self._name}: and {len(told) - _MOST_TOLD:,} mistakes more"]
        if told:
            raise ScenarioError(*told)

    def _line(self, place: str) -> int:
        while place and place not in self._lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self._lines.get(place, 1)


def located(name: str, line: int, place: str, text: str) -> str:
    """``file.yaml:12: steps[2].wait: text``; the place is left out where it is the file."""
    place = place if len(place) <= _LONGEST_PLACE else place[:_LONGEST_PLACE] + "…"
    return ": ".join(filter(None, (f"{name}:{line}", place, text)))


def shown(value: object) -> str:
    """``value`` as a message shows it: short, on one line."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case Duration(written=str(text)) if text:
            return quoted(text)
        case Duration():
            return duration_text(value) if value < 86400 else f"{number(value / 3600)}h"
        case int() | float():
            return number(value)
        case list():
            return f"a list of {len(value)}"
        case _:
            return "a mapping"
