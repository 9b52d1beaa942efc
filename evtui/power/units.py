"""Units of measured columns: what their names say, or what is said beside.  Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["UNITS", "Unit", "unit_of"]


class Unit(NamedTuple):
    """A unit of a column.

    Attributes:
        name: as people write it.
        scale: of its numbers to s, A, W, V or per cent.
        said: by the column's name or beside it; otherwise it is what such a column usually has.
    """

    name: str
    scale: float
    said: bool


UNITS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "min": 60.0, "h": 3600.0},
    "current": {"A": 1.0, "mA": 1e-3, "kA": 1e3},
    "power": {"kW": 1e3, "W": 1.0, "MW": 1e6},
    "voltage": {"V": 1.0, "mV": 1e-3, "kV": 1e3},
    "state_of_charge": {"%": 1.0, "share": 100.0},
}
"""By quantity, the usual one first."""

_ALIASES = {
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "msec": "ms", "millis": "ms",
    "milliseconds": "ms", "µs": "us", "μs": "us", "usec": "us", "microseconds": "us",
    "minute": "min", "minutes": "min", "hr": "h", "hour": "h", "hours": "h",
    "amp": "A", "amps": "A", "ampere": "A", "amperes": "A",
    "watt": "W", "watts": "W", "kilowatt": "kW", "kilowatts": "kW", "volt": "V", "volts": "V",
    "pct": "%", "percent": "%", "perc": "%", "fraction": "share", "ratio": "share",
}  # fmt: skip

_ELSE = {
    "wh": "energy", "kwh": "energy", "mwh": "energy", "j": "energy", "kj": "energy",
    "ah": "charge", "mah": "charge", "ohm": "resistance", "hz": "frequency", "°c": "temperature",
    "degc": "temperature",
}  # fmt: skip

_IN_BRACKETS = re.compile(r"[\[(]\s*([^\[\]()]+?)\s*[\])]\s*$")
_LAST_WORD = re.compile(r"[^\s_./,;:-]+$")


def unit_of(quantity: str, column: str, said: str | None = None) -> Unit:
    """The unit of a column, from ``said`` or from its name: ``power_w``, ``P [kW]``, ``t_ms``.

    Raises:
        ValueError: ``said`` is no unit of the quantity, or the name has one of something else.
    """
    known = UNITS[quantity]
    if said is not None:
        name = _known(said)
        if name in known:
            return Unit(name, known[name], said=True)
        raise ValueError(f"expected {' or '.join(known)}, got {said!r}")
    bracketed = _IN_BRACKETS.search(column)
    word = _LAST_WORD.search(column)
    text = bracketed[1] if bracketed else word[0] if word and word[0] != column else ""
    name = _known(text)
    if name in known:
        return Unit(name, known[name], said=True)
    electric = (other for other in ("current", "power", "voltage") if name in UNITS[other])
    what = next(electric, _ELSE.get(text.lower()))
    if what is not None:  # but voltage_min is no time, and soc_h no hour
        raise ValueError(
            f"its name ends in {text}, as of {_article(what)}; where it is the "
            f"{quantity.replace('_', ' ')}, say so: unit: {{{quantity}: {next(iter(known))}}}"
        )
    usual, scale = next(iter(known.items()))
    return Unit(usual, scale, said=False)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _known(text: str) -> str:
    """The unit as :data:`UNITS` has it, whatever case it is written in; MW is no mW."""
    names = [name for units in UNITS.values() for name in units]
    if text in names:
        return text
    alike = [name for name in names if name.lower() == text.lower() and name != "MW"]
    return alike[0] if alike else _ALIASES.get(text.lower(), text)
