"""The time line of a replay: where the cursor is, and what happened over the whole recording."""

from __future__ import annotations

import math
from typing import ClassVar

from textual import on
from textual.events import MouseDown, MouseMove, MouseUp, Resize
from textual.message import Message

from evtui.tui.replay.overview import Overview, Track
from evtui.tui.replay.player import Player
from evtui.tui.replay.times import show_time
from evtui.tui.rows import Piece, RowsWidget

__all__ = ["Scrubber"]

MARGIN = 1


class Scrubber(RowsWidget):
    """One line: playing or not, speed, position, length, and the whole recording to click on.

    Args:
        player: the cursor.
    """

    DEFAULT_CSS = """
    Scrubber {
        height: 1;
        & > .scrubber--state { color: $text-accent; text-style: bold; }
        & > .scrubber--time { text-style: bold; }
        & > .scrubber--muted { color: $text-muted; }
        & > .scrubber--seeking { color: $text-warning; }
        & > .scrubber--played { color: $text-primary; }
        & > .scrubber--to-come { color: $text-muted; }
        & > .scrubber--attack { color: $text-error; }
        & > .scrubber--alarm { color: $text-error; text-style: bold; }
        & > .scrubber--mark { color: $text-accent; text-style: bold; }
        & > .scrubber--cursor { color: $text-accent; text-style: bold; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "scrubber--state",
        "scrubber--time",
        "scrubber--muted",
        "scrubber--seeking",
        "scrubber--played",
        "scrubber--to-come",
        "scrubber--attack",
        "scrubber--alarm",
        "scrubber--mark",
        "scrubber--cursor",
    }
    ROLE_PREFIX = "scrubber"

    class Sought(Message):
        """Somebody pointed at a moment; ``t`` is recorded time in s."""

        def __init__(self, t: float) -> None:
            super().__init__()
            self.t = t

    def __init__(self, player: Player, *, id: str = "scrubber") -> None:  # noqa: A002
        super().__init__(id=id)
        self._player = player
        self.overview = Overview()
        """What happened over the whole recording, as far as it is known."""
        self._track = Track(player.first, player.end, 1)
        self._track_at = 0
        self._seeking = False

    def update(self, overview: Overview) -> None:
        """Show what happened over the whole recording."""
        self.overview = overview
        self.redraw()

    def tick(self, *, seeking: bool) -> None:
        """Show where the cursor is, and whether the panels are on their way there."""
        self._seeking = seeking
        self.redraw()

    @on(Resize)
    def redraw(self) -> None:
        """Fit the line into the width there is."""
        player, width = self._player, self.size.width
        glyph = "▶" if player.playing else "■" if player.at_end else "‖"
        rest, role = f" / {show_time(math.ceil(player.end))} ", "muted"
        if self._seeking:
            rest, role = " seeking …".ljust(len(rest)), "seeking"
        about = (
            Piece(f" {glyph} {f'{player.speed:g}x':<5} ", "state"),
            Piece(show_time(player.position, 1), "time"),
            Piece(rest, role),
        )
        self._track_at = sum(len(run.text) for run in about) + MARGIN
        self._track = Track(player.first, player.end, max(1, width - self._track_at - MARGIN))
        line = self._track.row(self.overview, player.position)
        self.show([(*about, Piece(" " * MARGIN), *line, Piece(" " * MARGIN))])

    @on(MouseDown)
    def _grab(self, event: MouseDown) -> None:
        if event.x >= self._track_at - MARGIN:
            self.capture_mouse()
            self._seek(event.x)

    @on(MouseMove)
    def _drag(self, event: MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._seek(event.x)

    @on(MouseUp)
    def _release(self) -> None:
        self.release_mouse()

    def _seek(self, x: int) -> None:
        self.post_message(self.Sought(self._track.time(x - self._track_at)))
