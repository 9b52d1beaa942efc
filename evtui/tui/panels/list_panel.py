"""A panel around a list: title with counts, filter line, and the feed and tick of its model."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Region
from textual.widgets import Input, Static

from evtui.tui.line_view import LineView
from evtui.tui.models.filter import FilterError, RowFilter
from evtui.tui.models.text import clean, cut

__all__ = ["FilterLine", "ListPanel"]


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

    HINT = "text or /regex/"

    def compose(self) -> ComposeResult:
        """Prompt, input, and room for what is wrong."""
        yield Static("filter ", id="prompt", markup=False)
        line = Input(compact=True, select_on_focus=False)
        line.cursor_blink = False
        yield line
        yield Static(self.HINT, id="hint", markup=False)

    def say(self, problem: str) -> None:
        """Show what is wrong with the filter, or nothing."""
        hint = self.query_one("#hint", Static)
        hint.set_class(bool(problem), "-wrong")
        hint.update(f"✗ {cut(clean(problem), 50)}" if problem else self.HINT)

    def action_drop(self) -> None:
        """Clear the filter and close."""
        panel = self.parent
        assert isinstance(panel, ListPanel)
        panel.close_filter(clear=True)


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
    views: tuple[LineView, ...]
    view: LineView

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

    def open_filter(self) -> None:
        """Let the person type a filter."""
        line = self.query_one(FilterLine)
        line.display = True
        field = line.query_one(Input)
        field.value = self.view.source.filter.text if self.view.source.filter else ""
        line.say("")
        self.screen.set_focus(field)

    def close_filter(self, *, clear: bool = False) -> None:
        """Go back to the list, with or without the filter."""
        if clear:
            self._apply("")
        self.screen.set_focus(self.view)
        self.query_one(FilterLine).display = False

    def _apply(self, text: str) -> bool:
        """Filter by ``text``, or by what came before where it is no filter: then False."""
        try:
            self.view.source.set_filter(RowFilter(text) if text else None)
        except FilterError as error:
            self.query_one(FilterLine).say(str(error))
            return False
        self.query_one(FilterLine).say("")
        self.view.redraw()
        self.show_title()
        return True

    @on(Input.Changed)
    def _filter_typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.query_one(FilterLine).display:
            self._apply(event.value)

    @on(Input.Submitted)
    def _filter_kept(self, event: Input.Submitted) -> None:
        event.stop()
        if self.query_one(FilterLine).display and self._apply(event.value):
            self.close_filter()
