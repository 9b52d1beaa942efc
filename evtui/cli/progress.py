"""How far a run is: a bar where stderr is a terminal, lines where it is not."""

from __future__ import annotations

import os
import sys

from evtui.escaping import for_terminal
from evtui.events import Alarm, ScenarioState
from evtui.runtime import FlushTimer, Stopwatch

__all__ = ["Narrator", "narration_is_a_bar", "say"]

DRAW_EVERY = 0.1
"""s between two drawings of the bar."""

ERASE = "\r\x1b[2K"
"""Takes away what stands in the line of the bar."""

BAR, SHORTEST_BAR = 20, 4
"""Cells; where there is no room for the shortest there is none."""


def narration_is_a_bar() -> bool:
    """True where a line can be drawn over and over."""
    # None where the program was started with it closed.
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def say(line: str) -> None:
    """A line on stderr; one that cannot be written must not end, or change, a run."""
    _write(f"{ERASE if narration_is_a_bar() else ''}{for_terminal(line)}\n")


class Narrator:
    """Tells on stderr what a run is doing.

    Args:
        bar: one line that is redrawn, instead of one line for each step and alarm.
    """

    def __init__(self, *, bar: bool) -> None:
        self._bar = bar
        self._timer = FlushTimer(DRAW_EVERY)
        self._watch = Stopwatch()
        self._drawn = False

    def narrate(self, event: ScenarioState | Alarm) -> None:
        """A step or an alarm has come."""
        if self._bar:
            return
        if isinstance(event, Alarm):
            state = "raised" if event.raised else "cleared"
            place = f"{event.station}/{event.connector}"
            alarm = f"alarm {place} {event.detector}/{event.view}"
            say(f"{event.t:9.3f} s  {alarm} {state}: {event.evidence}")
        elif event.change in ("step", "failed", "cleanup"):
            text = "cleanup" if event.change == "cleanup" else f"{event.path}: {event.label}"
            detail = f" ({event.detail})" if event.detail else ""
            failed = "FAILED " if event.change == "failed" else ""
            say(f"{event.t:9.3f} s  {failed}{text}{detail}")

    def progress(self, t: float, longest: float, alarms: int) -> None:
        """Lab time ``t`` in s of at most ``longest`` has been reached."""
        if not self._bar or not self._timer.due():
            return
        share = min(1.0, t / longest) if longest > 0 else 1.0
        elapsed = self._watch.elapsed
        factor = f", {t / elapsed:,.0f}x" if elapsed > 0 else ""
        count = f"{alarms} alarm{'' if alarms == 1 else 's'}"
        text = f"{t:,.0f} of {longest:,.0f} s{factor}, {count}"
        # A line that is wrapped could not be drawn over.
        room = _columns() - 1
        cells = min(BAR, room - len(text) - len("[] "))
        if cells >= SHORTEST_BAR:
            full = round(cells * share)
            text = f"[{'#' * full}{'-' * (cells - full)}] {text}"
        _write(ERASE + text[:room])
        self._drawn = True

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            self._drawn = False
            _write(ERASE)


def _columns() -> int:
    """Width of the terminal that stderr is; 80 where it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _write(text: str) -> None:
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads it, or it was closed
        return
