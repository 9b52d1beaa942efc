"""A line in the place of the keys, for the name and the layer of an attack by hand."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from evtui.commands.anomaly import ATTACK_NAME
from evtui.events import Layer
from evtui.tui.dialog import Dialog
from evtui.tui.models.selection import Place
from evtui.tui.models.text import clean, cut

__all__ = ["AttackScreen", "Begun"]

LONGEST_PLACE = 20
"""Cells of the target's name, which leave room for that of the attack."""

LAYERS: tuple[Layer, ...] = get_args(Layer)


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

    def __init__(self, place: Place | None = None, last: Begun | None = None) -> None:
        super().__init__()
        self._place = "" if place is None else f" at {cut(clean(str(place)), LONGEST_PLACE)}"
        self._suggested = last or Begun("attack", "ocpp")
        self._layer = self._suggested.layer

    def compose(self) -> ComposeResult:
        """Where, by which name, and the keys."""
        with Horizontal():
            yield Static(self._prompt(), id="layer", markup=False)
            name = Input(
                id="name",
                compact=True,
                placeholder=self._suggested.name,
                max_length=ATTACK_NAME.longest,
                restrict=r"[\w. -]*",
            )
            name.cursor_blink = False
            yield name
            yield Static(" enter begin  ↑↓ layer  esc cancel ", id="keys", markup=False)

    def _prompt(self) -> str:
        return f" ▓ attack{self._place} on {self._layer}, name "

    def action_layer(self, by: int) -> None:
        """Choose the layer ``by`` places further, round and round."""
        self._layer = LAYERS[(LAYERS.index(self._layer) + by) % len(LAYERS)]
        self.query_one("#layer", Static).update(self._prompt())

    @on(Input.Submitted)
    def _begin(self, submitted: Input.Submitted) -> None:
        if self.is_current:  # several read at once begin one
            name = "-".join(submitted.value.split()) or self._suggested.name
            self.dismiss(Begun(name, self._layer))
