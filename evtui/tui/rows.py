"""Rows of styled runs, and a widget that writes only what changed of them.

A run names a *role* ("actual", "limit", "axis"), never a colour: what a role looks like comes
from the widget's component classes, so a change of theme needs no new rows, and code that
makes rows needs no terminal and may run on another thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from evtui.escaping import for_terminal
from evtui.tui.models.text import cut

__all__ = [
    "Piece",
    "Row",
    "RowsWidget",
    "changed_span",
    "cut_row",
    "first_that_fits",
    "progress_bar",
    "row_text",
    "row_width",
    "to_row",
]


class _Run(NamedTuple):
    text: str
    role: str = ""


class Piece(_Run):
    """Text in one role; the empty role is plain text.

    Whatever it is made of, a terminal obeys nothing of it: all rows consist of runs.
    """

    __slots__ = ()

    def __new__(cls, text: str, role: str = "") -> Piece:
        return super().__new__(cls, for_terminal(text), role)


Row = tuple[Piece, ...]


def to_row(cells: Iterable[tuple[str, str]]) -> Row:
    """Join ``(character, role)`` cells to as few runs as possible.

    A blank has no colour of its own and goes with the run before it: each change of style
    costs a terminal some 30 bytes.
    """
    merged: list[tuple[str, str]] = []
    role = ""
    for character, own in cells:
        if character != " ":
            role = own
        merged.append((character, role))
    return tuple(
        Piece("".join(character for character, _ in group), role)
        for role, group in groupby(merged, key=lambda cell: cell[1])
    )


def row_text(row: Row) -> str:
    """The row without its roles."""
    return "".join(run.text for run in row)


def row_width(row: Row) -> int:
    """Width of the row in cells."""
    return cell_len(row_text(row))


def first_that_fits(forms: Sequence[Row], width: int) -> Row:
    """The first form that fits into ``width`` cells, or the last one cut off."""
    for row in forms:
        if row_width(row) <= width:
            return row
    return cut_row(forms[-1], width)


def cut_row(row: Row, width: int) -> Row:
    """The row in at most ``width`` cells, ending in … where more than blanks is missing."""
    if row_width(row) <= width:
        return row
    text = row_text(row)
    kept = len(text.rstrip())
    if cell_len(text[:kept]) <= width:
        while cell_len(text[: kept + 1]) <= width:
            kept += 1
        return _beginning(row, kept)
    room = width
    for place, run in enumerate(row):
        if cell_len(run.text) >= room:
            return (*row[:place], Piece(cut(row_text(row[place:]).rstrip(), room), run.role))
        room -= cell_len(run.text)
    return row


def _beginning(row: Row, characters: int) -> Row:
    """The first characters, in as many runs as there are."""
    kept = []
    for run in row:
        kept.append(Piece(run.text[:characters], run.role))
        characters -= len(kept[-1].text)
    return tuple(kept)


def progress_bar(share: float, cells: int) -> tuple[Piece, Piece]:
    """A bar of ``cells`` cells behind a blank, in the roles ``bar`` and ``muted``."""
    done = round(cells * share)
    return Piece(" " + "▓" * done, "bar"), Piece("░" * (cells - done), "muted")


def changed_span(old: Row, new: Row) -> tuple[int, int] | None:
    """First changed column and the one after the last, None where nothing changed."""
    if old == new:
        return None
    before = [(character, run.role) for run in old for character in run.text]
    after = [(character, run.role) for run in new for character in run.text]
    if len(before) != len(after) or row_width(old) != len(before) or row_width(new) != len(after):
        return 0, max(row_width(old), row_width(new))
    changed = [x for x, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]]
    return (changed[0], changed[-1] + 1) if changed else None


class RowsWidget(Widget):
    """Shows rows and repaints the changed part of those that changed.

    Roles are looked up as component classes ``<prefix>--<role>``.
    """

    ROLE_PREFIX = "rows"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._rows: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is shown, top row first."""
        return self._rows

    def show(self, rows: Sequence[Row], first: int = 0) -> None:
        """Put ``rows`` in place of those from line ``first`` on."""
        blank: Row = ()
        old = self._rows
        # What lies below the widget is forgotten, or it would flash up when the widget grows.
        below = old[first + len(rows) : self.size.height]
        new = (*old[:first], *((blank,) * (first - len(old))), *rows, *below)
        self._rows = new
        for y in range(first, first + len(rows)):
            span = changed_span(old[y] if y < len(old) else blank, new[y])
            if span is not None:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def render_line(self, y: int) -> Strip:
        """One line as Textual wants it."""
        width = self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        segments = [
            Segment(run.text, self._style(run.role)) for run in cut_row(self._rows[y], width)
        ]
        strip = Strip(segments).adjust_cell_length(width, self.rich_style)
        selection = self.text_selection
        span = None if selection is None else selection.get_span(y)
        if span is not None:
            start, end = min(span[0], width), width if span[1] < 0 else min(span[1], width)
            mark = self.screen.get_component_rich_style("screen--selection")
            before, chosen, after = strip.divide([start, end, width])
            strip = Strip.join([before, chosen.apply_style(mark), after])
        return strip.apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that is selected, and what ends it."""
        lines = ("".join(run.text for run in row).rstrip() for row in self._rows)
        return selection.extract("\n".join(lines)), "\n"

    def _style(self, role: str) -> Style:
        if not role:
            return self.rich_style
        return self.get_component_rich_style(f"{self.ROLE_PREFIX}--{role}")
