"""How much of what foreign peers send is written down.  Pure."""

from __future__ import annotations

from collections.abc import Container

from evtui.events import Event, LinkState, Note, OcppMessage, json_text
from evtui.recording.write.lines import violation_keys, violation_values

__all__ = ["PEERS_MAX", "RecordingAllowance"]

PEERS_MAX = 1_300_000
"""Bytes a second of lab time, in the long run, that what foreign peers cause takes in a file;
with the burst of both buckets 2 MB/s are kept over any three seconds."""

LITTLE = 4_096
"""Bytes that a station may say in a second and count as one that says little."""

LINE = 450
"""Bytes of a line beside what the peer chose."""


class RecordingAllowance:
    """Says which messages, notes and states of links are written, so that no flood fills a disk.

    Stations that say little have an allowance of their own, which those that say much cannot
    use up.  Charge points of the lab at its own central system have no limit: what they send is
    the lab's own, as are errors that are about no station.

    Args:
        ours: those charge points; None for all.
    """

    def __init__(self, ours: Container[str] | None) -> None:
        self._ours = ours
        self._much = _Bucket(PEERS_MAX * 0.7, burst=1_500_000)
        self._little = _Bucket(PEERS_MAX * 0.3, burst=400_000)
        self._second = -1.0
        self._said: dict[str, int] = {}

    def takes(self, event: Event) -> bool:
        """True when the event is to be written, False when it is to be left out."""
        if self._ours is None or not isinstance(event, OcppMessage | Note | LinkState):
            return True
        if event.station in self._ours or _is_own_error(event):
            return True
        size = _size(event)
        if event.t >= self._second + 1:
            self._second = event.t
            self._said.clear()
        said = self._said[event.station] = self._said.get(event.station, 0) + size
        return (said <= LITTLE and self._little.take(size, event.t)) or self._much.take(
            size, event.t
        )


class _Bucket:
    """Bytes that may be written, earned as time passes."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = self._left = burst
        self._last = 0.0

    def take(self, size: int, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._last) * self._per_s)
        self._last = now
        if size > self._left:
            return False
        self._left -= size
        return True


def _is_own_error(event: Event) -> bool:
    return isinstance(event, Note) and event.level == "error" and not event.station


def _size(event: Event) -> int:
    """Bytes of the event's line, nearly: escapes take up to six times as much as what they say."""
    if not isinstance(event, OcppMessage):
        return len(json_text(event).encode())
    chosen = (
        event.station,
        event.uid,
        event.action,
        event.error,
        event.detail,
        event.text,
    )
    told = json_text(chosen) + violation_keys(violation_values(event))
    return LINE + len(event.body) + len(told.encode())
