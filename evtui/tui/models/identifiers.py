"""CAN frames by identifier: counted, timed, and what of their data changes."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from typing import Literal, get_args

from evtui.events import CanFrame, LostFrames
from evtui.tui.models.filter import Filter
from evtui.tui.models.frames import FrameLine
from evtui.tui.models.injected import InjectedBy, nobody
from evtui.tui.models.meanings import Meaning, meaning_of

__all__ = ["COLUMNS", "IDENTIFIERS_MAX", "IdColumn", "IdRow", "IdTable", "seconds_text"]

MARK_SECONDS = 1.0
"""A changed byte stays marked for so long."""

RECENT = 16
"""Frames that period and jitter are worked out from."""

COUNTER_SECONDS = 1.0

RATE_SECONDS = 10
"""s over which the rate of a message is the mean that comes less than twice a second."""

IDENTIFIERS_MAX = 4096
"""Rows at most: every 11-bit identifier twice over."""

STALE_CYCLES = 3
STALE_SECONDS = 5.0
"""A message is stale after so many of its cycles, or so long where it has none."""

OFF_CYCLE = 0.25
"""A period that is off the database's by more than this share of it is marked."""

IdColumn = Literal[
    "id", "name", "sender", "count", "rate", "period", "cycle", "jitter", "data", "signals"
]
COLUMNS: tuple[IdColumn, ...] = get_args(IdColumn)
"""From left to right; the table can be sorted by each."""

_MOST_FIRST = ("count", "rate", "jitter")


class IdRow(FrameLine):
    """All frames with one identifier on one bus; ``frame`` is the newest that is shown.

    Attributes:
        count: frames, as shown.
        lost: how many of them came faster than they could be looked at.
        rate: frames/s as shown: those of the last whole second of lab time, or the mean of the
            last ten where it was less than two.
        period: s, mean over the recent ones, as shown; None before the second.
        jitter: s between the shortest and the longest of the recent periods; None before the third.
        muted: bits whose changes are not marked, the first byte's the lowest.
        listed: whether it matches the filter.
    """

    __slots__ = (
        *("_causes", "_changed", "_ever", "_fresh", "_injected", "_injected_at", "_newest"),
        *("_first", "_seconds", "_seen", "_times", "changing"),
        *("count", "jitter", "listed", "lost", "muted", "period", "rate"),
    )

    def __init__(self, key: int, frame: CanFrame) -> None:
        super().__init__(frame)
        self.key = key
        self.count = 0
        self.lost = 0
        self.rate = 0.0
        self.period: float | None = None
        self.jitter: float | None = None
        self.changing = 0
        self.muted = 0
        self.listed = True
        self._seen = 0
        self._newest = frame
        self._first = int(frame.t)
        self._times: deque[float] = deque(maxlen=RECENT)
        self._seconds: deque[list[int]] = deque(maxlen=RATE_SECONDS + 1)
        self._causes: deque[int] = deque(maxlen=RECENT)
        self._fresh = 0
        self._changed: dict[int, float] = {}
        self._injected = ""
        self._injected_at = 0.0
        self._ever = False

    def take(self, frame: CanFrame, injected: str = "") -> None:
        """Count ``frame`` and note which bits differ from the one before."""
        if injected:
            self._injected, self._injected_at, self._ever = injected, frame.t, True
        before, data = self._newest.data, frame.data
        if before != data:
            self._fresh |= _difference(before, data)
        self._newest = frame
        self._seen += 1
        self._times.append(frame.t)
        second, seconds = int(frame.t), self._seconds
        if seconds and seconds[-1][0] == second:
            seconds[-1][1] += 1
        else:
            seconds.append([second, 1])
        if frame.cause is not None:
            self._causes.append(frame.cause)

    def publish(self, now: float, *, counters: bool) -> bool:
        """Show the newest frame, and the counters where they are due.

        Returns:
            whether it has to be looked at again although no frame comes.
        """
        fresh, self._fresh = self._fresh, 0
        if fresh:
            self.changing |= fresh
            seen = fresh & ~self.muted
            for index in range(len(self._newest.data)):
                if seen >> 8 * index & 0xFF:
                    self._changed[index] = self._newest.t
        self.frame = self._newest
        marked = now - self._injected_at < MARK_SECONDS
        self.injected = self._injected if marked else ""
        if counters or not self.count:
            self.count = self._seen + self.lost
            self._reckon(int(now))
        return bool(self.injected)

    def _reckon(self, second: int) -> None:
        """Work out the numbers from what came before this second of lab time."""
        recent = {at: frames for at, frames in self._seconds if at < second}
        self.rate = float(recent.get(second - 1, 0))
        if self.rate < 2:
            since = max(self._first, second - RATE_SECONDS)
            self.rate = sum(recent[at] for at in recent if at >= since) / max(1, second - since)
        times = self._times
        if len(times) > 1:
            self.period = (times[-1] - times[0]) / (len(times) - 1)
        if len(times) > 2:
            gaps = [after - before for before, after in zip(times, list(times)[1:], strict=False)]
            self.jitter = max(gaps) - min(gaps)

    def changed(self, now: float) -> frozenset[int]:
        """Indices of the bytes that changed less than ``MARK_SECONDS`` ago."""
        return frozenset(i for i, t in self._changed.items() if now - t < MARK_SECONDS)

    def mute(self) -> None:
        """Mark no more changes of bits that have changed so far."""
        self.muted |= self.changing | self._fresh
        self._changed.clear()

    def unmute(self) -> None:
        """Mark changes of every bit again."""
        self.muted = 0

    def muted_bytes(self, length: int) -> frozenset[int]:
        """Indices, of so many bytes, of those with a bit whose changes are not marked."""
        if not self.muted:
            return frozenset()
        return frozenset(i for i in range(length) if self.muted >> 8 * i & 0xFF)

    @property
    def meaning(self) -> Meaning | None:
        """Its message in the database."""
        return meaning_of(self.frame)

    @property
    def cycle(self) -> float | None:
        """s from one frame to the next as the database has it; None where it says nothing."""
        meaning = self.meaning
        return meaning.cycle if meaning else None

    @property
    def off_cycle(self) -> bool:
        """True where the period is not the database's."""
        cycle = self.cycle
        if cycle is None or self.period is None:
            return False
        return abs(self.period - cycle) > OFF_CYCLE * cycle

    def stale(self, now: float) -> bool:
        """True where its next frame is long overdue."""
        expected = self.cycle or self.period
        after = STALE_SECONDS if expected is None else max(1.0, STALE_CYCLES * expected)
        return now - self.frame.t > after

    @property
    def causes(self) -> frozenset[int]:
        """Sequence numbers of what caused the recent ones."""
        return frozenset(self._causes)

    @property
    def ever_injected(self) -> bool:
        """True where an anomaly has sent one of them."""
        return self._ever

    @property
    def count_text(self) -> str:
        """The count in seven characters."""
        return f"{self.count:,}" if self.count < 1_000_000 else f"{self.count / 1e6:.2f}M"

    @property
    def rate_text(self) -> str:
        """Frames a second in six characters."""
        decimals = 0 if self.rate >= 99.95 else 1 if self.rate >= 9.995 or not self.rate else 2
        return f"{self.rate:,.{decimals}f}"

    @property
    def period_text(self) -> str:
        """The period for people, in seven characters."""
        return seconds_text(self.period)

    def sorted_by(self, column: IdColumn) -> tuple[int | float | str | bytes, int]:
        """What puts it in its place among others; the most comes first where that is of use."""
        value: int | float | str | bytes
        match column:
            case "id":
                value = 0
            case "name":
                value = self.name.casefold()
            case "sender":
                value = self.node.casefold()
            case "data":
                value = self.frame.data
            case "signals":
                value = self.signals.casefold()
            case _:
                amount = self.cycle if column == "cycle" else getattr(self, column)
                value = math.inf if amount is None else amount
                if column in _MOST_FIRST:
                    value = math.inf if amount is None else -amount
        return value, self.key


class IdTable:
    """Frames by bus and identifier.

    Counters are brought up to date once a second, since they would otherwise be the only
    thing that changes ten times a second while nothing happens, and so is the order.

    Args:
        capacity: identifiers at most; where there are more, those that have been silent longest
            leave.

    Attributes:
        dropped: identifiers that had to leave.
        column: that it is sorted by.
        upside_down: whether the last comes first.
        frames: frames taken.
    """

    def __init__(self, capacity: int = IDENTIFIERS_MAX) -> None:
        self._capacity = capacity
        self._by_key: dict[int, IdRow] = {}
        self._buses: dict[str, int] = {}
        self._lost: Counter[int] = Counter()
        self._rows: list[IdRow] = []
        self._places: dict[int, int] = {}
        self._touched: dict[int, IdRow] = {}
        self._counted = -math.inf
        self._news = False
        self.filter: Filter | None = None
        self.column: IdColumn = "id"
        self.upside_down = False
        self.dropped = 0
        self.frames = 0
        self.data_width = 2
        self.id_width = 3
        self.name_width = len("StartCharging")

    def feed(self, frames: Iterable[CanFrame], injected: InjectedBy = nobody) -> None:
        """Take frames in the order of the stream."""
        by_key, touched, buses = self._by_key, self._touched, self._buses
        for frame in frames:
            bus = buses.setdefault(frame.bus, len(buses))
            key = _key(bus, frame)
            row = by_key.get(key)
            if row is None:
                row = self._begin(key, frame)
            row.take(frame, injected(frame.cause))
            touched[key] = row
            self.frames += 1

    def count_lost(self, lost: Iterable[LostFrames]) -> None:
        """Take how many frames there were, since the start, that :meth:`feed` never got."""
        counts: Counter[int] = Counter()
        newest: dict[int, CanFrame] = {}
        for each in lost:
            bus = self._buses.setdefault(each.newest.bus, len(self._buses))
            key = _key(bus, each.newest)
            counts[key] += each.count
            newest[key] = each.newest
        for key in counts:
            if more := counts[key] - self._lost[key]:
                row = self._by_key.get(key) or self._begin(key, newest[key])
                row.lost += more
                self.frames += more
                self._touched[key] = row
        self._lost = counts

    def _begin(self, key: int, frame: CanFrame) -> IdRow:
        if len(self._by_key) >= self._capacity:
            self._make_room()
        row = self._by_key[key] = IdRow(key, frame)
        self._news = True
        self.name_width = max(self.name_width, len(row.name))
        self.data_width = max(self.data_width, len(frame.data))
        self.id_width = max(self.id_width, len(row.id_text))
        return row

    def _make_room(self) -> None:
        silent = sorted(self._by_key.values(), key=lambda row: row._newest.t)
        for row in silent[: max(1, self._capacity // 4)]:
            del self._by_key[row.key]
            self._touched.pop(row.key, None)
            self.dropped += 1

    def publish(self, now: float) -> None:
        """Show what has come by lab time ``now`` in seconds."""
        due = not 0 <= now - self._counted < COUNTER_SECONDS
        if due:
            self._counted = now
        touched = self._by_key if due else self._touched
        again = {}
        for key, row in touched.items():
            if row.publish(now, counters=due):
                again[key] = row
            if len(row.frame.data) > self.data_width:
                self.data_width = len(row.frame.data)
            if self.filter is not None:
                listed = self.filter.matches(row)
                self._news |= listed != row.listed
                row.listed = listed
        self._touched = again
        if self._news or due:
            self._arrange()

    def set_filter(self, row_filter: Filter | None) -> None:
        """Show only rows that match."""
        self.filter = row_filter
        for row in self._by_key.values():
            row.listed = row_filter is None or row_filter.matches(row)
        self._arrange()

    def sort(self, column: IdColumn, *, upside_down: bool = False) -> None:
        """Sort by a column from now on."""
        self.column, self.upside_down = column, upside_down
        self._arrange()

    def mute(self) -> int:
        """Mark no more changes of bits that have changed so far; how many rows have some."""
        for row in self._by_key.values():
            row.mute()
        return sum(bool(row.muted) for row in self._by_key.values())

    def unmute(self) -> None:
        """Mark every change again, and forget what has changed so far."""
        for row in self._by_key.values():
            row.unmute()
            row.changing = 0

    def _arrange(self) -> None:
        self._news = False
        shown = [row for row in self._by_key.values() if row.listed and row.count]
        column = self.column
        shown.sort(key=lambda row: row.sorted_by(column), reverse=self.upside_down)
        self._rows = shown
        self._places = {row.key: place for place, row in enumerate(shown)}

    @property
    def reorders(self) -> bool:
        """True where rows change places, so that a view had better keep its own."""
        return self.column != "id"

    @property
    def several_buses(self) -> bool:
        """True where it has to be said which bus a frame was on."""
        return len(self._buses) > 1

    @property
    def total(self) -> int:
        """Identifiers that there are."""
        return len(self._by_key)

    def __len__(self) -> int:
        """Number of visible rows."""
        return len(self._rows)

    def row(self, position: int) -> IdRow:
        """The visible row at ``position``, 0 being the first."""
        return self._rows[position]

    def find(self, key: int) -> IdRow | None:
        """The row with ``key``, while it is held."""
        return self._by_key.get(key)

    def position(self, key: int) -> int:
        """Position of the row with ``key``, or of the one that stands where it would."""
        place = self._places.get(key)
        if place is not None:
            return place
        if self.column != "id":
            return 0
        low, high = 0, len(self._rows)
        while low < high:
            middle = (low + high) // 2
            if (self._rows[middle].key < key) != self.upside_down:
                low = middle + 1
            else:
                high = middle
        return low


def _key(bus: int, frame: CanFrame) -> int:
    """By which rows are told apart and sorted; ``bus`` is the number of its bus."""
    kind = bus << 2 | frame.error << 1 | frame.extended
    return (kind << 29 | frame.arbitration_id) << 1 | frame.remote


def seconds_text(seconds: float | None) -> str:
    """A length of time for people, in seven characters; empty for None."""
    if seconds is None:
        return ""
    if seconds < 0.9995:
        ms = seconds * 1000
        return f"{ms:.2f} ms" if ms < 9.995 else f"{ms:.1f} ms" if ms < 99.95 else f"{ms:.0f} ms"
    if seconds >= 1000:
        return f"{seconds / 60:.0f} min" if seconds < 59_970 else f"{seconds / 3600:.0f} h"
    return f"{seconds:.{1 if seconds < 99.95 else 0}f} s"


def _difference(before: bytes, data: bytes) -> int:
    """Bits that differ, the first byte's the lowest; a byte that was not there differs whole."""
    changed = int.from_bytes(before, "little") ^ int.from_bytes(data, "little")
    for index in range(len(before), len(data)):
        changed |= 0xFF << 8 * index
    return changed
