"""Vector's binary log (.blf): a header, then objects, most of them in compressed containers.

Sizes that a file tells are never believed: of a container at most :data:`LARGEST` bytes are read
and unpacked, and an object that does not fit into what there is ends the reading of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Literal

from evtui.recording.canlog.reading import (
    BIT_RATE_SWITCH,
    ERROR_STATE,
    LogReading,
    NoFrame,
    channel_name,
    check_frame,
    fd_length,
)
from evtui.recording.read.candump import LoggedFrame

__all__ = ["LARGEST", "MAGIC", "read_blf"]

MAGIC = b"LOGG"

LARGEST = 16 << 20
"""Bytes of a container or of an object; Vector's containers have 128 KiB unpacked."""

_FILE = struct.Struct("<4sL32x8H")
_BASE = struct.Struct("<4sHHLL")
_TIME_1 = struct.Struct("<LHHQ")
_TIME_2 = struct.Struct("<LBxHQ8x")
_CONTAINER = struct.Struct("<H6xL4x")
_MESSAGE = struct.Struct("<HBBL8s")
_ERROR_EXT = struct.Struct("<HHLBBBxLLH2x8s")
_FD = struct.Struct("<HBBLLBBB5x64s")
_FD_64 = struct.Struct("<BBBBLLLLLLLHBBL")
_CHANNEL = struct.Struct("<H")

_OBJECT = b"LOBJ"
_LOG_CONTAINER = 10

_EXTENDED = 0x8000_0000
_ID = 0x1FFF_FFFF
_SENT, _REMOTE = 0x01, 0x80
_FD_64_REMOTE, _FD_64_FD, _FD_64_SWITCH, _FD_64_STATE = 0x10, 0x1000, 0x2000, 0x4000


def read_blf(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a log; the date in its header is taken as UTC, as python-can does.

    A place is the offset of the frame's container in the file.
    """
    reading.unit = "offset"
    head = file.read(_FILE.size)
    if len(head) < _FILE.size:
        reading.refuse(0, f"the header is torn: {len(head)} of {_FILE.size} bytes")
        return
    _, size, *date = _FILE.unpack(head)
    start = _start(date, reading)
    if not _FILE.size <= size <= LARGEST:
        reading.refuse(4, f"a header of {size} bytes")
        return
    rest = b""
    for place, data, joins in _pieces(file, size, reading):
        if not joins:
            yield from _frames(data, place, start, reading)
            continue
        rest += data
        used = 0
        for begin, end in _objects(rest, place, reading):
            yield from _frames(rest[begin:end], place, start, reading)
            used = end
        rest = rest[used:]
        if len(rest) > LARGEST:
            reading.refuse(place, f"an object of more than {LARGEST >> 20} MiB")
            rest = b""
    if rest.strip(b"\0"):
        reading.refuse(place, f"the last object is torn: {len(rest)} bytes of it are there")


def _start(date: list[int], reading: LogReading) -> float:
    year, month, _, day, hour, minute, second, ms = date
    try:
        start = datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        reading.note("no date in its header: its times have none")
        return 0.0
    reading.note("its date has no time zone: taken as UTC")
    return max(0.0, start + ms / 1000)


def _pieces(file: BinaryIO, at: int, reading: LogReading) -> Iterator[tuple[int, bytes, bool]]:
    """Offset and bytes of each object of the file; True for the contents of a container."""
    while True:
        file.seek(at)
        head = file.read(_BASE.size)
        if not head.strip(b"\0"):
            return
        # Objects are padded to four bytes, by some writers by as many as are missing, by others
        # by the remainder.
        found = head.find(_OBJECT, 0, 8)
        if found > 0:
            at += found
            continue
        if len(head) < _BASE.size:
            reading.refuse(at, "the last object is torn")
            return
        signature, header_size, _, size, kind = _BASE.unpack(head)
        if signature != _OBJECT:
            reading.refuse(at, "no object begins here; what follows is not read")
            return
        if size < _BASE.size or size > LARGEST or header_size > size:
            reading.refuse(at, f"an object of {size} bytes; what follows is not read")
            return
        body = file.read(size - _BASE.size)
        torn = len(body) < size - _BASE.size
        if torn:
            reading.refuse(at, f"torn: {len(body) + _BASE.size} of {size} bytes are there")
        if kind == _LOG_CONTAINER:
            yield at, _unpacked(body, at, reading), True
        elif not torn:
            yield at, head + body, False
        if torn:
            return
        at += size


def _unpacked(body: bytes, place: int, reading: LogReading) -> bytes:
    if len(body) < _CONTAINER.size:
        reading.refuse(place, "a container without a head")
        return b""
    method, _ = _CONTAINER.unpack_from(body)
    packed = body[_CONTAINER.size :]
    if method == 0:
        return packed
    if method != 2:
        reading.refuse(place, f"compressed by method {method}, which is not known")
        return b""
    worker = zlib.decompressobj()
    try:
        data = worker.decompress(packed, LARGEST)
    except zlib.error as error:
        reading.refuse(place, f"compressed data is broken: {error}")
        return b""
    if worker.unconsumed_tail:
        reading.refuse(place, f"unpacks to more than {LARGEST >> 20} MiB")
        return b""
    return data


def _objects(data: bytes, place: int, reading: LogReading) -> Iterator[tuple[int, int]]:
    """Begin and end of each whole object in ``data``, and of what is to be passed over."""
    at = 0
    while True:
        found = data.find(_OBJECT, at)
        if found < 0:
            behind = len(data) - len(_OBJECT) + 1  # one may begin in what follows
            if behind > at:
                yield behind, behind
            return
        if found > at + 8:
            reading.refuse(place, f"{found - at} bytes that are no object")
            yield found, found
        if len(data) < found + _BASE.size:
            return
        _, header_size, _, size, _ = _BASE.unpack_from(data, found)
        if size < _BASE.size or size > LARGEST or header_size > size:
            reading.refuse(place, f"an object of {size} bytes")
            at = found + len(_OBJECT)
            yield at, at
            continue
        end = found + size
        if end > len(data):
            return
        yield found, end
        at = end


def _frames(
    data: bytes, place: int, start: float, reading: LogReading
) -> Iterator[tuple[int, LoggedFrame]]:
    """The frame of an object, if it is one."""
    if len(data) < _BASE.size:
        return
    _, header_size, version, _, kind = _BASE.unpack_from(data)
    make = _KINDS.get(kind)
    if make is None:
        return
    try:
        if version not in (1, 2):
            raise NoFrame(f"an object with a header of version {version}")
        flags, _, _, ticks = (_TIME_1 if version == 1 else _TIME_2).unpack_from(data, _BASE.size)
        time = start + ticks * (1e-5 if flags == 1 else 1e-9)
        if time > 253_402_300_799.0:
            raise NoFrame("a time beyond the year 9999")
        yield place, check_frame(make(time, data[header_size:]))
    except NoFrame as why:
        reading.refuse(place, why)
    except struct.error:
        reading.refuse(place, f"an object of type {kind} that is too short: {len(data)} bytes")


def _message(time: float, body: bytes) -> LoggedFrame:
    channel, flags, length, identifier, data = _MESSAGE.unpack_from(body)
    remote = bool(flags & _REMOTE)
    length = min(length, 8)
    return _made(
        time,
        channel,
        identifier,
        "remote" if remote else "data",
        b"" if remote else data[:length],
        length,
        "T" if flags & _SENT else "R",
    )


def _error(time: float, body: bytes) -> LoggedFrame:
    return _made(time, _CHANNEL.unpack_from(body)[0], 0, "error")


def _error_ext(time: float, body: bytes) -> LoggedFrame:
    channel, _, _, _, _, length, _, identifier, _, data = _ERROR_EXT.unpack_from(body)
    return _made(time, channel, identifier & _ID, "error", data[: min(length, 8)])


def _error_fd(time: float, body: bytes) -> LoggedFrame:
    return _made(time, body[0] if body else 0, 0, "error")


def _fd(time: float, body: bytes) -> LoggedFrame:
    channel, flags, code, identifier, _, _, fd, valid, data = _FD.unpack_from(body)
    direction = "T" if flags & _SENT else "R"
    if flags & _REMOTE:
        return _made(time, channel, identifier, "remote", b"", min(code, 8), direction)
    length = min(fd_length(code), valid, 64)
    fd_flags = BIT_RATE_SWITCH * bool(fd & 2) | ERROR_STATE * bool(fd & 4) if fd & 1 else None
    return _made(time, channel, identifier, "data", data[:length], 0, direction, fd_flags)


def _fd_64(time: float, body: bytes) -> LoggedFrame:
    channel, code, valid, _, identifier, _, flags, *_, sent, _, _ = _FD_64.unpack_from(body)
    direction = "T" if sent else "R"
    if flags & _FD_64_REMOTE:
        return _made(time, channel, identifier, "remote", b"", min(code, 8), direction)
    length = min(fd_length(code), valid)
    data = body[_FD_64.size : _FD_64.size + length].ljust(length, b"\0")
    fd_flags = None
    if flags & _FD_64_FD:
        switch, state = bool(flags & _FD_64_SWITCH), bool(flags & _FD_64_STATE)
        fd_flags = BIT_RATE_SWITCH * switch | ERROR_STATE * state
    return _made(time, channel, identifier, "data", data, 0, direction, fd_flags)


def _made(
    time: float,
    channel: int,
    identifier: int,
    kind: Literal["data", "remote", "error"],
    data: bytes = b"",
    dlc: int = 0,
    direction: str = "",
    fd_flags: int | None = None,
) -> LoggedFrame:
    return LoggedFrame(
        timestamp=time,
        channel=channel_name(channel),
        arbitration_id=identifier & _ID,
        extended=bool(identifier & _EXTENDED) and kind != "error",
        kind=kind,
        data=data,
        dlc=dlc if kind == "remote" else len(data),
        direction=direction,
        fd_flags=fd_flags,
    )


_KINDS: dict[int, Callable[[float, bytes], LoggedFrame]] = {
    1: _message,
    86: _message,
    2: _error,
    73: _error_ext,
    100: _fd,
    101: _fd_64,
    104: _error_fd,
}
"""Types of objects that are frames (CAN_MESSAGE, CAN_ERROR, CAN_FD_MESSAGE_64, ...)."""
