"""A panel around a list: title with counts, filter line, and the feed and tick of its model."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input, Static

from evtui.tui.line_view import LineView
from evtui.tui.models.filter import Filter, FilterError, RowFilter
from evtui.tui.models.text import clean, cut

__all__ = ["NOTHING_SOUGHT", "FilterLine", "ListPanel"]

NOTHING_SOUGHT = "nothing was looked for yet"

BESIDE = 16
"""Cells of a filter's line besides what is typed and what is wrong with it."""


class FilterLine(Horizontal):
    """Where a filter is typed; hidden otherwise."""

    DEFAULT_CSS = """
    FilterLine {
        height: 1;
        display: none;
        padding: 0 1;
        & > #prompt { width: auto; color: $text-muted; }
        & > Input { width: 1fr; }
        & > #hint { width: auto; color: $text-muted; padding: 0 0 0 1; }
        & > #hint.-wrong { color: $text-error; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "Clear", show=False, priority=True)
    ]

    def compose(self) -> ComposeResult:
        """Prompt, input, and room for what is wrong."""
        yield Static("", id="prompt", markup=False)
        line = Input(compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line
        yield Static("", id="hint", markup=False)

    @property
    def searches(self) -> bool:
        """True where what is typed is looked for, and hides nothing."""
        return self._searches

    _searches = False
    _hint = ""

    def open(self, text: str, hint: str, *, searches: bool = False) -> None:
        """Let the person type; ``text`` stands there already."""
        self.display = True
        self._searches, self._hint = searches, hint
        self.query_one("#prompt", Static).update("find " if searches else "filter ")
        field = self.query_one(Input)
        field.value = text
        self.say("")
        self.screen.set_focus(field)

    def say(self, problem: str) -> None:
        """Show what is wrong with the filter, or nothing."""
        hint = self.query_one("#hint", Static)
        hint.set_class(bool(problem), "-wrong")
        # Of the panel: a line that has just been opened has no size yet.
        width = self.parent.size.width if isinstance(self.parent, ListPanel) else 0
        typed = len(self.query_one(Input).value)
        room = max(12, width // 2, width - typed - BESIDE)
        told = f"✗ {cut(clean(problem), room)}" if problem else cut(self._hint, max(12, width // 2))
        hint.update(told)

    def action_drop(self) -> None:
        """Clear the filter and close."""
        panel = self.parent
        assert isinstance(panel, ListPanel)
        panel.close_filter(clear=not self._searches)


class ListPanel(Vertical):
    """Base of the OCPP and the CAN panel.

    Attributes:
        views: its lists, set by the subclass.
        view: the one of them that is shown.
    """

    DEFAULT_CSS = """
    ListPanel { border: round $border-blurred; }
    """

    NAME: ClassVar[str]
    FILTER_HINT: ClassVar[str] = "text or /regex/"
    _sought: Filter | None = None
    views: tuple[LineView, ...]
    view: LineView

    class RowSought(Message):
        """Somebody has typed what to look for."""

        def __init__(self, panel: ListPanel) -> None:
            super().__init__()
            self.panel = panel

    def compose(self) -> ComposeResult:
        """The lists over the filter line."""
        yield from self.views
        yield FilterLine()

    @property
    def parts(self) -> list[str]:
        """What the title says after the name and before the counts."""
        return []

    @property
    def dropped(self) -> int:
        """Rows that left the list because it was full."""
        return 0

    def reset(self) -> None:
        """Forget every row; the filter stays."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Bring counts and filter in the title up to date."""
        source = self.view.source
        count = f"{source.total:,}"
        words = [self.NAME, *self.parts]
        if source.filter is not None:
            words.append(f"filter {cut(clean(source.filter.text), 20)}")
            count = f"{len(source):,}/{source.total:,}"
        words.append(count)
        if self.view.new_rows:
            words.append(f"+{self.view.new_rows:,} new")
        if self.dropped:
            words.append(f"{self.dropped:,} dropped")
        title = Content(" · ".join(words))
        if title != self._border_title:
            # The public setter would repaint the whole panel, not only its upper edge.
            self._border_title = title
            self.refresh(Region(-1, -1, self.outer_size.width, 1))

    @on(LineView.Moved)
    def _update_title(self) -> None:
        self.show_title()

    def filter_of(self, text: str) -> Filter:
        """What was typed as a filter.

        Raises:
            FilterError: it is none.
        """
        return RowFilter(text)

    def open_filter(self) -> None:
        """Let the person type a filter."""
        known = self.view.source.filter
        self.query_one(FilterLine).open(known.text if known else "", self.FILTER_HINT)

    def open_search(self) -> None:
        """Let the person type what to look for."""
        known = self._sought.text if self._sought else ""
        self.query_one(FilterLine).open(known, self.FILTER_HINT, searches=True)

    def close_filter(self, *, clear: bool = False) -> None:
        """Go back to the list, with or without the filter."""
        if clear:
            self._apply("")
        self.screen.set_focus(self.view)
        self.query_one(FilterLine).display = False

    def find(self, step: int) -> str:
        """Go to the next row that has what was looked for last, or to the one before it.

        Returns:
            what there is to say of it; empty where the row was found.
        """
        if self._sought is None:
            return NOTHING_SOUGHT
        try:
            found = self.view.find(self._sought, step)
        except FilterError as error:
            return str(error)
        text = cut(clean(self._sought.text), 20)
        if found == "none":
            return f"no row has {text}"
        return "" if found == "found" else f"{text}: from the other end again"

    def _apply(self, text: str) -> bool:
        """Filter by ``text``, or by what came before where it is no filter: then False."""
        before = self.view.source.filter
        try:
            wanted = self.filter_of(text) if text else None
            for view in self.views:
                view.source.set_filter(wanted)
        except FilterError as error:
            for view in self.views:
                if view.source.filter is not before:
                    view.source.set_filter(before)
            self.query_one(FilterLine).say(str(error))
            return False
        self.query_one(FilterLine).say("")
        self.view.redraw()
        self.show_title()
        return True

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        line = self.query_one(FilterLine)
        if line.display and not line.searches:
            self._apply(event.value)

    @on(Input.Submitted)
    def _filter_kept(self, event: Input.Submitted) -> None:
        event.stop()
        line = self.query_one(FilterLine)
        if not line.display:
            return
        if not line.searches:
            if self._apply(event.value):
                self.close_filter()
            return
        try:
            self._sought = self.filter_of(event.value) if event.value else None
        except FilterError as error:
            line.say(str(error))
            return
        self.close_filter()
        self.post_message(self.RowSought(self))
