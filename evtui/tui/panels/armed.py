"""The red line that is there while anomalies reach a real CAN bus."""

from __future__ import annotations

from typing import ClassVar

from textual.events import Resize

from evtui.tui.models.text import fit
from evtui.tui.rows import Piece, RowsWidget

__all__ = ["ArmedBanner"]


class ArmedBanner(RowsWidget):
    """One row over the whole width; takes no key and no focus."""

    DEFAULT_CSS = """
    ArmedBanner {
        height: 1;
        display: none;
        background: $error;
        &.-on { display: block; }
        & > .armed--told { color: $text; background: $error; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"armed--told"}
    ROLE_PREFIX = "armed"

    def __init__(self, *, id: str = "armed") -> None:  # noqa: A002
        super().__init__(id=id)
        self._forms: tuple[str, ...] = ()

    def tell(self, forms: tuple[str, ...]) -> None:
        """Show the longest form that fits; none takes the line away."""
        if forms != self._forms:
            self._forms = forms
            self.set_class(bool(forms), "-on")
            self.redraw()

    def redraw(self) -> None:
        """Fit it into the width there is."""
        width = self.size.width
        if self._forms and width:
            text = next((each for each in self._forms if len(each) < width), self._forms[-1])
            self.show([(Piece(fit(f" {text}", width), "told"),)])

    def on_resize(self, _: Resize) -> None:
        """Fit again."""
        self.redraw()
