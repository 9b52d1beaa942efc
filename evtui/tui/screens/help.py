"""Every key, by group, from the registry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from evtui.commands import COMMANDS, Command
from evtui.tui.dialog import Dialog
from evtui.tui.key_hints import keys_shown

__all__ = ["HelpScreen"]


class HelpScreen(Dialog[None]):
    """The table of commands over the panels.

    Args:
        commands: those there are.
        about: heading and lines of what else there is to know, shown first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark,f1", "dismiss", "Close", show=False),
    ]

    def __init__(
        self,
        commands: tuple[Command, ...] = COMMANDS,
        about: tuple[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._commands = commands
        self._about = about

    def compose(self) -> ComposeResult:
        """A heading a group, a row a command."""
        commands = self._commands
        taken = {key for command in commands for key in command.keys}
        further = "page up and page down" if "home" in taken else "page up, page down and home"
        with VerticalScroll(classes="dialog") as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑↓ scroll · escape close"
            if self._about is not None:
                heading, lines = self._about
                yield Static(heading, classes="heading -first", markup=False)
                for line in lines:
                    yield Static(line, classes="block", markup=False)
            for group, grouped in groupby(commands, key=lambda command: command.group):
                first = self._about is None and group == commands[0].group
                classes = "heading -first" if first else "heading"
                yield Static(group, classes=classes, markup=False)
                for command in grouped:
                    with Horizontal(classes="key-row"):
                        yield Static(" ".join(keys_shown(command)), classes="keys", markup=False)
                        yield Static(command.label, classes="label", markup=False)
                        yield Static(command.help, classes="help", markup=False)
            yield Static("In a list", classes="heading")
            with Horizontal(classes="key-row"):
                yield Static("↑ ↓ k j", classes="keys")
                yield Static("move", classes="label")
                yield Static(
                    f"Move the cursor; {further} go further. What the row "
                    "caused, or was caused by, is marked » in the other lists.",
                    classes="help",
                )
