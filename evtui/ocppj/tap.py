"""Everything that goes over a link, published: one event for each message at each end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from evtui.events import NULL, EventStream, Note, OcppMessage, Role, as_json, current_cause
from evtui.ocppj.framing import OcppFrame
from evtui.violations import Violation, told_by

__all__ = ["RAW_TEXT_KEPT", "SentMessages", "Tap"]

RAW_TEXT_KEPT = 2_000
"""Characters of a text that is not taken, or of the id it has, that are kept in its event."""


class SentMessages:
    """Tells a *delivered* message which *sent* event it comes from, on a link inside the lab.

    Attributes:
        tampered: True once somebody on a line has changed a text, or sent one of his own.
    """

    def __init__(self, capacity: int = 2_000) -> None:
        self.tampered = False
        self._touched: OrderedDict[int, int] = OrderedDict()
        self._seqs: OrderedDict[tuple[str, Role, str, str], int] = OrderedDict()
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._seqs)

    def note(self, message: OcppMessage) -> None:
        """Remember a sent message until its twin asks."""
        self._seqs[message.station, message.sender, message.kind, message.uid] = message.seq
        if len(self._seqs) > self._capacity:
            self._seqs.popitem(last=False)

    def claim(self, station: str, sender: Role, kind: str, uid: str) -> int | None:
        """Sequence number of the sent twin, once."""
        return self._seqs.pop((station, sender, kind, uid), None)

    def seq_of(self, station: str, sender: Role, kind: str, uid: str) -> int | None:
        """The same, and it can still be claimed."""
        return self._seqs.get((station, sender, kind, uid))

    def touch(self, station: str, sender: Role, text: str, cause: int | None) -> None:
        """A text is not as its sender sent it, or not sent by him at all.

        Args:
            cause: number of the event that tells why.
        """
        if cause is None:
            return
        self.tampered = True
        self._touched[hash((station, sender, text))] = cause
        if len(self._touched) > self._capacity:
            self._touched.popitem(last=False)

    def touched(self, station: str, sender: Role, text: str | bytes) -> int | None:
        """Number of the event that tells why a text is not as it was sent; None for the rest."""
        return self._touched.get(hash((station, sender, text)))


class Tap:
    """Publishes what one end of a connection sends and gets.

    Args:
        connector_of: which connector a payload is about; of the version of OCPP.
        stream: where messages are published.
        source: name of this end on the stream.
        station: identity of the charge point on this connection.
        role: which end this is.
        sent: shared by both ends when both are ours.
        number: count of this station's connections at this end, from 1.
    """

    def __init__(
        self,
        connector_of: Callable[[Any], int | None],
        stream: EventStream,
        source: str,
        station: str,
        role: Role,
        sent: SentMessages,
        number: int,
    ) -> None:
        self._connector_of = connector_of
        self._stream = stream
        self._source = source
        self._station = station
        self._role: Role = role
        self._other: Role = "charge_point" if role == "central_system" else "central_system"
        self._sent = sent
        self._number = number
        self._touched: int | None = None

    def hears(self, text: str | bytes) -> None:
        """What is told next is about this text."""
        self._touched = self._sent.touched(self._station, self._other, text)

    def sent(
        self,
        kind: Literal["call", "result", "error"],
        uid: str,
        action: str,
        payload: Any,
        *,
        body: msgspec.Raw | None = None,
        cause: int | None = None,
        since: float | None = None,
        error: str = "",
        detail: str = "",
        violation: Violation | None = None,
    ) -> OcppMessage:
        """A message of ours goes out.

        Args:
            body: ``payload`` as JSON, where it is at hand.
            cause: sequence number of what it answers; None for what is being handled.
            since: lab time in s when the call it answers came.
            violation: why a CALLERROR goes out, where ``error`` and ``detail`` do not say all.
        """
        event = self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self._station,
                sender=self._role,
                phase="sent",
                kind=kind,
                uid=uid[:RAW_TEXT_KEPT],
                action=action[:RAW_TEXT_KEPT],
                body=as_json(payload) if body is None else body,
                connector=self._connector_of(payload),
                latency=None if since is None else self._stream.now() - since,
                error=error,
                detail=detail,
                cause=current_cause() if cause is None else cause,
                link=self._number,
                violation=violation or told_by(kind, error, detail),
            )
        )
        self._sent.note(event)
        return event

    def delivered(
        self,
        frame: OcppFrame,
        action: str,
        *,
        cause: int | None = None,
        since: float | None = None,
        violation: Violation | None = None,
        acted_on: bool = True,
        refused: str = "",
    ) -> OcppMessage:
        """A well-formed message of the peer has come.

        Args:
            cause: sequence number of the call it answers, when its sender is not ours.
            since: lab time in s when that call was sent.
            violation: what is wrong with it.
            acted_on: False for a result that is not used because of that.
            refused: text of a message that is not taken: its beginning is kept, and no more.
        """
        body = NULL if len(refused) > RAW_TEXT_KEPT else frame.body
        twin = self._sent.claim(self._station, self._other, frame.kind, frame.uid)
        error, detail = frame.code, frame.description
        if violation is not None and not acted_on:
            error, detail = violation.code, violation.detail
        elif violation is not None:
            violation = msgspec.structs.replace(violation, kind="tolerated")
        told = frame.kind == "error" and twin is not None  # of what it blames, where it was sent
        return self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self._station,
                sender=self._other,
                phase="delivered",
                kind=frame.kind,
                uid=frame.uid,
                action=action[:RAW_TEXT_KEPT],
                body=body,
                connector=self._connector_of(frame.payload),
                latency=None if since is None else self._stream.now() - since,
                error=error,
                detail=detail,
                text=refused[:RAW_TEXT_KEPT] if body is NULL else "",
                cause=twin or self._touched or cause,
                link=self._number,
                violation=violation or (UNSET if told else told_by(frame.kind, error, detail)),
            )
        )

    def invalid(self, uid: str, error: str, detail: str, text: str | bytes) -> OcppMessage:
        """What the peer sent is not taken; nothing comes of it but perhaps a refusal."""
        shown = text if isinstance(text, str) else text[:RAW_TEXT_KEPT].hex(" ")
        return self._stream.publish(
            OcppMessage(
                source=self._source,
                station=self._station,
                sender=self._other,
                phase="delivered",
                kind="invalid",
                uid=uid[:RAW_TEXT_KEPT],
                action="",
                error=error,
                detail=detail,
                text=shown[:RAW_TEXT_KEPT],
                cause=self._touched,
                link=self._number,
                violation=told_by("invalid", error, detail),
            )
        )

    def warn(self, what: str) -> None:
        """Tell people what the peer does, ``sends more than ...``."""
        who = self._station if self._other == "charge_point" else "the central system"
        self._stream.publish(
            Note(source=self._source, level="warning", station=self._station, text=f"{who} {what}")
        )
