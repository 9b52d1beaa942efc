"""Puts the lines of a log in order of time, when they are not.

Clocks and drivers stamp as they like.  A few frames whose time differs from that of their
neighbours are sorted.  When a clock is set while it logs, its times go on from somewhere else:
what follows is a segment of its own, which begins where the one before ended.  So time never
goes back, no frame is lost, and each keeps the time that the log gives it beside.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, islice
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from evtui.recording.read.timefile import BOM, LONGEST_LINE, Stamp
from evtui.regular import open_regular

__all__ = [
    "LineOrder",
    "LogLine",
    "OnLines",
    "Segment",
    "is_in_order",
    "order_lines",
    "put_in_order",
    "timed_stamp",
    "untimed",
]

SLACK = 0.1
"""s by which a channel may go back without anybody having set its clock (ntpd steps from 0.128)."""

FAR = 60.0
"""s; a single frame further from its neighbours stays beside them, its time means nothing."""

SILENCE = 7 * 86_400.0
"""s; a log that jumps further was not silent, somebody set its clock."""

FOLLOWERS = 9
"""Lines that tell whether one frame has a strange time, or all from there on."""

MOST_SEGMENTS = 1_000
"""A log that pretends more is no log of a clock that was set."""

SEGMENTS_TOLD = 3

TOLD_EVERY = 10_000
"""Lines between two times that it is told how many have been read."""

OnLines = Callable[[int], object]
"""Told how many lines have been read."""

_BLOCK = 1 << 20
_CHUNK = 200_000
"""Lines that are sorted in memory at a time."""

_LOG_STAMP = re.compile(rb"(?m)^\s*\((\d+\.\d+)\)\s")


def is_in_order(path: Path, stamp: Stamp) -> bool:
    """True for a log in which no time goes back, and none jumps by more than :data:`SILENCE`.

    Args:
        stamp: reads the time of a line.

    Raises:
        OSError: it cannot be read.
    """
    before, in_order = None, True
    with open_regular(path, follow=True) as file:
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        while in_order and (block := file.read(_BLOCK)):
            block += file.readline(LONGEST_LINE)
            in_order, before = _follows(before, block, stamp)
    return in_order


def _follows(before: float | None, block: bytes, stamp: Stamp) -> tuple[bool, float | None]:
    """Whether a block is in order and follows on a time; and its last time."""
    stamps = _LOG_STAMP.findall(block)
    if len(stamps) == block.count(b"\n") and len(set(map(len, stamps))) == 1:
        # Texts of one length are in the order of their numbers, and much quicker to compare.
        times = [float(stamps[0]), float(stamps[-1])]
        if stamps != sorted(stamps):
            return False, None
    else:
        times = [t for line in block.split(b"\n") if (t := stamp(line)) is not None]
    for t in times:
        if before is not None and not before <= t <= before + SILENCE:
            return False, None
        before = t
    return True, before


@dataclass
class Segment:
    """A part of a log whose clock nobody set.

    Attributes:
        line: its first one in the file, from 1; of a file without lines an offset in bytes.
        step: s by which the clock was set there; 0 for the first segment.
        first, last: the earliest and the latest time in it, in s as the log says.
    """

    line: int
    step: float
    first: float
    last: float


@dataclass
class LineOrder:
    """What was found and done.

    Attributes:
        segments: one, or more where the clock was set.
        moved: frames in front of or behind their place in time, which were sorted.
        moved_by: s, the farthest.
        strange: frames more than :data:`FAR` from their neighbours, beside which they stay.
        start: time of lab time 0 in s, so that the last segment with a date keeps its times.
        unit: what ``line`` of a segment is.
    """

    segments: list[Segment] = field(default_factory=list)
    moved: int = 0
    moved_by: float = 0.0
    strange: int = 0
    start: float = 0.0
    unit: str = "line"

    def begins(self) -> list[float]:
        """Of each segment, what makes lab time of its times: it begins where the last one ended."""
        begins, length = [], 0.0
        for segment in self.segments:
            begins.append(length - segment.first)
            length += segment.last - segment.first
        return begins or [0.0]

    def told(self) -> Iterator[str]:
        """What the log's reader should know, one line each."""
        if self.moved:
            frames = _frames(self.moved)
            yield f"{frames} out of order of time, by {self.moved_by:.6f} s at most: sorted"
        if self.strange:
            frames = _frames(self.strange)
            yield f"{frames} with a time far from all others: out of order, kept in their place"
        for segment in self.segments[1 : 1 + SEGMENTS_TOLD]:
            way = "back" if segment.step < 0 else "ahead"
            yield (
                f"{self.unit} {segment.line}: time jumps {way} by {_span(abs(segment.step))}, "
                "the clock was set: what follows is a segment of its own, right behind the one "
                "before"
            )
        more = len(self.segments) - 1 - SEGMENTS_TOLD
        if more > 0:
            yield f"the clock was set {more:,} more times"


class LogLine(NamedTuple):
    """A line of a log.

    Attributes:
        number: in its file.
        stamp: the time in s that it says, or that of the line before where it says none.
        channel: that it was received by; empty where it says no time.
        text: the line itself.
    """

    number: int
    stamp: float
    channel: bytes
    text: bytes


class _Placed(NamedTuple):
    segment: int
    stamp: float
    text: bytes


_YEAR_2000 = 946_684_800.0


def put_in_order(
    path: Path,
    out: Path,
    stamp: Stamp,
    channel_of: Callable[[bytes], bytes],
    *,
    delta: bool,
    on_lines: OnLines,
) -> LineOrder:
    """Write the lines of the log ``path`` to ``out`` in order, each behind its lab time in s.

    Memory stays bounded; ``out`` takes as much room as the log, and the same beside it while it
    is made.

    Args:
        stamp: reads the time of a line; one that has none stays behind the one before it.
        channel_of: what a line says it was received by: each has its own order.
        delta: times are differences to the line before, to be added up.
        on_lines: told now and then how many lines have been read.

    Raises:
        OSError: one cannot be read, or the other not be written.
    """
    return order_lines(_lines(path, stamp, channel_of, delta=delta), out, on_lines)


def order_lines(lines: Iterable[LogLine], out: Path, on_lines: OnLines) -> LineOrder:
    """The same for lines from anywhere, with their channels.

    Raises:
        OSError: ``out`` cannot be written.
    """
    order = LineOrder()
    placed = _placed(_counted(lines, on_lines), order)
    parts = list(_sorted_parts(placed, out))
    begins = order.begins()
    if order.segments:
        dated = [n for n, each in enumerate(order.segments) if each.first >= _YEAR_2000]
        order.start = 0.0 - begins[dated[-1] if dated else -1]
    with ExitStack() as opened:
        files = [opened.enter_context(part.open("rb")) for part in parts]
        with out.open("wb") as whole:
            for line in heapq.merge(*files, key=_place_of):
                segment, time, text = line.split(b" ", 2)
                # What stands in front of the first frame has no time yet.
                t = max(0.0, begins[int(segment)] + float(time))
                whole.write(b"%.6f %s" % (t, text))
    for part in parts:
        part.unlink()
    return order


def _counted(lines: Iterable[LogLine], on_lines: OnLines) -> Iterator[LogLine]:
    for number, line in enumerate(lines):
        if number and not number % TOLD_EVERY:
            on_lines(number)
        yield line


def timed_stamp(line: bytes) -> float:
    """Lab time of a line of :func:`put_in_order`."""
    return float(line.partition(b" ")[0])


def untimed(line: bytes) -> bytes:
    """The line as it stood in the log."""
    return line.partition(b" ")[2]


def _lines(
    path: Path, stamp: Stamp, channel_of: Callable[[bytes], bytes], *, delta: bool
) -> Iterator[LogLine]:
    time = 0.0
    with open_regular(path, follow=True) as file:
        number = 0
        while text := file.readline(LONGEST_LINE):
            number += 1
            if number == 1:
                text = text.removeprefix(BOM)
            found = stamp(text)
            if found is None:
                yield LogLine(number, time, b"", text)
                continue
            time = time + found if delta else found
            yield LogLine(number, time, channel_of(text), text)


def _placed(lines: Iterator[LogLine], order: LineOrder) -> Iterator[_Placed]:
    """Lines in the order of the file, with their segment and the time to sort them by."""
    clocks: dict[bytes, float] = {}
    """Of each channel, the latest time that is believed."""
    latest = 0.0
    coming = deque(islice(lines, FOLLOWERS + 1))
    segment: Segment | None = None
    t = 0.0
    while coming:
        line = coming.popleft()
        coming.extend(islice(lines, 1))
        if not line.channel:
            yield _Placed(max(0, len(order.segments) - 1), t, line.text)
            continue
        t = line.stamp
        if segment is None:
            verdict: _Verdict = "set"
        else:
            verdict = _verdict(line, latest, coming, clocks)
            if verdict == "set" and len(order.segments) >= MOST_SEGMENTS:
                verdict = "alone"
        near = clocks.get(line.channel, latest)
        if verdict == "alone" and abs(t - near) > FAR:
            order.strange += 1
            t = near
        elif verdict == "alone" or (verdict == "goes on" and t < latest):
            order.moved += 1
            order.moved_by = max(order.moved_by, abs(latest - t))
        if segment is None or verdict == "set":
            step = t - near if order.segments else 0.0
            segment = Segment(line.number, step, t, t)
            order.segments.append(segment)
            clocks.clear()
            latest = t
        segment.first, segment.last = min(segment.first, t), max(segment.last, t)
        if verdict != "alone":
            clocks[line.channel] = max(t, clocks.get(line.channel, t))
            latest = max(latest, t)
        yield _Placed(len(order.segments) - 1, t, line.text)


_Verdict = Literal["goes on", "alone", "set"]


def _verdict(
    line: LogLine, latest: float, coming: Iterable[LogLine], clocks: dict[bytes, float]
) -> _Verdict:
    """Whether a frame goes on from those before it, has a time of its own, or a clock was set."""
    t = line.stamp
    if abs(t - latest) > SILENCE:
        votes = [abs(each.stamp - t) < abs(each.stamp - latest) for each in coming if each.channel]
        return "set" if sum(votes) * 2 > len(votes) else "alone"
    if t < clocks.get(line.channel, t) - SLACK:
        return "set" if _are_back(coming, clocks) else "alone"
    return "alone" if t > latest + SLACK and _is_ahead(line, coming, clocks) else "goes on"


def _is_ahead(line: LogLine, coming: Iterable[LogLine], clocks: dict[bytes, float]) -> bool:
    """Most lines behind go on from where their channel was, in front of this one."""
    votes = [
        clocks[each.channel] - SLACK <= each.stamp < line.stamp - SLACK
        for each in coming
        if each.channel in clocks
    ]
    return sum(votes) * 2 > len(votes)


def _are_back(coming: Iterable[LogLine], clocks: dict[bytes, float]) -> bool:
    """Most lines behind have gone back too."""
    votes = [each.stamp < clocks[each.channel] for each in coming if each.channel in clocks]
    return sum(votes) * 2 > len(votes)


def _sorted_parts(lines: Iterator[_Placed], out: Path) -> Iterator[Path]:
    """Files beside ``out``, each in order: segment, time as the log says it, and the line."""
    for number in count():
        chunk = sorted(islice(lines, _CHUNK), key=itemgetter(0, 1))
        if not chunk:
            return
        part = out.with_name(f"{out.name}.{number}")
        with part.open("wb") as file:
            for segment, time, text in chunk:
                file.write(b"%d %.9f %s\n" % (segment, time, text.rstrip(b"\r\n")))
        yield part


def _place_of(line: bytes) -> tuple[int, float]:
    segment, time, _ = line.split(b" ", 2)
    return int(segment), float(time)


def _frames(number: int) -> str:
    return "1 frame" if number == 1 else f"{number:,} frames"


def _span(seconds: float) -> str:
    if seconds < 1000.0:
        return f"{seconds:.3f} s"
    hours = seconds / 3600.0
    return f"{hours:,.1f} h" if hours < 1000.0 else f"{hours / 24.0:,.0f} days"
