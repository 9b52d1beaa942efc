"""The line above the keys that says what a tour's task is."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.events import Resize

from evtui.events import Event
from evtui.tui.key_hints import key_of
from evtui.tui.models.tour import TASKS, Tour
from evtui.tui.rows import Piece, Row, RowsWidget

__all__ = ["TourLine"]

MOST_LINES = 3

GLUE = "\xa0"
"""A blank at which no line is broken."""


class TourLine(RowsWidget):
    """There only while the tour is on; takes no key and no focus.

    Attributes:
        tour: where one is in it.
    """

    DEFAULT_CSS = """
    TourLine {
        height: 1;
        background: $boost;
        display: none;
        &.-on { display: block; }
        & > .tour--name { color: $text-accent; background: $boost; text-style: bold; }
        & > .tour--told { color: $foreground; background: $boost; }
        & > .tour--keys { color: $text-muted; background: $boost; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tour--name", "tour--told", "tour--keys"}
    ROLE_PREFIX = "tour"

    def __init__(self, *, id: str = "tour") -> None:  # noqa: A002
        super().__init__(id=id)
        self.tour = Tour()

    def feed(self, events: Iterable[Event]) -> list[str]:
        """Take in ``events``; the titles of the tasks that they have done."""
        done = self.tour.feed(events)
        if done:
            self.redraw()
        return done

    def toggle(self) -> None:
        """Begin, or go on where it was left; or leave."""
        if self.tour.on:
            self.tour.leave()
        else:
            self.tour.begin()
        self.redraw()

    def skip(self) -> None:
        """On to the next task."""
        self.tour.skip()
        self.redraw()

    @on(Resize)
    def redraw(self) -> None:
        """Show the task."""
        self.set_class(self.tour.on, "-on")
        width = self.size.width or self.app.size.width
        if not self.tour.on or width < 10:
            return
        name = f" tour {self.tour.number} of {len(TASKS)}: {self.tour.task.title} "
        keys = f"({key_of('app.tour')} leaves, {key_of('app.tour_next')} skips)"
        indent = " " * len(name) if len(name) * 3 < width else " "
        whole = f"{name}\0{self.tour.task.told} {keys.replace(' ', GLUE)}"
        lines = wrap(whole, width - 1, subsequent_indent=indent, break_on_hyphens=False)
        rows: list[Row] = []
        for place, line in enumerate(lines[:MOST_LINES]):
            told = (line if place else line.partition("\0")[2]).replace(GLUE, " ")
            start = (Piece(name, "name"),) if not place else ()
            body, bracket, rest = told.partition(f"({key_of('app.tour')} ")
            row = (*start, Piece(body, "told"), Piece(bracket + rest, "keys"))
            rows.append(
                (*row, Piece(" " * max(0, width - sum(len(run.text) for run in row)), "told"))
            )
        self.styles.height = len(rows)
        self.show(rows)
