"""Make a small picture of every anomaly, and a sheet of all of them.

Run from the project's folder, with the ``dev`` extra installed::

    python -m screenshots.gallery [NAME ...]

Each is the built-in scenario of the anomaly's name, run without a terminal: the current with its
set-point and what is reported of it, and below that calls and CAN frames over time.  What the
anomaly did itself is red.  The sheet is ``gallery.png``, the pictures are ``gallery/NAME.svg``; the
same scenarios give the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log1p
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from evtui.anomalies import AnomalyDescription, describe_all
from evtui.canbus.packs import MalformedFrame
from evtui.canbus.packs.seed import Current, decode
from evtui.events import AnomalyState, CanFrame, Event, OcppMessage, Sample
from evtui.scenario.language import load
from evtui.scenario.run import Options, run_headless
from screenshots.make import FontMissing, font_files, render

__all__ = ["FOLDER", "SHEET", "picture", "trace_of"]

FOLDER = Path(__file__).parent / "gallery"
SHEET = Path(__file__).parent / "gallery.png"

DURATION = 60.0
"""s that an anomaly is on whose scenario asks how long; it is then easy to see."""

WIDTH, HEIGHT = 300, 152
LEFT, RIGHT, TOP = 34, 8, 24
CHART, STRIP, GAP = 74, 15, 5
COLUMNS = 5
"""Of the sheet."""

BINS = 129
"""Of a strip; each takes two pixels."""

INK, MUTED, GRID, PAPER = "#1f2933", "#7b8794", "#e4e7eb", "#ffffff"
ACTUAL, SET_POINT, ON_CAN, IN_OCPP, HEAT = "#0b69a3", "#9aa5b1", "#de911d", "#8719e0", "#cf1124"
GENUINE, INJECTED, SPAN = "#9fb3c8", "#e12d39", "#fde8e8"
LAYER = {"ocpp": "#3e4c59", "link": "#127fbf", "can": "#199473", "physical": "#b44d12"}

WARM = 60.0
"""degC above which the heat is part of the picture."""


class Trace(NamedTuple):
    """What a picture shows of a run; times in s of lab time.

    Attributes:
        start, end: of the picture.
        spans: when the anomaly was on.
        actual, set_point, heat, on_can, in_ocpp: time and value in A or degC.
        calls, frames: time, and True for what the anomaly did.
    """

    start: float
    end: float
    spans: list[tuple[float, float]]
    actual: list[tuple[float, float]]
    set_point: list[tuple[float, float]]
    heat: list[tuple[float, float]]
    on_can: list[tuple[float, float]]
    in_ocpp: list[tuple[float, float]]
    calls: list[tuple[float, bool]]
    frames: list[tuple[float, bool]]


def trace_of(name: str) -> Trace:
    """The built-in scenario of an anomaly's name, run once."""
    events: list[Event] = []
    run_headless(load(name, duration=DURATION), Options(events=events.append))
    return _Reading(name).of(events)


class _Reading:
    """Reads what a run told of the first station's first connector."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._steps: set[int] = set()
        self._station = ""
        self._trace = Trace(0.0, 0.0, [], [], [], [], [], [], [], [])

    def of(self, events: Iterable[Event]) -> Trace:
        """All of it."""
        trace = self._trace
        for event in events:
            station = getattr(event, "station", "")
            self._station = self._station or station
            if station != self._station or getattr(event, "connector", 1) not in (None, 0, 1):
                continue
            match event:
                case AnomalyState():
                    self._truth(event)
                case Sample():
                    trace.actual.append((event.t, event.current))
                    trace.set_point.append((event.t, event.limit))
                    trace.heat.append((event.t, event.temperature))
                case CanFrame():
                    self._frame(event)
                case OcppMessage():
                    self._message(event)
        return trace._replace(start=trace.actual[0][0], end=trace.actual[-1][0])

    def _truth(self, state: AnomalyState) -> None:
        if state.anomaly != self._name:
            return
        if state.active:
            self._steps.add(state.seq)
        if state.change == "on":
            self._trace.spans.append((state.t, state.t))
        elif state.change == "off" and self._trace.spans:
            self._trace.spans[-1] = self._trace.spans[-1][0], state.t
        elif state.change == "step" and state.layer == "link":
            self._trace.calls.append((state.t, True))

    def _frame(self, frame: CanFrame) -> None:
        self._trace.frames.append((frame.t, frame.cause in self._steps))
        try:
            received = decode(frame)
        except MalformedFrame:
            return
        if received is None or received.connector != 1:
            return
        if isinstance(received.message, Current):
            self._trace.on_can.append((frame.t, float(received.message.amperes)))

    def _message(self, message: OcppMessage) -> None:
        if message.kind != "call":
            return
        if message.phase == "sent":
            self._trace.calls.append((message.t, message.cause in self._steps))
        elif message.action == "MeterValues" and (value := _amperes(message.payload)) is not None:
            self._trace.in_ocpp.append((message.t, value))


def _amperes(payload: Any) -> float | None:
    """Current.Import in MeterValues; None where there is none that can be read."""
    try:
        for one in payload["meterValue"][0]["sampledValue"]:
            if one.get("measurand") == "Current.Import":
                return float(one["value"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        pass
    return None


# Drawing


def picture(name: str, title: str, layer: str, trace: Trace) -> str:
    """A picture as the inside of an SVG, 300 by 152 pixels."""
    scale = _Scale(trace)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}" stroke="{GRID}"/>',
        f'<rect width="4" height="{HEIGHT}" fill="{LAYER[layer]}"/>',
        _text(10, 15, name, INK, 11, bold=True),
        _text(WIDTH - RIGHT, 15, f"{trace.end - trace.start:.0f} s", MUTED, 9, end=True),
    ]
    for begin, end in trace.spans:
        x = scale.x(begin)
        width = max(scale.x(end) - x, 1.0)
        parts.append(
            f'<rect x="{x:.1f}" y="{TOP}" width="{width:.1f}" '
            f'height="{CHART + 2 * (GAP + STRIP)}" fill="{SPAN}"/>'
        )
    bottom = TOP + CHART
    parts.append(f'<path d="M{LEFT} {bottom}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
    parts.append(_text(LEFT - 3, TOP + 7, f"{scale.top:.0f} A", MUTED, 7, end=True))
    parts.append(_text(LEFT - 3, bottom, "0 A", MUTED, 7, end=True))
    if max(value for _, value in trace.heat) > WARM:
        hot = [(t, value / 110.0 * scale.top) for t, value in trace.heat]
        parts.append(_line(scale.points(hot), HEAT, 1.0, dashes="1 2"))
    parts += [
        _line(scale.points(trace.set_point, steps=True), SET_POINT, 1.0, dashes="4 2"),
        _line(scale.points(trace.on_can), ON_CAN, 1.0),
        _line(scale.points(trace.actual), ACTUAL, 1.6),
        _dots([(scale.x(t), scale.y(value)) for t, value in trace.in_ocpp], IN_OCPP),
    ]
    for number, (label, times) in enumerate((("OCPP", trace.calls), ("CAN", trace.frames))):
        y = bottom + GAP + number * (STRIP + GAP)
        parts.append(_strip(scale, times, y))
        parts.append(_text(LEFT - 3, y + STRIP - 1, label, MUTED, 7, end=True))
    return f"<title>{escape(title)}</title>\n" + "\n".join(part for part in parts if part)


class _Scale:
    """From seconds and amperes to pixels."""

    def __init__(self, trace: Trace) -> None:
        self.start, self.end = trace.start, trace.end
        highest = max(value for _, value in trace.actual)
        self.top = max(20.0, 1.1 * highest, 1.1 * _usual(trace.set_point))

    def x(self, t: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (t - self.start) / (self.end - self.start)

    def y(self, value: float) -> float:
        return TOP + CHART * (1 - min(max(value / self.top, 0.0), 1.0))

    def points(
        self, values: Sequence[tuple[float, float]], *, steps: bool = False
    ) -> list[tuple[float, float]]:
        """Pixels: of each column the lowest and the highest, of a straight piece its ends."""
        columns: dict[int, list[tuple[float, float]]] = {}
        for t, value in values:
            point = round(self.x(t), 1), round(self.y(value), 1)
            columns.setdefault(int(point[0]), []).append(point)
        kept: list[tuple[float, float]] = []
        for column in columns.values():
            low, high = min(column, key=_height), max(column, key=_height)
            for point in sorted({low, high}):
                if steps and kept and kept[-1][1] != point[1]:
                    kept.append((point[0], kept[-1][1]))
                if len(kept) > 1 and kept[-1][1] == kept[-2][1] == point[1]:
                    kept.pop()
                kept.append(point)
        return kept


def _height(point: tuple[float, float]) -> float:
    return point[1]


def _usual(values: Sequence[tuple[float, float]]) -> float:
    """The highest set-point but for what no power stage follows."""
    return max((value for _, value in values if value <= 250.0), default=0.0)


def _text(
    x: float, y: float, text: str, colour: str, size: int, *, bold: bool = False, end: bool = False
) -> str:
    more = ' font-weight="bold"' * bold + ' text-anchor="end"' * end
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{more}>{escape(text)}</text>'


def _line(
    points: Sequence[tuple[float, float]], colour: str, width: float, dashes: str = ""
) -> str:
    if len(points) < 2:
        return ""
    (x, y), *_ = points
    moves = [f"M{x:g} {y:g}"]
    for before, after in pairwise(points):
        moves.append(f"l{round(after[0] - before[0], 1):g} {round(after[1] - before[1], 1):g}")
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    path = "".join(moves).replace(" -", "-")
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{dashed}/>'


def _dots(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = "".join(dict.fromkeys(f"M{x:.0f} {y:.0f}h0" for x, y in points))
    line = f'stroke="{colour}" stroke-width="2.4" stroke-linecap="round"'
    return f'<path d="{path}" {line}/>' if path else ""


def _strip(scale: _Scale, times: Sequence[tuple[float, bool]], y: float) -> str:
    """How many a bin, on a scale of orders of magnitude; what was injected in front."""
    counts = {False: [0] * BINS, True: [0] * BINS}
    for t, injected in times:
        place = int((t - scale.start) / (scale.end - scale.start) * BINS)
        counts[injected][min(max(place, 0), BINS - 1)] += 1
    highest = log1p(max(30, *counts[False], *counts[True]))
    parts = []
    for injected, colour in ((False, GENUINE), (True, INJECTED)):
        path = "".join(
            f"M{LEFT + 2 * place + 1} {y + STRIP:g}v-{max(4.0, STRIP * log1p(count) / highest):.0f}"
            for place, count in enumerate(counts[injected])
            if count
        )
        if path:
            parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="1.4"/>')
    return "".join(parts)


def svg(inside: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A whole file."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans Mono, monospace">\n'
        f"{inside}\n</svg>\n"
    )


def sheet(pictures: Sequence[str]) -> str:
    """All pictures side by side, with what the colours mean below them."""
    rows = -(-len(pictures) // COLUMNS)
    placed = [
        f'<g transform="translate({number % COLUMNS * WIDTH} {number // COLUMNS * HEIGHT})">'
        f"{inside}</g>"
        for number, inside in enumerate(pictures)
    ]
    y = rows * HEIGHT
    legend = (
        (ACTUAL, "current"),
        (SET_POINT, "set-point"),
        (ON_CAN, "reported on CAN"),
        (IN_OCPP, "reported by MeterValues"),
        (HEAT, "heat, up to 110 °C"),
        (GENUINE, "calls, frames"),
        (INJECTED, "those of the anomaly"),
        *((colour, f"layer {layer}") for layer, colour in LAYER.items()),
    )
    x = 10
    parts = [f'<rect y="{y}" width="{COLUMNS * WIDTH}" height="26" fill="{PAPER}"/>']
    for colour, meaning in legend:
        parts.append(f'<rect x="{x}" y="{y + 8}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(x + 14, y + 17, meaning, INK, 10))
        x += 30 + 6 * len(meaning)
    return svg("\n".join((*placed, *parts)), COLUMNS * WIDTH, y + 26)


def _own() -> list[AnomalyDescription]:
    return [each for each in describe_all().anomalies if each.package == "evtui"]


def main() -> None:
    """Write the pictures of the anomalies that are named, or all of them and the sheet."""
    try:
        fonts = font_files()
    except FontMissing as missing:
        sys.exit(f"screenshots: {missing}")
    FOLDER.mkdir(exist_ok=True)
    wanted = sys.argv[1:]
    pictures = []
    for each in _own():
        if wanted and each.name not in wanted:
            continue
        inside = picture(each.name, each.title, each.layer, trace_of(each.name))
        pictures.append(inside)
        (FOLDER / f"{each.name}.svg").write_text(svg(inside), "utf-8")
        print(f"gallery/{each.name}.svg")
    if not wanted:
        SHEET.write_bytes(render(sheet(pictures), fonts))
        print(SHEET.name)


if __name__ == "__main__":
    main()
