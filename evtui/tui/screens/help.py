"""Every key, by group, from the registry."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from evtui.commands import COMMANDS
from evtui.tui.key_hints import keys_of

__all__ = ["HelpScreen"]


class HelpScreen(ModalScreen[None]):
    """The table of commands over the panels."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark,f1", "dismiss", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """A heading a group, a row a command."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑↓ scroll · escape close"
            for group, commands in groupby(COMMANDS, key=lambda command: command.group):
                first = "" if group != COMMANDS[0].group else " -first"
                yield Static(group, classes=f"heading{first}", markup=False)
                for command in commands:
                    with Horizontal(classes="key-row"):
                        yield Static(" ".join(keys_of(command.name)), classes="keys", markup=False)
                        yield Static(command.label, classes="label", markup=False)
                        yield Static(command.help, classes="help", markup=False)
            yield Static("In a list", classes="heading")
            with Horizontal(classes="key-row"):
                yield Static("↑ ↓", classes="keys")
                yield Static("move", classes="label")
                yield Static(
                    "Move the cursor; page up, page down and home go further. What the row "
                    "caused, or was caused by, is marked » in the other lists.",
                    classes="help",
                )
