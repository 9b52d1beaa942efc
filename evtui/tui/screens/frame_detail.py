"""A CAN frame, or an identifier, in full: facts, signals with their extremes, a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from evtui.tui.dialog import Dialog
from evtui.tui.models.detail import Block
from evtui.tui.models.signals import HISTORY_SECONDS, SignalTrack
from evtui.tui.models.small_chart import small_chart
from evtui.tui.models.text import fit, number
from evtui.tui.scrolled import Scrolled

__all__ = ["FrameDetailScreen"]

REDRAW_SECONDS = 0.5
CHART_HEIGHT = 7
NAME_WIDTH, VALUE_WIDTH = 24, 14
NARROW_NAME, NARROW_VALUE = 18, 11
ROOMY = NAME_WIDTH + 4 * VALUE_WIDTH + 18
"""Cells from which on names and values are written out."""

ON_CHART, ON_CHART_SHORT = " ● on the chart", " ●"


class FrameDetailScreen(Dialog[None]):
    """Shows what is known of a row of the CAN panel, up to date, until escape, enter or q.

    Args:
        title: what the row is.
        blocks: gives heading and text of each part.
        tracks: gives the signals of its message.
        now: lab time in s.
        charted: whether a signal is on the current chart.
        chart: puts a signal there or takes it off; what came of it, for people.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", show=False, priority=True),
        Binding("up,k", "choose(-1)", "Signal before", show=False, priority=True),
        Binding("down,j", "choose(1)", "Next signal", show=False, priority=True),
        Binding("c", "chart", "On the chart", show=False, priority=True),
        Binding("y", "copy", "Copy", show=False),
    ]

    def __init__(
        self,
        title: str,
        blocks: Callable[[], list[Block]],
        tracks: Callable[[], Sequence[SignalTrack]],
        now: Callable[[], float],
        charted: Callable[[SignalTrack], bool] = lambda track: False,
        chart: Callable[[SignalTrack], str] = lambda track: "",
    ) -> None:
        super().__init__()
        self._title = title
        self._blocks = blocks
        self._tracks = tracks
        self._now = now
        self._charted = charted
        self._chart = chart
        self._chosen = 0
        self._drawn = now()
        self._box = Scrolled(classes="dialog")
        self._facts = Static(classes="block", markup=False)
        self._heading = Static("signals", classes="heading", markup=False)
        self._signals = Static(classes="block", markup=False)
        self._history = Static(classes="block", markup=False)
        self._rest = Static(classes="block", markup=False)

    def compose(self) -> ComposeResult:
        """Facts, signals, the history of one, what caused the frame."""
        self._box.border_title = Content(self._title)
        with self._box:
            yield self._facts
            yield self._heading
            yield self._signals
            yield self._history
            yield self._rest

    def on_mount(self) -> None:
        """Name the keys."""
        self._say("")

    def tick(self) -> None:
        """Show what has come since, twice a second."""
        now = self._now()
        if not 0 <= now - self._drawn < REDRAW_SECONDS:
            self._drawn = now
            self._draw()

    @on(Resize)
    def _draw_for_size(self) -> None:
        self.call_after_refresh(self._draw)

    def _say(self, first: str) -> None:
        signals = "↑↓ signal · c on the current chart, or off" if self._tracks() else "↑↓ scroll"
        parts = (first, signals, "y copy", "enter or escape close")
        self.tell_keys(self._box, " · ".join(filter(None, parts)))

    def _draw(self) -> None:
        if not self.is_attached:
            return
        first, *others = self._blocks()
        tracks = self._tracks()
        self._chosen = min(self._chosen, max(0, len(tracks) - 1))
        self._facts.update(Content(first.text))
        self._heading.display = bool(tracks)
        self._signals.display = self._history.display = bool(tracks)
        self._signals.update(Content("\n".join(self._lines(tracks))))
        if tracks:
            chosen = tracks[self._chosen]
            rows = small_chart(
                chosen.history, self._now(), HISTORY_SECONDS, self._width, CHART_HEIGHT
            )
            self._history.update(Content("\n".join(["", *rows])))
        rest = "\n\n".join(f"{block.heading}\n{block.text}" for block in others)
        self._rest.update(Content(f"\n{rest}" if rest else ""))

    @property
    def _width(self) -> int:
        return max(0, self._box.scrollable_content_region.width - 2)

    def _lines(self, tracks: Sequence[SignalTrack]) -> list[str]:
        heads = ("now", "min", "mean", "max")
        roomy = self._width >= ROOMY
        name_width = NAME_WIDTH if roomy else NARROW_NAME
        value_width = VALUE_WIDTH if roomy else NARROW_VALUE
        blank = " " * (name_width + 2)
        lines = [blank + "".join(fit(head, value_width, right=True) for head in heads)]
        for place, track in enumerate(tracks):
            mark = "▸ " if place == self._chosen else "  "
            values = (track.low, track.mean, track.high)
            texts = [track.text, *("–" if value is None else number(value) for value in values)]
            cells = "".join(fit(text, value_width, right=True) for text in texts)
            on = (ON_CHART if roomy else ON_CHART_SHORT) if self._charted(track) else ""
            lines.append(f"{mark}{fit(track.key.name, name_width)}{cells}{on}")
        return lines

    def action_choose(self, by: int) -> None:
        """Another signal; scroll where there are none to choose from."""
        tracks = self._tracks()
        if len(tracks) < 2:
            self._box.scroll_relative(y=by, animate=False)
            return
        self._chosen = (self._chosen + by) % len(tracks)
        self._draw()

    def action_chart(self) -> None:
        """Put the signal on the current chart, or take it off."""
        tracks = self._tracks()
        if tracks:
            self._say(self._chart(tracks[self._chosen]))
            self._draw()

    def action_copy(self) -> None:
        """Copy all of it."""
        blocks = [block.text for block in self._blocks()]
        text = "\n\n".join([*blocks, "\n".join(self._lines(self._tracks()))])
        self.app.copy_to_clipboard(text)
        self._say(f"copied {len(text):,} characters")
