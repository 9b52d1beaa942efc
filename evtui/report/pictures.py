"""The pictures of a report, drawn by matplotlib.  Needs the extra ``report``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evtui.escaping import for_terminal
from evtui.report.decimate import Bins
from evtui.report.drawing import Points, Scale, drawing, finish, legend, line, steps
from evtui.report.lanes import LANE, alarmed, attacked, draw_lanes, lanes_of, margin
from evtui.report.numbers import ampere, moment, span
from evtui.report.summary import ConnectorSummary, Curves, Summary
from evtui.report.svg import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MOST_CURVES", "current", "overlay", "rates"]

MOST_CURVES = 24
"""Runs whose currents are drawn over each other: eight colours, three kinds of line."""


def current(summary: Summary, connector: ConnectorSummary, curves: Curves, name: str) -> str:
    """Current, limit and reported current of one connector, with truth, alarms and marks.

    Args:
        curves: of the connector, over the time that is drawn.
        name: of the picture, different from all others on the page.

    Raises:
        ImportError: matplotlib is not installed.
    """
    lanes = lanes_of(summary, connector)
    above = LANE * len(lanes)
    height = 0.4 + above + 3.1 + 0.55
    left = margin(summary)
    with drawing(height, left, name) as (figure, axis):
        scale = Scale(curves.start, curves.end)
        if lanes:
            draw_lanes(axis(0.4, above), lanes, scale)
        main = axis(0.4 + above + (0.06 if lanes else 0.0), 3.1)
        _shade(main, summary, connector, scale)
        points = [each.points() for each in (curves.current, curves.limit, curves.reported)]
        steps(main, points[1], scale, PALETTE["limit"], "limit", width=1.0, dashes=(4, 2))
        steps(main, points[2], scale, PALETTE["reported"], "reported over OCPP", width=1.3)
        line(main, points[0], scale, PALETTE["current"], "current")
        main.set_ylabel("current (A)")
        main.set_ylim(bottom=min(0.0, *(value for series in points for _, value in series), 0.0))
        scale.label(main)
        _current_legend(figure, main, summary, connector, left)
        return finish(figure, f"{name}-", _in_words(summary, connector, curves))


def rates(summary: Summary, number: int) -> str:
    """OCPP messages and CAN frames a second, and how many of them an attack sent."""
    height = 0.4 + 0.95 + 0.15 + 0.95 + 0.55
    left = margin(summary)
    with drawing(height, left, f"rates-{number}") as (figure, axis):
        scale = Scale(summary.start, summary.end)
        upper, lower = axis(0.4, 0.95), axis(0.4 + 0.95 + 0.15, 0.95)
        _rate(upper, summary.messages, summary.injected, scale, "calls", "OCPP (1/s)")
        _rate(lower, summary.frames, summary.forged, scale, "frames", "CAN (1/s)")
        upper.tick_params(labelbottom=False)
        scale.label(lower)
        handles: list[Any] = [upper.get_lines()[0], lower.get_lines()[0]]
        names = ["OCPP messages", "CAN frames"]
        injected = [*upper.collections, *lower.collections]
        if injected:
            handles.append(injected[0])
            names.append("sent by the attack")
        legend(figure, left, handles, names)
        words = (
            f"OCPP messages and CAN frames a second over {span(summary.end - summary.start)}: "
            f"{summary.messages.total:,} messages, {summary.injected.total:,} of them injected, "
            f"and {summary.frames.total:,} frames, {summary.forged.total:,} of them injected."
        )
        return finish(figure, f"rates-{number}-", words)


def overlay(curves: Sequence[tuple[str, ConnectorSummary]], end: float) -> str:
    """The currents of several runs over each other.

    Args:
        curves: name of the run, and the connector to draw.
        end: s, last moment of all.
    """
    rows = (len(curves) + 3) // 4
    above = 0.15 + 0.22 * rows
    height = above + 3.1 + 0.55
    with drawing(height, 0.7, "overlay") as (figure, axis):
        scale = Scale(0.0, end)
        main = axis(above, 3.1)
        for place, (_, connector) in enumerate(curves):
            points = [] if connector.whole is None else connector.whole.current.points()
            colour = PALETTE[f"run-{place % 8 + 1}"]
            drawn = line(main, points, scale, colour, "")
            if place >= 8:
                drawn.set_dashes(((4, 2), (1, 1.5))[place // 8 % 3 - 1])
        main.set_ylabel("current (A)")
        main.set_ylim(bottom=0)
        scale.label(main)
        legend(figure, 0.7, main.get_lines(), [for_terminal(name) for name, _ in curves])
        peaks = ", ".join(f"{name} {ampere(connector.peak)}" for name, connector in curves)
        return finish(figure, "overlay-", f"Currents of {len(curves)} runs; peaks: {peaks}.")


def _shade(axes: Axes, summary: Summary, connector: ConnectorSummary, scale: Scale) -> None:
    scale.limit(axes)
    for start, end, effect in attacked(summary, connector):
        axes.axvspan(scale(end), scale(effect), facecolor=PALETTE["effect"], linewidth=0, zorder=0)
        axes.axvspan(scale(start), scale(end), facecolor=PALETTE["active"], linewidth=0, zorder=0)
    for mark in summary.marks:
        axes.axvline(scale(mark.t), color=PALETTE["mark"], linewidth=0.8, dashes=(1, 2), zorder=1)
    for detected in summary.detections:
        for since, _ in alarmed(summary, connector, detected.detector, detected.view):
            axes.axvline(scale(since), color=PALETTE["alarm"], linewidth=0.9, zorder=1)


def _rate(axes: Axes, total: Bins, attack: Bins, scale: Scale, colour: str, label: str) -> None:
    def closed(bins: Bins) -> Points:
        found = bins.rates()
        return [*found, (scale.end, found[-1][1])] if found else []

    steps(axes, closed(total), scale, PALETTE[colour], label, width=1.0)
    if attack.total:
        points = closed(attack)
        axes.fill_between(
            [scale(t) for t, _ in points],
            [value for _, value in points],
            step="post",
            color=PALETTE["injected"],
            linewidth=0,
        )
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)


def _current_legend(
    figure: Figure, axes: Axes, summary: Summary, connector: ConnectorSummary, left: float
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = {line.get_label(): line for line in axes.get_lines()}
    names = ["current", "limit", "reported over OCPP"]
    handles: list[Any] = [lines[name] for name in names]
    attacks = attacked(summary, connector)
    if attacks:
        handles.append(Patch(facecolor=PALETTE["active"]))
        names.append("attack on")
    if any(effect > end for _, end, effect in attacks):
        handles.append(Patch(facecolor=PALETTE["effect"]))
        names.append("its effect")
    if any(alarmed(summary, connector, each.detector, each.view) for each in summary.detections):
        handles.append(Line2D([], [], color=PALETTE["alarm"], linewidth=0.9, marker="^"))
        names.append("alarm")
    if summary.marks:
        handles.append(Line2D([], [], color=PALETTE["mark"], linewidth=0.8, dashes=(1, 2)))
        names.append("mark")
    legend(figure, left, handles, names)


def _in_words(summary: Summary, connector: ConnectorSummary, curves: Curves) -> str:
    if curves is connector.close:
        return (
            f"Current of {connector.name} from {moment(curves.start)} to {moment(curves.end)}, "
            "around the first attack."
        )
    attacks = attacked(summary, connector)
    parts = [
        f"Current of {connector.name} over {span(summary.end - summary.start)}: "
        f"peak {ampere(connector.peak)} at {moment(connector.peak_at)}, "
        f"mean {ampere(connector.mean)}"
    ]
    parts += [f"attack from {moment(a)} to {moment(b)}" for a, b, _ in attacks[:3]]
    for detected in summary.detections:
        alarms = alarmed(summary, connector, detected.detector, detected.view)
        if alarms:
            parts.append(f"alarm of {for_terminal(detected.detector)} on {detected.view} at "
                         f"{moment(alarms[0][0])}")  # fmt: skip
    return "; ".join(parts) + "."
