"""The command palette: what there is to do, found by typing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from evtui.commands import Command
from evtui.tui.dialog import Dialog
from evtui.tui.key_hints import keys_shown
from evtui.tui.models.finding import FoundChoice, find

__all__ = ["Palette", "command_choices"]

NO_MATCHES = "no matches"


def command_choices(commands: Iterable[Command]) -> list[FoundChoice]:
    """Every command but the palette itself, with its key and its help."""
    return [
        FoundChoice(
            f"{command.group}: {command.label} ({keys_shown(command)[0]})",
            f"command({command.name!r})",
            command.help,
            command.label,
            command.also,
        )
        for command in commands
        if command.name != "app.palette"
    ]


def _prompt(choice: FoundChoice) -> Content:
    told = f"\n  {choice.help}" if choice.help else ""
    return Content.assemble((choice.title, "bold"), told)


class Palette(Dialog[str | None]):
    """Ends with the action that was chosen, or with None.

    The list belongs to what is typed at every moment: enter never runs what was found for fewer
    letters, and runs nothing where nothing was found.

    Args:
        choices: what there is.
        placeholder: shown while nothing is typed.
    """

    DEFAULT_CSS = """
    Palette {
        align-horizontal: center;
        & > Vertical {
            width: 90;
            max-width: 100%;
            height: auto;
            max-height: 90%;
            margin: 1 0;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        Input { margin: 0 1; }
        OptionList {
            height: auto;
            max-height: 100%;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
            & > .option-list--option-disabled { color: $text-muted; }
            & > .option-list--option-highlighted {
                color: $block-cursor-foreground;
                background: $block-cursor-background;
            }
        }
        OptionList:nocolor > .option-list--option-highlighted { text-style: bold underline; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False),
        Binding("down", "list('cursor_down')", "Down", show=False),
        Binding("pageup", "list('page_up')", "Page up", show=False),
        Binding("pagedown", "list('page_down')", "Page down", show=False),
    ]

    def __init__(self, choices: Sequence[FoundChoice], placeholder: str = "Which command?") -> None:
        super().__init__()
        self._choices = choices
        self._found: Sequence[FoundChoice] = choices
        self._typed = Input(placeholder=placeholder, compact=True, select_on_focus=False)
        self._typed.cursor_blink = False
        self._list = OptionList(compact=True)
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        """What is typed over what is found."""
        box = Vertical(self._typed, self._list)
        box.border_title = "Palette"
        box.border_subtitle = "↑↓ choose   enter do it   esc close"
        yield box

    def on_mount(self) -> None:
        """Show everything before anything is typed."""
        self._show()

    @on(Input.Changed)
    def _show(self) -> None:
        self._found = find(self._typed.value, self._choices)
        self._list.clear_options()
        self._list.add_options(
            [_prompt(choice) for choice in self._found] or [Option(NO_MATCHES, disabled=True)]
        )
        self._list.highlighted = 0 if self._found else None

    def action_list(self, move: str) -> None:
        """Move in the list while the letters go on being typed."""
        getattr(self._list, f"action_{move}")()

    @on(Input.Submitted)
    def _choose(self) -> None:
        chosen = self._list.highlighted
        if chosen is not None and self._found:
            self.dismiss(self._found[chosen].action)

    @on(OptionList.OptionSelected)
    def _choose_pointed(self, selected: OptionList.OptionSelected) -> None:
        self.dismiss(self._found[selected.option_index].action)
