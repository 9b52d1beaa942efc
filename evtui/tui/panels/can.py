"""The CAN panel: frames by identifier, or the chronological trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from evtui.events import AnomalyState, CanFrame, Event
from evtui.tui.line_view import Cells, LineView
from evtui.tui.models.frames import FrameLine, FrameLog, IdRow, IdTable
from evtui.tui.models.injected import Injected
from evtui.tui.models.text import clean, clock, fit
from evtui.tui.panels.list_panel import ListPanel

__all__ = ["CanPanel"]

TRACE_SECONDS = 0.5
"""The trace scrolls as a whole, which is dear, so it moves twice a second."""

NODE_WIDTH = 13  # charge-point and a blank
SIGNALS_WIDTH = 6
STATION_WIDTH, SHORT_STATION_WIDTH = 10, 6
MAX_DATA_BYTES = 8


class CanPanel(ListPanel):
    """Frames by identifier with changed bytes marked; a key shows every frame.

    Args:
        start_utc: Unix time in seconds of lab time 0.
    """

    NAME: ClassVar[str] = "CAN"

    def __init__(self, start_utc: float, *, id: str = "can") -> None:  # noqa: A002
        super().__init__(id=id)
        self.trace = FrameLog()
        self.ids = IdTable()
        self._injected = Injected()
        self._start_utc = start_utc
        self._now = 0.0
        self._traced = -TRACE_SECONDS
        self._by_id = LineView(self.ids, self.id_cells, follows=False, id="can-ids")
        self._chronological = LineView(self.trace.store, self.trace_cells, id="can-trace")
        self._by_id.empty = self._chronological.empty = "no frames yet – waiting for the bus"
        self._chronological.display = False
        self.view = self._by_id
        self.views = (self._by_id, self._chronological)

    def feed(self, events: Sequence[Event]) -> None:
        """Take the CAN frames among ``events``, and which of them an anomaly sends."""
        for event in events:
            if isinstance(event, AnomalyState):
                self._injected.note(event)
        frames = [event for event in events if isinstance(event, CanFrame)]
        if frames:
            self.trace.feed(frames, self._injected.by)
            self.ids.feed(frames, self._injected.by)

    def reset(self) -> None:
        """Forget every frame."""
        self.trace = FrameLog()
        self.ids = IdTable()
        self._chronological.restart(self.trace.store)
        self._by_id.restart(self.ids)
        self._traced = -TRACE_SECONDS

    def tick(self, now: float) -> None:
        """Show what has come by lab time ``now`` in seconds."""
        self._now = now
        self.ids.publish(now)
        due = now - self._traced >= TRACE_SECONDS
        if due:
            self._traced = now
            self.trace.store.publish()
        if due or self.view is self._by_id:
            self.view.redraw()
            self.show_title()

    def toggle_trace(self) -> None:
        """By identifier or chronological."""
        old = self.view
        self.view = self._chronological if old is self._by_id else self._by_id
        self.view.display = True
        self.set_class(self.view is self._chronological, "-trace")
        if old.has_focus:
            self.screen.set_focus(self.view)
        old.display = False
        self.view.redraw()
        self.show_title()

    @property
    def pending(self) -> int:
        """Frames that wait for the next tick."""
        return self.trace.store.pending

    @property
    def parts(self) -> list[str]:
        """Which of the two lists it is."""
        return ["by id" if self.view is self._by_id else "trace"]

    @property
    def dropped(self) -> int:
        """Frames that left the trace because it was full."""
        return self.trace.store.dropped if self.view is self._chronological else 0

    def id_cells(self, row: IdRow, width: int) -> Cells:
        """Identifier, name, sender, count, period, data with changed bytes marked, signals."""
        before: Cells = [*self._bus_cells(row, width), (f"{row.id_text} ", "strong")]
        numbers = f"{row.count:>7,} {row.period_text:>6} "
        return self._columns(before, row, width, numbers, row.changed(self._now))

    def trace_cells(self, row: FrameLine, width: int) -> Cells:
        """Time, identifier, name, sender, data, signals."""
        time = clock(self._start_utc + row.t)
        before: Cells = [
            (f"{time if width >= 60 else time[:8]} ", "muted"),
            *self._bus_cells(row, width),
            (f"{row.id_text} ", "strong"),
        ]
        return self._columns(before, row, width, "", frozenset())

    def _bus_cells(self, row: FrameLine, width: int) -> Cells:
        """The charge point whose bus it was, where there are several: each has one."""
        if not self.ids.several_buses:
            return []
        cells = STATION_WIDTH if width >= 60 else SHORT_STATION_WIDTH
        return [(fit(clean(row.frame.station), cells) + " ", "muted")]

    def _columns(
        self, before: Cells, row: FrameLine, width: int, numbers: str, changed: frozenset[int]
    ) -> Cells:
        shown_bytes = min(self.ids.data_width, MAX_DATA_BYTES)
        fixed = sum(len(text) for text, _ in before) + len(numbers) + shown_bytes * 3 + 2
        name_width = min(self.ids.name_width + 1, max(0, width - fixed - SIGNALS_WIDTH))
        room = width - fixed - name_width
        cells: Cells = [*before, (fit(row.name, name_width), "")]
        if room >= NODE_WIDTH + SIGNALS_WIDTH:
            cells.append((fit(row.node, NODE_WIDTH - 1) + " ", "muted"))
            room -= NODE_WIDTH
        cells.append((f"{numbers} ", "muted"))
        for index, byte in enumerate(row.frame.data[:shown_bytes]):
            cells += [(f"{byte:02X}", "changed" if index in changed else ""), (" ", "")]
        missing = shown_bytes - min(len(row.frame.data), shown_bytes)
        return [*cells, ("   " * missing + " ", ""), (fit(row.signals, room), "strong")]
