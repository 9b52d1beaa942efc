"""What an export has passed on so far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

__all__ = ["ExportProgress", "Tally"]

ExportProgress = Callable[[float], None]
"""Called now and then with the lab time in s that has been reached."""

_EVERY = 5_000

RowT = TypeVar("RowT")


class Tally:
    """Counts rows as they pass and remembers the earliest and the latest time.

    Attributes:
        rows: passed on.
        left_out: kind of row to how many a format had no place for.
        moved: written later than they were, since the format knows no way back in time.
        channels: what a CAN log has in the place of a name to that name, where it does not tell.
    """

    def __init__(self, progress: ExportProgress | None = None) -> None:
        self.rows = 0
        self.left_out: Counter[str] = Counter()
        self.moved = 0
        self.channels: Mapping[str, str] = {}
        self._first, self._last = math.inf, -math.inf
        self._progress = progress

    @property
    def span(self) -> float:
        """s from the earliest row to the latest, 0 for less than two."""
        return max(0.0, self._last - self._first)

    def count(self, rows: Iterable[RowT], time: Callable[[RowT], float]) -> Iterator[RowT]:
        """Pass ``rows`` on; ``time`` is lab time of a row in s."""
        for row in rows:
            t = time(row)
            self._first, self._last = min(self._first, t), max(self._last, t)
            self.rows += 1
            if self._progress is not None and self.rows % _EVERY == 0:
                self._progress(t)
            yield row
