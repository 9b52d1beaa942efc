"""The question before leaving while something runs."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

__all__ = ["QuitScreen"]


class QuitScreen(ModalScreen[bool]):
    """Ends with True to leave; anything but ``y`` stays.

    Args:
        ended: what leaving would end, ``the anomaly``.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "dismiss(True)", "Leave", show=False),
        Binding("n,N,escape,enter,q", "dismiss(False)", "Stay", show=False),
    ]

    def __init__(self, ended: str) -> None:
        super().__init__()
        self._ended = ended

    def compose(self) -> ComposeResult:
        """One question, with its answers for the mouse as well."""
        with Vertical(classes="dialog question") as box:
            box.border_title = "Leave?"
            yield Static(
                f"{self._ended.capitalize()} will be stopped and the station made safe.\n\n"
                "[@click=screen.dismiss(True)][b]y[/b] leave[/]   "
                "[@click=screen.dismiss(False)][b]N[/b] stay[/]"
            )
