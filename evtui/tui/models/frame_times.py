"""Times in a trace: of the clock, since a moment, since the row before."""

from __future__ import annotations

from typing import Literal, get_args

from evtui.tui.models.text import clock

__all__ = ["FrameTimes", "TimeMode"]

TimeMode = Literal["clock", "zero", "delta"]
_MODES: tuple[TimeMode, ...] = get_args(TimeMode)

CLOCK_WIDTH, SHORT_CLOCK_WIDTH = 12, 8
WIDTH, SHORT_WIDTH = 12, 9

HEADINGS: dict[TimeMode, str] = {"clock": "time", "zero": "since 0", "delta": "delta"}


class FrameTimes:
    """How the times of a trace are written.

    Args:
        start_utc: Unix time in s of lab time 0.

    Attributes:
        mode: of the clock, in s since :attr:`zero`, or in s since the row before.
        zero: lab time in s that is counted from; None for the first row that there is.
    """

    def __init__(self, start_utc: float) -> None:
        self._start_utc = start_utc
        self.mode: TimeMode = "clock"
        self.zero: float | None = None

    def next_mode(self) -> str:
        """Another way; how times are written then, for people."""
        self.mode = _MODES[(_MODES.index(self.mode) + 1) % len(_MODES)]
        zero = "the first frame" if self.zero is None else self.clock(self.zero)
        return {
            "clock": "of the clock",
            "zero": f"s since {zero}",
            "delta": "s since the row before",
        }[self.mode]

    def clock(self, t: float) -> str:
        """Lab time ``t`` in s as a time of the clock."""
        return clock(self._start_utc + t)

    @property
    def heading(self) -> str:
        """What stands over the times."""
        return HEADINGS[self.mode]

    def width(self, *, roomy: bool) -> int:
        """Cells that a time takes."""
        if self.mode == "clock":
            return CLOCK_WIDTH if roomy else SHORT_CLOCK_WIDTH
        return WIDTH if roomy else SHORT_WIDTH

    def text(self, t: float, before: float | None, first: float, *, roomy: bool) -> str:
        """A time for people.

        Args:
            t: lab time of the row in s.
            before: that of the row before; None for the first.
            first: that of the first row.
            roomy: whether there is room for µs.
        """
        width = self.width(roomy=roomy)
        if self.mode == "clock":
            return self.clock(t)[:width]
        if self.mode == "zero":
            seconds = t - (first if self.zero is None else self.zero)
        elif before is None:
            return " " * width
        else:
            seconds = t - before
        sign = "+" if self.mode == "delta" and seconds >= 0 else ""
        for decimals in (6, 4, 3, 1, 0):
            text = f"{sign}{seconds:.{decimals}f}"
            if len(text) <= width:
                return text.rjust(width)
        return f"{sign}{seconds:.1e}".rjust(width)[-width:]
