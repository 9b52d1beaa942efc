"""CAN frames as a chronological trace."""

from __future__ import annotations

from collections.abc import Iterable

from evtui.events import CanFrame
from evtui.tui.models.can_errors import error_words
from evtui.tui.models.injected import InjectedBy, nobody
from evtui.tui.models.meanings import meaning_of, signals_of
from evtui.tui.models.store import RowStore
from evtui.tui.models.text import clean

__all__ = ["FrameLine", "FrameLog"]

CAPACITY = 10_000
"""Frames held: a quarter of an hour, in some 3 MiB."""


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
    def ever_injected(self) -> bool:
        """True where an anomaly has sent it."""
        return bool(self.injected)

    @property
    def id_text(self) -> str:
        """The identifier in hexadecimal, 3 or 8 digits; ``ERR`` for an error frame."""
        if self.frame.error:
            return "ERR"
        return f"{self.frame.arbitration_id:0{8 if self.frame.extended else 3}X}"

    @property
    def name(self) -> str:
        """Name of the message, or what kind of frame it is."""
        if self.frame.error:
            return "error frame"
        if self.frame.remote:
            return "remote frame"
        meaning = meaning_of(self.frame)
        return meaning.name if meaning else "unknown"

    @property
    def signals(self) -> str:
        """Decoded signals, ``98 A``, or an error in words; empty for an unknown frame."""
        frame = self.frame
        if frame.error:
            return error_words(frame)
        return "" if frame.remote else signals_of(frame)

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
