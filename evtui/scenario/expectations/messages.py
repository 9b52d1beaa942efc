"""Calls that should be seen, or not, or in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.scenario.expectations.base import EXPECTATIONS, Expectation
from evtui.scenario.model import AtLeastOne, Duration
from evtui.scenario.narration import WHO, WITHOUT_STATUS, with_fields, within_in_words
from evtui.scenario.observe_messages import CallsInOrder, MessageNotSeen, MessageSeen

if TYPE_CHECKING:
    from evtui.scenario.checking import Check

__all__ = ["MessageExpected", "NoMessageExpected", "OrderExpected"]

Fields = Annotated[dict[str, Any], Meta(description="values its payload must have.")]
Sender = Annotated[
    Literal["central_system", "charge_point"] | None, Meta(description="either when left out.")
]
Answer = Annotated[str | None, Meta(description="status its answer must have.")]


@EXPECTATIONS.add
class MessageExpected(Expectation, frozen=True, kw_only=True):
    """A call is seen."""

    example = "{message: SetChargingProfile, answer: Accepted}"

    message: Annotated[str, Meta(description="action.")]
    fields: Fields = msgspec.field(default_factory=dict, name="with")
    sender: Sender = msgspec.field(default=None, name="from")
    answer: Answer = None
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
    """A call is not seen; options as for message."""

    example = "no_message: Reset"

    no_message: str
    fields: Fields = msgspec.field(default_factory=dict, name="with")
    sender: Sender = msgspec.field(default=None, name="from")
    answer: Answer = None

    def words(self) -> str:
        return f"no message {self.no_message}{_about(self.sender, self.fields, self.answer)}"

    def check(self, check: Check) -> None:
        check.action("no_message", self.no_message)

    def observer(self) -> MessageNotSeen:
        return MessageNotSeen(self)


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


def _about(sender: str | None, fields: dict[str, Any], answer: str | None) -> str:
    who = "" if sender is None else f" from {WHO[sender]}"
    status = "" if answer is None else f" answered {answer or WITHOUT_STATUS}"
    return f"{who}{with_fields(fields)}{status}"
