"""What became of messages between the two ends of a link."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from evtui.events import OcppMessage
from evtui.scenario.expectations.base import EXPECTATIONS, Expectation, Observer
from evtui.scenario.language.model import AtLeastOne

if TYPE_CHECKING:
    from evtui.scenario.language.checking import Check

__all__ = ["TamperedExpected"]

SENT_KEPT = 2_000
"""Messages whose delivery is still to come; as many as the link itself remembers."""

LATE = 0.1
"""s from sending to delivery from which a message is late; by itself it takes none."""

ANY = "any"

How = Literal["altered", "late", "lost", "forged", "repeated", "spoilt"]

_IN_WORDS = {
    "altered": "delivered otherwise than they were sent",
    "late": f"delivered {LATE:g} s after they were sent, or later",
    "lost": "sent and not delivered",
    "forged": "delivered and not sent",
    "repeated": "delivered once more",
    "spoilt": "delivered as no OCPP",
}


@EXPECTATIONS.add
class TamperedExpected(Expectation, frozen=True, kw_only=True):
    """Messages do not arrive as they were sent; between our charge point and our central system."""

    example = "{tampered: MeterValues, how: altered}"

    tampered: Annotated[
        str, Meta(description="action, or any: calls, and answers too where they are late or lost.")
    ]
    how: Annotated[
        How,
        Meta(
            description="altered (other values), late (0.1 s and more), lost (sent, not "
            "delivered), forged (delivered, not sent), repeated (under one message id), or spoilt "
            "(no OCPP any more: give any)."
        ),
    ]
    count: Annotated[AtLeastOne, Meta(description="how many at least.")] = 1

    def words(self) -> str:
        what = "messages" if self.tampered == ANY else self.tampered
        times = f", {self.count} at least" if self.count != 1 else ""
        return f"{what} {_IN_WORDS[self.how]}{times}"

    def check(self, check: Check) -> None:
        if self.tampered != ANY:
            check.action("tampered", self.tampered)

    def observer(self) -> Tampered:
        return Tampered(self)


class Tampered(Observer):
    reads = (OcppMessage,)
    both_ends = True

    def __init__(self, expected: TamperedExpected) -> None:
        self._how = expected.how
        self._action = expected.tampered
        self._wanted = expected.count
        self._sent: OrderedDict[int, OcppMessage] = OrderedDict()
        self._found = 0
        self._first = 0.0

    def see(self, message: OcppMessage, t: float) -> None:
        if message.phase == "sent":
            if self._is_meant(message):
                self._sent[message.seq] = message
                if len(self._sent) > SENT_KEPT:
                    self._sent.popitem(last=False)
            return
        sent = self._sent.pop(message.cause, None) if message.cause is not None else None
        if self._is_so(sent, message):
            self._found += 1
            self._first = self._first if self._found > 1 else t

    def _is_meant(self, message: OcppMessage) -> bool:
        return self._action in (ANY, message.action)

    def _is_so(self, sent: OcppMessage | None, delivered: OcppMessage) -> bool:
        match self._how:
            case "altered":
                return sent is not None and delivered.says_otherwise(sent)
            case "late":
                return sent is not None and delivered.t - sent.t >= LATE
            case "forged":
                unsent = sent is None and delivered.kind == "call"
                return unsent and self._is_meant(delivered)
            case "repeated":
                again = delivered.error == "repeated message id"
                about = delivered.detail.partition(" ")[0]
                return again and self._action in (ANY, about)
            case "spoilt":
                return delivered.kind == "invalid" and delivered.detail.startswith("not JSON")
        return False

    def judge(self) -> tuple[bool, str]:
        if self._how == "lost":
            return len(self._sent) >= self._wanted, f"{len(self._sent)} of them"
        if not self._found:
            return False, "none"
        return self._found >= self._wanted, f"{self._found}, the first at {self._first:.1f} s"
