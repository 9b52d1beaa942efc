"""A panel that tells how something goes: lines made of events, and countdowns in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from textual import on
from textual.events import Resize

from evtui.events import Event
from evtui.tui.rows import Row, RowsWidget

__all__ = ["Story", "ToldPanel"]

COUNTDOWN_SECONDS = 0.25
"""A countdown moves four times a second, whatever the frame rate."""


class Story(Protocol):
    """What is told: events in, rows out, for any size."""

    @property
    def counting(self) -> bool:
        """True while a countdown is moving."""

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in ``events``; True when something on the panel may have changed."""

    def rows(self, width: int, height: int, now: float) -> Sequence[Row]:
        """At most ``height`` rows of at most ``width`` cells for lab time ``now`` in seconds."""


class ToldPanel(RowsWidget, can_focus=True):
    """Draws when something happened; between events only countdowns change.

    Args:
        begin: makes an empty story.
    """

    DEFAULT_CSS = """
    ToldPanel {
        width: 1fr;
        height: 1fr;
        padding: 0 1;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
    }
    """

    def __init__(self, begin: Callable[[], Story], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._begin = begin
        self._story = begin()
        self._changed = True
        self._now = 0.0
        self._shown_at = 0.0

    def reset(self) -> None:
        """Forget everything; what comes next is from another moment."""
        self._story = self._begin()
        self._changed = True

    def feed(self, events: Sequence[Event]) -> None:
        """Remember what ``events`` say; draws nothing."""
        self._changed = self._story.feed(events) or self._changed

    def tick(self, now: float) -> None:
        """Show lab time ``now`` in seconds; draws when something happened or counts down."""
        self._now = now
        counting = self._story.counting and abs(now - self._shown_at) >= COUNTDOWN_SECONDS
        if self._changed or counting:
            self.draw()

    def draw(self) -> None:
        """Show the rows that fit."""
        self._changed = False
        self._shown_at = self._now
        width, height = self.size
        rows = self._story.rows(width, height, self._now)
        self.show([*rows, *[()] * (height - len(rows))])

    @on(Resize)
    def _fit(self) -> None:
        self.draw()
