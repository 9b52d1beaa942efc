"""A line in the place of the keys, for the words of a mark."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry

__all__ = ["MarkScreen"]

LONGEST = 120
"""Characters of a mark: a few words, that still fit into a report's margin."""


class MarkScreen(Dialog[str | None]):
    """Ends with the words, which may be none, or with None when it was cancelled.

    Args:
        moment: that is marked, for people: ``12:01:03.120``.
    """

    DEFAULT_CSS = """
    MarkScreen {
        align: left bottom;
        background: transparent;
        & > Horizontal { height: 1; background: $panel; }
        #moment { width: auto; color: $foreground; text-style: bold; }
        #words { width: 1fr; }
        #keys { width: auto; color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", priority=True)
    ]

    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    def compose(self) -> ComposeResult:
        """The moment, the words, and the keys."""
        with Horizontal():
            yield Static(f" ▼ mark at {self._moment} ", id="moment", markup=False)
            yield Entry(id="words", compact=True, max_length=LONGEST)
            yield Static(" enter keep  esc cancel ", id="keys", markup=False)

    @on(Entry.Shortened)
    def _say(self, left_out: Entry.Shortened) -> None:
        self.query_one("#keys", Static).update(f" ✗ {left_out.told} ")

    @on(Input.Submitted)
    def _keep(self, submitted: Input.Submitted) -> None:
        self.dismiss(submitted.value)
