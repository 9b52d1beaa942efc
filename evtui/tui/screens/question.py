"""A question before something that ends what runs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from evtui.tui.dialog import Dialog
from evtui.tui.models.text import clean

__all__ = ["Question"]


class Question(Dialog[bool]):
    """Ends with True for ``y``; anything else is no.

    Args:
        title: what is asked.
        told: what a yes does, and to whom.
        yes: the word for it.
        no: the word for leaving things as they are.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "dismiss(True)", "Yes", show=False, priority=True),
        Binding("n,N,escape,enter,q", "dismiss(False)", "No", show=False, priority=True),
    ]

    def __init__(self, title: str, told: str, yes: str, no: str) -> None:
        super().__init__()
        self._asked = title
        self._told = told
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """One question, with its answers for the mouse as well."""
        with Vertical(classes="dialog question") as box:
            box.border_title = Content(clean(self._asked))
            yield Static(f"{clean(self._told)}\n", markup=False)
            yield Static(
                f"[@click=screen.dismiss(True)][b]y[/b] {self._yes}[/]   "
                f"[@click=screen.dismiss(False)][b]N[/b] {self._no}[/]"
            )
