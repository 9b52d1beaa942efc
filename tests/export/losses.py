"""What each format of a CAN log loses, found by writing a log in it and reading that again.

One log has everything that a frame may be: 11 and 29 bits, remote frames, error frames of several
classes, CAN FD with each of its flags, two buses, both directions, times to the microsecond.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from evtui.export import FORMATS, export
from evtui.recording.format import FrameRow
from evtui.recording.read import RunFolder

__all__ = ["HEAD", "LOG", "READ_BACK", "Kept", "round_trip", "rows", "source"]

START = 1_795_000_000.123457
APART = 0.000123
"""s between two frames."""

_FRAMES = (
    "300#6400",
    "300#",
    "7FF#1122334455667788",
    "00000300#6400",
    "1FFFFFFF#01",
    "123#R",
    "123#R4",
    "18FF50E5#R8",
    "20000004#0004000000000000",
    "20000080#0000000000000000",
    "300##06400",
    "300##0",
    "300##1" + "A5" * 12,
    "18FF50E5##2" + "5A" * 64,
    "300##3" + "00" * 20,
)

LOG = "".join(
    f"({START + n * APART:.6f}) can{n % 2} {_FRAMES[n % len(_FRAMES)]} {'RTT'[n % 3]}\n"
    for n in range(len(_FRAMES) * 12)
)
"""As ``candump -L -x`` writes it."""

READ_BACK = ("candump", "asc", "blf", "trc", "savvycan", "python-can-csv")
"""Formats of CAN logs that are written and read."""


class Kept(NamedTuple):
    """What of the log came back.

    Attributes:
        frames: how many of those in the log.
        apart: s between times before and after, at most.
    """

    frames: int
    apart: float
    identifiers: bool
    data: bool
    remote: bool
    errors: str
    fd: str
    buses: bool
    directions: str


def source(folder: Path) -> RunFolder:
    """The log, opened."""
    path = folder / "all.log"
    path.write_text(LOG)
    return RunFolder(path)


@cache
def round_trip(name: str) -> Kept:
    """Write the log in a format, read it, and compare."""
    with tempfile.TemporaryDirectory() as folder, _in_utc():
        before = source(Path(folder))
        out = Path(folder) / f"again{FORMATS[name].suffix}"
        export(before, name, out)
        return _compared(list(before.frames()), list(RunFolder(out).frames()))


@contextmanager
def _in_utc() -> Iterator[None]:
    """A date in an .asc is local time, and twice the same in one hour of a year."""
    zone = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if zone is not None:
            os.environ["TZ"] = zone
        time.tzset()


def _compared(before: Sequence[FrameRow], after: Sequence[FrameRow]) -> Kept:
    pairs = list(_paired(before, after))
    of = {kind: [pair for pair in pairs if pair[0].kind.startswith(kind)] for kind in _KINDS}

    def same(kinds: Sequence[str], what: Callable[[FrameRow], object]) -> bool:
        chosen = [pair for kind in kinds for pair in of[kind]]
        return bool(chosen) and all(what(one) == what(other) for one, other in chosen)

    def told(kind: str, fields: dict[str, Callable[[FrameRow], object]]) -> str:
        if not of[kind]:
            return "left out"
        lost = [name for name, what in fields.items() if not same([kind], what)]
        return f"without {', '.join(lost)}" if lost else "kept"

    frames = ("data", "remote", "fd")
    return Kept(
        frames=len(after),
        apart=max(abs(one.timestamp - other.timestamp) for one, other in pairs),
        identifiers=same(frames, lambda row: (row.arbitration_id, row.extended)),
        data=same(("data", "fd"), lambda row: row.data_field),
        remote=same(("remote",), lambda row: (row.kind, row.dlc)),
        errors=told(
            "error",
            {
                "class": lambda row: row.arbitration_id,
                "data": lambda row: row.data_field,
            },
        ),
        fd=told(
            "fd",
            {
                "that they are": lambda row: row.kind.startswith("fd"),
                "BRS": lambda row: "brs" in row.kind,
                "ESI": lambda row: "esi" in row.kind,
            },
        ),
        buses=same(frames, lambda row: row.bus),
        directions=_directions(of),
    )


_KINDS = ("data", "remote", "error", "fd")


def _directions(of: dict[str, list[tuple[FrameRow, FrameRow]]]) -> str:
    def kept(kinds: Sequence[str]) -> bool:
        return all(one.direction == other.direction for kind in kinds for one, other in of[kind])

    if not kept(("data", "remote", "fd")):
        return "lost"
    return "kept" if kept(("error",)) else "not of error frames"


def _paired(
    before: Sequence[FrameRow], after: Sequence[FrameRow]
) -> Iterator[tuple[FrameRow, FrameRow]]:
    """Each frame that came back beside the one that it was: the one with its time."""
    waiting = iter(before)
    for row in after:
        near = (one for one in waiting if abs(one.timestamp - row.timestamp) < APART / 2)
        yield next(near), row


HEAD = (
    *("format", "frames", "times", "ids", "remote frames", "error frames", "CAN FD"),
    *("buses", "directions"),
)


def rows() -> list[tuple[str, ...]]:
    """A row for each format, of the log that has everything."""
    return [_row(name, round_trip(name)) for name in READ_BACK]


def _row(name: str, kept: Kept) -> tuple[str, ...]:
    def word(is_kept: bool) -> str:
        return "kept" if is_kept else "lost"

    assert kept.data, name
    return (
        f"`{name}`",
        f"{kept.frames} of {LOG.count(chr(10))}",
        f"to {1e6 * kept.apart:.0f} µs" if kept.apart >= 0.5e-6 else "to the µs",
        word(kept.identifiers),
        word(kept.remote),
        kept.errors,
        kept.fd,
        word(kept.buses),
        kept.directions,
    )
