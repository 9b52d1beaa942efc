"""Frames in the one order, and with the one time, that every log of an export gives them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator

from evtui.export.tally import Tally
from evtui.recording.format import FrameRow
from evtui.recording.read import RunFolder

__all__ = ["in_time"]

_NEAR = 4096
"""Frames that are held back until those in front of them have come."""

_ROUNDED = 2e-6
"""s between a frame's Unix time and the same from its lab time, which has whole microseconds."""


def in_time(frames: Iterable[FrameRow], folder: RunFolder, tally: Tally) -> Iterator[FrameRow]:
    """Frames with the time that a log gives them: from its first one on, never back.

    python-can writes a frame that is earlier than the first with the whole Unix time as its offset
    (asc), with the first one's time (blf) or with a negative offset (trc).  The times of a log
    whose clock was set go on from one segment to the next instead.
    """
    latest = -math.inf
    for frame in tally.count(_sorted(frames), _lab_time):
        t = folder.start_utc + frame.t_s
        if abs(t - frame.timestamp) < _ROUNDED:
            t = frame.timestamp
        if t < latest:
            tally.moved += 1
            t = latest
        latest = t
        yield frame._replace(timestamp=t)


def _sorted(frames: Iterable[FrameRow]) -> Iterator[FrameRow]:
    """Frames in order of lab time, as far as those out of order stand near their place."""
    waiting: list[tuple[float, int, FrameRow]] = []
    for number, frame in enumerate(frames):
        if len(waiting) < _NEAR:
            heapq.heappush(waiting, (frame.t_s, number, frame))
        else:
            yield heapq.heappushpop(waiting, (frame.t_s, number, frame))[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]


def _lab_time(frame: FrameRow) -> float:
    return frame.t_s
