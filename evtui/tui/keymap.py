"""Key bindings and the choice for the footer, from the registry of commands."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

from evtui.commands import COMMANDS, Command
from evtui.tui.key_hints import keys_shown

__all__ = ["FooterEntry", "bindings", "footer_entries"]

ALWAYS = ("app.help", "app.quit")
"""Commands the footer shows however narrow it is."""


def bindings(commands: tuple[Command, ...] = COMMANDS) -> list[BindingType]:
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
        for command in commands
    ]


@dataclass(frozen=True, slots=True)
class FooterEntry:
    """Keys that stand together in the footer, and one label for them.

    Attributes:
        commands: one command, or a command and its counterpart.
    """

    commands: tuple[Command, ...]

    @property
    def label(self) -> str:
        """What the entry is called."""
        first = self.commands[0]
        return first.label if len(self.commands) == 1 else first.pair

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of each command."""
        return tuple(keys_shown(command)[0] for command in self.commands)

    @property
    def cells(self) -> int:
        """Width with a blank on either side."""
        return len(f" {' '.join(self.keys)} {self.label} ")


def footer_entries(width: int, commands: tuple[Command, ...] = COMMANDS) -> list[FooterEntry]:
    """What a footer of ``width`` cells has room for, in the order of the commands' ranks."""
    ranked = _entries(commands)
    always = [entry for entry in ranked if entry.commands[0].name in ALWAYS]
    room = width - sum(entry.cells for entry in always)
    chosen = set(always)
    for entry in ranked:
        if entry not in chosen:
            room -= entry.cells
            if room < 0:
                break
            chosen.add(entry)
    return [entry for entry in ranked if entry in chosen]


def _entries(commands: tuple[Command, ...]) -> list[FooterEntry]:
    """Every entry, a command with its counterpart where it has one."""
    ranked = sorted((command for command in commands if command.footer), key=lambda c: c.footer)
    pairs: dict[str, tuple[Command, ...]] = {}
    for command in ranked:
        name = command.pair or command.name
        pairs[name] = (*pairs.get(name, ()), command)
    return [FooterEntry(commands) for commands in pairs.values()]
