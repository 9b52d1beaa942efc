"""CAN frames as a trace and by identifier."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from functools import lru_cache

from evtui.events import CanFrame
from evtui.tui.models.filter import RowFilter
from evtui.tui.models.injected import InjectedBy, nobody
from evtui.tui.models.store import RowStore
from evtui.tui.models.text import clean

__all__ = ["FrameLine", "FrameLog", "IdRow", "IdTable"]

CAPACITY = 10_000
"""Frames held: a quarter of an hour, in some 3 MiB."""

MARK_SECONDS = 1.0
"""A changed byte stays marked for so long."""

RECENT = 16
"""Frames the period is the mean of."""

COUNTER_SECONDS = 1.0


@lru_cache(maxsize=4096)
def _described(arbitration_id: int, extended: bool, data: bytes) -> tuple[str, str]:
    from evtui.canbus.packs.known import describe  # a DBC is read with its first frame

    description = describe(arbitration_id, data, extended=extended)
    return (description.name, description.signals) if description else ("", "")


def _describe(frame: CanFrame) -> tuple[str, str]:
    """Name and signals; empty for a frame that is not known, or of no station that is."""
    if not frame.station:  # somebody else's log, where 0x300 may mean anything
        return "", ""
    return _described(frame.arbitration_id, frame.extended, frame.data)


class FrameLine:
    """One frame of the trace.

    Args:
        injected: the attack that sent it and the step, empty where none did.

    Attributes:
        key: set by the store.
    """

    __slots__ = ("frame", "injected", "key")

    def __init__(self, frame: CanFrame, injected: str = "") -> None:
        self.key = -1
        self.frame = frame
        self.injected = injected

    @property
    def t(self) -> float:
        """Lab time in seconds."""
        return self.frame.t

    @property
    def seqs(self) -> frozenset[int]:
        """Its own sequence number."""
        return frozenset((self.frame.seq,))

    @property
    def causes(self) -> frozenset[int]:
        """Sequence number of what caused it."""
        return frozenset(() if self.frame.cause is None else (self.frame.cause,))

    @property
    def id_text(self) -> str:
        """The identifier in hexadecimal, 3 or 8 digits."""
        return f"{self.frame.arbitration_id:0{8 if self.frame.extended else 3}X}"

    @property
    def name(self) -> str:
        """Name of the message, or what kind of frame it is."""
        if self.frame.error:
            return "error frame"
        if self.frame.remote:
            return "remote frame"
        return _describe(self.frame)[0] or "unknown"

    @property
    def signals(self) -> str:
        """Decoded signals, ``98 A``; empty for an unknown frame."""
        frame = self.frame
        if frame.error or frame.remote:
            return ""
        return _describe(frame)[1]

    @property
    def node(self) -> str:
        """Who sent it."""
        return clean(self.frame.node)

    @property
    def data_text(self) -> str:
        """Data bytes in hexadecimal."""
        return self.frame.data.hex(" ").upper()

    @property
    def text(self) -> str:
        """What a filter searches and what copying a row gives, without the time."""
        station = clean(self.frame.station)
        injected = f"injected by {clean(self.injected)}" if self.injected else ""
        data = (self.data_text, self.signals, injected)
        parts = (station, self.id_text, self.name, self.node, *data)
        return " ".join(part for part in parts if part)


class FrameLog:
    """The chronological trace.

    Attributes:
        store: the rows.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.store: RowStore[FrameLine] = RowStore(capacity)

    def feed(self, frames: Iterable[CanFrame], injected: InjectedBy = nobody) -> None:
        """Take frames in the order of the stream."""
        for frame in frames:
            self.store.append(FrameLine(frame, injected(frame.cause)))

    def caused_by(self, seqs: frozenset[int]) -> list[FrameLine]:
        """Published frames that one of ``seqs`` caused, oldest first."""
        return [row for row in reversed(self.store.newest()) if row.frame.cause in seqs]

    def frame_of(self, seq: int) -> FrameLine | None:
        """The published frame with this sequence number, while it is held."""
        for row in self.store.newest():
            if row.frame.seq <= seq:
                return row if row.frame.seq == seq else None
        return None


class IdRow(FrameLine):
    """All frames with one identifier on one bus; ``frame`` is the newest that is shown.

    Attributes:
        count: frames, as shown.
        period: s, mean over the recent ones, as shown; None before the second.
    """

    __slots__ = (
        *("_causes", "_changed", "_injected", "_injected_at", "_newest", "_seen", "_times"),
        *("count", "period"),
    )

    def __init__(self, key: int, frame: CanFrame) -> None:
        super().__init__(frame)
        self.key = key
        self.count = 0
        self.period: float | None = None
        self._seen = 0
        self._newest = frame
        self._times: deque[float] = deque(maxlen=RECENT)
        self._causes: deque[int] = deque(maxlen=RECENT)
        self._changed: dict[int, float] = {}
        self._injected = ""
        self._injected_at = 0.0

    def take(self, frame: CanFrame, injected: str = "") -> None:
        """Count ``frame`` and note which bytes differ from the one before."""
        if injected:
            self._injected, self._injected_at = injected, frame.t
        before = self._newest.data
        for index, byte in enumerate(frame.data):
            if index >= len(before) or before[index] != byte:
                self._changed[index] = frame.t
        self._newest = frame
        self._seen += 1
        self._times.append(frame.t)
        if frame.cause is not None:
            self._causes.append(frame.cause)

    def publish(self, now: float, *, counters: bool) -> None:
        """Show the newest frame, and the counters where they are due."""
        self.frame = self._newest
        self.injected = self._injected if now - self._injected_at < MARK_SECONDS else ""
        if counters or not self.count:
            self.count = self._seen
            if len(self._times) > 1:
                self.period = (self._times[-1] - self._times[0]) / (len(self._times) - 1)

    def changed(self, now: float) -> frozenset[int]:
        """Indices of the bytes that changed less than ``MARK_SECONDS`` ago."""
        return frozenset(i for i, t in self._changed.items() if now - t < MARK_SECONDS)

    @property
    def causes(self) -> frozenset[int]:
        """Sequence numbers of what caused the recent ones."""
        return frozenset(self._causes)

    @property
    def period_text(self) -> str:
        """The period for people, in six characters."""
        if self.period is None:
            return ""
        if self.period >= 1000:
            return f"{self.period / 60:.0f} min"
        decimals = 2 if self.period < 1 else 1 if self.period < 99.95 else 0
        return f"{self.period:.{decimals}f} s"


class IdTable:
    """Frames by bus and identifier, in that order.

    Counters are brought up to date once a second, since they would otherwise be the only
    thing that changes ten times a second while nothing happens.
    """

    def __init__(self) -> None:
        self._by_key: dict[int, IdRow] = {}
        self._buses: dict[str, int] = {}
        self._rows: list[IdRow] = []
        self._counted = -COUNTER_SECONDS
        self.filter: RowFilter | None = None
        self.data_width = 2
        self.name_width = len("StartCharging")

    def feed(self, frames: Iterable[CanFrame], injected: InjectedBy = nobody) -> None:
        """Take frames in the order of the stream."""
        for frame in frames:
            bus = self._buses.setdefault(frame.bus, len(self._buses))
            kind = frame.extended << 31 | frame.error << 30
            key = bus << 32 | kind | frame.arbitration_id
            row = self._by_key.get(key)
            if row is None:
                row = self._by_key[key] = IdRow(key, frame)
                self.name_width = max(self.name_width, len(row.name))
            row.take(frame, injected(frame.cause))
            self.data_width = max(self.data_width, len(frame.data))

    def publish(self, now: float) -> None:
        """Show what has come by lab time ``now`` in seconds."""
        due = now - self._counted >= COUNTER_SECONDS
        if due:
            self._counted = now
        for row in self._by_key.values():
            row.publish(now, counters=due)
        self.set_filter(self.filter)

    def set_filter(self, row_filter: RowFilter | None) -> None:
        """Show only rows that match."""
        self.filter = row_filter
        rows = sorted(self._by_key.values(), key=lambda row: row.key)
        self._rows = [row for row in rows if row_filter is None or row_filter(row.text)]

    @property
    def several_buses(self) -> bool:
        """True where it has to be said which bus a frame was on."""
        return len(self._buses) > 1

    @property
    def total(self) -> int:
        """Identifiers seen."""
        return len(self._by_key)

    def __len__(self) -> int:
        """Number of visible rows."""
        return len(self._rows)

    def row(self, position: int) -> IdRow:
        """The visible row at ``position``, 0 being the lowest identifier."""
        return self._rows[position]

    def position(self, key: int) -> int:
        """Position of the row with ``key``, or of the next visible one after it."""
        return bisect_left(self._rows, key, key=lambda row: row.key)
