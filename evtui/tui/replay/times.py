"""Moments of a recording as a clock shows them.  Pure."""

from __future__ import annotations

import math

__all__ = ["show_time"]


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
