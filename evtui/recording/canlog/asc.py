"""Vector's ASCII log (.asc), as CANoe, CANalyzer, python-can and can-utils' asc2log write it.

A frame of classic CAN is ``0.015 1  1F4x  Rx  d 8 00 11 ...``, one of CAN FD ``0.015 CANFD 1 Rx
1F4  Name  1 0 9 12 00 11 ...``.  Times count from a date in local time, or with ``timestamps
relative`` from the event before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Literal

from evtui.recording.canlog.reading import (
    BIT_RATE_SWITCH,
    ERROR_STATE,
    LogReading,
    NoFrame,
    channel_name,
    check_frame,
    fd_length,
    lines_of,
    number,
    seconds,
)
from evtui.recording.read.candump import LoggedFrame, other_length

__all__ = ["is_asc", "parse_date", "read_asc"]

_HEAD = re.compile(r"(?im)^\s*(?:base\s+(?:hex|dec)\b|begin\s+triggerblock\b)")
_BASE = re.compile(r"base\s+(hex|dec)(?:\s+timestamps\s+(absolute|relative))?", re.IGNORECASE)
_BLOCK = re.compile(r"begin\s+triggerblock\b\s*(.*)", re.IGNORECASE)
_TIMED = re.compile(r"(-?\d+(?:\.\d+)?)\s+(.*)")

_DIGIT = re.compile(r"[0-9A-Fa-f]")

_FLAG_FD, _FLAG_REMOTE = 0x1000, 0x10
"""Bits in the column of flags of a CANFD line: the frame is one of CAN FD; it is remote."""

_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("jän", "", "mär", "", "mai", "", "", "", "", "okt", "", "dez"),
)
"""English, then what German has otherwise: both are written, by the language of the system."""

_DATE = re.compile(
    r"(?:\w+\.?\s+)?(?P<month>[^\W\d]{3})\w*\.?\s+(?P<day>\d{1,2})\s+"
    r"(?P<time>\d{1,2}:\d\d:\d\d)(?:\.(?P<fraction>\d{1,6}))?"
    r"(?:\s+(?P<half>[ap]m))?\s+(?P<year>\d{4})",
    re.IGNORECASE,
)


def is_asc(head: str) -> bool:
    """Whether a file begins as such a log."""
    return _HEAD.search(head) is not None


def parse_date(text: str) -> float | None:
    """Unix time in s of ``Wed Jul 3 02:30:00.005 pm 2026`` in this machine's zone, or None."""
    found = _DATE.match(text.strip())
    if found is None or found["month"].lower() not in _MONTHS:
        return None
    hour, minute, second = (int(part) for part in found["time"].split(":"))
    if found["half"] and hour <= 12:
        hour = hour % 12 + 12 * (found["half"].lower() == "pm")
    fraction = (found["fraction"] or "").ljust(6, "0")
    try:
        return datetime(
            *(int(found["year"]), _MONTHS.index(found["month"].lower()) % 12 + 1),
            *(int(found["day"]), hour, minute, second, int(fraction)),
        ).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def read_asc(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a log; a date that cannot be read leaves their times without one."""
    reader = _Asc(reading)
    for place, line in lines_of(file, reading):
        try:
            frame = reader.frame(line, place)
            if frame is not None:
                yield place, check_frame(frame)
        except NoFrame as why:
            reading.refuse(place, why)


class _Asc:
    """Goes through the lines of a log with what was said above them."""

    def __init__(self, reading: LogReading) -> None:
        self._reading = reading
        self._base = 16
        self._relative = False
        self._start = 0.0
        self._dated = self._in_block = False
        self._time = 0.0

    def frame(self, line: str, place: int) -> LoggedFrame | None:
        """The frame of a line, or None for what is said beside frames."""
        timed = _TIMED.match(line)
        if timed is None:
            self._head(line, place)
            return None
        time = seconds(timed[1])
        self._time = self._time + time if self._relative else time
        words = timed[2].split()
        if words[0] == "CANFD" and len(words) > 2:
            return self._fd(words[1:])
        if words[0].isdecimal() and len(words) > 1:
            return self._classic(words)
        return None

    def _head(self, line: str, place: int) -> None:
        if base := _BASE.match(line):
            self._base = 10 if base[1].lower() == "dec" else 16
            self._relative = (base[2] or "").lower() == "relative"
        elif block := _BLOCK.match(line):
            if not self._in_block and block[1]:
                self._date(block[1], place)
            self._in_block = True
        elif line[:5].lower() == "date " and not self._dated:
            self._date(line[5:], place)

    def _date(self, text: str, place: int) -> None:
        date = parse_date(text)
        if date is None:
            if not self._dated:
                self._reading.note(f"line {place}: no date that is known here: its times have none")
            return
        self._start, self._dated = date, True
        self._reading.note("its date has no time zone: taken as local time of this machine")

    def _made(
        self,
        channel: int,
        identifier: str,
        kind: Literal["data", "remote", "error"] = "data",
        *,
        data: bytes = b"",
        dlc: int = 0,
        direction: str = "",
        fd_flags: int | None = None,
    ) -> LoggedFrame:
        extended = identifier[-1:] in ("x", "X")
        return LoggedFrame(
            timestamp=self._start + self._time,
            channel=channel_name(channel),
            arbitration_id=number(identifier[:-1] if extended else identifier, self._base, "id"),
            extended=extended,
            kind=kind,
            data=data,
            dlc=dlc if kind == "remote" else len(data),
            direction=direction,
            fd_flags=fd_flags,
        )

    def _classic(self, words: list[str]) -> LoggedFrame | None:
        """``channel id direction d length data...``, ``... r [length]`` or ``ErrorFrame``."""
        channel = number(words[0], 10, "channel")
        if words[1].lower() == "errorframe":
            return self._made(channel, "0", "error")
        if len(words) < 4 or words[2] not in ("Rx", "Tx", "TxRq"):
            return None  # statistics, chip status, other buses
        if words[2] == "TxRq":
            self._reading.left_out["requests to send, which are no frames on the bus"] += 1
            return None
        direction, kind, rest = words[2][0], words[3].lower(), words[4:]
        if kind == "r":
            told = bool(rest) and _DIGIT.fullmatch(rest[0])  # or what stands behind, Length = ...
            length = min(number(rest[0], 16, "length"), 8) if told else 0
            return self._made(channel, words[1], "remote", dlc=length, direction=direction)
        if kind != "d" or not rest:
            raise NoFrame(f"{words[3][:20]!r} is neither d with a length nor r")
        length = min(fd_length(number(rest[0], self._base, "length")), 8)
        data = self._data(rest[1:], length)
        return self._made(channel, words[1], data=data, direction=direction)

    def _fd(self, words: list[str]) -> LoggedFrame | None:
        """``channel direction id [name] brs esi code length data... duration bits flags ...``."""
        channel = number(words[0], 10, "channel")
        if words[1] == "TxRq":
            self._reading.left_out["requests to send, which are no frames on the bus"] += 1
            return None
        if words[1] not in ("Rx", "Tx"):
            raise NoFrame(f"direction {words[1][:20]!r} is neither Rx nor Tx")
        if len(words) > 2 and words[2].lower() == "errorframe":
            return self._made(channel, "0", "error", direction=words[1][0])
        rest = words[3:]
        if rest and rest[0] not in ("0", "1"):
            rest = rest[1:]  # the name of the message
        if len(rest) < 4 or rest[0] not in ("0", "1") or rest[1] not in ("0", "1"):
            raise NoFrame("no BRS, ESI, length code and length behind the id")
        fd_flags = BIT_RATE_SWITCH * (rest[0] == "1") | ERROR_STATE * (rest[1] == "1")
        code, length = number(rest[2], 16, "length code"), number(rest[3], 10, "length")
        if length > 64:
            raise NoFrame(f"{length} bytes; a CAN FD frame has 64 at most")
        data = self._data(rest[4:], length)
        # On a channel of CAN FD frames of classic CAN are written so too; their flags tell.
        behind = rest[4 + length :]
        flags = number(behind[2], 16, "flags") if len(behind) > 2 else _FLAG_FD
        if flags & _FLAG_FD or fd_flags or length > 8:
            return self._made(
                channel, words[2], data=data, direction=words[1][0], fd_flags=fd_flags
            )
        if flags & _FLAG_REMOTE:
            return self._made(channel, words[2], "remote", dlc=min(code, 8), direction=words[1][0])
        return self._made(channel, words[2], data=data, direction=words[1][0])

    def _data(self, words: list[str], length: int) -> bytes:
        if len(words) < length:
            raise NoFrame(other_length(len(words), length))
        values = [number(word, self._base, "byte") for word in words[:length]]
        if any(value > 0xFF for value in values):
            raise NoFrame("a byte is above 255")
        return bytes(values)
