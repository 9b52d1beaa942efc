"""A box of text that moves with the keys of a list."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

__all__ = ["Scrolled"]


class Scrolled(VerticalScroll):
    """Scrolls with ``j`` and ``k`` as with the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", "Up", show=False),
        Binding("j", "scroll_down", "Down", show=False),
    ]
