"""Text files whose lines stand in order of time: any moment is found by bisecting the bytes.

Nothing is indexed and nothing is held: a file of any length costs a few seeks and one line.
"""

from __future__ import annotations

import codecs
import errno
import math
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from evtui.recording.format.cell import split_csv
from evtui.recording.format.layout import LONGEST_RUN
from evtui.regular import open_regular

__all__ = [
    "BOM",
    "LONGEST_LINE",
    "Stamp",
    "TimeFile",
    "candump_stamp",
    "csv_stamp",
    "json_stamp",
    "unix_stamp",
]

Stamp = Callable[[bytes], float | None]
"""The time in s that a line begins with, or None for a line that has none."""

LONGEST_LINE = 1 << 24
"""Bytes; what is longer is no line but a file of another kind, and is given in pieces."""

LATEST_UNIX = 253_402_300_799.0
"""s; the end of the year 9999, behind which no calendar here goes on."""

BOM = codecs.BOM_UTF8
"""What an editor or a shell of Windows may put in front of a text; it belongs to no line."""

_BLOCK = 1 << 14

_CANDUMP_STAMP = re.compile(rb"\s*\((\d+(?:\.\d+)?)\)\s")


class _Timed(msgspec.Struct):
    """Of a JSON line, the time alone: everything else is passed over undecoded."""

    t: float


_decode_timed = msgspec.json.Decoder(_Timed).decode


def csv_stamp(column: int = 0) -> Stamp:
    """The stamp of a CSV file, in the column with this index."""

    def stamp(line: bytes) -> float | None:
        if b'"' in line:
            try:
                fields: list[str] | list[bytes] = split_csv(line)
            except ValueError:
                return None
        else:
            fields = line.split(b",", column + 1)
        return _below(LONGEST_RUN, fields[column]) if column < len(fields) else None

    return stamp


def json_stamp(line: bytes) -> float | None:
    """The stamp of a JSON line, its field ``t``."""
    try:
        return _below(LONGEST_RUN, _decode_timed(line).t)
    except (msgspec.DecodeError, RecursionError):
        return None


def candump_stamp(line: bytes) -> float | None:
    """The stamp of a line of a candump log, ``(1767225600.123456) can0 300#6200``."""
    found = _CANDUMP_STAMP.match(line)
    return unix_stamp(found[1]) if found else None


def unix_stamp(text: bytes) -> float | None:
    """Unix time in s, or None for what is no moment of any calendar."""
    return _below(LATEST_UNIX + 1, text)


def _below(most: float, number: str | bytes | float) -> float | None:
    try:
        value = float(number)
    except ValueError:
        return None
    return value if -most < value < most else None


class TimeFile:
    """A file of lines in order of time, as it was when it was opened.

    What is appended later is not seen, so that a folder that is still being written to does
    not change under its reader.  Lines come without their ``\\n`` or ``\\r\\n``.  Lines that
    have no stamp count to the ones after them when a time is looked for.

    Args:
        path: of the file.
        stamp: reads the time of a line.
        header: the first line is a header and belongs to no time.
        keep_torn: a last line without a line end is a line like the others, as in a file
            that was edited by hand; otherwise it was torn off and is left out.
        follow: a symbolic link is followed, as for a path that the user has given.

    Attributes:
        stamp: as given; of a table it is known only once its header has been read.
        size: bytes.
        start: offset of the first line behind byte order mark and header.
        end: offset behind the last line.
        torn: bytes behind the last line end.
        header: the header without its line end, or empty.

    Raises:
        OSError: it cannot be read, is no regular file, or has no lines.
    """

    def __init__(
        self,
        path: Path,
        stamp: Stamp,
        *,
        header: bool = False,
        keep_torn: bool = False,
        follow: bool = False,
    ) -> None:
        self.path = path
        self.stamp = stamp
        self._follow = follow
        self.header = b""
        with self._open() as file:
            self.size = file.seek(0, 2)
            whole = _end_of_line_before(file, self.size)
            self.torn = self.size - whole
            if self.torn >= LONGEST_LINE:
                text = f"has no line end in its last {LONGEST_LINE >> 20} MiB, so it is no text"
                raise OSError(errno.EINVAL, text, os.fspath(path))
            self.end = self.size if keep_torn else whole
            file.seek(0)
            self.start = len(BOM) if file.read(len(BOM)) == BOM else 0
            if header and self.end:
                file.seek(self.start)
                self.header = file.readline(min(self.end, LONGEST_LINE))
                self.start += len(self.header)
                self.header = self.header.rstrip(b"\r\n")

    def _open(self) -> BinaryIO:
        return open_regular(self.path, follow=self._follow)

    def first_at(self, t: float) -> int:
        """Offset of the first line at or after ``t`` in s, ``end`` where there is none.

        Takes O(log size) seeks; lines in front of it that have no stamp come with it.
        """
        with self._open() as file:
            low, high = self.start, self.end
            while low < high:
                middle = (low + high) // 2
                stamp, behind = self._next_stamp(file, middle, high)
                if stamp is None or stamp >= t:
                    high = middle
                else:
                    low = behind
            return self._align(file, low)

    def lines(self, offset: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Offset and text of each line, from the one at ``offset`` on; default: the first."""
        at = self.start if offset is None else offset
        with self._open() as file:
            file.seek(at)
            while at < self.end:
                line = file.readline(min(self.end - at, LONGEST_LINE))
                if not line:
                    return  # the file has been cut since
                yield at, line.rstrip(b"\r\n")
                at += len(line)

    def lines_from(self, t: float) -> Iterator[tuple[int, bytes]]:
        """The same from the first line at or after ``t`` in s."""
        return self.lines(self.first_at(t))

    def first(self) -> float | None:
        """Time of the first line that has one."""
        return self.next(-math.inf)

    def last(self) -> float | None:
        """Time of the last line that has one."""
        return self.previous(math.inf)

    def next(self, t: float) -> float | None:
        """Time of the first line later than ``t`` in s."""
        with self._open() as file:
            at = self.first_at(math.nextafter(t, math.inf))
            stamp, _ = self._next_stamp(file, at, self.end)
            return stamp

    def previous(self, t: float) -> float | None:
        """Time of the last line earlier than ``t`` in s."""
        with self._open() as file:
            at = self.first_at(t)
            while at > self.start:
                begin = max(_end_of_line_before(file, at - 1), self.start)
                file.seek(begin)
                stamp = self.stamp(file.read(at - begin).rstrip(b"\r\n"))
                if stamp is not None and stamp < t:
                    return stamp
                at = begin
            return None

    def _align(self, file: BinaryIO, offset: int) -> int:
        """Offset of the first line that begins at or after ``offset``."""
        if offset <= self.start:
            return self.start
        file.seek(offset - 1)
        return min(offset - 1 + len(file.readline(LONGEST_LINE)), self.end)

    def _next_stamp(self, file: BinaryIO, offset: int, behind: int) -> tuple[float | None, int]:
        """Stamp of the first line from ``offset`` to ``behind`` that has one, and where it ends."""
        at = self._align(file, offset)
        file.seek(at)
        while at < behind:
            line = file.readline(min(self.end - at, LONGEST_LINE))
            if not line:
                break
            at += len(line)
            stamp = self.stamp(line.rstrip(b"\r\n"))
            if stamp is not None:
                return stamp, at
        return None, self.end


def _end_of_line_before(file: BinaryIO, offset: int) -> int:
    """Offset behind the last line end in front of ``offset``, or where the longest line begins."""
    first = max(0, offset - LONGEST_LINE)
    while offset > first:
        begin = max(first, offset - _BLOCK)
        file.seek(begin)
        found = file.read(offset - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        offset = begin
    return first
