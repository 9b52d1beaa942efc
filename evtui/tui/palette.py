"""The registry of commands in the command palette."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider

from evtui.commands import COMMANDS, Command
from evtui.tui.key_hints import keys_shown

__all__ = ["LabCommands", "Palette"]


def _title(command: Command) -> str:
    return f"{command.group}: {command.label} ({keys_shown(command)[0]})"


class LabCommands(Provider):
    """Every command with its key and its help."""

    commands: ClassVar[tuple[Command, ...]] = COMMANDS

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for command in self.commands:
            if command.name != "app.palette":
                yield DiscoveryHit(_title(command), self._run(command), help=command.help)

    async def search(self, query: str) -> Hits:
        """Those whose title or help matches."""
        matcher = self.matcher(query)
        for command in self.commands:
            title = _title(command)
            score = max(matcher.match(title), matcher.match(command.help) * 0.8)
            if score > 0 and command.name != "app.palette":
                yield Hit(score, matcher.highlight(title), self._run(command), help=command.help)

    def _run(self, command: Command) -> Callable[[], Any]:
        return partial(self.app.run_action, f"command({command.name!r})", self.screen)


class Palette(CommandPalette):
    """Textual's palette, safe to page through before its list has been laid out.

    There a list that was just refilled knows no lines yet, and paging raises KeyError.
    """

    def _action_command_list(self, action: str) -> None:
        found = self.query_one(CommandList)
        if action.startswith("page_") and not (found.size.height and found.virtual_size.height):
            return
        try:
            super()._action_command_list(action)
        except KeyError:  # refilled, and not laid out since
            found.action_first() if action == "page_up" else found.action_last()
