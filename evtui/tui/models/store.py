"""A bounded list of rows that a view can read, filter and stay anchored in."""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter
from typing import Generic, Protocol, TypeVar

from evtui.tui.models.filter import SEARCH_BUDGET, Filter, FilterError

__all__ = ["RowStore", "Stored"]


class Stored(Protocol):
    """What the store needs of a row; ``key`` is the store's to set."""

    key: int

    @property
    def text(self) -> str:
        """What a filter searches."""


R = TypeVar("R", bound=Stored)


class RowStore(Generic[R]):
    """Rows with keys 0, 1, 2, ...; the oldest leave when ``capacity`` is reached, or when told.

    What is appended becomes visible with :meth:`publish`, so a paused view simply does not
    publish.  A position counts visible rows from the oldest; a key stays with its row.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows: dict[int, R] = {}
        self._first = 0
        self._next = 0
        self._shown = 0
        self._filter: Filter | None = None
        self._matches: list[int] = []
        self._touched: set[int] = set()

    @property
    def dropped(self) -> int:
        """Rows that left because the store was full."""
        return self._first

    @property
    def pending(self) -> int:
        """Rows appended and not published yet."""
        return self._next - self._shown

    @property
    def total(self) -> int:
        """Published rows still held, filtered or not."""
        return max(0, self._shown - self._first)

    @property
    def filter(self) -> Filter | None:
        """The filter in force."""
        return self._filter

    def append(self, row: R) -> R | None:
        """Add ``row``, give it its key and return the row that had to leave, if any."""
        row.key = self._next
        self._rows[row.key] = row
        self._next += 1
        return self.drop() if len(self._rows) > self._capacity else None

    def drop(self) -> R:
        """Take the oldest row out and return it; there must be one."""
        self._first += 1
        return self._rows.pop(self._first - 1)

    def touch(self, row: R) -> None:
        """Say that ``row`` changed, so that the filter looks at it again."""
        self._touched.add(row.key)

    def publish(self) -> None:
        """Make everything appended so far visible."""
        start, self._shown = self._shown, self._next
        if self._filter is not None:
            matches = self._filter.matches
            self._matches += [
                key
                for key in range(max(start, self._first), self._next)
                if matches(self._rows[key])
            ]
            for key in self._touched:
                if key < start and key in self._rows:
                    self._rematch(key)
        self._touched.clear()

    def _rematch(self, key: int) -> None:
        assert self._filter is not None
        place = bisect_left(self._matches, key)
        listed = place < len(self._matches) and self._matches[place] == key
        matching = self._filter.matches(self._rows[key])
        if matching and not listed:
            self._matches.insert(place, key)
        elif listed and not matching:
            del self._matches[place]

    def set_filter(self, row_filter: Filter | None) -> None:
        """Show only rows that match.

        Raises:
            FilterError: searching all rows took too long; the old filter stays.
        """
        matches: list[int] = []
        if row_filter is not None:
            deadline = perf_counter() + SEARCH_BUDGET
            for key in range(self._first, self._shown):
                if row_filter.matches(self._rows[key]):
                    matches.append(key)
                if perf_counter() > deadline:
                    raise FilterError("too slow for so many rows")
        self._filter, self._matches = row_filter, matches

    def _trim(self) -> None:
        if self._matches and self._matches[0] < self._first:
            del self._matches[: bisect_left(self._matches, self._first)]

    def __len__(self) -> int:
        """Number of visible rows."""
        if self._filter is None:
            return self.total
        self._trim()
        return len(self._matches)

    def row(self, position: int) -> R:
        """The visible row at ``position``, 0 being the oldest."""
        if self._filter is None:
            return self._rows[self._first + position]
        self._trim()
        return self._rows[self._matches[position]]

    def position(self, key: int) -> int:
        """Position of the row with ``key``, or of the next visible one after it."""
        if self._filter is None:
            return min(max(0, key - self._first), self.total)
        self._trim()
        return bisect_left(self._matches, key)

    def newest(self) -> list[R]:
        """Every published row, newest first, filtered or not."""
        return [self._rows[key] for key in range(self._shown - 1, self._first - 1, -1)]
