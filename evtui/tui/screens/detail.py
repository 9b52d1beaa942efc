"""A row in full: both ends' JSON, times, causes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.highlight import highlight
from textual.timer import Timer
from textual.widgets import Static

from evtui.redaction import HIDDEN
from evtui.tui.dialog import Dialog
from evtui.tui.models.detail import Block
from evtui.tui.scrolled import Scrolled

__all__ = ["DetailScreen"]

REVEAL_SECONDS = 5.0

HIGHLIGHT_LIMIT = 20_000
"""Characters; colouring more would be felt."""


class DetailScreen(Dialog[None]):
    """Shows text blocks over the panels until escape, enter or q.

    Args:
        title: what the row is.
        blocks: heading and text of each part.
        whole: the same with what is hidden in it, which a key shows for a moment; None where it
            is not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", show=False, priority=True),
        Binding("v", "reveal", "Show what is hidden", show=False),
        Binding("y", "copy", "Copy", show=False),
    ]

    def __init__(self, title: str, blocks: list[Block], whole: list[Block] | None = None) -> None:
        super().__init__()
        self._title = title
        self._blocks = blocks
        self._whole = whole
        # Facts name other messages too, whose secrets are not shown here.
        self._hides = any(block.heading and HIDDEN in block.text for block in blocks)
        self._box = Scrolled(classes="dialog")
        self._texts: list[Static] = []
        self._hide_again: Timer | None = None

    @property
    def reveals(self) -> bool:
        """True while what is hidden otherwise is on the screen."""
        return self._hide_again is not None

    def compose(self) -> ComposeResult:
        """A scrollable box."""
        self._box.border_title = Content(self._title)
        self._say("v shows ***" if self._hides else "")
        with self._box:
            yield from self._parts_of(self._blocks)

    def _parts_of(self, blocks: list[Block]) -> Iterator[Static]:
        for block in blocks:
            if block.heading:
                yield Static(block.heading, classes="heading", markup=False)
            text = Static(_content(block), classes="block")
            self._texts.append(text)
            yield text

    def _say(self, first: str) -> None:
        parts = (first, "↑↓ scroll", "y copy", "enter or escape close")
        self.tell_keys(self._box, " · ".join(filter(None, parts)))

    def action_reveal(self) -> None:
        """Show what is hidden for a few seconds, or hide it again."""
        if self.reveals:
            self._conceal()
        elif self._whole is not None:
            self._hide_again = self.set_timer(REVEAL_SECONDS, self._conceal)
            self._say(f"! hidden again in {REVEAL_SECONDS:g} s, v now")
            self._fill(self._whole)
        elif self._hides:
            self._say("*** is all that was recorded, or is kept of it")

    def _conceal(self) -> None:
        if self._hide_again is not None:
            self._hide_again.stop()
            self._hide_again = None
        self._fill(self._blocks)
        self._say("v shows ***")

    def _fill(self, blocks: list[Block]) -> None:
        # In place and at once: two that take their time could leave what is hidden on the screen.
        for text, block in zip(self._texts, blocks, strict=True):
            text.update(_content(block))

    def action_copy(self) -> None:
        """Copy all of it, as it is shown."""
        blocks = self._whole if self.reveals and self._whole is not None else self._blocks
        text = "\n\n".join("\n".join(filter(None, block[:2])) for block in blocks)
        self.app.copy_to_clipboard(text)
        self._say(f"copied {len(text):,} characters")


def _content(block: Block) -> Content:
    small = block.json and len(block.text) <= HIGHLIGHT_LIMIT
    return highlight(block.text, language="json") if small else Content(block.text)
