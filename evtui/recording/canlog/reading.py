"""What every reader of a CAN log shares: lines, numbers, and what could not be read.

A reader yields the place of each frame (line from 1, or offset in bytes) and the frame.  A piece
that is no frame but should be one is refused with its place and a reason; what a log says
beside frames is left out, and counted where somebody might miss it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO, Literal

from evtui.recording.format import ERROR_FLAG
from evtui.recording.read.candump import FD_LENGTHS, LoggedFrame
from evtui.recording.read.timefile import BOM, LATEST_UNIX

__all__ = [
    "BIT_RATE_SWITCH",
    "ERROR_STATE",
    "LONGEST",
    "MOST_FRAMES",
    "FileReader",
    "LogReading",
    "NoFrame",
    "candump_line",
    "channel_name",
    "check_frame",
    "fd_length",
    "lines_of",
    "number",
    "seconds",
]

LONGEST = 4096
"""Bytes of a line that may be a frame; 64 bytes of CAN FD with all columns of .asc take 400."""

MOST_FRAMES = 50_000_000
"""Frames that are read of one file: more than three hours of a full bus of 500 kbit/s."""

TOLD = 3
"""NoFrame places that are told one by one."""

BIT_RATE_SWITCH, ERROR_STATE = 1, 2
"""Flags of a CAN FD frame as candump writes them (CANFD_BRS and CANFD_ESI of linux/can.h)."""

_TIME = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_NOT_PLAIN = re.compile(r"[^!-~]+")


class NoFrame(ValueError):
    """A piece of a log is no frame; the text says why, to stand behind its place."""


@dataclass
class LogReading:
    """What came up while a log was read.

    Attributes:
        unit: what a place counts: lines from 1, bytes from 0, or frames from 1.
        notes: about the file as a whole, a line each.
        left_out: what is no frame, or of a kind that is not kept: kind, in plural, to how many.
        unread: place and reason of the first pieces that should be frames and are none.
        refused: how many of those there are.
        frames: read so far.
    """

    unit: Literal["line", "offset", "frame"] = "line"
    notes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unread: list[tuple[int, str]] = field(default_factory=list)
    refused: int = 0
    frames: int = 0

    def note(self, text: str) -> None:
        """Something about the whole file, told once."""
        if text not in self.notes:
            self.notes.append(text)

    def refuse(self, place: int, why: object) -> None:
        """A piece cannot be read."""
        self.refused += 1
        if len(self.unread) < TOLD:
            self.unread.append((place, str(why)))

    def told(self) -> list[str]:
        """What cannot be read, a line each."""
        lines = [f"{self.unit} {place:,}: {why}" for place, why in self.unread]
        more = self.refused - len(self.unread)
        if more:
            lines.append(f"{more:,} more places that cannot be read")
        return lines


FileReader = Callable[[BinaryIO, LogReading], Iterator[tuple[int, LoggedFrame]]]
"""Reads an open file from its start."""


def lines_of(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, str]]:
    """Number and text of each line of a file, without blanks around it; empty ones are left out.

    What is longer than :data:`LONGEST` is refused, and its rest passed over.
    """
    place = 0
    while line := file.readline(LONGEST + 1):
        place += 1
        if place == 1:
            line = line.removeprefix(BOM)
        if len(line) > LONGEST:
            while not line.endswith(b"\n") and (line := file.readline(1 << 16)):
                pass
            reading.refuse(place, f"longer than {LONGEST} bytes, so it is no frame")
            continue
        text = line.decode("utf-8", "backslashreplace").strip()
        if text:
            yield place, text


def number(text: str, base: int = 16, what: str = "number") -> int:
    """A number without a sign, in the digits 0 to 9 and A to F.

    Raises:
        NoFrame: it is none.
    """
    try:
        if text.isascii() and text.isalnum():
            return int(text, base)
    except ValueError:
        pass
    raise NoFrame(f"{what} {text[:20]!r} is no number to base {base}")


def seconds(text: str, unit: float = 1.0) -> float:
    """A time in s of its digits in units of ``unit`` s.

    Raises:
        NoFrame: it is no number, or beyond the year 9999.
    """
    time = float(text) * unit if _TIME.fullmatch(text) else math.inf
    if abs(time) > LATEST_UNIX:
        raise NoFrame(f"time {text[:30]!r} is no number, or in no calendar")
    return time


def fd_length(code: int) -> int:
    """Bytes of data for a data length code of CAN FD.

    Raises:
        NoFrame: there is no such code.
    """
    if 0 <= code < len(FD_LENGTHS):
        return int(FD_LENGTHS[code])
    raise NoFrame(f"data length code {code} is not below 16")


def channel_name(number: int) -> str:
    """The interface of a channel that is counted from 1: ``can0`` is the first; ``can`` is 0."""
    return f"can{number - 1}" if number > 0 else "can"


def check_frame(frame: LoggedFrame) -> LoggedFrame:
    """A frame that there is in classic CAN or in CAN FD.

    Raises:
        NoFrame: identifier or length do not fit.
    """
    bits = 29 if frame.extended or frame.kind == "error" else 11
    if frame.arbitration_id >> bits:
        raise NoFrame(f"identifier {frame.arbitration_id:X} does not fit into {bits} bits")
    if frame.fd_flags is None:
        if len(frame.data) > 8 or frame.dlc > 8:
            raise NoFrame(f"{max(len(frame.data), frame.dlc)} bytes; a classic frame has 8 at most")
    elif len(frame.data) not in FD_LENGTHS:
        raise NoFrame(f"{len(frame.data)} bytes of data; there is no such CAN FD frame")
    return frame


def candump_line(frame: LoggedFrame) -> bytes:
    """A frame as candump's log has it, without a line end; ``##`` is a CAN FD frame."""
    identifier = f"{frame.arbitration_id:0{8 if frame.extended else 3}X}"
    if frame.kind == "error":
        identifier = f"{frame.arbitration_id | ERROR_FLAG:08X}"
    payload = frame.data.hex().upper()
    if frame.kind == "remote":
        payload = f"R{frame.dlc or ''}"
    elif frame.fd_flags is not None:
        payload = f"#{frame.fd_flags:X}{payload}"
    direction = f" {frame.direction}" if frame.direction else ""
    time = f"{max(0.0, frame.timestamp):.6f}"
    return f"({time}) {_plain(frame.channel)} {identifier}#{payload}{direction}".encode()


@lru_cache(maxsize=1024)
def _plain(channel: str) -> str:
    """A name without blanks, which end it in a line."""
    return _NOT_PLAIN.sub("_", channel) or "can"
