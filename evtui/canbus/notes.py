"""Warnings about things that can happen thousands of times a second."""

from __future__ import annotations

from typing import Literal

from evtui.events import EventStream, Note

__all__ = ["ThrottledNotes"]

BusNoteLevel = Literal["warning", "error"]


class ThrottledNotes:
    """Publishes a warning at once, and its repetitions as a number with every :meth:`flush`.

    Args:
        stream: where the notes go.
        source: source of the notes.
        station: charge point they belong to.
    """

    def __init__(self, stream: EventStream, *, source: str, station: str) -> None:
        self._stream = stream
        self._source = source
        self._station = station
        self._repetitions: dict[tuple[BusNoteLevel, str], int] = {}

    def add(self, level: BusNoteLevel, what: str, detail: str = "") -> None:
        """``what`` happened (again); ``detail`` is told of the first of a kind only."""
        if (level, what) in self._repetitions:
            self._repetitions[level, what] += 1
        else:
            self._repetitions[level, what] = 0
            self._publish(level, f"{what}: {detail}" if detail else what)

    def flush(self) -> None:
        """Publish the repetitions since the last flush; what was not repeated is new again."""
        repetitions, self._repetitions = self._repetitions, {}
        for (level, what), more in repetitions.items():
            if more:
                self._repetitions[level, what] = 0
                self._publish(level, f"{what} ({more} more)")

    def _publish(self, level: BusNoteLevel, text: str) -> None:
        self._stream.publish(
            Note(source=self._source, station=self._station, level=level, text=text)
        )
