"""The two wires of a CAN bus: who may talk, and until when.  Pure: times come in, times go out.

A frame takes as long as its bits take at the bit rate; while one is on the line the others
wait, and when the line falls idle the lowest identifier among those waiting goes next.  So a
flood of identifier 0 starves everybody else, as it does on a real bus.
"""

from __future__ import annotations

import heapq
from collections import deque
from typing import Generic, TypeVar

import msgspec

from evtui.canbus.frame import Frame

__all__ = ["Ended", "Line", "arbitration_rank", "frame_bits"]

T = TypeVar("T")


def frame_bits(frame: Frame) -> int:
    """Bits that ``frame`` occupies the line for, intermission included.

    Classic CAN with worst-case bit stuffing, as can-utils' ``canbusload`` counts it: 55 + 10n
    bits with an 11-bit identifier, 80 + 10n with 29 bits, n data bytes.  An error frame is two
    superposed flags (12), delimiter (8) and intermission (3), ISO 11898-1.
    """
    if frame.error:
        return 23
    return (80 if frame.extended else 55) + 10 * len(frame.data)


def arbitration_rank(frame: Frame) -> int:
    """The arbitration field as a number; the lowest one wins the line.

    Bits in the order in which they are sent: 11 of the identifier, RTR (SRR in an extended
    frame), IDE, 18 more of an extended identifier, its RTR.  An error frame ranks before
    everything, since an error flag overwrites whatever is sent.
    """
    if frame.error:
        return -1
    remote = int(frame.remote)
    if frame.extended:
        base, rest = divmod(frame.arbitration_id, 1 << 18)
        return base << 21 | 0b11 << 19 | rest << 1 | remote
    return frame.arbitration_id << 21 | remote << 20


class Ended(msgspec.Struct, Generic[T], frozen=True):
    """A frame that has left the line at ``end``, in lab seconds."""

    end: float
    item: T


class Line(Generic[T]):
    """Arbitration and a bit clock for items of any kind.

    The line is brought up to the given time before a frame is offered, so arbitration is
    decided among the frames that were really waiting then, however late the caller looks.

    Args:
        bitrate: bit/s.
    """

    def __init__(self, bitrate: int) -> None:
        if bitrate <= 0:
            raise ValueError("the bit rate must be above 0 bit/s")
        self.bitrate = bitrate
        self._waiting: list[tuple[int, int, int, T]] = []  # rank, order of arrival, bits, item
        self._order = 0
        self._sending: Ended[T] | None = None
        self._ended: deque[Ended[T]] = deque()
        self._busy = 0.0
        self._free_at = 0.0

    def offer(self, now: float, frame: Frame, item: T) -> None:
        """Queue ``item`` with the length and rank of ``frame``; it starts now if it may."""
        self._advance(now)
        self._order += 1
        bits = frame_bits(frame)
        if self._sending is None:  # then nobody waits
            self._begin(now, bits, item)
            return
        heapq.heappush(self._waiting, (arbitration_rank(frame), self._order, bits, item))

    def take(self, now: float) -> Ended[T] | None:
        """Remove and return the oldest item that has left the line by ``now``, or None."""
        self._advance(now)
        if self._ended and self._ended[0].end <= now:
            return self._ended.popleft()
        return None

    @property
    def next_end(self) -> float | None:
        """When the next item is there to be taken, in lab seconds; None on an idle line."""
        if self._ended:
            return self._ended[0].end
        return self._sending.end if self._sending else None

    def busy(self, now: float) -> float:
        """Seconds the line was occupied until ``now``; call with times that never fall."""
        self._advance(now)
        return self._busy - (self._sending.end - now if self._sending else 0.0)

    def _advance(self, now: float) -> None:
        while self._sending is not None and self._sending.end <= now:
            end = self._sending.end
            self._ended.append(self._sending)
            self._sending = None
            if self._waiting:
                _, _, bits, item = heapq.heappop(self._waiting)
                self._begin(end, bits, item)

    def _begin(self, start: float, bits: int, item: T) -> None:
        duration = bits / self.bitrate
        self._busy += duration
        # A timer may fire a rounding error early; two frames must not overlap for that.
        self._free_at = max(start, self._free_at) + duration
        self._sending = Ended(self._free_at, item)
