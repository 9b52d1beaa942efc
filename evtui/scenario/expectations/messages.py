"""Calls that should be seen, or not, or in an order."""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.events import OcppMessage
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.judge.matching import TOLERANCE, answer_status, matches
from evtui.scenario.language.model import AtLeastOne, Duration
from evtui.scenario.language.narration import (
    WHO,
    WITHOUT_STATUS,
    seconds,
    with_fields,
    within_in_words,
)

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["MessageExpected", "NoMessageExpected", "OrderExpected"]

UNANSWERED_KEPT = 100
"""Calls whose answers are waited for at a time; a peer may leave any number unanswered."""

Fields = Annotated[dict[str, Any], Meta(description="values its payload must have.")]
Sender = Annotated[
    Literal["central_system", "charge_point"] | None, Meta(description="either when left out.")
]
AnswerStatus = Annotated[str | None, Meta(description="status its answer must have.")]


@EXPECTATIONS.add
class MessageExpected(Expectation, frozen=True, kw_only=True):
    """A call is seen."""

    example = "{message: SetChargingProfile, answer: Accepted}"

    message: Annotated[str, Meta(description="action.")]
    fields: Fields = msgspec.field(default_factory=dict, name="with")
    sender: Sender = msgspec.field(default=None, name="from")
    answer: AnswerStatus = None
    count: Annotated[AtLeastOne, Meta(description="how many at least.")] = 1
    within: Annotated[Duration | None, Meta(description="s from the start of the run.")] = None

    def words(self) -> str:
        times = f", {self.count} times at least" if self.count != 1 else ""
        about = _about(self.sender, self.fields, self.answer)
        return f"message {self.message}{about}{times}{within_in_words(self.within)}"

    def check(self, check: Check) -> None:
        check.action("message", self.message)

    def observer(self) -> MessageSeen:
        return MessageSeen(self)


@EXPECTATIONS.add
class NoMessageExpected(Expectation, frozen=True, kw_only=True):
    """A call is not seen, in the whole run or in a part of it; options as for message."""

    anywhere = True
    example = "no_message: Reset"

    no_message: Annotated[str, Meta(description="action.")]
    fields: Fields = msgspec.field(default_factory=dict, name="with")
    sender: Sender = msgspec.field(default=None, name="from")
    answer: AnswerStatus = None
    between: Annotated[
        tuple[Duration, Duration] | None,
        Meta(description="two times of the run; what is sent before or after does not count."),
    ] = None

    def words(self) -> str:
        about = _about(self.sender, self.fields, self.answer)
        return f"no message {self.no_message}{about}{_between(self.between)}"

    def check(self, check: Check) -> None:
        check.action("no_message", self.no_message)
        if self.between is not None and self.between[0] > self.between[1]:
            check.add("between", "expected the earlier time first")

    def observer(self) -> MessageNotSeen:
        return MessageNotSeen(self)


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


class MessageSeen(Observer):
    reads = _Calls.reads

    def __init__(self, expected: MessageExpected) -> None:
        self._calls = _Calls(expected, expected.message, expected.within)
        self._wanted = expected.count

    def see(self, event: OcppMessage, t: float) -> None:
        self._calls.see(event, t)

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


class MessageNotSeen(Observer):
    reads = _Calls.reads

    def __init__(self, expected: NoMessageExpected) -> None:
        self._calls = _Calls(expected, expected.no_message)
        self._between = expected.between or (0.0, inf)

    def see(self, event: OcppMessage, t: float) -> None:
        first, last = self._between
        if event.kind != "call" or first <= t <= last:
            self._calls.see(event, t)

    def judge(self) -> tuple[bool, str]:
        calls = self._calls
        if calls.first is None:
            return True, f"not seen{calls.almost()}"
        times = "once" if calls.seen == 1 else f"{calls.seen} times"
        return False, f"seen {times}, first at {calls.first:.1f} s"


def _between(times: tuple[float, float] | None) -> str:
    return "" if times is None else f" from {seconds(times[0])} to {seconds(times[1])}"


def _about(sender: str | None, fields: dict[str, Any], answer: str | None) -> str:
    who = "" if sender is None else f" from {WHO[sender]}"
    status = "" if answer is None else f" answered {answer or WITHOUT_STATUS}"
    return f"{who}{with_fields(fields)}{status}"


@EXPECTATIONS.add
class OrderExpected(Expectation, frozen=True, kw_only=True):
    """Calls are seen in this order; others may come between them."""

    example = "order: [StartTransaction, MeterValues, StopTransaction]"

    order: list[str]

    def words(self) -> str:
        return f"order {', '.join(self.order)}"

    def check(self, check: Check) -> None:
        if not self.order:
            check.add("order", "expected at least one action")
        for position, name in enumerate(self.order):
            check.action(f"order[{position}]", name)

    def observer(self) -> CallsInOrder:
        return CallsInOrder(self)


class CallsInOrder(Observer):
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
