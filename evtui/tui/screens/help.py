"""Every key, by group, from the registry."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from evtui.commands import COMMANDS, Command
from evtui.tui.chart import (
    ACTUAL_GLYPH,
    ATTACK_MARKER,
    CARET_MARKER,
    CLEARED_MARKER,
    FADING_MARKER,
    LIMIT_MARKER,
    MARK_MARKER,
    MEASURED_MARKER,
    RAISED_MARKER,
    REPORTED_MARKER,
)
from evtui.tui.dialog import Dialog
from evtui.tui.key_hints import keys_shown
from evtui.tui.scrolled import Scrolled

__all__ = ["HelpScreen", "KeyTable"]

KEYS, LABEL, MIN_HELP = 10, 12, 20
"""Cells of the columns."""

CHART = (
    (ACTUAL_GLYPH, "actual", "The current that flows."),
    (LIMIT_MARKER * 2, "limit", "What the charging profiles allow."),
    (REPORTED_MARKER, "reported", "What the charge point last told over OCPP."),
    (MEASURED_MARKER, "measured", "What it takes for the current, where that is not what flows."),
    (f"{ATTACK_MARKER} {FADING_MARKER}", "attack", "An anomaly runs, or fades."),
    (f"{RAISED_MARKER} {CLEARED_MARKER}", "alarm", "A detector's alarm is raised, or cleared."),
    (MARK_MARKER, "mark", "A moment that somebody marked."),
    (CARET_MARKER, "cursor", "The moment of the row that is chosen in a list."),
)
"""The signs on the chart and under it."""


class HelpScreen(Dialog[None]):
    """The table of commands over the panels.

    Args:
        commands: those there are.
        about: heading and lines of what else there is to know, shown first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark,f1", "dismiss", "Close", show=False, priority=True),
        Binding("D", "docs", "Documentation", show=False),
    ]

    def __init__(
        self,
        commands: tuple[Command, ...] = COMMANDS,
        about: tuple[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__()
        self._commands = commands
        self._about = about

    def tables(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """By heading: keys, what they are called, what they do."""
        taken = {key for command in self._commands for key in command.keys}
        further = "page up and page down" if "home" in taken else "page up, page down and home"
        moving = (
            f"Move the cursor; {further} go further. What the row caused, or was caused by, is "
            "marked » in the other lists."
        )
        groups = groupby(self._commands, key=lambda command: command.group)
        tables = [(group, [_row(command) for command in grouped]) for group, grouped in groups]
        tables.append(("In a list", [("↑ ↓ k j", "move", moving)]))
        tables.append(("On the chart", [*CHART]))
        return tables

    def compose(self) -> ComposeResult:
        """A heading a group, a table of its commands under it."""
        tables = self.tables()
        with Scrolled(classes="dialog") as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑↓ scroll · D documentation · escape close"
            if self._about is not None:
                heading, lines = self._about
                yield Static(heading, classes="heading -first", markup=False)
                for line in lines:
                    yield Static(line, classes="block", markup=False)
            for group, rows in tables:
                first = self._about is None and group == tables[0][0]
                classes = "heading -first" if first else "heading"
                yield Static(group, classes=classes, markup=False)
                yield KeyTable(rows)

    def action_docs(self) -> None:
        """Show the documentation in the place of the keys."""
        from evtui.tui.screens.docs import DocsScreen

        app = self.app
        self.dismiss()
        app.push_screen(DocsScreen())


def _row(command: Command) -> tuple[str, str, str]:
    return " ".join(keys_shown(command)), command.label, command.help


class KeyTable(Static):
    """Three columns, the last one wrapped; one widget, since hundreds of them would be felt.

    Args:
        rows: keys, what they are called, what they do.
    """

    DEFAULT_CSS = "KeyTable { width: 1fr; height: auto; color: $text-muted; }"

    def __init__(self, rows: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._rows = rows

    @on(Resize)
    def _fit(self) -> None:
        room = max(MIN_HELP, self.size.width - KEYS - LABEL)
        lines: list[Content] = []
        for keys, label, told in self._rows:
            first, *more = wrap(told, room, break_on_hyphens=False)
            start = Content.assemble(
                (f"{keys:<{KEYS}}", "bold $text-warning"),
                (f"{label:<{LABEL}}", "$foreground"),
                first,
            )
            lines += [start, *(Content(" " * (KEYS + LABEL) + line) for line in more)]
        self.update(Content("\n").join(lines))
