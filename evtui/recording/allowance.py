"""How much of what foreign peers send is written down.  Pure."""

from __future__ import annotations

from evtui.events import OcppMessage, json_text, payload_bytes

__all__ = ["PEERS_MAX", "Allowance"]

PEERS_MAX = 1_300_000
"""Bytes a second of lab time, in the long run, that the messages of foreign peers take in a file;
with the burst of both buckets 2 MB/s are kept over any three seconds."""

LITTLE = 4_096
"""Bytes that a station may say in a second and count as one that says little."""

LINE = 450
"""Bytes of a line beside what the peer chose."""


class Allowance:
    """Says which messages are written, so that no flood fills a disk.

    Stations that say little have an allowance of their own, which those that say much cannot
    use up.  Stations whose both ends are ours are not asked: what they send is the lab's own.

    Args:
        ours: stations both ends of whose link are ours; None for all.
    """

    def __init__(self, ours: frozenset[str] | None) -> None:
        self._ours = ours
        self._much = _Bucket(PEERS_MAX * 0.7, burst=1_500_000)
        self._little = _Bucket(PEERS_MAX * 0.3, burst=400_000)
        self._second = -1.0
        self._said: dict[str, int] = {}

    def takes(self, message: OcppMessage) -> bool:
        """True when the message is to be written, False when it is to be left out."""
        if self._ours is None or message.station in self._ours:
            return True
        size = _size(message)
        if message.t >= self._second + 1:
            self._second = message.t
            self._said.clear()
        said = self._said[message.station] = self._said.get(message.station, 0) + size
        return (said <= LITTLE and self._little.take(size, message.t)) or self._much.take(
            size, message.t
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


def _size(message: OcppMessage) -> int:
    """Bytes of the message's line, nearly."""
    chosen = message.text, message.uid, message.action, message.error, message.detail
    if payload_bytes(message) - len(message.body) < LINE:
        return LINE + payload_bytes(message)
    return LINE + len(message.body) + len(json_text(chosen))  # escapes take up to six times as much
