"""Key bindings and the choice for the footer, from the registry of commands."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from evtui.commands import COMMANDS, Command, by_name
from evtui.tui.key_hints import key_of

__all__ = ["bindings", "footer_commands"]

ALWAYS = ("app.help", "app.quit")
"""Commands the footer shows however narrow it is."""


def bindings() -> list[BindingType]:
    """One binding a command; its id is the command's name, for a keymap.

    They have priority because Textual then acts on each key before it looks at the next.
    Without, keys that arrive together (a paste, tmux send-keys) all go to the widget that had
    the focus before the first of them: ``/0`` would clear the lab instead of filtering.
    """
    return [
        Binding(
            ",".join(command.keys),
            f"command({command.name!r})",
            command.label,
            id=command.name,
            tooltip=command.help,
            show=False,
            priority=True,
        )
        for command in COMMANDS
    ]


def footer_commands(width: int) -> list[Command]:
    """The commands a footer of ``width`` cells has room for, in the order of their rank."""

    def cells(command: Command) -> int:
        return len(f" {key_of(command.name)} {command.label} ")

    ranked = sorted((command for command in COMMANDS if command.footer), key=lambda c: c.footer)
    room = width - sum(cells(by_name[name]) for name in ALWAYS)
    chosen = set(ALWAYS)
    for command in ranked:
        if command.name not in chosen:
            room -= cells(command)
            if room < 0:
                break
            chosen.add(command.name)
    return [command for command in ranked if command.name in chosen]
