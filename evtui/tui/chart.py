"""The current chart: a scene in, rows out, drawn by plotext on a thread of its own.

plotext is by far the dearest thing on the screen (10 to 40 ms a figure), so it never runs on
the terminal's thread: :class:`ChartWorker` draws the newest scene asked for and hands over
finished, immutable rows.  Of plotext's figure only the matrix of characters and colours is
read; its colours serve as names of roles and never reach the terminal, and its ANSI text, a
third of the cost, is never made.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from textual_plotext import Plot

from evtui.tui.rows import Row, to_row
from evtui.tui.series import (
    AlarmMark,
    AttackSpan,
    ChartColumn,
    Point,
    column_of,
    decimate,
    nice_ceiling,
    runs,
)

__all__ = [
    "ACTUAL_GLYPH",
    "ATTACK_MARKER",
    "LIMIT_MARKER",
    "MARK_MARKER",
    "MEASURED_MARKER",
    "RAISED_MARKER",
    "REPORTED_MARKER",
    "ChartWorker",
    "Grid",
    "Scene",
    "SignalCurve",
    "draw",
]

SUBCOLUMNS = 2
SUBROWS = 2
"""The curve's "hd" marker divides a cell into 2 x 2; every terminal font has its glyphs."""

LABEL_WIDTH = 3
"""Cells for the A on the axis; constant, or a new scale would change the columns' seconds."""

BRIDGED_SECONDS = 0.5
"""A longer time without samples is a gap: five samples of the power stage."""

LIMIT_MARKER = "┄"
REPORTED_MARKER = "•"
MEASURED_MARKER = "×"
ATTACK_MARKER = "▓"
ATTACK_WORD = "attack"
LANE_SHARE = 5
"""Of so many rows of the chart one may be for attacks that overlap."""
FADING_MARKER = "▒"
RAISED_MARKER = "▲"
CLEARED_MARKER = "△"
MARK_MARKER = "▼"
CARET_MARKER = "◆"
ACTUAL_GLYPH = "▟▙"

ROLE_OF_COLOUR = {
    "gray": "axis",
    "green": "actual",
    "orange": "limit",
    "blue": "reported",
    "magenta": "measured",
    "cyan": "signal",
}


@dataclass(frozen=True, slots=True)
class Grid:
    """Size of the picture in cells and the seconds it shows; knows where a moment belongs.

    Attributes:
        width: cells, axis labels included.
        height: rows, time axis included.
        window: s from the left to the right edge.
    """

    width: int
    height: int
    window: float

    @property
    def columns(self) -> int:
        """Cells across the canvas."""
        return max(1, self.width - LABEL_WIDTH - 1)

    @property
    def subcolumn_seconds(self) -> float:
        """Seconds of half a cell, the unit in which the curve grows."""
        return self.window / (self.columns * SUBCOLUMNS)

    def newest(self, now: float) -> int:
        """Number of the newest subcolumn that is complete at lab time ``now``."""
        return column_of(now, self.subcolumn_seconds) - 1

    def first(self, now: float) -> int:
        """Number of the subcolumn at the left edge.

        Always an even one: history moves by whole cells, so every character of it keeps its
        shape, and only the cell at the right edge grows by halves.
        """
        cell = self.newest(now) // SUBCOLUMNS
        return (cell - self.columns + 1) * SUBCOLUMNS

    def cell(self, t: float, now: float) -> int:
        """Cell of the canvas that shows lab time ``t``; may lie outside."""
        return (column_of(t, self.subcolumn_seconds) - self.first(now)) // SUBCOLUMNS

    def time(self, x: int, now: float) -> float:
        """Lab time in s in the middle of column ``x`` of the picture, never after ``now``."""
        column = max(0, x - (self.width - self.columns))
        return min(now, (self.first(now) + (column + 0.5) * SUBCOLUMNS) * self.subcolumn_seconds)


class SignalCurve(NamedTuple):
    """A signal on the chart.

    Attributes:
        glyph: what it is drawn with.
        points: lab time in s and value, in order of time.
        scale: value at the bottom and at the top of the chart; None for one in A, on its axis.
    """

    glyph: str
    points: tuple[tuple[float, float], ...]
    scale: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a picture depends on; immutable, so any thread may draw it.

    Attributes:
        grid: size and window.
        now: lab time in seconds.
        points: samples in order of time.
        attacks: ground truth to mark on the time axis.
        alarms: alarms to mark there.
        mark: lab time in seconds of a moment to point at, or None.
        hints: what to say while no current flows, the longest that fits.
        marks: lab times in s that somebody has marked.
        signals: what else is drawn.
    """

    grid: Grid
    now: float
    points: tuple[Point, ...]
    attacks: tuple[AttackSpan, ...] = ()
    alarms: tuple[AlarmMark, ...] = ()
    mark: float | None = None
    hints: tuple[str, ...] = ()
    marks: tuple[float, ...] = ()
    signals: tuple[SignalCurve, ...] = ()


def draw(scene: Scene, plot: Plot) -> tuple[Row, ...]:
    """Draw ``scene`` with ``plot``, which only this thread may use; top row first."""
    lanes = _lanes(scene)
    # Each lane but the first takes a row of the chart.
    grid = replace(scene.grid, height=scene.grid.height - len(lanes) + 1)
    first, newest = grid.first(scene.now), grid.newest(scene.now)
    step, count = grid.subcolumn_seconds, grid.columns * SUBCOLUMNS
    seen = [point for point in scene.points if first <= column_of(point.t, step) <= newest]
    current = decimate(
        ((p.t, p.current) for p in seen if p.current is not None), step, first, count
    )
    limit = decimate(((p.t, p.limit) for p in seen if p.limit is not None), step, first, count)
    reported = decimate(
        ((p.t, p.reported) for p in seen if p.reported is not None), step, first, count
    )
    measured = decimate(
        ((p.t, p.measured) for p in seen if p.measured is not None), step, first, count
    )
    on_axis = [
        decimate(curve.points, step, first, count) for curve in scene.signals if curve.scale is None
    ]
    drawn = (current, limit, reported, measured, *on_axis)
    ceiling = nice_ceiling(
        max((column.high for series in drawn for column in series if column), default=0.0)
    )
    canvas = _Canvas(plot, grid, ceiling)
    canvas.steps(limit, LIMIT_MARKER, "orange")
    canvas.steps(reported, REPORTED_MARKER, "blue")
    canvas.steps(measured, MEASURED_MARKER, "magenta")
    for curve in scene.signals:
        points = _on_axis(curve, ceiling)
        canvas.steps(decimate(points, step, first, count), curve.glyph, "cyan")
    canvas.curve(current, "green")
    cells = canvas.cells()
    for place, extra in enumerate(lanes[1:], start=1):
        blank = [(" ", "")] * len(cells[canvas.axis_row])
        cells.insert(canvas.axis_row + place, blank)
        _mark_attacks(blank, scene, extra, set())
    _mark_time_axis(cells[canvas.axis_row], scene, lanes[0])
    told = current if any(current) else reported  # of a foreign one nothing else is known
    if not scene.signals and not any(column and column.high > 0 for column in told):
        _put_hint(cells[canvas.axis_row // 2], scene)
    return tuple(to_row(row) for row in cells)


def _on_axis(curve: SignalCurve, ceiling: float) -> Iterator[tuple[float, float]]:
    """Its points in A of the axis, whatever their unit."""
    low, high = curve.scale or (0.0, ceiling)
    stretch = ceiling / (high - low)
    return ((t, (value - low) * stretch) for t, value in curve.points)


class _Canvas:
    """A plotext figure in units of the grid, so that every series rounds the same way.

    plotext rounds a value to half a cell for the "hd" marker and to a whole one for others;
    given A, the two would disagree by a row.  So levels are counted here and plotext gets
    whole numbers: y is the half row, x the half column.
    """

    def __init__(self, plot: Plot, grid: Grid, ceiling: int) -> None:
        self._plot = plot
        self._grid = grid
        self._ceiling = ceiling
        # At four rows and fewer the curve needs the row of the labels more.
        labels = grid.height > 4
        self._rows = max(1, grid.height - 1 - labels)
        self.axis_row = self._rows
        top = max(1, self._rows * SUBROWS - 1)
        self._top = top
        plot.clear_data()
        plot.theme("clear")
        plot.ticks_color("gray")
        plot.xaxes(True, False)
        plot.yaxes(True, False)
        plot.xlim(0, max(1, grid.columns * SUBCOLUMNS - 1))
        plot.ylim(0, top)
        # plotext leaves out the axes of an empty figure.
        plot.scatter([0], [0], marker=" ")
        ticks = _value_ticks(ceiling, self._rows)
        plot.yticks(
            [self._row_centre(self._level(tick) // SUBROWS) for tick in ticks],
            [str(tick).rjust(LABEL_WIDTH) for tick in ticks],
        )
        times = _time_ticks(grid.window, grid.columns) if labels else []
        last = grid.columns * SUBCOLUMNS - 1
        plot.xticks(
            [last * (1 + t / grid.window) for t in times],
            [f"{t:g} s" if t == 0 else f"{t:g}" for t in times],
        )

    def curve(self, columns: Sequence[ChartColumn | None], colour: str) -> None:
        """A line through every column's first, lowest, highest and last value."""
        hole = math.floor(BRIDGED_SECONDS / self._grid.subcolumn_seconds)
        for run in runs(columns, hole):
            xs: list[int] = []
            ys: list[int] = []
            for x, column in run:
                for value in column:
                    level = self._level(value)
                    if not ys or (xs[-1], ys[-1]) != (x, level):
                        xs.append(x)
                        ys.append(level)
            self._plot.plot(xs, ys, marker="hd", color=colour)

    def steps(self, columns: Sequence[ChartColumn | None], marker: str, colour: str) -> None:
        """A ``marker`` in each cell at its lowest and highest value, without risers."""
        spots = {
            (x // SUBCOLUMNS, self._level(value) // SUBROWS)
            for x, column in enumerate(columns)
            if column
            for value in (column.low, column.high)
        }
        self._plot.scatter(
            [column * SUBCOLUMNS + 0.5 for column, _ in sorted(spots)],
            [self._row_centre(row) for _, row in sorted(spots)],
            marker=marker,
            color=colour,
        )

    def cells(self) -> list[list[tuple[str, str]]]:
        """Build the figure; ``(character, role)`` of every cell, top row first."""
        monitor = self._plot.monitor
        monitor.set_size([self._grid.width, self._grid.height])
        monitor.build_plot()
        matrix = monitor.matrix
        return [
            [
                (character, ROLE_OF_COLOUR.get(colour, ""))
                for character, colour in zip(characters, colours, strict=True)
            ]
            for characters, colours in zip(
                reversed(matrix.marker), reversed(matrix.fullground), strict=True
            )
        ]

    def _level(self, value: float) -> int:
        share = min(1.0, max(0.0, value / self._ceiling))
        return round(share * self._top)

    def _row_centre(self, row: int) -> float:
        return row * self._top / (self._rows - 1) if self._rows > 1 else 0.0


def _value_ticks(ceiling: int, rows: int) -> list[int]:
    """Round numbers of A for an axis of ``rows`` rows, evenly spaced ones if there are any."""
    fitting = [parts for parts in (5, 4, 3, 2) if ceiling % parts == 0 and rows > 2 * parts]
    even = [parts for parts in fitting if (rows - 1) % parts == 0]
    parts = next(iter(even or fitting), 1)
    return [ceiling * part // parts for part in range(parts + 1)]


def _time_ticks(window: float, columns: int) -> list[float]:
    """Seconds before now, -window first, as many as fit."""
    parts = 4 if columns >= 32 else 2
    return [-window * part / parts for part in range(parts, -1, -1)]


def _lanes(scene: Scene) -> list[tuple[AttackSpan, ...]]:
    """The attacks that are seen, in as many rows as it takes to tell those apart that overlap."""
    grid, now = scene.grid, scene.now
    most = max(1, grid.height // LANE_SHARE)
    oldest = now - grid.window
    lanes: list[list[AttackSpan]] = [[]]
    for attack in scene.attacks:
        if _end(attack, now) < oldest:
            continue
        free = (lane for lane in lanes if not lane or _end(lane[-1], now) <= attack.start)
        lane = next(free, None)
        if lane is None:
            if len(lanes) < most:
                lanes.append([])
            lane = lanes[-1]
        lane.append(attack)
    return [tuple(lane) for lane in lanes]


def _end(attack: AttackSpan, now: float) -> float:
    return now if attack.safe is None else attack.safe


def _mark_time_axis(
    cells: list[tuple[str, str]], scene: Scene, attacks: Sequence[AttackSpan]
) -> None:
    """Put attacks, alarms, marks and what is pointed at on the time axis, the last on top."""
    grid, now = scene.grid, scene.now

    def place(t: float) -> int:
        cell = grid.cell(t, now)
        # What has just happened may lie in a half cell that is not complete yet.
        return cell - 1 if cell == grid.columns and t <= now else cell

    marks = {
        place(alarm.t): (RAISED_MARKER if alarm.raised else CLEARED_MARKER, "alarm")
        for alarm in scene.alarms
    }
    marks |= {place(t): (MARK_MARKER, "marked") for t in scene.marks}
    if scene.mark is not None:
        marks[place(scene.mark)] = (CARET_MARKER, "mark")
    _mark_attacks(cells, scene, attacks, {*marks})
    for cell, (marker, role) in marks.items():
        _put(cells, grid, cell, marker, role)


def _mark_attacks(
    cells: list[tuple[str, str]], scene: Scene, attacks: Sequence[AttackSpan], taken: set[int]
) -> None:
    """Put these attacks into a row, each with its name where that covers no cell that is taken."""
    grid, now = scene.grid, scene.now
    for attack in attacks:
        fading = _shown(grid.cell(attack.start, now), grid.cell(_end(attack, now), now), grid)
        for cell in fading:
            _put(cells, grid, cell, FADING_MARKER, "attack")
    spans = [
        _shown(
            grid.cell(attack.start, now),
            grid.cell(now if attack.off is None else attack.off, now),
            grid,
        )
        for attack in attacks
    ]
    for span in spans:  # on top of the others' fading
        for cell in span:
            _put(cells, grid, cell, ATTACK_MARKER, "attack")
    for number, (attack, span) in enumerate(zip(attacks, spans, strict=True)):
        end = min((each.start for each in spans[number + 1 :] if each), default=span.stop)
        room = range(span.start + 1, min(end, span.stop) - 1)
        name = attack.attack_id
        for word in (name, name.rpartition("-")[0], ATTACK_WORD):
            place = room[: len(word) + 2]
            if word and len(place) == len(word) + 2 and not taken & set(place):
                for cell, character in zip(place, f" {word} ", strict=True):
                    _put(cells, grid, cell, character, "attack")
                break


def _put(cells: list[tuple[str, str]], grid: Grid, cell: int, character: str, role: str) -> None:
    if 0 <= cell < grid.columns:
        cells[len(cells) - grid.columns + cell] = (character, role)


def _shown(first: int, last: int, grid: Grid) -> range:
    """Cells ``first`` to ``last`` as far as they are on the canvas."""
    return range(max(0, first), min(grid.columns - 1, last) + 1)


def _put_hint(cells: list[tuple[str, str]], scene: Scene) -> None:
    columns = scene.grid.columns
    hint = next((hint for hint in scene.hints if len(hint) + 2 <= columns), "")
    start = len(cells) - columns + (columns - len(hint)) // 2
    cells[start : start + len(hint)] = [(character, "hint") for character in hint]


class ChartWorker:
    """Draws on a thread of its own, always the newest scene asked for.

    Args:
        deliver: called on that thread with each finished picture and its scene; it must be
            safe to call from any thread and must not block.
    """

    def __init__(self, deliver: Callable[[Scene, tuple[Row, ...]], None]) -> None:
        self._deliver = deliver
        self._wanted: Scene | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="evtui-chart", daemon=True)
        self._thread.start()

    def ask(self, scene: Scene) -> None:
        """Draw ``scene`` next; a scene that waits and was not begun is forgotten."""
        with self._changed:
            self._wanted = scene
            self._changed.notify()

    def close(self, timeout: float = 1.0) -> bool:
        """End the thread; True when it is gone within ``timeout`` seconds.

        It is a daemon thread besides, so leaving never waits for a picture.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        plot = Plot()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._wanted is not None)
                scene, self._wanted = self._wanted, None
                if self._closed or scene is None:
                    return
            self._deliver(scene, draw(scene, plot))
