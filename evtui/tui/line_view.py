"""A list that draws lines itself: follows the end, or stays where the reader put it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

from rich.style import Style
from textual import on
from textual.binding import Binding, BindingType
from textual.events import Blur, Click, Focus, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message

from evtui.tui.colours import readable
from evtui.tui.models.filter import SEARCH_BUDGET, Filter, FilterError
from evtui.tui.models.text import fit
from evtui.tui.rows import Piece, Row, RowsWidget, row_width

__all__ = ["Cells", "LineEntry", "LineSource", "LineView", "Relation"]

WHEEL_LINES = 3

INJECTED = "▓"
"""In front of a row that an anomaly has sent; as attacks are marked under the chart."""


class LineEntry(Protocol):
    """What the view needs of a row; ``key`` grows from row to row and never changes."""

    key: int

    @property
    def seqs(self) -> frozenset[int]:
        """Sequence numbers of the events it stands for."""

    @property
    def causes(self) -> frozenset[int]:
        """Sequence numbers of the events that caused it."""


class LineSource(Protocol):
    """Rows by position, 0 being the first; a key keeps its row when positions shift."""

    @property
    def total(self) -> int:
        """Rows held, filtered or not."""

    @property
    def filter(self) -> Filter | None:
        """The filter in force."""

    def set_filter(self, row_filter: Filter | None) -> None:
        """Show only rows that match; may raise ``FilterError``."""

    def __len__(self) -> int: ...

    def row(self, position: int) -> Any:
        """The visible :class:`LineEntry` at ``position``."""

    def position(self, key: int) -> int:
        """Where ``key`` is, or the next visible row after it."""


class Relation(NamedTuple):
    """What caused the row under the cursor, and what it may have caused."""

    seqs: frozenset[int] = frozenset()
    causes: frozenset[int] = frozenset()

    def holds(self, entry: LineEntry) -> bool:
        """True where one caused the other, or both are the same event."""
        return bool(entry.seqs & self.seqs or entry.seqs & self.causes or entry.causes & self.seqs)


Cells = list[tuple[str, str]]
"""Texts and their roles, from left to right."""

NOTHING = Relation()


class LineView(RowsWidget, can_focus=True):
    """Shows the rows of a source; the reader's place is kept by key.

    While it follows, the newest row is at the bottom and under the cursor.  Moving up or
    scrolling ends that: rows stay where they are while others come and go.  Moving past the
    last row, or :meth:`follow`, begins it again.

    Args:
        source: the rows.
        render: makes the cells of one row for a width.
        follows: False for a table that does not grow at its end.
    """

    DEFAULT_CSS = """
    LineView {
        width: 1fr;
        height: 1fr;
        & > .line--muted { color: $text-muted; }
        & > .line--strong { text-style: bold; }
        & > .line--good { color: $text-success; }
        & > .line--bad { color: $text-error; text-style: bold; }
        & > .line--warning { color: $text-warning; }
        & > .line--from-csms { color: $text-primary; }
        & > .line--attack { color: $text-error; text-style: bold; }
        & > .line--changed { color: $text-warning; text-style: bold underline; }
        & > .line--related { color: $text-accent; text-style: bold; }
        & > .line--cursor { background: $primary 35%; }
        &:ansi > .line--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
        }
        &:nocolor > .line--cursor { text-style: reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--muted",
        "line--strong",
        "line--good",
        "line--bad",
        "line--warning",
        "line--from-csms",
        "line--attack",
        "line--changed",
        "line--related",
        "line--cursor",
    }
    ROLE_PREFIX = "line"

    # Priority, like all commands: see evtui.tui.keymap.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Row up", show=False, priority=True),
        Binding("down,j", "move(1)", "Row down", show=False, priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("home", "first", "First row", show=False, priority=True),
    ]

    class Moved(Message):
        """The reader moved the cursor, scrolled, or went back to following."""

        def __init__(self, view: LineView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LineView:
            """The view it happened in."""
            return self.view

    def __init__(
        self,
        source: LineSource,
        render: Callable[[Any, int], Cells],
        *,
        follows: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.source = source
        self.empty = ""
        self._render_cells = render
        self._follows = follows
        self._following = follows
        self._cursor_key = 0
        self._top_key = 0
        self._top_at = 0
        self._seen_key = 0
        self._relation = NOTHING

    @property
    def following(self) -> bool:
        """True while the newest row is kept in view."""
        return self._following

    @property
    def new_rows(self) -> int:
        """Rows below the screen that came since the reader stopped following."""
        if self._following or not self._follows:
            return 0
        seen = max(self.source.position(self._seen_key + 1), self._top + self.size.height)
        return max(0, len(self.source) - seen)

    @property
    def cursor(self) -> int:
        """Position of the cursor, -1 without rows."""
        last = len(self.source) - 1
        return last if self._following else min(self.source.position(self._cursor_key), last)

    @property
    def entry(self) -> Any | None:
        """The row under the cursor."""
        cursor = self.cursor
        return self.source.row(cursor) if cursor >= 0 else None

    @property
    def relation(self) -> Relation:
        """What to light up elsewhere: nothing while following, since nobody chose a row."""
        entry = None if self._following else self.entry
        return Relation(entry.seqs, entry.causes) if entry else NOTHING

    def relate(self, relation: Relation) -> None:
        """Mark the rows that ``relation`` holds for."""
        if relation != self._relation:
            self._relation = relation
            self.redraw()

    def follow(self) -> None:
        """Show the newest row from now on; in a table, go to the last row."""
        if self._follows:
            self._following = True
        else:
            self._place(len(self.source) - 1, self._top)
        self._moved()

    def go_to(self, position: int) -> None:
        """Put the cursor on a row."""
        self._place(position, 0)
        self._moved()

    def find(self, sought: Filter, step: int) -> Literal["found", "again", "none"]:
        """Put the cursor on the next row that matches, or on the one before for a ``step`` of -1.

        Returns:
            whether one was found, and whether the search began again from the other end.

        Raises:
            FilterError: looking at all rows would take too long.
        """
        count, start = len(self.source), self.cursor
        deadline = perf_counter() + SEARCH_BUDGET
        for away in range(1, count + 1):
            place = start + step * away
            if sought.matches(self.source.row(place % count)):
                self._place(place % count, self._top)
                self._moved()
                return "found" if 0 <= place < count else "again"
            if perf_counter() > deadline:
                raise FilterError("too slow for so many rows")
        return "none"

    def restart(self, source: LineSource) -> None:
        """Show another source, through the same filter and from its end; draws nothing."""
        source.set_filter(self.source.filter)
        self.source = source
        self._following = self._follows
        self._relation = NOTHING

    def redraw(self) -> None:
        """Draw what is visible; only lines that changed are written."""
        width, height = self.size
        if not width or not height:
            return
        count = len(self.source)
        if not count:
            hint = "no row matches the filter" if self.source.total else self.empty
            rows: list[Row] = [(Piece(fit(f" {hint}", width), "muted"),)]
        else:
            top, cursor = self._top, self.cursor
            rows = [
                self._line(position, width, chosen=position == cursor)
                for position in range(top, min(top + height, count))
            ]
        self.show([*rows, *(((Piece(" " * width),),) * (height - len(rows)))])

    @property
    def _top(self) -> int:
        height = self.size.height
        highest = max(0, len(self.source) - height)
        if self._following:
            return highest
        if getattr(self.source, "reorders", False):  # the row on top may go anywhere
            cursor = self.cursor
            return min(max(self._top_at, cursor - height + 1, 0), max(cursor, 0), highest)
        return min(self.source.position(self._top_key), highest)

    def _line(self, position: int, width: int, *, chosen: bool) -> Row:
        entry = self.source.row(position)
        cells = self._render_cells(entry, width - 2)
        chosen = chosen and self.has_focus
        related = self._relation.holds(entry)
        mark, role = ("▌" if chosen else "»", "related") if chosen or related else (" ", "")
        if not (chosen or related) and getattr(entry, "injected", False):
            mark, role = INJECTED, "attack"
        overlay = " cursor" if chosen else ""
        runs = [Piece(mark, role + overlay), *(Piece(text, own + overlay) for text, own in cells)]
        missing = width - row_width(tuple(runs))
        if missing > 0:
            runs.append(Piece(" " * missing, overlay))
        return tuple(runs)

    def _style(self, role: str) -> Style:
        own, _, overlay = role.partition(" ")
        style = super()._style(own)
        if not overlay:
            return style
        cursor = super()._style(overlay)
        if self.app.native_ansi_color:  # no role has a colour that stands out from the cursor's
            return style + Style(color=cursor.color, bgcolor=cursor.bgcolor, reverse=cursor.reverse)
        return readable(style + Style(bgcolor=cursor.bgcolor))

    def _place(self, cursor: int, top: int) -> None:
        """Put the cursor on a row and keep it on the screen; ends following."""
        count, height = len(self.source), self.size.height
        if not count:
            return
        if self._following:
            self._seen_key = self.source.row(count - 1).key
            self._following = False
        cursor = min(max(cursor, 0), count - 1)
        top = min(max(top, cursor - height + 1), cursor)
        self._cursor_key = self.source.row(cursor).key
        self._top_at = max(0, top)
        self._top_key = self.source.row(max(0, top)).key

    def _moved(self) -> None:
        self.redraw()
        self.post_message(self.Moved(self))

    def action_move(self, rows: int) -> None:
        """Move the cursor; onto the last row means following again."""
        target = self.cursor + rows
        if self._follows and rows > 0 and target >= len(self.source) - 1:
            self._following = True
        else:
            self._place(target, self._top)
        self._moved()

    def action_page(self, pages: int) -> None:
        """Move the cursor by screens."""
        self.action_move(pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """Go to the oldest row."""
        self._place(0, 0)
        self._moved()

    def _scroll(self, lines: int) -> None:
        height = self.size.height
        highest = max(0, len(self.source) - height)
        top = self._top + lines
        if self._follows and lines > 0 and top >= highest:
            self._following = True
        else:
            top = min(max(top, 0), highest)
            self._place(min(max(self.cursor, top), top + height - 1), top)
        self._moved()

    @on(MouseScrollUp)
    def _wheel_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self._scroll(-WHEEL_LINES)

    @on(MouseScrollDown)
    def _wheel_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self._scroll(WHEEL_LINES)

    @on(Click)
    def _choose(self, event: Click) -> None:
        position = self._top + event.y
        if position < len(self.source):
            self._place(position, self._top)
            self._moved()

    @on(Resize)
    @on(Focus)
    @on(Blur)
    def _redraw_now(self) -> None:
        self.redraw()
