"""Lines of one file of a run folder as typed rows, from any time on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest
from typing import Generic, TypeVar

from evtui.recording.format import FrameRow
from evtui.recording.read.parsing import Unsupported
from evtui.recording.read.timefile import TimeFile

__all__ = ["FrameSource", "Rows", "Skipped"]

OFFSETS_KEPT = 10_000
"""Offsets of unreadable lines that are kept, a kind, so that none is counted twice."""

R = TypeVar("R")


class Skipped:
    """Lines that could not be read, each counted once however often it is met."""

    def __init__(self) -> None:
        self._offsets: dict[str, set[int]] = {}
        self._counted: dict[str, int] = {}

    def count(self, what: str, number: int) -> None:
        """All of a kind have been counted beforehand."""
        self._counted[what] = number

    def add(self, what: str, offset: int) -> None:
        """Count the line at ``offset``; ``what`` names its file and its trouble."""
        if what in self._counted:
            return
        offsets = self._offsets.setdefault(what, set())
        if len(offsets) < OFFSETS_KEPT:
            offsets.add(offset)

    def told(self) -> list[str]:
        """One line for each kind."""
        counted = [f"{what}: {number} skipped" for what, number in self._counted.items()]
        return counted + [
            f"{what}: {'at least ' * (len(offsets) == OFFSETS_KEPT)}{len(offsets)} skipped"
            for what, offsets in self._offsets.items()
        ]


class Rows(Generic[R]):
    """The rows of one file.

    Args:
        file: where they stand.
        parse: makes a row of a line, or raises ValueError.
        time: lab time of a row in s.
        skipped: is told of lines that are no rows.
    """

    def __init__(
        self,
        file: TimeFile,
        parse: Callable[[bytes], R],
        time: Callable[[R], float],
        skipped: Skipped,
    ) -> None:
        self.file = file
        self.parse = parse
        self.time = time
        self._skipped = skipped

    def parsed(self, offset: int, line: bytes) -> R | None:
        """The row of a line; None for a line that is none, which is counted."""
        try:
            return self.parse(line)
        except Unsupported as unknown:
            self._skipped.add(f"{self.file.path.name}: {unknown}", offset)
        except ValueError:
            self._skipped.add(f"{self.file.path.name}: lines that cannot be read", offset)
        return None

    def located(self, offset: int | None = None) -> Iterator[tuple[int, R]]:
        """Rows from the line at ``offset`` on, each with the offset of its line."""
        for at, line in self.file.lines(offset):
            row = self.parsed(at, line)
            if row is not None:
                yield at, row

    def between(self, start: float, end: float) -> Iterator[R]:
        """Rows with ``start <= t < end``."""
        for _, row in self.located(self.file.first_at(start)):
            if self.time(row) >= end:
                return
            yield row


class FrameSource:
    """Frames out of can_labels.csv, and out of can.log what has no label.

    Both files have a line a frame, so the one beside the other is about the same frame.

    Args:
        labels, log: the two files, as far as they are there.
        lab_time: lab time of a time stamp of the log.
    """

    def __init__(
        self,
        labels: Rows[FrameRow] | None,
        log: Rows[FrameRow] | None,
        lab_time: Callable[[float], float],
    ) -> None:
        self._labels = labels
        self._log = log
        self._lab_time = lab_time

    def between(self, start: float, end: float) -> Iterator[FrameRow]:
        """Frames with ``start <= t < end``."""
        labels = self._labelled(start)
        begin = start
        if start > -math.inf:
            first = next((row for row in labels if row is not None), None)
            if first is not None:
                begin = self._lab_time(first.timestamp)
                labels = chain((first,), labels)
        logged = self._log.file.lines_from(begin) if self._log else iter(())
        # None stands for a label that cannot be read as well as for one that is not there.
        for line, label in zip_longest(logged, labels):
            row = label
            if row is None and line is not None and self._log is not None:
                row = self._log.parsed(*line)
            if row is None:
                continue
            if row.t_s >= end:
                return
            yield row

    def _labelled(self, start: float) -> Iterator[FrameRow | None]:
        if self._labels is not None:
            for offset, line in self._labels.file.lines_from(start):
                yield self._labels.parsed(offset, line)
