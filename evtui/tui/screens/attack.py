"""A line in the place of the keys, for the name and the layer of an attack by hand."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Input, Static

from evtui.attacks import LAYERS, Layer
from evtui.commands.anomaly import ATTACK_NAME
from evtui.tui.dialog import Dialog
from evtui.tui.entry import Entry
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.text import clean, cut_middle

__all__ = ["AttackScreen", "Begun"]


LONGEST_LAYER = max(map(len, LAYERS))

FIELD = 12
"""Cells that the name of the attack has at least."""

ENOUGH = 20
"""Cells of a long place, from which on the keys are told in full."""

KEYS = (
    " enter begin  ↑↓ layer  esc cancel ",
    " enter begin  ↑↓ layer  esc ",
    " ↑↓ layer  esc … ",
    " ↑↓ esc … ",
)
"""What the keys do, as there is room for it."""


class Begun(NamedTuple):
    """An attack that begins now."""

    name: str
    layer: Layer


class AttackScreen(Dialog[Begun | None]):
    """Ends with what begins, or with None when it was cancelled.

    Args:
        place: where it is to be, None while nothing is known.
        last: what was begun last, which is suggested again.
    """

    DEFAULT_CSS = """
    AttackScreen {
        align: left bottom;
        background: transparent;
        & > Horizontal { height: 1; background: $panel; }
        #layer { width: auto; color: $text-error; text-style: bold; }
        #name { width: 1fr; }
        #keys { width: auto; color: $text-muted; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", priority=True),
        Binding("down,tab", "layer(1)", "Next layer"),
        Binding("up,shift+tab", "layer(-1)", "Layer before"),
    ]

    def __init__(self, place: ChosenPlace | None = None, last: Begun | None = None) -> None:
        super().__init__()
        self._at = place
        self._told = ""
        self._suggested = last or Begun("attack", "ocpp")
        self._layer = self._suggested.layer

    def compose(self) -> ComposeResult:
        """Where, by which name, and the keys."""
        with Horizontal():
            yield Static(self._prompt(), id="layer", markup=False)
            yield Entry(
                id="name",
                compact=True,
                placeholder=self._suggested.name,
                max_length=ATTACK_NAME.longest,
                restrict=r"[\w. -]*",
            )
            yield Static(KEYS[0], id="keys", markup=False)

    def _prompt(self, where: str = "") -> str:
        at = f" at {where}" if where else ""
        return f" ▓ attack{at} on {self._layer}, name "

    @on(Resize)
    def _fit(self) -> None:
        self._told = ""
        self._show()

    def _show(self) -> None:
        """Give the name its room, then the place, whose end says the connector, then the keys."""
        where = "" if self._at is None else clean(str(self._at))
        longest = cell_len(self._prompt("/" if where else "")) - bool(where)
        longest += LONGEST_LAYER - len(self._layer)
        room = self.size.width - longest - FIELD
        forms = (f" ✗ {self._told} ",) if self._told else KEYS
        wanted = min(cell_len(where), ENOUGH)
        keys = next((each for each in forms if cell_len(each) + wanted <= room), forms[-1])
        if self._at is not None:
            connector = f"/{self._at.connector}"
            station = clean(self._at.station)
            left = max(1, room - cell_len(keys) - len(connector))
            where = f"{cut_middle(station, left)}{connector}"
        self.query_one("#layer", Static).update(self._prompt(where))
        self.query_one("#keys", Static).update(keys)

    @on(Entry.Shortened)
    def _say(self, left_out: Entry.Shortened) -> None:
        self._told = left_out.told
        self._show()

    def action_layer(self, by: int) -> None:
        """Choose the layer ``by`` places further, round and round."""
        self._layer = LAYERS[(LAYERS.index(self._layer) + by) % len(LAYERS)]
        self._told = ""
        self._show()

    @on(Input.Submitted)
    def _begin(self, submitted: Input.Submitted) -> None:
        if self.is_current:  # several read at once begin one
            name = "-".join(submitted.value.split()) or self._suggested.name
            self.dismiss(Begun(name, self._layer))
