"""The current panel: actual, limit and reported current over the last seconds.

Where what the charge point measures is not what flows, that is shown as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.content import Content
from textual.events import Click, Mount, Resize, Unmount
from textual.message import Message

from evtui.events import (
    Alarm,
    AnomalyState,
    CanFrame,
    CentralSystemState,
    Event,
    LabState,
    OcppMessage,
    Sample,
)
from evtui.tui.chart import ChartWorker, Grid, Scene, SignalCurve
from evtui.tui.key_hints import key_of
from evtui.tui.models.charted import Charted
from evtui.tui.models.parting import Parting
from evtui.tui.models.selection import ByPlace, ChosenPlace
from evtui.tui.models.text import TITLE_NAME, clean, cut_middle
from evtui.tui.panels.current_words import (
    ROLE_COLOURS,
    band_names,
    hints,
    legend,
    signal_legend,
)
from evtui.tui.rows import Piece, Row, RowsWidget, first_that_fits
from evtui.tui.series import AllSeries, CurrentSeries

__all__ = ["WINDOWS", "CurrentPanel"]

WINDOWS = (10, 20, 30, 60, 120, 300, 600)
"""s the chart can show."""

DEFAULT_WINDOW = 60

TOLD_LINES = ((16, 2), (28, 3))
"""From so many rows of the panel on, so many under the chart say what happens."""

TOLD_WIDTH = 40
"""Cells from which on there is room for that."""

SIGNALS_FROM = 6
"""Rows of the panel from which on one is for the values of signals."""

REDRAW_SECONDS = 0.25
"""At most four pictures a second, whatever the frame rate."""


class CurrentPanel(RowsWidget, can_focus=True):
    """Newest values in the top row, the chart under it.

    The chart is drawn on another thread when a half cell of time has passed, and only what
    changed of a row is written; the values change with every tick that brings new ones.

    Args:
        orders: whether there is a lab that the keys can tell something.
    """

    DEFAULT_CSS = """
    CurrentPanel {
        width: 1fr;
        height: 1fr;
        border: round $border-blurred;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        &:focus { border: round $border; }
        & > .current--actual { color: $text-success; text-style: bold; }
        & > .current--limit { color: $text-warning; }
        & > .current--reported { color: $text-primary; }
        & > .current--measured { color: $text-error; text-style: bold; }
        & > .current--attack { color: $text-error; }
        & > .current--alarm { color: $text-error; text-style: bold; }
        & > .current--marked { color: $text-accent; text-style: bold; }
        & > .current--mark { color: $text-accent; text-style: bold reverse; }
        & > .current--signal { color: $text-accent; }
        & > .current--axis { color: $text-muted; }
        & > .current--told { color: $text-muted; }
        & > .current--hint { color: $text-muted; text-style: italic; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "current--actual",
        "current--limit",
        "current--reported",
        "current--measured",
        "current--signal",
        "current--attack",
        "current--alarm",
        "current--marked",
        "current--mark",
        "current--axis",
        "current--hint",
        "current--told",
    }
    ROLE_PREFIX = "current"

    class Drawn(Message):
        """A picture is ready; sent by the chart's thread."""

        def __init__(self, scene: Scene, rows: tuple[Row, ...]) -> None:
            super().__init__()
            self.scene = scene
            self.rows = rows

    class TimePointed(Message):
        """Somebody clicked on a moment of the chart; ``t`` is lab time in seconds."""

        def __init__(self, t: float) -> None:
            super().__init__()
            self.t = t

    def __init__(self, *, orders: bool = True, id: str = "current") -> None:  # noqa: A002
        super().__init__(id=id)
        self._orders = orders
        self._proxied = False
        self._all = AllSeries()
        self.charted = Charted()
        """Signals from CAN that somebody has put here."""
        self._partings = _Partings(orders=orders)
        self._told_at = 0.0
        self._place: ChosenPlace | None = None
        self._window = DEFAULT_WINDOW
        self._mark: float | None = None
        self._now = 0.0
        self._asked: tuple[object, ...] = ()
        self._asked_at = 0.0
        self._worker: ChartWorker | None = None
        self._edge = Content()
        self.border_title = "Current"
        self._show_window()

    def feed(self, events: Sequence[Event]) -> None:
        """Remember what the chart needs of ``events``; draws nothing."""
        self._all.feed(events)
        self.charted.feed(events)
        self._partings.feed(events)
        self._proxied = self._proxied or any(
            isinstance(event, CentralSystemState) and event.listening and not event.ours
            for event in events
        )

    def choose(self, place: ChosenPlace | None, name: str) -> None:
        """Show this connector, and call it so in the title; an empty name is not said."""
        self._place = place
        self._all.choose(place)
        self._partings.choose(place)
        told = f" · {cut_middle(clean(name), TITLE_NAME)}" if name else ""
        self.border_title = Content(f"Current{told}")
        self._show_values()
        self._ask()

    def reset(self) -> None:
        """Forget everything but what is chosen; what comes next is from another moment."""
        self._all = AllSeries()
        self._all.choose(self._place)
        self.charted.forget()
        self._partings = _Partings(orders=self._orders)
        self._partings.choose(self._place)
        self._mark = None
        self._asked = ()
        self._asked_at = -REDRAW_SECONDS

    def tick(self, now: float) -> None:
        """Show lab time ``now`` in seconds: the values at once, the chart when it has moved."""
        self._now = now
        self._show_values()
        if abs(now - self._told_at) >= REDRAW_SECONDS:
            self._tell()
        if now - self._asked_at >= REDRAW_SECONDS or now < self._asked_at:
            self._ask()

    def zoom(self, step: int) -> None:
        """Shorter window for -1, longer for +1."""
        index = WINDOWS.index(self._window) + step
        self._window = WINDOWS[min(max(index, 0), len(WINDOWS) - 1)]
        self._show_window()
        self._ask()

    def mark(self, t: float | None) -> None:
        """Point at lab time ``t`` in seconds on the time axis, or at nothing."""
        self._mark = t
        self._ask()

    @on(Mount)
    def _start_drawing(self) -> None:
        def deliver(scene: Scene, rows: tuple[Row, ...]) -> None:
            self.post_message(self.Drawn(scene, rows))

        self._worker = ChartWorker(deliver)

    @on(Unmount)
    def _stop_drawing(self) -> None:
        if self._worker is not None:
            self._worker.close()

    @on(Click)
    def _point(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y >= self._chart_top:
            self.post_message(self.TimePointed(self._grid.time(offset.x, self._now)))

    @on(Resize)
    def _redraw_for_size(self) -> None:
        self._show_values()
        self._tell()
        self._ask()

    @on(Drawn)
    def _show_picture(self, drawn: Drawn) -> None:
        if drawn.scene.grid == self._grid:
            self.show(drawn.rows, first=self._chart_top)

    @property
    def _series(self) -> CurrentSeries:
        return self._all.shown

    @property
    def _chart_top(self) -> int:
        # A panel this low has no row to spare for the values.
        return 0 if self.size.height < 4 else 1 + self._has_signals

    @property
    def _has_signals(self) -> bool:
        """True where signals have a row of their own above the chart."""
        return bool(self.charted.signals) and self.size.height >= SIGNALS_FROM

    def _legend_rows(self) -> list[Row]:
        series, width = self._series, self.size.width
        rows = [legend(series.newest, width, bool(series.marks))]
        if self._has_signals:
            rows.append(signal_legend(self.charted.signals, self._now, self._window, width))
        return rows

    def _curves(self) -> tuple[SignalCurve, ...]:
        since = self._now - self._window
        return tuple(
            SignalCurve(
                signal.glyph,
                signal.points,
                None if signal.on_axis(since) else signal.scale(since),
            )
            for signal in self.charted.signals
        )

    def show_signals(self) -> None:
        """Draw anew, since there are other signals now."""
        self._show_values()
        self._ask()

    @property
    def _grid(self) -> Grid:
        height = self.size.height - self._chart_top - self._told_lines
        return Grid(self.size.width, height, self._window)

    @property
    def _told_lines(self) -> int:
        """Rows under the chart that say what happens."""
        if self.size.width < TOLD_WIDTH:
            return 0
        return max((lines for rows, lines in TOLD_LINES if self.size.height >= rows), default=0)

    def _tell(self) -> None:
        """Say under the chart what the anomaly did, and why currents part."""
        lines = self._told_lines
        if not lines:
            return
        self._told_at = self._now
        width = self.size.width - 2
        told = self._partings.lines(self._now)[:lines]
        rows = [
            (Piece(" "), *first_that_fits([_told(form) for form in forms], width)) for forms in told
        ]
        self.show([*rows, *[()] * (lines - len(rows))], first=self.size.height - lines)

    def _ask(self) -> None:
        grid = self._grid
        if self._worker is None or grid.width < 8 or grid.height < 2:
            return
        series = self._series
        told = hints(series.phase, self._orders, self._proxied)
        keys = tuple(signal.key for signal in self.charted.signals)
        wanted = (grid, grid.newest(self._now), self._place, series.edges, self._mark, told, keys)
        if wanted == self._asked:
            return
        self._asked = wanted
        self._asked_at = self._now
        self._worker.ask(
            Scene(
                grid=grid,
                now=self._now,
                points=series.points,
                attacks=series.attacks,
                alarms=series.alarms,
                marks=series.marks,
                mark=self._mark,
                hints=told,
                signals=self._curves(),
            )
        )

    def _show_values(self) -> None:
        if self._chart_top:
            self.show(self._legend_rows())
            self._show_window()

    def _show_window(self) -> None:
        """On the lower edge: the window, and names of the band's glyphs if they are not above."""
        shorter, longer = key_of("view.zoom_in"), key_of("view.zoom_out")
        window = f"{self._window} s   {shorter} {longer} zoom"
        named = {run.role for run in self.rows[0]} if self._chart_top and self.rows else set()
        names: list[tuple[str, str]] = []
        for run in band_names(bool(self._series.marks)):
            if run.role not in named:
                names += [(run.text.strip(), ROLE_COLOURS[run.role]), ("  ", "")]
        edge = Content.assemble(*names, " ", window) if names else Content(window)
        if edge.cell_length > self.size.width - 2:
            edge = Content(window)
        if edge != self._edge:
            self._edge = edge
            self.border_subtitle = edge


class _Partings:
    """What happens at each connector, in words; that of one of them is told."""

    def __init__(self, *, orders: bool) -> None:
        hint: tuple[str, ...] = ()
        if orders:
            others, tour = key_of("anomaly.catalogue"), key_of("app.tour")
            hint = (
                f"{others} lists all anomalies · {tour} is a tour of six short tasks",
                f"{others} lists all anomalies · {tour} is a tour of six tasks",
                f"{others} lists anomalies · {tour} is a tour",
            )
        self._told: ByPlace[Parting] = ByPlace(lambda: Parting(hint))

    def choose(self, place: ChosenPlace | None) -> None:
        """Tell of this connector."""
        self._told.chosen = place

    def feed(self, events: Sequence[Event]) -> None:
        """Take in ``events``: what is of a whole charge point is of each of its connectors."""
        for event in events:
            if isinstance(event, Sample | AnomalyState | Alarm | LabState):
                self._told.at(event.station, event.connector).feed((event,))
            elif isinstance(event, CanFrame) and event.cause is None:
                continue  # what was forged has a cause
            elif isinstance(event, CanFrame | OcppMessage):
                for place, parting in self._told.pairs():
                    if place.station == event.station:
                        parting.feed((event,))

    def lines(self, now: float) -> list[tuple[str, ...]]:
        """Each in its forms, what matters most first."""
        return self._told.shown.lines(now)


def _told(text: str) -> Row:
    role = {"▶": "attack", "▲": "alarm"}.get(text[:1], "told")
    return (Piece(text, role),)
