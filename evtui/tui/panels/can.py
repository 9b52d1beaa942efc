"""The CAN panel: frames by identifier, or the chronological trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Resize

from evtui.events import AnomalyState, CanFrame, Event, LostFrames
from evtui.tui.line_view import Cells, LineView
from evtui.tui.models.buses import BusBook
from evtui.tui.models.can_columns import FrameColumn, Shape, columns_for
from evtui.tui.models.can_filter import CanFilter
from evtui.tui.models.filter import Filter
from evtui.tui.models.frame_times import FrameTimes
from evtui.tui.models.frames import FrameLine, FrameLog
from evtui.tui.models.identifiers import COLUMNS, IdRow, IdTable
from evtui.tui.models.injected import Injected
from evtui.tui.models.signals import SignalBook
from evtui.tui.models.text import clean, fit
from evtui.tui.panels.bus_line import BusLine
from evtui.tui.panels.can_heads import ColumnHeads
from evtui.tui.panels.can_rows import row_cells
from evtui.tui.panels.list_panel import ListPanel

__all__ = ["CanPanel"]

TRACE_SECONDS = 0.5
"""The trace scrolls as a whole, which is dear, so it moves twice a second."""

STATION_WIDTH, SHORT_STATION_WIDTH = 10, 6

ROOMY = 60
"""Cells from which on stations and times are written out."""

HEADS_FROM = 6
"""Rows of the panel from which on one is for the names of the columns."""


BUS_FROM = 8
"""Rows from which on one is for the bus."""


class CanPanel(ListPanel):
    """Frames by identifier with changed bytes marked; a key shows every frame.

    Args:
        start_utc: Unix time in seconds of lab time 0.
    """

    NAME: ClassVar[str] = "CAN"
    FILTER_HINT: ClassVar[str] = "300  300:7F0  node=  name=  injected  !not  text  /regex/"

    def __init__(self, start_utc: float, *, id: str = "can") -> None:  # noqa: A002
        super().__init__(id=id)
        self.trace = FrameLog()
        self.ids = IdTable()
        self.signals = SignalBook()
        self._injected = Injected()
        self._times = FrameTimes(start_utc)
        self._now = 0.0
        self._traced = -TRACE_SECONDS
        self._by_id = LineView(self.ids, self.id_cells, follows=False, id="can-ids")
        self._chronological = LineView(self.trace.store, self.trace_cells, id="can-trace")
        self._by_id.empty = self._chronological.empty = "no frames yet – waiting for the bus"
        self._chronological.display = False
        self._heads = ColumnHeads(self._show_heads)
        self.buses = BusBook()
        self._bus_line = BusLine(self._show_bus)
        self._chosen = ""
        self.view = self._by_id
        self.views = (self._by_id, self._chronological)

    def compose(self) -> ComposeResult:
        """The bus and the names of the columns over the lists."""
        yield self._bus_line
        yield self._heads
        yield from super().compose()

    def feed(self, events: Sequence[Event]) -> None:
        """Take the CAN frames among ``events``, and which of them an anomaly sends."""
        for event in events:
            if isinstance(event, AnomalyState):
                self._injected.note(event)
        self.buses.feed(events)
        frames = [event for event in events if isinstance(event, CanFrame)]
        if frames:
            self.trace.feed(frames, self._injected.by)
            self.ids.feed(frames, self._injected.by)
            self.signals.feed(frames)

    def count_lost(self, lost: Sequence[LostFrames]) -> None:
        """Count frames that came faster than they could be taken; see :class:`LostFrames`."""
        self.buses.count_lost(lost)
        self.ids.count_lost(lost)

    def reset(self) -> None:
        """Forget every frame; filter and order stay."""
        self.trace = FrameLog()
        ids = IdTable()
        ids.sort(self.ids.column, upside_down=self.ids.upside_down)
        self.ids = ids
        self.signals = SignalBook()
        self.buses = BusBook()
        self._chronological.restart(self.trace.store)
        self._by_id.restart(self.ids)
        self._traced = -TRACE_SECONDS
        self._times.zero = None

    def tick(self, now: float) -> None:
        """Show what has come by lab time ``now`` in seconds."""
        self._now = now
        self.ids.publish(now)
        due = now - self._traced >= TRACE_SECONDS
        if due:
            self._traced = now
            self.trace.store.publish()
        if due or self.view is self._by_id:
            self._show()

    def choose(self, station: str) -> None:
        """Tell of the bus of this charge point."""
        self._chosen = station
        self._show_bus()

    def toggle_trace(self) -> None:
        """By identifier or chronological."""
        old = self.view
        self.view = self._chronological if old is self._by_id else self._by_id
        self.view.display = True
        self.set_class(self.view is self._chronological, "-trace", update=False)
        self.app.stylesheet.apply(self)  # what is in it looks the same, and takes 6 ms to find out
        if old.has_focus:
            self.screen.set_focus(self.view)
        old.display = False
        self._show()

    def sort_by_next(self) -> str:
        """Sort by the next column; what it is sorted by then."""
        place = (COLUMNS.index(self.ids.column) + 1) % len(COLUMNS)
        self.ids.sort(COLUMNS[place])
        self._show()
        return COLUMNS[place]

    def turn_round(self) -> None:
        """The last first."""
        self.ids.sort(self.ids.column, upside_down=not self.ids.upside_down)
        self._show()

    def mute(self) -> int:
        """Mark no more changes of bits that have changed so far; of how many identifiers."""
        count = self.ids.mute()
        self._show()
        return count

    def unmute(self) -> None:
        """Mark every change again."""
        self.ids.unmute()
        self._show()

    def next_times(self) -> str:
        """Other times in the trace; which, for people."""
        said = self._times.next_mode()
        self._show()
        return said

    def set_zero(self) -> str | None:
        """Count times from the row under the cursor; its time, None without a row."""
        entry = self.view.entry
        if entry is None:
            return None
        self._times.zero = entry.t
        if self._times.mode == "clock":
            self._times.mode = "zero"
        self._show()
        return self._times.clock(entry.t)

    def filter_of(self, text: str) -> Filter:
        """Terms for CAN, text, or a regular expression."""
        return CanFilter(text)

    @on(ColumnHeads.HeadChosen)
    def _sort_by_chosen(self, chosen: ColumnHeads.HeadChosen) -> None:
        chosen.stop()
        again = chosen.column == self.ids.column
        self.ids.sort(chosen.column, upside_down=again and not self.ids.upside_down)
        self._show()

    @on(Resize)
    def _make_room(self) -> None:
        self._heads.display = self.size.height >= HEADS_FROM
        self._bus_line.display = self.size.height >= BUS_FROM

    def _show(self) -> None:
        self.view.redraw()
        self._show_bus()
        self._show_heads()
        self.show_title()

    def _show_bus(self) -> None:
        if self._bus_line.display:
            several = len(self.buses.buses) > 1
            self._bus_line.tell(self.buses.of(self._chosen), named=several)

    def _show_heads(self) -> None:
        width = self._heads.size.width - 2
        if not self._heads.display or width <= 0:
            return
        if self.view is self._by_id:
            before = self._station_width(width)
            columns = self._columns(width, timed=True)
            self._heads.tell(before, columns, self.ids.column, self.ids.upside_down)
        else:
            before = self._station_width(width) + self._time_width(width)
            lead = self._times.heading
            self._heads.tell(before, self._columns(width, timed=False), lead=lead)

    @property
    def pending(self) -> int:
        """Frames that wait for the next tick."""
        return self.trace.store.pending

    @property
    def parts(self) -> list[str]:
        """Which of the two lists it is."""
        if self.view is self._chronological:
            return ["trace"] if self._times.mode == "clock" else ["trace", self._times.heading]
        return [f"by {self.ids.column}{' ↑' * self.ids.upside_down}"]

    @property
    def dropped(self) -> int:
        """Rows that left because there were too many: frames of the trace, or identifiers."""
        chronological = self.view is self._chronological
        return self.trace.store.dropped if chronological else self.ids.dropped

    def id_cells(self, row: IdRow, width: int) -> Cells:
        """One identifier in ``width`` cells."""
        return [
            *self._station(row, width),
            *row_cells(row, self._columns(width, timed=True), self._now),
        ]

    def trace_cells(self, row: FrameLine, width: int) -> Cells:
        """One frame in ``width`` cells."""
        return [
            (self._time(row, width), "muted"),
            *self._station(row, width),
            *row_cells(row, self._columns(width, timed=False), self._now),
        ]

    def _time(self, row: FrameLine, width: int) -> str:
        store = self.trace.store
        before = first = None
        if self._times.mode != "clock":
            place = store.position(row.key)
            before = store.row(place - 1).t if place > 0 else None
            first = store.row(0).t
        return self._times.text(row.t, before, first or 0.0, roomy=width >= ROOMY) + " "

    def _time_width(self, width: int) -> int:
        return self._times.width(roomy=width >= ROOMY) + 1

    def _station_width(self, width: int) -> int:
        if not self.ids.several_buses:
            return 0
        return 1 + (STATION_WIDTH if width >= ROOMY else SHORT_STATION_WIDTH)

    def _station(self, row: FrameLine, width: int) -> Cells:
        """The charge point whose bus it was, where there are several: each has one.

        In a log alone there are none, and buses have names.
        """
        cells = self._station_width(width)
        whose = clean(row.frame.station or row.frame.bus)
        return [(fit(whose, cells - 1) + " ", "muted")] if cells else []

    def _columns(self, width: int, *, timed: bool) -> tuple[FrameColumn, ...]:
        ids = self.ids
        taken = self._station_width(width) + (0 if timed else self._time_width(width))
        return columns_for(
            Shape(width - taken, ids.id_width, ids.name_width, ids.data_width, timed)
        )
