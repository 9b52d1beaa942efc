"""Where a time is typed to go to."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from evtui.durations import EXPECTED_MOMENT, read_moment
from evtui.tui.dialog import Dialog
from evtui.tui.models.text import clean, fold
from evtui.tui.replay.times import show_time

__all__ = ["GoTo"]


class GoTo(Dialog[float | None]):
    """Ends with a time in s within the recording, or None when cancelled.

    Args:
        first: s, where the recording begins.
        end: s, where it ends.
    """

    DEFAULT_CSS = """
    GoTo {
        align: center middle;
        & > Vertical {
            width: 52;
            max-width: 100%;
            height: auto;
            padding: 0 2;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-subtitle-color: $text-muted;
        }
        #problem { height: 2; color: $text-muted; }
        #problem.-wrong { color: $text-error; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", priority=True)]

    def __init__(self, first: float, end: float) -> None:
        super().__init__()
        self._first = first
        self._end = end

    def compose(self) -> ComposeResult:
        """One line to type into, and what is expected of it."""
        box = Vertical()
        box.border_title = "Go to"
        box.border_subtitle = "enter go   esc cancel"
        with box:
            field = Input(compact=True, placeholder="time since the start")
            field.cursor_blink = False
            yield field
            yield Static(self._expected, id="problem", markup=False)

    @property
    def _expected(self) -> str:
        return f"{EXPECTED_MOMENT}, up to {show_time(self._end, 1)}"

    def _read(self, text: str) -> float:
        t = read_moment(text)
        if not self._first - 1e-9 <= t <= self._end + 0.1:
            raise ValueError(
                f"{show_time(t, 1)} is not in this recording, which goes from "
                f"{show_time(self._first, 1)} to {show_time(self._end, 1)}"
            )
        return t

    @on(Input.Changed)
    def _check(self, event: Input.Changed) -> None:
        problem = ""
        try:
            if event.value.strip():
                self._read(event.value)
        except ValueError as error:
            problem = fold(clean(str(error)), event.input.size.width, 2)
        line = self.query_one("#problem", Static)
        line.set_class(bool(problem), "-wrong")
        line.update(problem or self._expected)

    @on(Input.Submitted)
    def _go(self, event: Input.Submitted) -> None:
        try:
            self.dismiss(self._read(event.value))
        except ValueError:
            event.input.focus()

    def action_cancel(self) -> None:
        """Stay where it is."""
        self.dismiss(None)
