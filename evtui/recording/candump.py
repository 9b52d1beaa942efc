"""Logs in the format of can-utils' candump: ``(1767225600.123456) can0 300#6200 R``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, NamedTuple

from evtui.recording.lines import ERROR_FLAG
from evtui.recording.parsing import Unsupported
from evtui.recording.timefile import LONGEST_LINE, candump_stamp
from evtui.regular import open_regular

__all__ = ["FD_FRAMES", "LoggedFrame", "count_fd_frames", "is_candump", "logged_frame"]

FD_FRAMES = "CAN FD frames"

_FD_MARK = b"##"
"""Stands between id and data of a CAN FD frame, and nowhere else in a log."""

_LINES_TRIED = 100
_BLOCK = 1 << 20


class LoggedFrame(NamedTuple):
    """What a line of a candump log says; ``direction`` is empty where it does not say."""

    timestamp: float
    channel: str
    arbitration_id: int
    extended: bool
    kind: Literal["data", "remote", "error"]
    data: bytes
    dlc: int
    direction: str


# can-utils, lib.c: three digits are an 11-bit id and eight one of 29 bits; a remote frame may
# give its length, a full frame of 8 bytes its raw length code (_9 to _F).
_LOGGED = re.compile(
    rb"\s*\((?P<stamp>\d+(?:\.\d+)?)\)\s+(?P<channel>\S+)\s+"
    rb"(?P<id>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})#"
    rb"(?:(?P<remote>[Rr])(?P<length>[0-8])?|(?P<data>(?:[0-9A-Fa-f]{2}\.?){0,8}))(?:_[9A-Fa-f])?"
    rb"(?:\s+(?P<direction>[RTrt]))?\s*"
)


def logged_frame(line: bytes) -> LoggedFrame:
    """A line of a candump log.

    Raises:
        Unsupported: a CAN FD frame.
        ValueError: no frame.
    """
    found = _LOGGED.fullmatch(line)
    if found is None:
        if _FD_MARK in line:
            raise Unsupported(FD_FRAMES)
        raise ValueError("no CAN frame in candump's format")
    number = int(found["id"], 16)
    error = bool(number & ERROR_FLAG)
    extended = len(found["id"]) == 8 and not error
    identifier = number & (0x1FFF_FFFF if len(found["id"]) == 8 else 0x7FF)
    data = bytes.fromhex((found["data"] or b"").replace(b".", b"").decode())
    return LoggedFrame(
        timestamp=float(found["stamp"]),
        channel=found["channel"].decode("utf-8", "backslashreplace"),
        arbitration_id=identifier,
        extended=extended,
        kind="error" if error else "remote" if found["remote"] else "data",
        data=data,
        dlc=int(found["length"] or 0) if found["remote"] else len(data),
        direction=(found["direction"] or b"").decode().upper(),
    )


def is_candump(path: Path) -> bool:
    """True when one of the first lines is a frame.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path, follow=True) as file:
        return any(
            candump_stamp(line) is not None and (_FD_MARK in line or _LOGGED.fullmatch(line))
            for line in (file.readline(LONGEST_LINE) for _ in range(_LINES_TRIED))
        )


def count_fd_frames(path: Path) -> int:
    """CAN FD frames in a log, counted without reading it line by line.

    Raises:
        OSError: it cannot be read.
    """
    count, last = 0, b""
    with open_regular(path, follow=True) as file:
        while block := file.read(_BLOCK):
            block = last + block
            count += block.count(_FD_MARK)
            last = b"#" if block.endswith(b"#") and not block.endswith(_FD_MARK) else b""
    return count
