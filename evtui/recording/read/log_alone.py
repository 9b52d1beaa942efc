"""Opens a CAN log that is all there is, in whichever format.

candump's log is read where it lies, as long as it is in order of time.  Every other becomes one
first, beside it in the folder for temporary files, and goes when nobody reads it any more.
"""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from pathlib import Path
from tempfile import mkdtemp

from evtui.recording.canlog import LogFormat, LogReading, candump_line, format_of, unpack
from evtui.recording.canlog.formats import format_by_name
from evtui.recording.canlog.packed import MAGIC
from evtui.recording.canlog.reading import MOST_FRAMES
from evtui.recording.format import FrameRow
from evtui.recording.read.candump import (
    LogStyle,
    channel_of,
    log_style,
    other_kind,
    stamp_of,
)
from evtui.recording.read.found import FolderError, Sources, open_can_log, rows_of, unlabelled
from evtui.recording.read.ordering import (
    LineOrder,
    LogLine,
    is_in_order,
    order_lines,
    put_in_order,
    timed_stamp,
    untimed,
)
from evtui.recording.read.timefile import TimeFile
from evtui.regular import open_regular, reason

__all__ = ["open_log"]

_NO_LOG = (
    "not a run folder, and not a CAN log either: .log of candump, .asc, .blf, .trc, .csv of "
    "SavvyCAN or python-can, .mf4, or one of them packed by gzip"
)


def open_log(sources: Sources) -> None:
    """Open a log and nothing else: lab time begins with its first frame.

    Raises:
        FolderError: it is no log, or has no frame that can be read.
        OSError: it cannot be read.
    """
    path, name = sources.path, sources.path.name
    place = path
    broken = ""
    with open_regular(path, follow=True) as file:
        packed = file.read(len(MAGIC)) == MAGIC
    if packed:
        place = _beside(sources) / (path.stem or "log")
        broken = unpack(path, place)
        name = place.name
    with open_regular(place, follow=True) as file:
        head = file.read(len(MAGIC))
    if not head:
        raise FolderError(f"{path}: {broken or 'is empty'}")
    if packed and head == MAGIC:
        raise FolderError(f"{path}: packed twice by gzip; gunzip -k unpacks it once")
    kind = format_of(place)
    style = log_style(place) if kind is None else None
    by_name = kind is None and style is None
    if by_name:
        kind = format_by_name(name)
        if what := other_kind(place):
            raise FolderError(f"{path}: {what}")
        if kind is None:
            raise FolderError(f"{path}: {_NO_LOG}")
    sources.trouble("a CAN log alone: no OCPP messages, no current, no labels")
    if broken:
        sources.trouble(broken, path.name)
    if kind is not None:
        _open_foreign(sources, place, kind, by_name=by_name)
    elif style is not None:
        _open_candump(sources, place, style)


def _open_candump(sources: Sources, place: Path, style: LogStyle) -> None:
    name = sources.path.name
    sources.text = place
    told = _TIMES[style.times]
    if told:
        sources.trouble(told)
    stamp = stamp_of(style)
    if style.times != "delta" and is_in_order(place, stamp):
        sources.start_utc = TimeFile(place, stamp, keep_torn=True, follow=True).first() or 0.0
        open_can_log(sources, name, stamp, None if place == sources.path else place)
        return
    delta = style.times == "delta"
    _open_in_order(
        sources,
        lambda whole: put_in_order(
            place, whole, stamp_of(style), channel_of, delta=delta, on_lines=sources.on_lines
        ),
        delta=delta,
    )


_TIMES = {
    "absolute": "",
    "date": "its dates have no time zone (candump -tA): they are taken as UTC",
    "zero": "its times have no date (candump -tz): they count from its first frame",
    "delta": "its times are those between frames (candump -td): they are added up",
    "none": "it has no times (candump without -t): every frame is at 0 s, in the order of the "
    "file; candump -L writes them",
}


def _open_foreign(sources: Sources, place: Path, kind: LogFormat, *, by_name: bool = False) -> None:
    """A log in another format becomes candump's, in order of time.

    Args:
        by_name: nothing but the name of the file says that it is in this format.
    """
    name = sources.path.name
    reading = sources.foreign = LogReading()

    def made(whole: Path) -> LineOrder:
        order = order_lines(_lines(kind, place, reading), whole, sources.on_lines)
        order.unit = reading.unit
        return order

    try:
        _open_in_order(sources, made, delta=False)
    except OSError as error:
        if error.filename is not None:
            raise
        raise FolderError(f"{sources.path}: {reason(error)}") from None
    if not reading.frames and reading.unread:
        if by_name:
            raise FolderError(f"{sources.path}: {_NO_LOG}")
        where, why = reading.unread[0]
        raise FolderError(f"{sources.path}: {reading.unit} {where}: {why}; no frame can be read")
    sources.trouble(f"{kind.name}: {reading.frames:,} frames")
    for text in reading.notes:
        sources.trouble(text, name)
    for text in reading.told():
        sources.trouble(text, name)
    for what, number in reading.left_out.items():
        sources.skipped.count(f"{name}: {what}", number)


def _lines(kind: LogFormat, place: Path, reading: LogReading) -> Iterator[LogLine]:
    frames = kind.frames(place, reading)
    for number, frame in islice(frames, MOST_FRAMES):
        reading.frames += 1
        yield LogLine(number, frame.timestamp, frame.channel.encode(), candump_line(frame))
    if next(frames, None) is not None:
        reading.note(f"only its first {MOST_FRAMES:,} frames are read")


def _beside(sources: Sources) -> Path:
    """A folder that is there as long as the sources are."""
    place = Path(mkdtemp(prefix="evtui-log-"))
    weakref.finalize(sources, shutil.rmtree, place, ignore_errors=True)
    return place


def _open_in_order(sources: Sources, make: Callable[[Path], LineOrder], *, delta: bool) -> None:
    """Sort a log into a file of its own.

    Args:
        make: writes that file.
        delta: times of its lines are differences.
    """
    name = sources.path.name
    whole = _beside(sources) / name
    order = make(whole)
    sources.start_utc = round(order.start, 6)
    for text in order.told():
        sources.trouble(text, name)

    def parse(line: bytes) -> FrameRow:
        t = timed_stamp(line)
        row = unlabelled(untimed(line), sources)
        return row._replace(t_s=t, timestamp=t + order.start if delta else row.timestamp)

    sources.log = rows_of(sources, name, timed_stamp, parse, attrgetter("t_s"), place=whole)
