"""Which part of a long run is drawn a second time, close up.  Pure."""

from __future__ import annotations

from collections.abc import Iterable

from evtui.recording.format import AlarmRow, TruthRow

__all__ = ["window"]

LONG_RUN = 600.0
"""s; in a picture of a longer run the swings of an attack merge into a block."""

LONGEST = 60.0
"""s of a close-up."""

AROUND = 5.0
"""s before the attack is on, and after its first alarm."""


def window(
    attacks: Iterable[TruthRow],
    alarms: Iterable[AlarmRow],
    connector: tuple[str, int],
    start: float,
    end: float,
) -> tuple[float, float] | None:
    """From when to when, in s, around the first attack on a connector; None without one.

    It ends a little after the first alarm in that attack; where nothing notices it, or late, with
    the longest close-up.

    Args:
        connector: station and number.
        start, end: s, of the run.
    """
    if end - start <= LONG_RUN:
        return None
    here = [each for each in attacks if (each.station, each.connector) == connector]
    if not here:
        return None
    first = min(here, key=lambda each: each.t_start)
    noticed = (
        alarm.t_s
        for alarm in alarms
        if (alarm.station, alarm.connector) == connector
        and alarm.state == "raised"
        and alarm.attack_id == first.attack_id
    )
    since = max(start, first.t_start - AROUND)
    until = min(noticed, default=end) + AROUND
    return since, min(until, since + LONGEST, end)
