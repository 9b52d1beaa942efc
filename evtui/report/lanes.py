"""The lanes above a current: marks, ground truth, and the alarms of each detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evtui.escaping import for_terminal
from evtui.report.drawing import Scale
from evtui.report.summary import ConnectorSummary, Summary
from evtui.report.svg import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LANE", "alarmed", "attacked", "draw_lanes", "lanes_of", "margin"]

LANE = 0.2
"""Height of a lane, in."""

_LONGEST = 28


def lanes_of(summary: Summary, connector: ConnectorSummary) -> list[tuple[str, str, list[Any]]]:
    """What is drawn above the current: name, kind, and (start, end) or (moment, number)."""
    lanes: list[tuple[str, str, list[Any]]] = []
    if summary.marks:
        marks = [(mark.t, mark.number) for mark in summary.marks]
        lanes.append(("marks", "marks", marks))
    attacks = attacked(summary, connector)
    if attacks:
        lanes.append(("attack", "truth", attacks))
    for each in summary.detections:
        alarms = alarmed(summary, connector, each.detector, each.view)
        lanes.append((_shorter(f"{each.detector}, {each.view}"), "alarm", alarms))
    return lanes


def margin(summary: Summary) -> float:
    """Room for the names of lanes, in."""
    names = [_shorter(f"{each.detector}, {each.view}") for each in summary.detections]
    return max(0.7, 0.062 * max(map(len, names), default=0) + 0.15)


def _shorter(name: str) -> str:
    name = for_terminal(name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def attacked(summary: Summary, connector: ConnectorSummary) -> list[tuple[float, float, float]]:
    """Start, end of the injection and end of the effect, in s; open ones last to the end."""
    found = []
    for attack in summary.attacks:
        if (attack.station, attack.connector) == (connector.station, connector.connector):
            effect = summary.end if attack.t_effect_end is None else attack.t_effect_end
            found.append((attack.t_start, effect if attack.t_end is None else attack.t_end, effect))
    return found


def alarmed(
    summary: Summary, connector: ConnectorSummary, detector: str, view: str
) -> list[tuple[float, float]]:
    """From when to when an alarm of this detector was raised, in s."""
    periods: list[tuple[float, float]] = []
    since: float | None = None
    for alarm in summary.alarms:
        if (alarm.detector, alarm.view, alarm.station, alarm.connector) != (
            detector,
            view,
            connector.station,
            connector.connector,
        ):
            continue
        if alarm.state == "raised":
            since = alarm.t_s if since is None else since
        elif since is not None:
            periods.append((since, alarm.t_s))
            since = None
    if since is not None:
        periods.append((since, summary.end))
    return periods


def draw_lanes(axes: Axes, lanes: list[tuple[str, str, list[Any]]], scale: Scale) -> None:
    """Fill ``axes`` with what :func:`lanes_of` found."""
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [name for name, _, _ in lanes])
    axes.tick_params(left=False, bottom=False, labelbottom=False, labelsize=8)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    scale.limit(axes)
    for row, (_, kind, items) in enumerate(lanes):
        axes.axhline(row + 0.5, color=PALETTE["grid"], linewidth=0.5)
        if kind == "marks":
            for t, number in items:
                axes.text(scale(t), row, str(number), ha="center", va="center", fontsize=8,
                          color=PALETTE["mark"], fontweight="bold", clip_on=True)  # fmt: skip
        elif kind == "truth":
            bars = [(scale(a), scale(c) - scale(a)) for a, _, c in items]
            axes.broken_barh(bars, (row - 0.3, 0.6), facecolor=PALETTE["effect"])
            bars = [(scale(a), scale(b) - scale(a)) for a, b, _ in items]
            axes.broken_barh(bars, (row - 0.3, 0.6), facecolor=PALETTE["active"])
        else:
            bars = [(scale(a), scale(b) - scale(a)) for a, b in items]
            axes.broken_barh(bars, (row - 0.12, 0.24), facecolor=PALETTE["alarm"])
            starts = [scale(a) for a, _ in items]
            axes.plot(starts, [row] * len(starts), linestyle="none", marker="^", markersize=5,
                      color=PALETTE["alarm"], markeredgewidth=0)  # fmt: skip
