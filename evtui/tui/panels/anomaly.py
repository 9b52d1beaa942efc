"""The anomaly panel: state, parameters with their keys, what comes next, who noticed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.events import Resize

from evtui.events import Event
from evtui.tui.key_hints import key_of
from evtui.tui.panels.anomaly_lines import AnomalyView
from evtui.tui.rows import RowsWidget

__all__ = ["AnomalyPanel"]

COUNTDOWN_SECONDS = 0.25
"""The countdown moves four times a second, whatever the frame rate."""


class AnomalyPanel(RowsWidget, can_focus=True):
    """As many lines as there is room for, from one to ten.

    Between events only the countdown changes, and only its cells are written.

    Args:
        orders: whether there is a lab that the keys can tell something.
    """

    DEFAULT_CSS = """
    AnomalyPanel {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
        & > .anomaly--running { color: $text-error; text-style: bold; }
        & > .anomaly--stopping { color: $text-warning; text-style: bold; }
        & > .anomaly--idle { color: $text-success; text-style: bold; }
        & > .anomaly--value { text-style: bold; }
        & > .anomaly--key { color: $text-accent; }
        & > .anomaly--muted { color: $text-muted; }
        & > .anomaly--order { color: $text-muted; }
        & > .anomaly--bar { color: $text-warning; }
        & > .anomaly--alarm { color: $text-error; text-style: bold; }
        & > .anomaly--cleared { color: $text-success; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "anomaly--running",
        "anomaly--stopping",
        "anomaly--idle",
        "anomaly--value",
        "anomaly--key",
        "anomaly--muted",
        "anomaly--order",
        "anomaly--bar",
        "anomaly--alarm",
        "anomaly--cleared",
    }
    ROLE_PREFIX = "anomaly"

    def __init__(self, *, orders: bool = True, id: str = "anomaly") -> None:  # noqa: A002
        super().__init__(id=id)
        self._orders = orders
        self._view = AnomalyView(orders=orders)
        self._changed = True
        self._now = 0.0
        self._shown_at = 0.0
        self.border_title = "Anomaly"
        self.border_subtitle = f"{key_of('anomaly.edit')} edit" if orders else ""

    def reset(self) -> None:
        """Forget everything; what comes next is from another moment."""
        self._view = AnomalyView(orders=self._orders)
        self._changed = True

    def feed(self, events: Sequence[Event]) -> None:
        """Remember what ``events`` say of the anomaly and its detectors; draws nothing."""
        self._changed = self._view.feed(events) or self._changed

    def tick(self, now: float) -> None:
        """Show lab time ``now`` in seconds; draws when something happened or counts down."""
        self._now = now
        counting = self._view.running and abs(now - self._shown_at) >= COUNTDOWN_SECONDS
        if self._changed or counting:
            self._show()

    @on(Resize)
    def _show(self) -> None:
        self._changed = False
        self._shown_at = self._now
        width, height = self.size
        rows = self._view.rows(width, height, self._now)
        self.show([*rows, *[()] * (height - len(rows))])
