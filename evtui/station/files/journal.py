"""What charge points remember of themselves, for their diagnostics files."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from evtui.events import (
    ConnectorState,
    Event,
    EventStream,
    LinkState,
    Note,
    OcppMessage,
    TransactionState,
)

__all__ = ["Journal", "JournalLine", "StationJournal"]

CAPACITY = 1_000
"""Lines kept for each station, about 200 bytes each."""

LONGEST_TEXT = 300
"""Characters kept of a text: a central system may send anything."""

_KINDS = (ConnectorState, LinkState, Note, OcppMessage, TransactionState)


class JournalLine(NamedTuple):
    """One line.

    Attributes:
        t: lab time, s.
        kind: ``note``, ``link``, ``connector``, ``transaction`` or ``ocpp`` (calls, refusals,
            and answers that say a status).
        text: in words, without id tags.
    """

    t: float
    kind: str
    text: str


class StationJournal(msgspec.Struct):
    """The newest lines of one station.

    Attributes:
        pushed_out: lines that had to make room for newer ones.
    """

    lines: deque[JournalLine] = msgspec.field(default_factory=lambda: deque(maxlen=CAPACITY))
    pushed_out: int = 0

    def add(self, line: JournalLine) -> None:
        """Append a line; the oldest makes room."""
        self.pushed_out += len(self.lines) == CAPACITY
        self.lines.append(line)


class Journal:
    """Keeps the lines of every station that asked for it.

    One for the whole stream: were each of a thousand stations to listen to all events, every
    event would be handed out a thousand times.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stations: dict[str, StationJournal] = {}
        self._unsubscribe = stream.subscribe(self._on_event, *_KINDS)

    def of(self, station: str) -> StationJournal:
        """Lines of ``station``, kept from the first call on."""
        return self._stations.setdefault(station, StationJournal())

    def forget(self, station: str) -> None:
        """Keep nothing of ``station`` any more."""
        self._stations.pop(station, None)

    def close(self) -> None:
        """Listen no more."""
        self._unsubscribe()

    def _on_event(self, event: Event) -> None:
        kept = self._stations.get(event.station)  # type: ignore[attr-defined]  # all of _KINDS
        if kept is not None:
            line = _line(event)
            if line is not None:
                kept.add(line)


def _line(event: Event) -> JournalLine | None:
    """What is kept of an event; None for what is not worth a line."""
    match event:
        case OcppMessage():
            kind, text = "ocpp", _message(event)
        case LinkState():
            own = event.side == "charge_point"
            kind, text = "link", _joined(event.state, event.detail) if own else ""
        case ConnectorState():
            error = "" if event.error_code == "NoError" else event.error_code
            kind, text = "connector", _joined(f"{event.connector} {event.status}", error)
        case TransactionState():
            number = "without a number" if event.transaction_id is None else event.transaction_id
            what = f"{event.connector} {event.state}, transaction {number}, {event.meter} Wh"
            kind, text = "transaction", _joined(what, event.reason)
        case Note():
            kind, text = "note", _joined(event.level, event.text)
        case _:
            return None
    return JournalLine(event.t, kind, text[:LONGEST_TEXT]) if text else None


def _message(event: OcppMessage) -> str:
    """A message as the station saw it; empty for the other end's view and for mere receipts."""
    if event.phase != ("sent" if event.sender == "charge_point" else "delivered"):
        return ""
    detail = event.error
    if event.kind == "result":
        detail = event.payload.get("status", "") if isinstance(event.payload, dict) else ""
        if not detail:
            return ""
    return _joined(f"{event.sender} {event.kind} {event.action}", str(detail))


def _joined(text: str, detail: str) -> str:
    return f"{text}: {detail}" if detail else text
