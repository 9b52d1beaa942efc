"""What the current panel says in words: values, names of glyphs, why no current flows."""

from __future__ import annotations

from collections.abc import Sequence

from evtui.tui.chart import (
    ACTUAL_GLYPH,
    ATTACK_MARKER,
    LIMIT_MARKER,
    MARK_MARKER,
    MEASURED_MARKER,
    RAISED_MARKER,
    REPORTED_MARKER,
)
from evtui.tui.key_hints import key_of
from evtui.tui.models.charted import ChartedSignal
from evtui.tui.models.text import number
from evtui.tui.rows import Piece, Row, cut_row, row_width
from evtui.tui.series import Point

__all__ = ["ROLE_COLOURS", "band_names", "hints", "legend", "signal_legend"]

ROLE_COLOURS = {"attack": "$text-error", "alarm": "bold $text-error", "marked": "$text-accent"}
"""How roles look outside of the rows, on the panel's edge."""

WHY_NO_CURRENT = {
    "cable check": ("cable check: the current comes after it", ""),
    "precharge": ("precharge: the current comes after it", ""),
    "wants replug": ("the vehicle wants to be replugged", "press {plug} twice"),
    "vehicle gave up": ("the vehicle gave up", "press {plug} twice to replug it"),
    "full": ("the vehicle is full", ""),
    "unplugged": ("no vehicle", "press {plug} to plug one in"),
}
"""What the power stage is doing where there is no current, and what helps."""


def hints(phase: str, orders: bool, proxied: bool = False) -> tuple[str, ...]:
    """Why no current flows in this phase of the session, and which key helps.

    Args:
        proxied: the charge points are other people's, who charge when they like.
    """
    if proxied:
        return ("no current in any MeterValues yet", "no current yet")
    charge, start = key_of("station.charge"), key_of("anomaly.start")
    why, remedy = WHY_NO_CURRENT.get(phase, ("", ""))
    if not orders:
        return (
            (f"no current – {why}", why, "no current")
            if why
            else ("no current at this moment", "no current")
        )
    if why:
        why += remedy and f" – {remedy.format(plug=key_of('station.plug'))}"
        return (f"no current yet – {why}", why, "no current yet")
    begin, tour = f"no current yet – press {charge} to charge", key_of("app.tour")
    return (
        f"{begin}, {start} to start the anomaly, {tour} for a tour",
        f"{begin} or {start} to start the anomaly",
        f"no current yet – press {charge} or {start}",
        "no current yet",
    )


def band_names(marked: bool) -> tuple[Piece, ...]:
    """What the glyphs of the band under the chart mean."""
    return (
        Piece(f" {ATTACK_MARKER} attack ", "attack"),
        Piece(f" {RAISED_MARKER} alarm", "alarm"),
        *([Piece(f"  {MARK_MARKER} mark", "marked")] if marked else []),
    )


def legend(newest: Point | None, width: int, marked: bool) -> Row:
    """Glyphs, names and newest values; without the names where they do not fit."""
    parted = newest is not None and newest.measured is not None
    values = (
        ("actual", ACTUAL_GLYPH, newest and newest.current),
        ("limit", LIMIT_MARKER * 2, newest and newest.limit),
        ("reported", REPORTED_MARKER, newest and newest.reported),
        *([("measured", MEASURED_MARKER, newest and newest.measured)] if parted else ()),
    )
    for spell_out in (True, False):
        runs: list[Piece] = []
        for role, glyph, value in values:
            name = f" {role}" if spell_out else ""
            ampere = "  – A" if value is None else f"{value:3.0f} A"
            runs.append(Piece(f" {glyph}{name} {ampere} ", role))
        marks = band_names(marked)
        for row in ((*runs, *marks), (*runs, *marks[:2]), tuple(runs)):
            if row_width(row) <= width:
                return row
    return tuple(runs)


def signal_legend(signals: Sequence[ChartedSignal], now: float, window: float, width: int) -> Row:
    """Glyph, name and newest value of the signals; the scale too, where it is one of their own.

    Args:
        now: lab time in s.
        window: s that the chart shows.
    """
    forms = []
    for spelled in (True, False):
        pieces = []
        for signal in signals:
            low, high = signal.scale(now - window)
            own = "" if signal.on_axis(now - window) else f" ({number(low)}…{number(high)})"
            label = f" {signal.label}" if spelled else f" {signal.key.name}"
            pieces.append(Piece(f" {signal.glyph}{label} {signal.text}{own} ", "signal"))
        forms.append(tuple(pieces))
    return next((row for row in forms if row_width(row) <= width), cut_row(forms[-1], width))
