"""Moments of a recording as people write and read them.  Pure."""

from __future__ import annotations

import math
import re

__all__ = ["parse_time", "show_time"]

EXAMPLES = "12.5, 1:23, 00:12:03 or 5min"

_NUMBER = r"\d{1,9}(?:[.,]\d{0,9})?|[.,]\d{1,9}"
_WITH_UNIT = re.compile(rf"({_NUMBER}) *(ms|s|sec|min|m|h)?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,9}):(\d{1,9}(?:[.,]\d{0,9})?)", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def parse_time(text: str) -> float:
    """Seconds since the start of a recording.

    Args:
        text: seconds (``12.5``), a time with a unit (``90s``, ``5min``), or minutes and
            seconds, with or without hours, as on a clock (``1:23``, ``00:12:03.4``).

    Raises:
        ValueError: it is none of these; the text says what would be.
    """
    given = text.strip()
    if found := _WITH_UNIT.fullmatch(given):
        return _number(found[1]) * _UNITS[found[2] or "s"]
    if found := _CLOCK.fullmatch(given):
        hours, minutes, seconds = int(found[1] or 0), int(found[2]), _number(found[3])
        if seconds < 60 and (minutes < 60 or found[1] is None):
            return hours * 3600 + minutes * 60 + seconds
    raise ValueError(f"{given or 'nothing'} is not a time such as {EXAMPLES}")


def show_time(t: float, digits: int = 0) -> str:
    """``t`` in s as ``00:12:03.4``, with so many digits of a second.

    Cut off, not rounded: a clock that shows a second has reached it.
    """
    scale = 10**digits
    ticks = math.floor(round(t * scale, 3))
    minutes, rest = divmod(ticks, 60 * scale)
    hours, minutes = divmod(minutes, 60)
    seconds, part = divmod(rest, scale)
    fraction = f".{part:0{digits}}" if digits else ""
    return f"{hours:02}:{minutes:02}:{seconds:02}{fraction}"


def _number(text: str) -> float:
    return float(text.replace(",", "."))
