"""A row in full: both ends' JSON, times, causes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.highlight import highlight
from textual.screen import ModalScreen
from textual.widgets import Static

from evtui.tui.models.detail import Block

__all__ = ["DetailScreen"]

HIGHLIGHT_LIMIT = 20_000
"""Characters; colouring more would be felt."""


class DetailScreen(ModalScreen[None]):
    """Shows text blocks over the panels until escape, enter or q.

    Args:
        title: what the row is.
        blocks: heading and text of each part.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", show=False),
    ]

    def __init__(self, title: str, blocks: list[Block]) -> None:
        super().__init__()
        self._title = title
        self._blocks = blocks

    def compose(self) -> ComposeResult:
        """A scrollable box."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = Content(self._title)
            box.border_subtitle = "↑↓ scroll · enter or escape close"
            for block in self._blocks:
                if block.heading:
                    yield Static(block.heading, classes="heading", markup=False)
                small = block.json and len(block.text) <= HIGHLIGHT_LIMIT
                text = highlight(block.text, language="json") if small else Content(block.text)
                yield Static(text, classes="block")
