"""PEAK's trace (.trc), versions 1.0 to 1.3, 2.0 and 2.1 (PEAK CAN TRC File Format).

Up to 1.3 the columns are fixed: number, ms since the start, bus (from 1.2), type, id, reserved
(1.3), length, data.  From 2.0 ``;$COLUMNS`` names them.  An id of four digits has 11 bits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

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

__all__ = ["is_trc", "read_trc"]

_FIRST = re.compile(r"(?m)^\s*;\$FILEVERSION\s*=")
_COMMENT = re.compile(r"\A\s*;")
_ROW = re.compile(r"(?m)^\s*\d+\)\s+-?\d+(?:\.\d+)?\s+\S+")
_SETTING = re.compile(r";\$(\w+)\s*=\s*(.*)")

_OLE_EPOCH = -2_209_161_600.0
"""s; 30 December 1899, from which ``;$STARTTIME`` counts days, in Unix time."""

_STATUS = "FFFFFFFF"
"""In place of an id up to 1.3: a change of the bus' state."""

_FD_FLAGS = {
    "FD": 0,
    "FB": BIT_RATE_SWITCH,
    "FE": ERROR_STATE,
    "BI": BIT_RATE_SWITCH | ERROR_STATE,
}
"""Types of CAN FD frames."""

_BESIDE = {"ST": "states of the hardware", "EC": "changes of error counters", "EV": "events"}

_Parse = Callable[[list[str]], LoggedFrame | None]


def is_trc(head: str) -> bool:
    """Whether a file begins as such a trace; version 1.0 has comments and numbered rows."""
    return bool(_FIRST.search(head) or (_COMMENT.match(head) and _ROW.search(head)))


def read_trc(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a trace; without a start time their times have no date."""
    reader = _Trc(reading)
    for place, line in lines_of(file, reading):
        try:
            if line.startswith(";"):
                reader.setting(line, place)
            elif (frame := reader.frame(line)) is not None:
                yield place, check_frame(frame)
        except NoFrame as why:
            reading.refuse(place, why)


class _Trc:
    """Goes through the lines of a trace with what its head said."""

    def __init__(self, reading: LogReading) -> None:
        self._reading = reading
        self._start = 0.0
        self._columns: dict[str, int] = {}
        self._parse: _Parse = lambda words: self._row(words, bus=None, kind=None, behind=2)

    def setting(self, line: str, place: int) -> None:
        """A line of the head."""
        found = _SETTING.match(line)
        if found is None:
            return
        name, value = found[1].upper(), found[2].strip()
        if name == "FILEVERSION":
            self._version(value, place)
        elif name == "STARTTIME":
            self._start = seconds(value) * 86_400.0 + _OLE_EPOCH
            if not 0 <= self._start < 253_402_300_800.0:
                self._start = 0.0
                raise NoFrame(f"start time {value[:30]} is no day since 1970")
            self._reading.note("its start time has no zone: taken as UTC")
        elif name == "COLUMNS":
            names = value.split(",")
            self._columns = {name.strip(): index for index, name in enumerate(names)}

    def frame(self, line: str) -> LoggedFrame | None:
        """The frame of a row, or None for what is said beside frames."""
        return self._parse(line.split())

    def _version(self, version: str, place: int) -> None:
        parses: dict[str, _Parse] = {
            "1.0": self._parse,
            "1.1": lambda words: self._row(words, bus=None, kind=2, behind=3),
            "1.2": lambda words: self._row(words, bus=2, kind=3, behind=4),
            "1.3": lambda words: self._row(words, bus=2, kind=3, behind=4, reserved=1),
            "2.0": self._row_by_columns,
            "2.1": self._row_by_columns,
        }
        if version not in parses:
            raise NoFrame(f"version {version[:10]!r} is not known; 1.0 to 1.3, 2.0 and 2.1 are")
        self._parse = parses[version]

    def _row(
        self, words: list[str], *, bus: int | None, kind: int | None, behind: int, reserved: int = 0
    ) -> LoggedFrame | None:
        """A row up to version 1.3: ``behind`` is the place of the id."""
        if len(words) <= behind + 1 + reserved:
            raise NoFrame(f"{len(words)} columns are too few")
        told = "Rx" if kind is None else words[kind]
        identifier, rest = words[behind], words[behind + 1 + reserved :]
        if identifier == _STATUS or told == "Warng":
            self._reading.left_out["states of the hardware"] += 1
            return None
        time = self._start + seconds(words[1], 1e-3)
        channel = channel_name(1 if bus is None else number(words[bus], 10, "bus"))
        if told == "Error":
            return _error(time, channel)
        if told not in ("Rx", "Tx"):
            raise NoFrame(f"type {told[:20]!r} is none of Rx, Tx, Warng and Error")
        direction = "" if kind is None else told[0]
        length = number(rest[0], 10, "length")
        remote = rest[1:2] == ["RTR"]
        data = b"" if remote else _data(rest[1:], min(length, 8))
        return _made(time, channel, identifier, direction, data, min(length, 8) if remote else None)

    def _row_by_columns(self, words: list[str]) -> LoggedFrame | None:
        if not {"O", "T", "I"} <= self._columns.keys():
            raise NoFrame(";$COLUMNS does not name O, T and I, which are needed from version 2.0")
        kind = self._cell(words, "T")
        if kind in _BESIDE:
            self._reading.left_out[_BESIDE[kind]] += 1
            return None
        time = self._start + seconds(self._cell(words, "O"), 1e-3)
        channel = channel_name(number(self._cell(words, "B"), 10, "bus") if self._has("B") else 1)
        if kind == "ER":
            return _error(time, channel)
        direction = self._cell(words, "d") if self._has("d") else ""
        if direction not in ("", "Rx", "Tx"):
            raise NoFrame(f"direction {direction[:20]!r} is neither Rx nor Tx")
        if self._has("l"):
            length = number(self._cell(words, "l"), 10, "length")
        else:
            length = fd_length(number(self._cell(words, "L"), 10, "length code"))
        identifier = self._cell(words, "I")
        if kind == "RR":
            return _made(time, channel, identifier, direction[:1], b"", min(length, 8))
        if kind != "DT" and kind not in _FD_FLAGS:
            raise NoFrame(f"type {kind[:20]!r} is not known")
        if kind == "DT":
            length = min(length, 8)
        if length:
            self._cell(words, "D")
        data = _data(words[self._columns["D"] :], length) if length else b""
        return _made(time, channel, identifier, direction[:1], data, fd_flags=_FD_FLAGS.get(kind))

    def _has(self, column: str) -> bool:
        return column in self._columns

    def _cell(self, words: list[str], column: str) -> str:
        index = self._columns.get(column)
        if index is None or index >= len(words):
            raise NoFrame(f"column {column} is missing")
        return words[index]


def _made(
    time: float,
    channel: str,
    identifier: str,
    direction: str,
    data: bytes,
    remote: int | None = None,
    fd_flags: int | None = None,
) -> LoggedFrame:
    return LoggedFrame(
        timestamp=time,
        channel=channel,
        arbitration_id=number(identifier, 16, "id"),
        extended=len(identifier) > 4,
        kind="data" if remote is None else "remote",
        data=data,
        dlc=len(data) if remote is None else remote,
        direction=direction[:1],
        fd_flags=fd_flags,
    )


def _error(time: float, channel: str) -> LoggedFrame:
    return LoggedFrame(
        time, channel, 0, extended=False, kind="error", data=b"", dlc=0, direction=""
    )


def _data(words: list[str], length: int) -> bytes:
    if len(words) < length:
        raise NoFrame(other_length(len(words), length))
    values = [number(word, 16, "byte") for word in words[:length]]
    if any(value > 0xFF for value in values):
        raise NoFrame("a byte is above FF")
    return bytes(values)
