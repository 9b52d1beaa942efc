"""The CAN messages that are sent by hand: listed while they run, changed, stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from evtui.tui.dialog import Dialog
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.sending import SentByHand, SentMessage
from evtui.tui.models.text import clean, cut

__all__ = ["SendingDeeds", "SendingScreen"]

NAME = 24
"""Cells for the name of a message, at most."""


class SendingDeeds(NamedTuple):
    """What the keys of the list do.

    Attributes:
        add: asks for one more message.
        change: opens the form of one that runs.
        stop: stops one.
        stop_all: stops all of them, on every bus.
    """

    add: Callable[[], None]
    change: Callable[[SentMessage], None]
    stop: Callable[[SentMessage], None]
    stop_all: Callable[[], None]


class SendingScreen(Dialog[None]):
    """A line for each message that is sent on the bus of a charge point.

    Args:
        place: whose bus it is.
        sent: what is sent; somebody else feeds it.
        deeds: what the keys do.
    """

    DEFAULT_CSS = """
    SendingScreen {
        align: center middle;
        & > Vertical {
            width: 90;
            max-width: 100%;
            height: auto;
            max-height: 90%;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
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

    # Priority, like all commands: see evtui.tui.keymap.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Close", show=False, priority=True),
        Binding("n", "add", "New", show=False, priority=True),
        Binding("x", "stop", "Stop", show=False, priority=True),
        Binding("X", "stop_all", "Stop all", show=False, priority=True),
    ]

    def __init__(self, place: ChosenPlace, sent: SentByHand, deeds: SendingDeeds) -> None:
        super().__init__()
        self._place, self._sent, self._deeds = place, sent, deeds
        self._shown: list[SentMessage] = []
        self._lines: list[str] | None = None  # nothing is shown yet
        self._list = OptionList(compact=True)

    def compose(self) -> ComposeResult:
        """The list in a frame that names its keys."""
        box = Vertical(self._list)
        box.border_title = Content(f"CAN messages sent by hand on {clean(self._place.station)}")
        box.border_subtitle = "n new   enter change   x stop   X stop all   esc close"
        yield box

    def on_mount(self) -> None:
        """Show what there is."""
        self.tick()

    def tick(self) -> None:
        """Show what has changed; a count that rises touches its line alone."""
        shown = self._sent.at(self._place.station)
        lines = self._told(shown)
        if lines == self._lines:
            return
        if self._lines and [*map(id, shown)] == [*map(id, self._shown)]:
            for index, (old, new) in enumerate(zip(self._lines, lines, strict=True)):
                if old != new:
                    self._list.replace_option_prompt_at_index(index, Content(new))
        else:
            chosen = self._list.highlighted or 0
            self._list.clear_options()
            nothing = Option(Content("nothing yet: n sends a message of the DBC"), disabled=True)
            self._list.add_options([*map(Content, lines)] or [nothing])
            self._list.highlighted = min(chosen, len(lines) - 1) if lines else None
        self._shown, self._lines = shown, lines

    def _told(self, shown: list[SentMessage]) -> list[str]:
        names = [cut(clean(each.name), NAME) for each in shown]
        wide = max(map(cell_len, names), default=0)
        counts = [f"{each.passed:,}" for each in shown]
        digits = max(map(len, counts), default=0)
        return [
            f" {each.id_text} {name:{wide}}  {count:>{digits}} sent  "
            f"every {each.state.period:g} s  {clean(each.state.says)}".rstrip()
            for each, name, count in zip(shown, names, counts, strict=True)
        ]

    @property
    def _chosen(self) -> SentMessage | None:
        place = self._list.highlighted
        return None if place is None or not self._shown else self._shown[place]

    @on(OptionList.OptionSelected)
    def _change(self) -> None:
        if (chosen := self._chosen) is not None:
            self._deeds.change(chosen)

    def action_add(self) -> None:
        """One more."""
        self._deeds.add()

    def action_stop(self) -> None:
        """Stop the one under the cursor."""
        if (chosen := self._chosen) is not None:
            self._deeds.stop(chosen)

    def action_stop_all(self) -> None:
        """Stop all, as the key does elsewhere."""
        self._deeds.stop_all()
