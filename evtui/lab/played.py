"""Reads what is to be played on the bus: of a CAN log in any format, or of a run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from evtui.canbus import Frame, Recorded
from evtui.escaping import for_terminal
from evtui.recording.format import FrameRow
from evtui.recording.read import FolderError, RunFolder

__all__ = ["MOST_PLAYED", "ReadFrames", "read_frames"]

MOST_PLAYED = 200_000
"""Frames that are played of a log: 50 s of a full bus of 500 kbit/s, in some 40 MiB."""


class ReadFrames(NamedTuple):
    """What was read.

    Attributes:
        frames: with times from the begin of the range.
        left_out: error frames, which no node sends at will.
        problems: what is not as it should be with the log, a line each.
    """

    frames: list[Recorded]
    left_out: int
    problems: list[str]


def read_frames(
    path: Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    wanted: Callable[[int], bool] = lambda _: True,
    bus: str = "",
) -> ReadFrames:
    """The frames of a log in order of time; where its clock was set, time goes on right there.

    Args:
        start, end: s from its first frame; frames from ``start`` on and before ``end``.
        wanted: says which identifiers are.
        bus: the only one whose frames are meant, ``can0``; empty for all.

    Raises:
        ValueError: it cannot be read, or holds too much; the text is one line.
    """
    try:
        log = RunFolder(path)
        first = log.t_first
        until = float("inf") if end is None else first + end
        rows = _chosen(log.frames(first + start, until), wanted, bus)
        frames: list[Recorded] = []
        left_out = 0
        for row in rows:
            if row.kind == "error":
                left_out += 1
                continue
            if len(frames) == MOST_PLAYED:
                raise ValueError(
                    f"{path}: more than {MOST_PLAYED:,} frames; choose some by start, end, ids, bus"
                )
            frames.append(Recorded(row.t_s, _frame(row)))
    except (FolderError, OSError) as error:
        raise ValueError(for_terminal(str(error))) from None
    return ReadFrames(frames, left_out, log.problems)


def _chosen(
    rows: Iterator[FrameRow], wanted: Callable[[int], bool], bus: str
) -> Iterator[FrameRow]:
    return (row for row in rows if wanted(row.arbitration_id) and bus in ("", row.bus))


def _frame(row: FrameRow) -> Frame:
    remote = row.kind == "remote"
    return Frame(
        row.arbitration_id,
        b"" if remote else row.data_field,
        row.extended,
        remote=remote,
        requested=row.dlc if remote else 0,
        fd=row.kind.startswith("fd"),
        brs=row.kind in ("fd brs", "fd brs esi"),
        esi=row.kind in ("fd esi", "fd brs esi"),
    )
