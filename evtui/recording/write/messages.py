"""OCPP messages to lines: what was sent and what was delivered become one.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Container

import msgspec

from evtui.events import OcppMessage
from evtui.recording.format.truth import TruthTracker
from evtui.recording.write.lines import (
    Stamps,
    delivery,
    message_line,
    violation_keys,
    violation_values,
)
from evtui.recording.write.pending import Waiting
from evtui.recording.write.redaction import Redactor

__all__ = ["MessageLines"]

DELIVERED_WITHIN = 0.05
"""s that a message waits for its other end; one delivered later gets a line of its own."""


_DIRECTIONS = {"central_system": "csms->cp", "charge_point": "cp->csms"}
_TYPES = {"call": 2, "result": 3, "error": 4, "invalid": None}


class _Line(msgspec.Struct):
    """A line to be; what it takes from the truth is that of the moment it was sent."""

    message: OcppMessage
    payload: str
    injected: bool
    attack_ids: tuple[str, ...]
    seen: str
    delivered: str | None = None


class MessageLines:
    """Makes the lines of ocpp.jsonl.

    Args:
        twins: charge points of the lab that are connected to its own central system.
        start_utc: Unix time in s of lab time 0.
        write: takes each line, in the order of sending.
    """

    def __init__(
        self,
        twins: Container[str],
        start_utc: float,
        truth: TruthTracker,
        redactor: Redactor,
        write: Callable[[str], None],
    ) -> None:
        self._twins = twins
        self._stamps = Stamps(start_utc)
        self._truth = truth
        self._redactor = redactor
        self._write = write
        self._waiting: Waiting[_Line] = Waiting(DELIVERED_WITHIN, self._write_line)

    @property
    def wake(self) -> float:
        """Lab time in s after which :meth:`release` has something to do."""
        return self._waiting.wake

    def take(self, message: OcppMessage) -> bool:
        """Take in an event; False when it is the other end of a message that waited for it."""
        if message.phase == "delivered":
            line = self._waiting.claim(message.cause)
            if line is not None:
                same = message.body == line.message.body
                payload = line.payload if same else self._redactor.json(message.body)
                detail = self._redactor.text(message.detail)
                violation = violation_keys(violation_values(message, self._redactor.text))
                line.delivered = delivery(line.message, message, payload, detail, violation)
                line.seen = "both"
                self._waiting.release(message.t)
                return False
        line = _Line(
            message,
            self._redactor.json(message.body),
            self._truth.injected(message.cause) or self._truth.acted_on(message.cause),
            self._truth.on(message.station, message.connector).attack_ids,
            message.phase,
        )
        waits = (
            message.phase == "sent" and message.kind != "invalid" and message.station in self._twins
        )
        self._waiting.add(message.seq, message.t, line, waits=waits)
        return True

    def release(self, t: float) -> None:
        """Write the lines whose wait is over at lab time ``t`` in s."""
        self._waiting.release(t)

    def _write_line(self, line: _Line) -> None:
        message = line.message
        injected = line.injected or self._truth.acted_on(message.seq)
        self._stamps.at(message.t)
        has_text = message.text or message.kind == "invalid"
        self._write(
            message_line(
                message,
                self._stamps,
                _DIRECTIONS[message.sender],
                _TYPES[message.kind],
                line.payload,
                self._redactor.text(message.detail),
                injected,
                line.attack_ids,
                line.seen,
                line.delivered,
                self._redactor.text(message.text) if has_text else None,
                *violation_values(message, self._redactor.text),
            )
        )
