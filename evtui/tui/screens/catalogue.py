"""The catalogue of anomalies: found by typing, told in full, chosen, edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key, Resize
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from evtui.attacks import ParameterValue
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.models.anomalies import AnomalyStates
from evtui.tui.models.catalogue import ListedAnomaly, ToldLine, described, entries, found, sign_of
from evtui.tui.models.declared import declared, values_of, why_not
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean
from evtui.tui.rows import Piece, Row, RowsWidget
from evtui.tui.scrolled import Scrolled

__all__ = ["CatalogueScreen"]

LIST_WIDTH = 35
"""Cells: two for a sign, the longest name, two for its key, the edges."""

NAME_WIDTH = 28


class AnomalyText(RowsWidget):
    """One anomaly in words."""

    DEFAULT_CSS = """
    AnomalyText {
        width: 1fr;
        height: auto;
        & > .told--title { text-style: bold; color: $text-accent; }
        & > .told--heading { text-style: bold; color: $text-accent; }
        & > .told--muted { color: $text-muted; }
        & > .told--bad { color: $text-error; }
        & > .told--term { color: $foreground; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "told--title",
        "told--heading",
        "told--muted",
        "told--bad",
        "told--term",
    }
    ROLE_PREFIX = "told"

    def tell(self, lines: Sequence[ToldLine]) -> None:
        """Show these lines instead of those before."""
        rows: list[Row] = [(Piece(text, role),) for text, role in lines]
        self.styles.height = len(rows)
        self.show([*rows, *[()] * max(0, len(self.rows) - len(rows))])


class CatalogueScreen(Dialog[str | None]):
    """All anomalies there are; ends with the name of the one that was chosen, or with None.

    Every letter is one of a name or a layer that is being typed, and none is a command: letters
    that come together start nothing.

    A name is known without importing anything; the anomaly under the cursor is imported, and
    where that fails its row says so.

    Args:
        place: where it is chosen for, None while nothing is known.
        states: the anomalies there; somebody else feeds them.
        favourites: names by the key that starts and stops each.
        edit: opens the form of one.
    """

    DEFAULT_CSS = """
    CatalogueScreen {
        & > Vertical {
            width: 100%;
            height: 100%;
            border: round $border;
            background: $surface;
            border-title-color: $foreground;
            border-title-style: bold;
            border-subtitle-color: $text-muted;
        }
        Input { margin: 0 1; width: 1fr; }
        OptionList {
            width: 35;
            height: 1fr;
            border: none;
            padding: 0;
            background: $surface;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
            & > .option-list--option-disabled { color: $text-accent; text-style: bold; }
            & > .option-list--option-highlighted {
                color: $block-cursor-foreground;
                background: $block-cursor-background;
            }
        }
        OptionList:nocolor > .option-list--option-highlighted { text-style: bold underline; }
        Scrolled {
            width: 1fr;
            height: 1fr;
            padding: 0 0 0 1;
            border-left: solid $foreground 30%;
            scrollbar-size-vertical: 1;
            scrollbar-background: $surface;
        }
    }
    """

    # Priority, like all commands: see evtui.tui.keymap.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False, priority=True),
        Binding("enter", "choose", "Choose", show=False, priority=True),
        Binding("tab", "edit", "Edit", show=False, priority=True),
        Binding("up", "list('cursor_up')", "Up", show=False, priority=True),
        Binding("down", "list('cursor_down')", "Down", show=False, priority=True),
        Binding("pageup", "list('page_up')", "Page up", show=False, priority=True),
        Binding("pagedown", "list('page_down')", "Page down", show=False, priority=True),
        Binding("shift+up", "scroll('scroll_up')", "Scroll up", show=False, priority=True),
        Binding("shift+down", "scroll('scroll_down')", "Scroll down", show=False, priority=True),
        Binding("left", "turn('page_up')", "Back", show=False, priority=True),
        Binding("right", "turn('page_down')", "On", show=False, priority=True),
    ]

    def __init__(
        self,
        place: ChosenPlace | None,
        states: AnomalyStates,
        favourites: Mapping[str, str],
        edit: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._at = place
        self._states = states
        self._keys = {name: key for key, name in favourites.items()}
        self._edit = edit
        self._all = entries()
        self._shown: list[ListedAnomaly | None] = []
        self._signs: dict[str, str] = {}
        self._broken: set[str] = set()
        self._values: Mapping[str, ParameterValue] = {}
        self._typed = Entry(
            placeholder="type a part of a name or a layer",
            compact=True,
            select_on_focus=False,
            restrict="[^/]*",  # who presses / first, as in the panels, finds as well
        )
        self._list = OptionList(compact=True)
        self._list.can_focus = False
        self.told = AnomalyText()
        self._scroll = Scrolled(self.told)
        self._scroll.can_focus = False

    def compose(self) -> ComposeResult:
        """What is typed over the list, and beside it the anomaly under the cursor."""
        box = Vertical(self._typed, Horizontal(self._list, self._scroll))
        where = "" if self._at is None else f" for {clean(str(self._at))}"
        box.border_title = Content(f"Anomalies{where}")
        self._box = box
        yield box

    def on_mount(self) -> None:
        """Begin at the one that is chosen."""
        self._fill(self._states.chosen)
        self.set_focus(self._typed)
        self._say_keys()

    def tick(self) -> None:
        """Show what has come on or gone off, and parameters that were changed."""
        for index, entry in enumerate(self._shown):
            if entry is not None and self._sign(entry.name) != self._signs.get(entry.name):
                self._list.replace_option_prompt_at_index(index, self._prompt(entry))
        name = self.highlighted
        if name is not None and self._values_of(name) != self._values:
            self._tell()

    @property
    def highlighted(self) -> str | None:
        """Name of the anomaly under the cursor; None where nothing was found."""
        index = self._list.highlighted
        entry = None if index is None or index >= len(self._shown) else self._shown[index]
        return None if entry is None else entry.name

    # The list

    def _fill(self, name: str | None) -> None:
        """List what was found, with the cursor on ``name`` if that is there."""
        chosen = found(self._typed.value, self._all)
        self._shown, options = [], []
        group = ""
        for entry in chosen:
            if entry.group != group:
                group = entry.group
                self._shown.append(None)
                options.append(Option(Content(f" {group}"), disabled=True))
            self._shown.append(entry)
            options.append(Option(self._prompt(entry)))
        self._list.clear_options()
        self._list.add_options(options or [Option(" no matches", disabled=True)])
        places = {entry.name: index for index, entry in enumerate(self._shown) if entry}
        at = places.get(name or "", next(iter(places.values()), None))
        self._list.highlighted = at
        if at is not None and at <= self._list.size.height // 2:
            self._list.scroll_home(animate=False)
        self._tell()

    def _sign(self, name: str) -> str:
        sign = sign_of(self._states.phase(name))
        return "•" if sign == " " and name == self._states.chosen else sign

    def _prompt(self, entry: ListedAnomaly) -> Content:
        name = entry.name
        sign = self._signs[name] = self._sign(name)
        if name in self._broken:
            return Content.assemble((f" ✗ {name} is broken", "$text-error"))
        key = self._keys.get(name, "")
        return Content.assemble(
            (f" {sign} ", "bold $text-error" if sign not in " •" else "bold"),
            f"{name:<{NAME_WIDTH}}",
            (f" {key}", "bold $text-accent"),
        )

    # The anomaly under the cursor

    def _values_of(self, name: str) -> Mapping[str, ParameterValue]:
        state = self._states.of(name)
        return {} if state is None else values_of(state)

    @on(OptionList.OptionHighlighted)
    @on(Resize)
    def _tell(self) -> None:
        name = self.highlighted
        width = self._scroll.size.width - 2
        if width <= 0:
            return
        if name is None:
            self.told.tell([("no anomaly has these words in its name or layer", "muted")])
            return
        self._values = self._values_of(name)
        self.told.tell(described(name, self._values, width))
        index = self._list.highlighted
        if why_not(name) and name not in self._broken and index is not None:
            self._broken.add(name)
            entry = self._shown[index]
            assert entry is not None
            self._list.replace_option_prompt_at_index(index, self._prompt(entry))

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Turn pages only where the cursor has no letter to move over."""
        end = len(self._typed.value) if parameters == ("page_down",) else 0
        return action != "turn" or self._typed.cursor_position == end

    def on_key(self, event: Key) -> None:
        """Take letters that came together with the key that opened the catalogue."""
        if event.is_printable and event.character:
            event.stop()
            self.set_focus(self._typed)
            self._typed.insert_text_at_cursor(event.character)

    def action_list(self, move: str) -> None:
        """Move in the list while letters go on being typed."""
        getattr(self._list, f"action_{move}")()

    def action_scroll(self, move: str) -> None:
        """Move what is told of the anomaly under the cursor."""
        getattr(self._scroll, f"action_{move}")()

    def action_turn(self, move: str) -> None:
        """Turn the pages of what is told."""
        self.action_scroll(move)

    def action_leave(self) -> None:
        """From what is typed back to the whole list; from there back to the panels."""
        if self._typed.value:
            self._typed.value = ""
        else:
            self.dismiss(None)

    def action_edit(self) -> None:
        """Open the form of the anomaly under the cursor."""
        if self._usable:
            assert self.highlighted is not None
            self._edit(self.highlighted)

    def action_choose(self) -> None:
        """End with the anomaly under the cursor."""
        if self._usable:
            self.dismiss(self.highlighted)

    @property
    def _usable(self) -> bool:
        name = self.highlighted
        return name is not None and declared(name) is not None

    @on(Input.Changed)
    def _find(self) -> None:
        self._fill(self.highlighted)
        self._say_keys()

    @on(OptionList.OptionSelected)
    def _pointed(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()  # a click shows what it is; enter chooses

    def _say_keys(self) -> None:
        leave = "esc whole list" if self._typed.value else "esc close"
        keys = ("enter choose", "tab edit", "↑↓ move", "→ more", leave)
        self.tell_keys(self._box, " · ".join(keys))
