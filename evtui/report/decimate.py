"""A long series in the width of a picture, without losing a spike.  Pure."""

from __future__ import annotations

__all__ = ["Bins", "Envelope"]

_WIDTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 86400)


class Envelope:
    """The lowest and the highest value of each column, in the order in which they came.

    Columns with at most two values keep them all, so a short series stays exact.

    Args:
        start, end: s, bounds of the series.
        columns: how many columns there are between them.
    """

    def __init__(self, start: float, end: float, columns: int) -> None:
        self._start = start
        self._per_s = columns / (end - start) if end > start else 0.0
        self._column: int | None = None
        self._low = self._high = (0.0, 0.0)
        self._points: list[tuple[float, float]] = []

    def add(self, t: float, value: float) -> None:
        """Take a value; ``t`` in s is not before the previous one."""
        column = int((t - self._start) * self._per_s)
        if column != self._column:
            self._keep()
            self._column = column
            self._low = self._high = (t, value)
        elif value < self._low[1]:
            self._low = (t, value)
        elif value >= self._high[1]:
            self._high = (t, value)

    def points(self) -> list[tuple[float, float]]:
        """Time in s and value, in order of time: at most two for each column."""
        self._keep()
        self._column = None
        return self._points

    def _keep(self) -> None:
        if self._column is None:
            return
        first, second = sorted((self._low, self._high))
        self._points.append(first)
        if second[0] != first[0]:
            self._points.append(second)


class Bins:
    """Events a second in bins of a round width.

    Args:
        start, end: s.
        most: number of bins that may not be exceeded.
    """

    def __init__(self, start: float, end: float, most: int = 240) -> None:
        self._start = start
        self._end = max(end, start)
        length = self._end - start
        fitting = (width for width in _WIDTHS if length / width <= most)
        self.width = float(next(fitting, 86400.0 * (int(length / 86400 / most) + 1)))
        self._counts = [0] * (int(length / self.width) + 1)
        self.total = 0

    def add(self, t: float) -> None:
        """Count an event at ``t`` s; one outside the bounds goes to the nearest bin."""
        self.total += 1
        place = int((t - self._start) / self.width)
        self._counts[min(max(place, 0), len(self._counts) - 1)] += 1

    def rates(self) -> list[tuple[float, float]]:
        """Start of each bin in s and events a second in it.

        What is left at the end and shorter than half a bin counts with the bin before it: a
        single event in a hundredth of a second would look like a burst.
        """
        counts = self._counts[:]
        rest = self._end - self._start - (len(counts) - 1) * self.width
        if len(counts) > 1 and rest < self.width / 2:
            last = counts.pop()
            counts[-1] += last
        starts = [self._start + number * self.width for number in range(len(counts))]
        ends = [*starts[1:], self._end]
        return [
            (start, count / (end - start))
            for start, end, count in zip(starts, ends, counts, strict=True)
            if end > start
        ]
