"""A small chart of lowest and highest values over time, made of block characters.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from evtui.tui.models.signals import Span
from evtui.tui.models.text import fit, number

__all__ = ["small_chart"]

LABEL_WIDTH = 9
HALVES = " ▄▀█"
"""By which halves of a cell are filled: neither, lower, upper, both."""


def small_chart(
    history: Sequence[Span], now: float, seconds: float, width: int, height: int
) -> list[str]:
    """Rows of a chart of the last ``seconds`` before lab time ``now``, top row first.

    Each column is filled from its lowest to its highest value; the value before a column in which
    none came goes on in it.  The scale goes from the lowest to the highest value that is seen.

    Args:
        history: oldest first.
        width: cells, labels included.
        height: rows, the one of the times included.
    """
    columns, rows = width - LABEL_WIDTH - 1, height - 1
    if columns < 8 or rows < 1 or not history:
        return []
    start = now - seconds
    step = seconds / columns
    spans: list[tuple[float, float, float] | None] = [None] * columns
    before: float | None = None
    for span in history:
        column = int((span.t - start) // step)
        if column >= columns:
            continue
        if column < 0:
            before = span.last
            continue
        known = spans[column]
        low, high = (span.low, span.high) if known is None else known[:2]
        spans[column] = (min(low, span.low), max(high, span.high), span.last)
    for column, known in enumerate(spans):
        if known is None and before is not None:
            spans[column] = (before, before, before)
        elif known is not None:
            before = known[2]
    seen = [known for known in spans if known is not None]
    if not seen:
        return []
    lowest, highest = min(each[0] for each in seen), max(each[1] for each in seen)
    top = 2 * rows - 1
    half = highest / 2 - lowest / 2  # the whole may be more than a float holds

    def level(value: float) -> int:
        return round(top * ((value / 2 - lowest / 2) / half)) if half else top // 2

    filled = [None if known is None else (level(known[0]), level(known[1])) for known in spans]
    lines = []
    for row in reversed(range(rows)):
        cells = "".join(_cell(known, row) for known in filled)
        label = number(highest) if row == rows - 1 else number(lowest) if row == 0 else ""
        if highest == lowest:
            label = number(lowest) if row == (top // 2) // 2 else ""
        lines.append(f"{fit(label, LABEL_WIDTH, right=True)}┤{cells}")
    ago = f"-{seconds:g} s"
    lines.append(" " * (LABEL_WIDTH + 1) + ago + "now".rjust(columns - len(ago)))
    return lines


def _cell(levels: tuple[int, int] | None, row: int) -> str:
    if levels is None:
        return " "
    low, high = levels
    lower, upper = low <= 2 * row <= high, low <= 2 * row + 1 <= high
    return HALVES[lower + 2 * upper]
