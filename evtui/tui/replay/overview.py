"""What happened over a whole recording, in one row of cells.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from evtui.events import Event, Mark
from evtui.recording.format import AlarmRow, TruthRow
from evtui.tui.chart import ATTACK_MARKER, FADING_MARKER, MARK_MARKER, RAISED_MARKER
from evtui.tui.rows import Row, to_row
from evtui.tui.series import AttackSpan

__all__ = ["Overview", "Track", "overview_of"]

CURSOR = "●"
PLAYED, TO_COME = "━", "─"


@dataclass(frozen=True, slots=True)
class Overview:
    """Moments worth going to; times in s.

    Attributes:
        alarms: when one was raised.
        marks: what somebody has pointed at.
    """

    attacks: tuple[AttackSpan, ...] = ()
    alarms: tuple[float, ...] = ()
    marks: tuple[float, ...] = ()


class Records(Protocol):
    """What an overview is made of."""

    def truth(self) -> list[TruthRow]: ...

    def alarms(self) -> list[AlarmRow]: ...

    def other_events(self) -> Iterator[Event]: ...


def overview_of(records: Records) -> Overview:
    """Read it; a day takes a second or so."""
    return Overview(
        tuple(AttackSpan(row.t_start, row.t_end, row.t_effect_end) for row in records.truth()),
        tuple(row.t_s for row in records.alarms() if row.state == "raised"),
        tuple(event.moment for event in records.other_events() if isinstance(event, Mark)),
    )


@dataclass(frozen=True, slots=True)
class Track:
    """The recording from ``first`` to ``end`` (s) on so many cells."""

    first: float
    end: float
    cells: int

    def cell(self, t: float) -> int:
        """Cell that shows ``t``, the nearest where ``t`` is outside."""
        span = self.end - self.first
        share = (t - self.first) / span if span > 0 else 0.0
        return round(min(max(share, 0.0), 1.0) * (self.cells - 1))

    def time(self, cell: int) -> float:
        """Time in s that ``cell`` stands for: the first one the beginning, the last one the end."""
        last = max(1, self.cells - 1)
        return self.first + (self.end - self.first) * (min(max(cell, 0), last) / last)

    def row(self, overview: Overview, cursor: float) -> Row:
        """The line with what happened, and ``cursor`` (s) on top of it."""
        at = self.cell(cursor)
        line = [(PLAYED, "played")] * at + [(TO_COME, "to-come")] * (self.cells - at)
        for attack in overview.attacks:
            start, safe = attack.start, self.end if attack.safe is None else attack.safe
            self._put(line, range(self.cell(start), self.cell(safe) + 1), FADING_MARKER, "attack")
        for attack in overview.attacks:  # on top of the others' fading
            off = self.end if attack.off is None else attack.off
            self._put(
                line, range(self.cell(attack.start), self.cell(off) + 1), ATTACK_MARKER, "attack"
            )
        self._put(line, map(self.cell, overview.alarms), RAISED_MARKER, "alarm")
        self._put(line, map(self.cell, overview.marks), MARK_MARKER, "mark")
        self._put(line, (at,), CURSOR, "cursor")
        return to_row(line)

    def _put(
        self, line: list[tuple[str, str]], cells: Iterable[int], character: str, role: str
    ) -> None:
        for cell in cells:
            line[cell] = (character, role)
