"""Lengths of time as people write them: the one reader and the one writer.  Pure.

A duration is a number of seconds, or one or several numbers with units: ``90``, ``500ms``,
``1m``, ``1h30m``.  A moment on a clock may be written ``1:23`` or ``1:02:03`` as well.  Whoever
asks holds the result against bounds of its own.
"""

from __future__ import annotations

import re
from typing import Any

from evtui.kinds import Number, ValueKind, number, quoted

__all__ = [
    "EXPECTED",
    "EXPECTED_MOMENT",
    "PATTERN",
    "FourWaits",
    "Seconds",
    "Waits",
    "WholeSeconds",
    "duration_text",
    "read_duration",
    "read_moment",
]

Waits = tuple[float, float, float, float]

EXPECTED = "a duration such as 90, 500ms, 1m or 1h30m"
"""Completes "expected ..."."""

EXPECTED_MOMENT = "a time such as 90, 1h30m, 1:23 or 1:02:03"

_PER_UNIT_MS = {
    "ms": 1,
    "s": 1000,
    "sec": 1000,
    "m": 60_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
}

_DIGITS = "[0-9](?:_?[0-9]){0,39}"
_NUMBER = rf"(?:{_DIGITS}(?:[.,][0-9]{{0,40}})?|[.,][0-9]{{1,40}})(?:[eE][-+]?[0-9]{{1,2}})?"
_UNIT = "(?:ms|min|sec|s|m|h|d)"
PATTERN = rf"(?:{_NUMBER}|{_NUMBER}\s*{_UNIT}(?:\s*{_NUMBER}\s*{_UNIT})*)"
"""Regular expression, also of JSON Schema, of a duration without a sign and blanks around it."""

# Not compiled here, which takes 1 ms: most runs have no text to read.
_DURATION = rf"\s*([-+]?)({PATTERN})\s*"
_PART = rf"({_NUMBER})\s*({_UNIT})"
_CLOCK = r"\s*(?:([0-9]{1,6}):)?([0-9]{1,9}):([0-9]{1,9}(?:[.,][0-9]{0,9})?)\s*"
_LONGEST_TEXT = 200


def read_duration(text: str) -> float:
    """Seconds, exact to the last bit (``1100ms`` are 1.1 s); negative behind a minus sign.

    Raises:
        ValueError: it is no duration; the text shows it with examples of what would be one.
    """
    seconds = _read(text)
    if seconds is None:
        raise ValueError(f"expected {EXPECTED}, got {quoted(text)}")
    return seconds


def read_moment(text: str) -> float:
    """Seconds since a start, as a duration without sign, or as a clock shows them: ``1:23``.

    Raises:
        ValueError: it is no moment; the text shows it with examples of what would be one.
    """
    clock = re.fullmatch(_CLOCK, text)
    seconds = None
    if clock is None:
        seconds = None if re.match(r"\s*[-+]", text) else _read(text)
    else:
        hours, minutes, rest = int(clock[1] or 0), int(clock[2]), float(clock[3].replace(",", "."))
        if rest < 60 and (minutes < 60 or clock[1] is None):
            seconds = hours * 3600 + minutes * 60 + rest
    if seconds is None:
        raise ValueError(f"expected {EXPECTED_MOMENT}, got {quoted(text)}")
    return seconds


def duration_text(seconds: float) -> str:
    """What :func:`read_duration` reads as the same float: ``2s``, ``0.5s``."""
    return f"{number(seconds)}s"


def _read(text: str) -> float | None:
    found = re.fullmatch(_DURATION, text) if len(text) <= _LONGEST_TEXT else None
    if found is None:
        return None

    from fractions import Fraction  # nor this

    sign, written = found[1], found[2].replace(",", ".")
    parts = re.findall(_PART, written)
    milliseconds = sum(Fraction(amount) * _PER_UNIT_MS[unit] for amount, unit in parts)
    seconds = milliseconds / 1000 if parts else Fraction(written)
    return float(-seconds if sign == "-" else seconds)


class Seconds(Number):
    """A duration from ``low`` to ``high`` s; a plain number is seconds."""

    metavar = "TIME"
    noun = f"{EXPECTED},"

    def __init__(self, low: float, high: float) -> None:
        super().__init__(low, high, "s")

    def read(self, text: str) -> object:
        return read_duration(text)

    def check(self, value: object) -> float:
        return super().check(self.read(value) if isinstance(value, str) else value)

    def schema(self) -> dict[str, Any]:
        sign = r"\+?" if self.low >= 0 else "[-+]?"
        text = {"type": "string", "pattern": rf"^\s*{sign}{PATTERN}\s*$"}
        return {"anyOf": [text, super().schema()]}


class WholeSeconds(ValueKind[int]):
    """A duration of whole seconds from ``low`` to ``high``."""

    metavar = "TIME"
    unit = "s"

    def __init__(self, low: int, high: int) -> None:
        self._within = Seconds(low, high)
        self.limits = self._within.limits
        self.expected = f"{EXPECTED}, in whole seconds from {self.limits}"

    def read(self, text: str) -> object:
        return read_duration(text)

    def check(self, value: object) -> int:
        seconds = self._within.check(value)
        if not seconds.is_integer():
            raise ValueError
        return int(seconds)

    def schema(self) -> dict[str, Any]:
        return self._within.schema()


class FourWaits(ValueKind[Waits]):
    """The waits after the four steps of a fluctuation cycle, in seconds."""

    metavar = "T,T,T,T"
    unit = "s"

    def __init__(self, each: Seconds) -> None:
        self.each = each
        self.limits = f"each {each.limits}"
        self.expected = f"4 times such as 2,1,2,3, {self.limits}"

    def read(self, text: str) -> object:
        return text.split(",")

    def check(self, value: object) -> Waits:
        if isinstance(value, str):
            value = self.read(value)
        if not isinstance(value, list | tuple) or len(value) != 4:
            raise ValueError
        first, second, third, fourth = (self.each.check(wait) for wait in value)
        return first, second, third, fourth
