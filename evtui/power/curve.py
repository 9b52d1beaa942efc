"""A measured charging session, and how to read it from CSV.  Pure."""

from __future__ import annotations

import csv
import io
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import pairwise
from math import inf, isnan, nan

__all__ = ["ChargingCurve", "integral", "interpolate", "read_curve"]

MOST_ROWS = 100_000
"""Rows that a file may have: more than a day at one a second."""

# What a cell may hold: far beyond any vehicle, and near enough that sums stay finite.
_RANGES = {
    "time": (-1e12, 1e12, "s"),
    "current": (-1e4, 1e4, "A"),
    "power": (-1e4, 1e4, "kW"),
    "voltage": (1.0, 1e4, "V"),
    "state_of_charge": (0.0, 100.0, "%"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingCurve:
    """What was measured from the first to the last row with current, row by row.

    Attributes:
        origin: where it comes from, for people.
        time: s from the first row; never goes back.
        current: A into the battery, not negative; None where the power was measured instead.
        power: W into the battery, likewise.
        voltage: V at the battery, None where it was not measured.
        state_of_charge: per cent, likewise.
    """

    origin: str
    time: Sequence[float]
    current: Sequence[float] | None = None
    power: Sequence[float] | None = None
    voltage: Sequence[float] | None = None
    state_of_charge: Sequence[float] | None = None


def interpolate(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """``y`` at ``x`` on straight lines between points; beyond the ends, that of the end.

    Args:
        xs: in rising order; of several points at the same ``x`` the last counts.
        ys: as many.
    """
    after = bisect_right(xs, x)
    if after == 0:
        return ys[0]
    if after == len(xs):
        return ys[-1]
    left, y = xs[after - 1], ys[after - 1]
    return y + (ys[after] - y) * (x - left) / (xs[after] - left)


def integral(xs: Sequence[float], ys: Sequence[float]) -> Iterator[float]:
    """The area under the straight lines between points, up to each of them; 0 at the first."""
    area = 0.0
    yield area
    for (x0, x1), (y0, y1) in zip(pairwise(xs), pairwise(ys), strict=True):
        area += (x1 - x0) * (y0 + y1) / 2.0
        yield area


def read_curve(
    lines: str | Iterable[str],
    *,
    time: str = "t_s",
    current: str | None = None,
    power: str | None = None,
    voltage: str | None = None,
    state_of_charge: str | None = None,
    origin: str = "curve",
) -> ChargingCurve:
    """Read a measured session from CSV with a header line.

    Rows with an empty cell for the time, or for what was measured, are left out; an empty voltage
    or state of charge is interpolated.  Rows before t = 0, and before the first and after the
    last row with current, are cut off, and the time then counts from the first that is left.
    Charging is the direction in which more charge moved, whichever sign that has; what moved the
    other way counts as no current.

    Args:
        lines: the text, or its lines.
        time: name of the column of the time, s.
        current: of the current, A; exactly one of current and power is needed.
        power: of the power, kW.
        voltage: of the voltage, V, if there is one.
        state_of_charge: of the state of charge, per cent, if there is one.
        origin: the file, as messages and the record name it.

    Raises:
        ValueError: it is no such file; one line that names the file and the place.
    """
    if (current is None) == (power is None):
        got = "none" if current is None else "both"
        raise ValueError(f"{origin}: expected a column of the current or of the power, got {got}")
    measured = "power" if current is None else "current"
    names = {"time": time, measured: current or power or ""}
    optional = {"voltage": voltage, "state_of_charge": state_of_charge}
    names |= {quantity: name for quantity, name in optional.items() if name is not None}
    columns = {quantity: array("d") for quantity in names}
    before = -inf
    for number, row in _rows(lines, names, origin):
        t = row[0]
        if isnan(t) or isnan(row[1]):
            continue
        if t < before:
            raise ValueError(
                f"{origin}:{number}: column {time!r}: expected at least {before:g} s as in the row"
                f" before, got {t:g} s"
            )
        before = t
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return _curve(columns, names, measured, origin)


def _rows(
    lines: str | Iterable[str], names: dict[str, str], origin: str
) -> Iterator[tuple[int, list[float]]]:
    """Line number and the wanted cells of each row, NaN for an empty one."""
    reader = csv.reader(io.StringIO(lines, newline=None) if isinstance(lines, str) else lines)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
        if not any(header):
            raise ValueError(f"{origin}: empty; expected a line with the columns' names, and rows")
        wanted = [
            (_index(header, name, origin), name, *_RANGES[quantity])
            for quantity, name in names.items()
        ]
        for count, row in enumerate(reader, 1):
            if count > MOST_ROWS:
                raise ValueError(f"{origin}: more than {MOST_ROWS:,} rows; leave some out")
            place = f"{origin}:{reader.line_num}"
            yield (
                reader.line_num,
                [
                    _number(row[index] if index < len(row) else "", low, high, unit, name, place)
                    for index, name, low, high, unit in wanted
                ],
            )
    except csv.Error as error:
        raise ValueError(f"{origin}:{reader.line_num}: not CSV: {error}") from None


def _index(header: list[str], name: str, origin: str) -> int:
    if name in header:
        return header.index(name)
    near = get_close_matches(name, header, n=1)
    there = ", ".join(header[:20])
    hint = f"did you mean {near[0]!r}?" if near else f"there are {there[:200]!r}"
    raise ValueError(f"{origin}:1: no column {name!r}; {hint}")


def _number(cell: str, low: float, high: float, unit: str, name: str, place: str) -> float:
    if not cell or cell.isspace():
        return nan
    try:
        number = float(cell)
    except ValueError:
        number = nan
    if not low <= number <= high:
        raise ValueError(
            f"{place}: column {name!r}: expected a number of {low:g} to {high:g} {unit}, "
            f"got {cell.strip()[:40]!r}"
        )
    return number


def _curve(
    columns: dict[str, array[float]], names: dict[str, str], measured: str, origin: str
) -> ChargingCurve:
    """The rows with current, in the curve's units."""
    times, values = columns["time"], columns[measured]
    begin = next((i for i, t in enumerate(times) if t >= 0), len(times))
    area = list(integral(times[begin:], values[begin:]))[-1] if begin < len(times) else 0.0
    sign = -1.0 if area < 0 else 1.0
    charging = [i for i in range(begin, len(times)) if values[i] * sign > 0]
    if not charging or times[charging[0]] == times[charging[-1]]:
        raise ValueError(
            f"{origin}: expected at least two rows with current from 0 s on, got {len(charging)}"
        )
    kept = slice(charging[0], charging[-1] + 1)
    start = times[charging[0]]
    time = array("d", (t - start for t in times[kept]))
    scale = sign * (1000.0 if measured == "power" else 1.0)
    series = array("d", (max(0.0, value * scale) for value in values[kept]))
    filled = {
        quantity: _filled(time, columns[quantity][kept], f"{origin}: column {names[quantity]!r}")
        for quantity in ("voltage", "state_of_charge")
        if quantity in columns
    }
    return ChargingCurve(origin=origin, time=time, **{measured: series}, **filled)


def _filled(time: array[float], values: array[float], place: str) -> array[float]:
    """``values`` with straight lines where there is none."""
    known = [i for i, value in enumerate(values) if not isnan(value)]
    if not known:
        raise ValueError(f"{place}: expected numbers, got empty cells only")
    if len(known) == len(values):
        return values
    xs, ys = [time[i] for i in known], [values[i] for i in known]
    return array("d", (interpolate(xs, ys, t) for t in time))
