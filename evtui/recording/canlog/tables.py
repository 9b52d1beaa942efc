"""CAN logs in columns (.csv): as SavvyCAN and GVRET write them, and as python-can does.

SavvyCAN's have microseconds, the bus from 0 and a column a byte; nothing in them tells a CAN FD
frame but its length, nor a remote or an error frame.  python-can's have data in base64 and
neither channel nor direction.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal

from evtui.recording.canlog.reading import (
    LogReading,
    NoFrame,
    channel_name,
    check_frame,
    lines_of,
    number,
    seconds,
)
from evtui.recording.read.candump import LoggedFrame, other_length

__all__ = ["is_python_can", "is_savvycan", "read_python_can", "read_savvycan"]

_SAVVYCAN = ("time stamp", "id", "extended", "bus", "d1")
_LENGTH = ("len", "dlc")
"""Either: older ones of SavvyCAN and its relatives say DLC."""

_PYTHON_CAN = ("timestamp", "arbitration_id", "extended", "remote", "error", "dlc", "data")
_TRUE, _FALSE = ("true", "1"), ("false", "0")

_Parse = Callable[[dict[str, int], list[str]], LoggedFrame]


def is_savvycan(head: str) -> bool:
    """Whether a file begins with the names of SavvyCAN's columns."""
    names = set(_names(head.lstrip("\ufeff").partition("\n")[0]))
    return set(_SAVVYCAN) <= names and not names.isdisjoint(_LENGTH)


def is_python_can(head: str) -> bool:
    """Whether a file begins with the names of python-can's columns."""
    return set(_PYTHON_CAN) <= set(_names(head.lstrip("\ufeff").partition("\n")[0]))


def read_savvycan(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a log; times of less than a year count from the start of the device."""
    return _read(file, reading, _savvycan)


def read_python_can(file: BinaryIO, reading: LogReading) -> Iterator[tuple[int, LoggedFrame]]:
    """The frames of such a log."""
    return _read(file, reading, _python_can)


def _names(line: str) -> list[str]:
    return [name.strip().strip('"').lower() for name in line.split(",")]


def _read(file: BinaryIO, reading: LogReading, parse: _Parse) -> Iterator[tuple[int, LoggedFrame]]:
    columns: dict[str, int] = {}
    for place, line in lines_of(file, reading):
        if not columns:
            columns = {name: index for index, name in enumerate(_names(line))}
            continue
        try:
            yield place, check_frame(parse(columns, [cell.strip() for cell in line.split(",")]))
        except NoFrame as why:
            reading.refuse(place, why)


def _cell(columns: dict[str, int], cells: list[str], name: str) -> str:
    if columns[name] >= len(cells):
        raise NoFrame(f"{len(cells)} columns are too few")
    return cells[columns[name]]


def _flag(text: str, name: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise NoFrame(f"{name} {text[:20]!r} is neither true nor false")
    return text.lower() in _TRUE


def _hexadecimal(text: str, what: str) -> int:
    return number(text.removeprefix("0x").removeprefix("0X"), 16, what)


def _microseconds(text: str) -> float:
    """A time stamp of SavvyCAN in s.

    The counter of the device has 32 bits, and from its half on, after 36 minutes, some versions
    write it as a number below 0 in 64 bits: 18446744071797529302.
    """
    if text.isascii() and text.isdecimal() and len(text) == 20 and int(text) >= 1 << 63:
        text = str(int(text) & 0xFFFF_FFFF)
    return seconds(text, 1e-6)


def _savvycan(columns: dict[str, int], cells: list[str]) -> LoggedFrame:
    identifier = _hexadecimal(_cell(columns, cells, "id"), "id")
    length = number(_cell(columns, cells, next(filter(columns.get, _LENGTH))), 10, "length")
    first = columns["d1"]
    bytes_there = cells[first : first + length]
    if len(bytes_there) < length or length > 64:
        raise NoFrame(other_length(len(bytes_there), length))
    values = [_hexadecimal(cell, "byte") for cell in bytes_there]
    if any(value > 0xFF for value in values):
        raise NoFrame("a byte is above FF")
    direction = _cell(columns, cells, "dir") if "dir" in columns else ""
    if direction.lower() not in ("", "rx", "tx"):
        raise NoFrame(f"direction {direction[:20]!r} is neither Rx nor Tx")
    return LoggedFrame(
        timestamp=_microseconds(_cell(columns, cells, "time stamp")),
        channel=channel_name(number(_cell(columns, cells, "bus"), 10, "bus") + 1),
        arbitration_id=identifier,
        extended=_flag(_cell(columns, cells, "extended"), "Extended") or identifier > 0x7FF,
        kind="data",
        data=bytes(values),
        dlc=length,
        direction=direction[:1].upper(),
        fd_flags=0 if length > 8 else None,
    )


def _python_can(columns: dict[str, int], cells: list[str]) -> LoggedFrame:
    def flag(name: str) -> bool:
        return _flag(_cell(columns, cells, name), name)

    try:
        data = binascii.a2b_base64(_cell(columns, cells, "data"), strict_mode=True)
    except (binascii.Error, ValueError):
        raise NoFrame("data is no base64") from None
    kind: Literal["data", "remote", "error"] = "error" if flag("error") else "data"
    if flag("remote"):
        kind, data = "remote", b""
    length = number(_cell(columns, cells, "dlc"), 10, "length")
    if kind != "remote" and len(data) != length:
        raise NoFrame(other_length(len(data), length))
    identifier = _hexadecimal(_cell(columns, cells, "arbitration_id"), "id")
    return LoggedFrame(
        timestamp=seconds(_cell(columns, cells, "timestamp")),
        channel="can0",
        arbitration_id=identifier,
        extended=flag("extended") and kind != "error",
        kind=kind,
        data=data,
        dlc=length,
        direction="",
        fd_flags=0 if len(data) > 8 else None,
    )
