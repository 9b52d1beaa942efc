"""Reads a run folder, whatever state it is in: rows of each file, and the events of the run.

Files stand in order of time, so a moment is found by bisecting and a window is read without
what lies outside of it.  Every window is half open, ``start <= t < end``, in lab seconds.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Literal, TypeVar

from evtui.escaping import for_terminal
from evtui.events import Event, OcppMessage
from evtui.recording.format import AlarmRow, FrameRow, MessageRow, SignalRow, TruthRow
from evtui.recording.format.manifest import Manifest
from evtui.recording.read import parsing
from evtui.recording.read.opening import FolderError, open_sources
from evtui.recording.read.ordering import OnLines
from evtui.recording.read.sources import FrameSource, Rows
from evtui.recording.read.states import StateIndex, follow
from evtui.recording.write.messages import DELIVERED_WITHIN

__all__ = ["FolderError", "MomentKind", "RunFolder"]

MomentKind = Literal["message", "frame", "alarm", "anomaly"]
"""What a view can step to; for an anomaly its start, its end and the end of its effect."""

_APART = 2 * DELIVERED_WITHIN
"""s that the two ends in one line of ocpp.jsonl lie apart at most, and some more."""

R = TypeVar("R")


class RunFolder:
    """A run folder, one that is torn or incomplete, or a CAN log alone, in any format.

    It is read as it was when it was opened, even while somebody writes to it.

    Args:
        path: of the folder or of the log.
        decode: the frames of a log alone are those of a station of ours.
        on_lines: see :func:`open_sources`.

    Attributes:
        manifest: None where it is missing or broken.
        start_utc: Unix time in s of lab time 0; of a log alone that of its first frame.
        t_first: lab time in s of the first line of any file, 0 where there is none.
        t_end: of the last one.

    Raises:
        FolderError: it is not there, cannot be read, or is something else.
    """

    def __init__(
        self, path: Path, *, decode: bool = False, on_lines: OnLines | None = None
    ) -> None:
        self.path = path
        self._sources = sources = open_sources(path, decode=decode, on_lines=on_lines)
        self.manifest = sources.manifest
        self.start_utc = sources.start_utc
        self._frames = FrameSource(sources.labels, sources.log, sources.lab_time)
        others = sources.others
        self._states = StateIndex(others.located if others else lambda offset: ())
        files = [rows.file for rows in sources.in_time() if rows is not None]
        firsts = [t for file in files if (t := file.first()) is not None]
        lasts = [t for file in files if (t := file.last()) is not None]
        self.t_first = min(firsts, default=0.0)
        self.t_end = max(lasts, default=0.0)

    @property
    def is_log(self) -> bool:
        """True for a CAN log alone: there is nothing but frames."""
        return self.path.is_file()

    @property
    def problems(self) -> list[str]:
        """What is not there, and what could not be read so far, one line each."""
        told = [] if self.manifest is None else _told_by(self.manifest)
        problems = [*told, *map(str, self._sources.problems), *self._sources.skipped.told()]
        return [for_terminal(line) for line in problems]

    def signals(self, start: float = -math.inf, end: float = math.inf) -> Iterator[SignalRow]:
        """What the power stages did."""
        return _between(self._sources.signals, start, end)

    def frames(self, start: float = -math.inf, end: float = math.inf) -> Iterator[FrameRow]:
        """CAN frames of all buses; one that has no label has ``seq`` 0 and maybe no node."""
        return self._frames.between(start, end)

    def messages(self, start: float = -math.inf, end: float = math.inf) -> Iterator[MessageRow]:
        """OCPP messages by the time they were sent, or delivered where only that was seen."""
        return _between(self._sources.messages, start, end)

    def alarms(self) -> list[AlarmRow]:
        """Every alarm raised or cleared."""
        return list(self._alarm_rows)

    def truth(self) -> list[TruthRow]:
        """Every attack."""
        return list(self._truth_rows)

    def other_events(self, start: float = -math.inf, end: float = math.inf) -> Iterator[Event]:
        """What stands in events.jsonl: all that has no file of its own, and error frames."""
        return _between(self._sources.others, start, end)

    def events(self, start: float = -math.inf, end: float = math.inf) -> Iterator[Event]:
        """The events of the run as they were published, in order of time and number.

        Numbers are as exact as their columns; what has no column, the cause of samples and of
        alarms, is gone.
        """
        first, behind = (bisect_left(self._alarm_times, t) for t in (start, end))
        streams: tuple[Iterator[Event], ...] = (
            map(parsing.sample_event, self.signals(start, end)),
            map(parsing.frame_event, self.frames(start, end)),
            self._message_events(start, end),
            map(parsing.alarm_event, self._alarm_rows[first:behind]),
            self.other_events(start, end),
        )
        told = 0
        for event in heapq.merge(*streams, key=attrgetter("t", "seq")):
            # An error frame stands in two files.
            if event.seq and event.seq == told:
                continue
            told = event.seq
            yield event

    def next_time(self, kind: MomentKind, after: float) -> float | None:
        """Lab time in s of the first moment of a kind later than ``after``, or None."""
        if kind in ("message", "frame"):
            rows = self._moments(kind)
            return rows.file.next(after) if rows else None
        times = self._alarm_times if kind == "alarm" else self._edges
        place = bisect_right(times, after)
        return times[place] if place < len(times) else None

    def previous_time(self, kind: MomentKind, before: float) -> float | None:
        """Lab time in s of the last moment of a kind earlier than ``before``, or None."""
        if kind in ("message", "frame"):
            rows = self._moments(kind)
            return rows.file.previous(before) if rows else None
        times = self._alarm_times if kind == "alarm" else self._edges
        place = bisect_left(times, before)
        return times[place - 1] if place else None

    def state_before(self, t: float) -> list[Event]:
        """What holds at ``t`` in s, in order of numbers, for a view that jumps there.

        The newest event before ``t`` about each thing that has a state: central system, links,
        connectors, open transactions, anomalies, alarms and what was detected, parts, settings,
        bus loads, scenario, recording.
        """
        alarms: dict[Hashable, Event] = {}
        for row in self._alarm_rows[: bisect_left(self._alarm_times, t)]:
            follow(alarms, parsing.alarm_event(row))
        return sorted([*self._states.before(t), *alarms.values()], key=attrgetter("seq"))

    def _moments(self, kind: MomentKind) -> Rows[FrameRow] | Rows[MessageRow] | None:
        if kind == "message":
            return self._sources.messages
        return self._sources.labels or self._sources.log

    @cached_property
    def _alarm_rows(self) -> list[AlarmRow]:
        return list(_between(self._sources.alarms, -math.inf, math.inf))

    @cached_property
    def _alarm_times(self) -> list[float]:
        return [row.t_s for row in self._alarm_rows]

    @cached_property
    def _truth_rows(self) -> list[TruthRow]:
        return list(_between(self._sources.truth, -math.inf, math.inf))

    @cached_property
    def _edges(self) -> list[float]:
        edges = ((row.t_start, row.t_end, row.t_effect_end) for row in self._truth_rows)
        return sorted({t for attack in edges for t in attack if t is not None})

    def _message_events(self, start: float, end: float) -> Iterator[OcppMessage]:
        """Both ends' events; the later one waits until its time among the others has come."""
        waiting: list[tuple[float, int, int, OcppMessage]] = []
        for row in self.messages(start - _APART, end):
            while waiting and waiting[0][:2] < (row.t, row.seq):
                yield heapq.heappop(waiting)[-1]
            for place, event in enumerate(parsing.message_events(row)):
                if start <= event.t < end:
                    heapq.heappush(waiting, (event.t, event.seq, place, event))
        while waiting:
            yield heapq.heappop(waiting)[-1]


def _between(rows: Rows[R] | None, start: float, end: float) -> Iterator[R]:
    return rows.between(start, end) if rows else iter(())


def _told_by(manifest: Manifest) -> Iterator[str]:
    if manifest.status == "running":
        yield "the recording was never closed: it still runs, or its process was killed"
    elif manifest.status == "interrupted":
        at = manifest.interrupted_at_s
        when = "" if at is None else f" at {at:.3f} s"
        yield f"the run was interrupted{when}: {manifest.interrupted}"
