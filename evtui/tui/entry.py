"""A field of one line that takes what it may of a text, and says what it left out."""

from __future__ import annotations

import re
from typing import Any

from textual.message import Message
from textual.widgets import Input

from evtui.tui.models.text import clean

__all__ = ["Entry"]

MOST = 1_000
"""Characters of a pasted text that are looked at."""

SHOWN = 12
"""Characters of what was left out that are shown."""


class Entry(Input):
    """Textual's own drops the whole of a pasted text for one character that it may not have."""

    class Shortened(Message):
        """Something of what was typed or pasted has been left out.

        Attributes:
            told: one line for people.
        """

        def __init__(self, told: str) -> None:
            super().__init__()
            self.told = told

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.cursor_blink = False

    def replace(self, text: str, start: int, end: int) -> None:
        """Put what may stand there of ``text`` in the place of ``start`` to ``end``."""
        start, end = sorted((start, end))
        before, after = self.value[: max(0, start)], self.value[end:]
        kept, left = "", ""
        for place, each in enumerate(text):
            if place < MOST and self._takes(before + kept + each + after):
                kept += each
            elif len(left) <= SHOWN:
                left += each
        if kept or not text:
            super().replace(kept, start, end)
        if left:
            shown = clean(left[:SHOWN]) + "…" * (len(left) > SHOWN)
            self.post_message(self.Shortened(f"left out: {shown}"))

    def _takes(self, value: str) -> bool:
        if self.max_length and len(value) > self.max_length:
            return False
        return self.restrict is None or re.fullmatch(self.restrict, value) is not None
