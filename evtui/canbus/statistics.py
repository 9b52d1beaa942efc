"""What went over a bus so far, by identifier and by node: load, queueing delays."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from evtui.canbus.bits import worst_classic_bits
from evtui.canbus.frame import Frame

__all__ = ["IDENTIFIERS_KEPT", "BusCounters", "IdentifierLoad", "NodeLoad"]

IDENTIFIERS_KEPT = 4_096
"""Identifiers counted one by one; what others a bus carries is counted as one more."""

_OTHERS = -2


class IdentifierLoad:
    """Frames of one identifier that have gone through.

    Attributes:
        arbitration_id: 11 bits, 29 if ``extended``; -1 for all those beyond
            :data:`IDENTIFIERS_KEPT`.
        frames: since the start.
        busy: s that they occupied the line.
        length: bytes of data in them.
        more: bits that CAN FD frames may have beyond classic ones of their lengths.
        delay: s that they waited for the line, all together: from when they were sent to the
            start of the frame that went through.
        longest_delay: s that the one waited that waited longest.
    """

    __slots__ = (
        "arbitration_id",
        "base",
        "busy",
        "delay",
        "extended",
        "frames",
        "length",
        "longest_delay",
        "more",
    )

    def __init__(self, arbitration_id: int, *, extended: bool) -> None:
        self.arbitration_id = arbitration_id
        self.extended = extended
        self.base = worst_classic_bits(0, extended=extended)
        self.frames = self.length = 0
        self.busy = self.delay = self.longest_delay = self.more = 0.0

    @property
    def worst_bits(self) -> float:
        """Bits that they would have had with the most stuff bits, at the bit rate of the bus."""
        return self.base * self.frames + 10 * self.length + self.more

    @property
    def mean_delay(self) -> float:
        """s that a frame waited in the mean."""
        return self.delay / self.frames if self.frames else 0.0

    def add(self, other: IdentifierLoad) -> None:
        """Count what ``other`` has counted too."""
        self.frames += other.frames
        self.busy += other.busy
        self.length += other.length
        self.more += other.more
        self.delay += other.delay
        self.longest_delay = max(self.longest_delay, other.longest_delay)


class NodeLoad(msgspec.Struct, frozen=True):
    """What one node has sent.

    Attributes:
        frames: that have gone through since the start.
        busy: s that they occupied the line.
        queued: frames that wait or are being sent now.
        dropped: frames that found no room since the start.
        failed: times that a frame of its met an error.
        tec: transmit error counter now.
        rec: receive error counter now.
        state: error state now.
    """

    frames: int
    busy: float
    queued: int
    dropped: int
    failed: int
    tec: int
    rec: int
    state: str


class BusCounters:
    """Counters that cost little while frames go by, by arbitration field."""

    def __init__(self) -> None:
        self.by_rank: dict[int, IdentifierLoad] = {}

    @property
    def worst_bits(self) -> float:
        """Bits that all frames would have had with the most stuff bits."""
        return sum(load.worst_bits for load in self.by_rank.values())

    def begin(self, rank: int, frame: Frame) -> IdentifierLoad:
        """The counters of an identifier that has none yet."""
        if len(self.by_rank) >= IDENTIFIERS_KEPT:
            rank, load = _OTHERS, self.by_rank.get(_OTHERS)
            if load is not None:
                return load
            load = IdentifierLoad(-1, extended=True)
        else:
            load = IdentifierLoad(frame.arbitration_id, extended=frame.extended)
        self.by_rank[rank] = load
        return load

    def by_identifier(self) -> Mapping[tuple[int, bool], IdentifierLoad]:
        """Copies, by identifier and whether it has 29 bits; remote frames count with the others."""
        loads: dict[tuple[int, bool], IdentifierLoad] = {}
        for load in self.by_rank.values():
            key = load.arbitration_id, load.extended
            if key not in loads:
                loads[key] = IdentifierLoad(load.arbitration_id, extended=load.extended)
            loads[key].add(load)
        return loads
