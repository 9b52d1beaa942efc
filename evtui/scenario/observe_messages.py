"""What is looked for among the messages: calls, their order, violations.  Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from evtui.events import Note, OcppMessage
from evtui.scenario.matching import TOLERANCE, answer_status, matches
from evtui.scenario.narration import WITHOUT_STATUS

if TYPE_CHECKING:
    from evtui.scenario.expectations.messages import (
        MessageExpected,
        NoMessageExpected,
        OrderExpected,
    )
    from evtui.scenario.expectations.validity import NoSchemaViolation

__all__ = ["CallsInOrder", "MessageNotSeen", "MessageSeen", "NoViolation"]

UNANSWERED_KEPT = 100
"""Calls whose answers are waited for at a time; a peer may leave any number unanswered."""


class _Calls:
    """Counts the calls that an expectation is about, and those that just miss it."""

    reads = (OcppMessage,)

    def __init__(
        self,
        expected: MessageExpected | NoMessageExpected,
        action: str,
        within: float | None = None,
    ) -> None:
        self.seen = 0
        self.first: float | None = None
        self._expected = expected
        self._action = action
        self._within = within
        self._late = 0
        self._other_fields = 0
        self._other_answers: str | None = None
        self._unanswered: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def see(self, message: OcppMessage, t: float) -> None:
        if message.action != self._action:
            return
        if message.kind == "call":
            self._see_call(message, t)
        elif message.kind in ("result", "error"):
            self._see_answer(message)

    def _see_call(self, call: OcppMessage, t: float) -> None:
        if self._expected.sender not in (None, call.sender):
            return
        if not matches(self._expected.fields, call.payload):
            self._other_fields += 1
        elif self._within is not None and t > self._within + TOLERANCE:
            self._late += 1
        elif self._expected.answer is None:
            self._count(t)
        else:
            self._unanswered[call.station, call.sender, call.uid] = t
            if len(self._unanswered) > UNANSWERED_KEPT:
                self._unanswered.popitem(last=False)

    def _see_answer(self, answer: OcppMessage) -> None:
        asked = "charge_point" if answer.sender == "central_system" else "central_system"
        t = self._unanswered.pop((answer.station, asked, answer.uid), None)
        if t is None:
            return
        status = answer_status(answer)
        if status == self._expected.answer:
            self._count(t)
        else:
            self._other_answers = status or WITHOUT_STATUS

    def _count(self, t: float) -> None:
        self.seen += 1
        if self.first is None:
            self.first = t

    def almost(self) -> str:
        """What came close, for people; empty when nothing did."""
        close = []
        if self._late:
            close.append(f"{self._late} too late")
        if self._other_fields:
            close.append(f"{self._other_fields} with other fields")
        if self._other_answers is not None:
            close.append(f"answered {self._other_answers}")
        elif self._unanswered:
            close.append("not answered")
        return f" ({', '.join(close)})" if close else ""


class MessageSeen:
    reads = _Calls.reads

    def __init__(self, expected: MessageExpected) -> None:
        self._calls = _Calls(expected, expected.message, expected.within)
        self._wanted = expected.count
        self.see = self._calls.see

    def judge(self) -> tuple[bool, str]:
        calls = self._calls
        if self._wanted < 1:
            return False, f"a count of {self._wanted} asks for nothing; no_message says never"
        if calls.first is None:
            return False, f"not seen{calls.almost()}"
        times = "once" if calls.seen == 1 else f"{calls.seen} times"
        found = f"seen {times}, first at {calls.first:.1f} s"
        if calls.seen < self._wanted:
            return False, f"{found}{calls.almost()}"
        return True, found


class MessageNotSeen:
    reads = _Calls.reads

    def __init__(self, expected: NoMessageExpected) -> None:
        self._calls = _Calls(expected, expected.no_message)
        self.see = self._calls.see

    def judge(self) -> tuple[bool, str]:
        calls = self._calls
        if calls.first is None:
            return True, f"not seen{calls.almost()}"
        times = "once" if calls.seen == 1 else f"{calls.seen} times"
        return False, f"seen {times}, first at {calls.first:.1f} s"


class CallsInOrder:
    reads = (OcppMessage,)

    def __init__(self, expected: OrderExpected) -> None:
        self._order = expected.order
        self._next = 0
        self._last = 0.0

    def see(self, message: OcppMessage, t: float) -> None:
        if self._next < len(self._order) and message.kind == "call":
            if message.action == self._order[self._next]:
                self._next += 1
                self._last = t

    def judge(self) -> tuple[bool, str]:
        if not self._order:
            return False, "an order of nothing"
        if self._next == len(self._order):
            return True, f"in this order, the last at {self._last:.1f} s"
        missing = self._order[self._next]
        if self._next == 0:
            return False, f"{missing} was not seen"
        return False, f"no {missing} after {self._order[self._next - 1]} at {self._last:.1f} s"


class NoViolation:
    reads = (OcppMessage, Note)

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
