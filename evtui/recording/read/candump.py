"""Logs of can-utils' candump, in its log format and as it shows frames on a screen.

``candump -l`` and ``-L`` write ``(1767225600.123456) can0 300#6200 R``; without them candump shows
`` (1767225600.123456)  can0  RX - -  300   [2]  62 00   'b.'``, where time, direction and the
ASCII column depend on its options (can-utils, candump.c and lib.c).
"""

from __future__ import annotations

import codecs
import re
import shlex
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

from evtui.recording.format import ERROR_FLAG
from evtui.recording.read.parsing import Unsupported
from evtui.recording.read.timefile import BOM, LONGEST_LINE, Stamp, candump_stamp, unix_stamp
from evtui.regular import open_regular

__all__ = [
    "FD_LENGTHS",
    "LogStyle",
    "LoggedFrame",
    "channel_of",
    "log_style",
    "logged_frame",
    "other_kind",
    "other_length",
    "stamp_of",
]

_LINES_TRIED = 100

_LONG_DELTA = 60.0
"""s; what stays beyond this is no time between two frames."""

_LONGEST = 2048
"""Bytes of a line that may be a frame; 64 bytes in binary digits take 600."""

FD_LENGTHS = (*range(9), 12, 16, 20, 24, 32, 48, 64)
"""Bytes of data for each data length code of CAN FD (ISO 11898-1)."""

Times = Literal["absolute", "date", "zero", "delta", "none"]


class LogStyle(NamedTuple):
    """How candump was told to write.

    Attributes:
        view: as on a screen, not in the log format.
        times: ``absolute``, s since 1970 (``-ta``, and every log); ``date`` (``-tA``); ``zero``,
            s since the first frame (``-tz``); ``delta``, s since the frame before (``-td``);
            ``none``.
    """

    view: bool
    times: Times


class LoggedFrame(NamedTuple):
    """What a line of a candump log says; ``direction`` is empty where it does not say.

    ``timestamp`` is what stands there, whatever it counts from, and 0 where nothing does.
    ``fd_flags`` are those of a CAN FD frame: 1 with the bit rate switched, 2 from a node that is
    error passive; None for a classic frame.
    """

    timestamp: float
    channel: str
    arbitration_id: int
    extended: bool
    kind: Literal["data", "remote", "error"]
    data: bytes
    dlc: int
    direction: str
    fd_flags: int | None = None


# can-utils, lib.c: three digits are an 11-bit id and eight one of 29 bits; a remote frame may
# give its length, a full frame of 8 bytes its raw length code (_9 to _F).
_LOGGED = re.compile(
    rb"\s*\((?P<stamp>\d+(?:\.\d+)?)\)\s+(?P<channel>\S+)\s+"
    rb"(?P<id>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})#"
    rb"(?:(?P<remote>[Rr])(?P<length>[0-8])?"
    rb"|#(?P<flags>[0-9A-Fa-f])(?P<long>(?:[0-9A-Fa-f]{2}\.?){0,64})"
    rb"|(?P<data>(?:[0-9A-Fa-f]{2}\.?){0,8}))(?:_[9A-Fa-f])?"
    rb"(?:\s+(?P<direction>[RTrt]))?\s*"
)

_DATE = rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?"
_VIEW_HEAD = (
    rb"\s*(?:\((?P<stamp>\d+(?:\.\d+)?|" + _DATE + rb")\)\s+)?(?P<channel>\S+)\s+"
    rb"(?:(?P<direction>[RT])X\s+(?P<brs>[-B])\s(?P<esi>[-E])\s+)?(?P<id>[0-9A-Fa-f]{3}|[0-9A-Fa-f]{8})\s+"
)
# One digit in brackets is the length of a classic frame, in braces the raw length code of one of 8
# bytes; a CAN FD frame has two digits.  Bytes are hexadecimal or binary (-i), the other way round
# when ` stands between them (-S).
_VIEWED = re.compile(
    _VIEW_HEAD
    + rb"(?:\[(?P<length>[0-8]|(?P<fd>\d\d))\]|\{[9A-Fa-f]\})"
    + rb"(?:(?P<remote>\s+remote request)"
    + rb"|(?P<data>(?:[ `]+(?:[01]{8}|[0-9A-Fa-f]{2})(?![^ `\s]))*))"
    + rb"(?:\s+(?:ERRORFRAME|'.*'|`.*`))?\s*"
)
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
_EXPLAINED = re.compile(rb"\t[a-z]+(?:-[a-z]+)*")
_CHANNEL = re.compile(rb"\s*(?:\([^)]*\)\s+)?(\S+)")


def other_length(there: int, length: int) -> str:
    """Why a frame has not the bytes that it says it has."""
    return f"{there} byte{'' if there == 1 else 's'} where the length is {length}"


def logged_frame(line: bytes) -> LoggedFrame:
    """A line that candump wrote, in whichever style.

    Raises:
        Unsupported: what candump says beside frames.
        ValueError: no frame.
    """
    if len(line) > _LONGEST:
        raise ValueError("too long for a CAN frame")
    found = _LOGGED.fullmatch(line)
    if found is None:
        return _viewed_frame(line)
    digits = found["data"] if found["flags"] is None else found["long"]
    data = bytes.fromhex((digits or b"").replace(b".", b"").decode())
    fd_flags = None if found["flags"] is None else int(found["flags"], 16) & 3
    return _frame(found, _stamped(found["stamp"]), data, int(found["length"] or 0), fd_flags)


def _viewed_frame(line: bytes) -> LoggedFrame:
    if b"\x1b" in line:
        line = _COLOUR.sub(b"", line)
    found = _VIEWED.fullmatch(line)
    if found is None:
        if not line.strip():
            raise Unsupported("empty lines")
        if line.startswith(b"DROPCOUNT:"):
            raise Unsupported("notes of candump that it lost frames itself (DROPCOUNT)")
        if _EXPLAINED.match(line):
            raise Unsupported("explanations of error frames (candump -e)")
        raise ValueError("no CAN frame in candump's format")
    texts = (found["data"] or b"").replace(b"`", b" ").split()
    data = bytes(int(text, 2 if len(text) == 8 else 16) for text in texts)
    length = 8 if found["length"] is None else int(found["length"])
    if found["remote"] is None and len(data) != length:
        raise ValueError(other_length(len(data), length))
    if b"`" in (found["data"] or b""):
        data = data[::-1]
    fd_flags = None
    if found["fd"] is not None:
        if found["remote"] is not None:
            raise ValueError("CAN FD has no remote frames")
        fd_flags = (found["brs"] == b"B") * 1 | (found["esi"] == b"E") * 2
    stamp = _stamped(found["stamp"]) if found["stamp"] else 0.0
    return _frame(found, stamp, data, length, fd_flags)


def _frame(
    found: re.Match[bytes], stamp: float, data: bytes, length: int, fd_flags: int | None
) -> LoggedFrame:
    if fd_flags is not None and len(data) not in FD_LENGTHS:
        raise ValueError(f"{len(data)} bytes of data; there is no such CAN FD frame")
    number = int(found["id"], 16)
    long = len(found["id"]) == 8
    error = bool(number & ERROR_FLAG)
    return LoggedFrame(
        timestamp=stamp,
        channel=found["channel"].decode("utf-8", "backslashreplace"),
        arbitration_id=number & (0x1FFF_FFFF if long else 0x7FF),
        extended=long and not error,
        kind="error" if error else "remote" if found["remote"] else "data",
        data=data,
        dlc=length if found["remote"] else len(data),
        direction=(found["direction"] or b"").decode().upper(),
        fd_flags=fd_flags,
    )


def log_style(path: Path) -> LogStyle | None:
    """How candump wrote a log, as its first lines show; None when none of them is a frame.

    Raises:
        OSError: it cannot be read.
    """
    stamps: list[bytes | None] = []
    view = False
    with open_regular(path, follow=True) as file:
        for number in range(_LINES_TRIED):
            line = file.readline(LONGEST_LINE)
            if number == 0:
                line = line.removeprefix(BOM)
            if len(line) > _LONGEST:
                continue
            if _LOGGED.fullmatch(line):
                return LogStyle(view=False, times="absolute")
            plain = _COLOUR.sub(b"", line)
            found = _VIEWED.fullmatch(plain)
            if found is not None:
                view = True
                stamps.append(found["stamp"])
    return LogStyle(view=True, times=_times(stamps)) if view else None


_KINDS = {
    codecs.BOM_UTF16_LE: (
        "text in UTF-16, as PowerShell's > writes it",
        "iconv -f UTF-16 {} > LOG",
    ),
    codecs.BOM_UTF16_BE: ("text in UTF-16", "iconv -f UTF-16 {} > LOG"),
    b"BZh": ("compressed", "bunzip2 -k {}"),
    b"\xfd7zXZ\x00": ("compressed", "unxz -k {}"),
    b"\x28\xb5\x2f\xfd": ("compressed", "unzstd {}"),
    b"PK\x03\x04": ("an archive", "unzip {}"),
}
"""What a file is that begins like that, and the command that makes a log of it."""


def other_kind(path: Path) -> str:
    """What a file is that is no log but holds one, with the way out; empty for any other.

    Raises:
        OSError: it cannot be read.
    """
    with open_regular(path, follow=True) as file:
        begin = file.read(8)
    for magic, (what, command) in _KINDS.items():
        if begin.startswith(magic):
            return f"{what}; make a log of it with {command.format(shlex.quote(path.name))}"
    return ""


def _times(stamps: list[bytes | None]) -> Times:
    first = stamps[0]
    if first is None:
        return "none"
    if b"-" in first:
        return "date"
    if len(first.split(b".")[0]) >= len(b"1000000000"):
        return "absolute"
    # Since the first frame they grow, or stay where they have few decimals; since the frame before
    # they go up and down.
    times = [float(stamp) for stamp in stamps if stamp and b"-" not in stamp]
    backs = sum(after < before for before, after in pairwise(times))
    stays = sum(after <= before for before, after in pairwise(times))
    short = times[-1] < _LONG_DELTA
    return "delta" if backs * 4 > len(times) or (short and stays * 3 > len(times)) else "zero"


def stamp_of(style: LogStyle) -> Stamp:
    """What reads the time of a line; without times every line is at 0 s."""
    if style.times == "none":
        return lambda line: 0.0
    return _view_stamp if style.view else candump_stamp


_VIEW_STAMP = re.compile(rb"\s*\((\d+(?:\.\d+)?|" + _DATE + rb")\)\s")


def _view_stamp(line: bytes) -> float | None:
    found = _VIEW_STAMP.match(_COLOUR.sub(b"", line) if b"\x1b" in line else line)
    try:
        return _stamped(found[1]) if found else None
    except ValueError:
        return None


def _stamped(text: bytes) -> float:
    if b"-" not in text:
        value = unix_stamp(text)
        if value is None:
            raise ValueError("no time in a calendar")
        return value
    second, _, decimals = text.partition(b".")
    return _second(second) + float(b"0." + decimals + b"0")


@lru_cache(maxsize=4)
def _second(text: bytes) -> float:
    return datetime.fromisoformat(text.decode()).replace(tzinfo=UTC).timestamp()


def channel_of(line: bytes) -> bytes:
    """The interface that a line names."""
    found = _CHANNEL.match(_COLOUR.sub(b"", line) if b"\x1b" in line else line)
    return found[1] if found else b""
