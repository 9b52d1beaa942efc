"""A measured charging session, and how to read it from CSV.  Pure."""

from __future__ import annotations

import csv
import io
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf, isnan, nan
from typing import NamedTuple

import msgspec

from .units import UNITS, Unit, unit_of

__all__ = ["ChargingCurve", "integral", "interpolate", "read_curve"]

MOST_ROWS = 100_000
"""Rows that a file may have: more than a day at one a second."""

# What a cell may hold, in s, A, W, V and per cent: beyond any vehicle, those included that charge
# with megawatts (1,250 V and 3,000 A), and near enough to show that the unit is another one.
_RANGES = {
    "time": (-1e12, 1e12),
    "current": (-5e3, 5e3),
    "power": (-5e6, 5e6),
    "voltage": (1.0, 2e3),
    "state_of_charge": (0.0, 100.0),
}

_MOST_UNSAID_W = 1e6
"""W that a column without a unit may reach as kW; with more, it more likely is in W."""

MOST_AH = 10_000.0
"""Charge of a session: ten times that of a lorry."""

LONGEST_S = 7 * 86_400.0
"""A session; a longer one is not in s."""


class ChargingCurve(msgspec.Struct, frozen=True, kw_only=True):
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
    unit: Mapping[str, str] | None = None,
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
        time: name of the column of the time.
        current: of the current; exactly one of current and power is needed.
        power: of the power.
        voltage: of the voltage, if there is one.
        state_of_charge: of the state of charge, if there is one.
        unit: of ``time``, ``power``, ...; by default what the column's name says (``power_w``,
            ``P [W]``, ``t_ms``), or else s, A, kW, V, per cent.
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
    units = _units(names, unit or {}, origin)
    columns = {quantity: array("d") for quantity in names}
    before = -inf
    for number, row in _rows(lines, names, units, origin):
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
    return _curve(columns, names, units, measured, origin)


def _units(names: dict[str, str], said: Mapping[str, str], origin: str) -> dict[str, Unit]:
    for quantity in said:
        if quantity not in names:
            raise ValueError(f"unit: expected {' or '.join(names)}, got {quantity!r}")
    units = {}
    for quantity, name in names.items():
        try:
            units[quantity] = unit_of(quantity, name, said.get(quantity))
        except ValueError as error:
            place = f"unit: {quantity}" if quantity in said else f"{origin}:1: column {name!r}"
            raise ValueError(f"{place}: {error}") from None
    return units


class _Column(NamedTuple):
    """Where the cells of a quantity stand, and what they may hold, in the column's unit."""

    quantity: str
    place: int
    name: str
    unit: Unit
    low: float
    high: float


def _column(header: list[str], quantity: str, name: str, unit: Unit, origin: str) -> _Column:
    low, high = _RANGES[quantity]
    if quantity == "power" and not unit.said:
        low, high = -_MOST_UNSAID_W, _MOST_UNSAID_W
    index = _index(header, name, origin)
    return _Column(quantity, index, name, unit, low / unit.scale, high / unit.scale)


def _other_unit(number: float, column: _Column) -> str:
    """The way out where another unit makes a number of it that can be."""
    low, high = _RANGES[column.quantity]
    for name, scale in UNITS[column.quantity].items():
        if name != column.unit.name and low <= number * scale <= high:
            return f"; if it is in {name}, say so: unit: {{{column.quantity}: {name}}}"
    return ""


def _rows(
    lines: str | Iterable[str], names: dict[str, str], units: dict[str, Unit], origin: str
) -> Iterator[tuple[int, list[float]]]:
    """Line number and the wanted cells of each row in s, A, W, V and %, NaN for an empty one."""
    reader = csv.reader(io.StringIO(lines, newline=None) if isinstance(lines, str) else lines)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
        if not any(header):
            raise ValueError(f"{origin}: empty; expected a line with the columns' names, and rows")
        wanted = [
            _column(header, quantity, name, units[quantity], origin)
            for quantity, name in names.items()
        ]
        for count, row in enumerate(reader, 1):
            if count > MOST_ROWS:
                raise ValueError(f"{origin}: more than {MOST_ROWS:,} rows; leave some out")
            place = f"{origin}:{reader.line_num}"
            yield (
                reader.line_num,
                [
                    _number(row[each.place] if each.place < len(row) else "", each, place)
                    for each in wanted
                ],
            )
    except csv.Error as error:
        raise ValueError(f"{origin}:{reader.line_num}: not CSV: {error}") from None


def _index(header: list[str], name: str, origin: str) -> int:
    if name in header:
        return header.index(name)
    from difflib import get_close_matches  # only a mistake pays for the import

    near = get_close_matches(name, header, n=1)
    there = ", ".join(header[:20])
    hint = f"did you mean {near[0]!r}?" if near else f"there are {there[:200]!r}"
    raise ValueError(f"{origin}:1: no column {name!r}; {hint}")


def _number(cell: str, column: _Column, place: str) -> float:
    if not cell or cell.isspace():
        return nan
    try:
        number = float(cell)
    except ValueError:
        number = nan
    if not column.low <= number <= column.high:
        raise ValueError(
            f"{place}: column {column.name!r}: expected a number of {column.low:g} to "
            f"{column.high:g} {column.unit.name}, got {cell.strip()[:40]!r}"
            f"{_other_unit(number, column)}"
        )
    return number * column.unit.scale


def _curve(
    columns: dict[str, array[float]],
    names: dict[str, str],
    units: dict[str, Unit],
    measured: str,
    origin: str,
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
    if time[-1] > LONGEST_S:
        most, days = LONGEST_S / 86_400.0, time[-1] / 86_400.0
        raise ValueError(
            f"{origin}: column {names['time']!r}: expected a session of {most:g} days at most, got "
            f"{days:,.0f}; if it is in ms, say so: unit: {{time: ms}}"
        )
    series = array("d", (max(0.0, value * sign) for value in values[kept]))
    charge = list(integral(time, series))[-1] / 3600.0
    if measured == "current" and charge > MOST_AH:
        raise ValueError(
            f"{origin}: expected a charge of {MOST_AH:,.0f} Ah at most, got {charge:,.0f} from "
            f"{names['current']!r} over {names['time']!r}; a unit is said with "
            "unit: {current: mA, time: ms}"
        )
    shares = columns.get("state_of_charge")
    if shares is not None and not units["state_of_charge"].said:
        highest = max((value for value in shares[kept] if not isnan(value)), default=100.0)
        if highest <= 1.0:
            raise ValueError(
                f"{origin}: column {names['state_of_charge']!r}: expected per cent, got numbers up "
                f"to {highest:g}; if 1 is full, say so: unit: {{state_of_charge: share}}"
            )
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
