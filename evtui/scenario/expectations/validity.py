"""Whether everybody keeps to the rules of OCPP."""

from __future__ import annotations

from typing import Literal

from evtui.events import Note, OcppMessage
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer

__all__ = ["NoSchemaViolation"]


@EXPECTATIONS.add
class NoSchemaViolation(Expectation, frozen=True, kw_only=True):
    """Nobody sent, or had to withhold, a message that breaks framing or its schema."""

    bare = True
    anywhere = True
    example = "no_schema_violation"

    no_schema_violation: Literal[True]

    def words(self) -> str:
        return "no schema violation"

    def observer(self) -> NoViolation:
        return NoViolation(self)


class NoViolation(Observer):
    reads = (OcppMessage, Note)
    deliveries = True

    def __init__(self, expected: NoSchemaViolation) -> None:
        self._messages = 0
        self._violations = 0
        self._first = ""
        self._invalid_seq: int | None = None

    def see(self, event: OcppMessage | Note, t: float) -> None:
        violation = event.violation
        if isinstance(event, Note):
            if violation:
                self._add(event.text, t)
            return
        self._messages += 1
        if not violation:
            return
        if event.kind == "invalid":
            self._invalid_seq = event.seq
            self._add(f"{event.error}: {violation.detail}", t)
        elif event.kind != "error" or event.cause is None or event.cause != self._invalid_seq:
            # The CALLERROR that answers an invalid text tells of the same violation.
            what = f"{event.action} {event.error or event.kind}"
            self._add(f"{what}: {violation.detail}".strip(), t)

    def _add(self, what: str, t: float) -> None:
        self._violations += 1
        self._first = self._first or f"at {t:.1f} s {what}"

    def judge(self) -> tuple[bool, str]:
        if self._violations:
            more = f", and {self._violations - 1} more" if self._violations > 1 else ""
            return False, f"{self._first}{more}"
        if not self._messages:
            return False, "no message was exchanged"
        return True, f"{self._messages} messages, all valid"
