"""Of things that say the same, the first few one by one and the rest as a number.  Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

import msgspec

__all__ = ["Repeats", "RepeatsSummary"]

T = TypeVar("T")

KEYS_MAX = 256
"""Kinds of things remembered; a new one pushes out the one that was longest quiet."""


class RepeatsSummary(msgspec.Struct, Generic[T], frozen=True):
    """What was held back of one kind.

    Attributes:
        newest: the last of them.
        more: how many came before it and were not told.
        seconds: in which they came.
    """

    newest: T
    more: int
    seconds: float

    @property
    def text(self) -> str:
        """`` (and 41 more like it in the last 10 s)``, empty when there was only the one."""
        if not self.more:
            return ""
        return f" (and {self.more:,} more like it in the last {max(1, round(self.seconds))} s)"


class _Kind(msgspec.Struct, Generic[T]):
    told: float
    seen: float
    left: int
    held: int = 0
    newest: T | None = None


class Repeats(Generic[T]):
    """Decides what is told at once, and sums up the rest.

    What comes no faster than once in ``every`` s is always told at once.

    Args:
        first: things of a kind that are told at once after it was quiet.
        every: s between two things told of a kind after that.
        quiet: s without one, after which the first are told at once again.
    """

    def __init__(self, first: int, every: float, quiet: float = 10.0) -> None:
        self._first = first
        self._every = every
        self._quiet = max(quiet, every)
        self._kinds: OrderedDict[Hashable, _Kind[T]] = OrderedDict()
        self.due: float | None = None
        """When :meth:`take` has something, in s; None while nothing is held."""

    def tells(self, key: Hashable, thing: T, now: float) -> bool:
        """True for a thing to be told at once; else it is held until :meth:`take`.

        Args:
            key: what things of a kind have in common.
        """
        kind = self._kinds.get(key)
        if kind is None or (not kind.held and now - kind.seen >= self._quiet):
            if kind is None and not self._has_room():
                return True
            kind = self._kinds[key] = _Kind(now, now, self._first)
        self._kinds.move_to_end(key)
        kind.seen = now
        if not kind.held and (kind.left > 0 or now - kind.told >= self._every):
            kind.left -= 1
            kind.told = now
            return True
        kind.held += 1
        kind.newest = thing
        moment = kind.told + self._every
        self.due = moment if self.due is None else min(self.due, moment)
        return False

    def take(self, now: float, *, all_of_it: bool = False) -> list[RepeatsSummary[T]]:
        """What was held long enough, in the order in which the kinds were last seen.

        Args:
            all_of_it: also what is not due yet, because this is the end.
        """
        summaries: list[RepeatsSummary[T]] = []
        self.due = None
        for kind in self._kinds.values():
            if kind.newest is None:
                continue
            moment = kind.told + self._every
            if now >= moment or all_of_it:
                summaries.append(RepeatsSummary(kind.newest, kind.held - 1, now - kind.told))
                kind.told, kind.held, kind.newest = now, 0, None
            else:
                self.due = moment if self.due is None else min(self.due, moment)
        return summaries

    def _has_room(self) -> bool:
        """Room for one more kind; what is held of others must not be forgotten for it."""
        if len(self._kinds) < KEYS_MAX:
            return True
        for key, kind in self._kinds.items():
            if not kind.held:
                del self._kinds[key]
                return True
        return False
