"""Which messages are meant: fields that match, and one message counted once.  Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from evtui.events import OcppMessage

__all__ = ["TOLERANCE", "FirstSight", "answer_status", "matches", "status_of"]

TOLERANCE = 1e-6
"""s, A or Wh by which a bound may be missed: rounding of binary fractions."""

TWINS_KEPT = 2_000
"""Sent messages whose delivery is still to come; as many as the link itself remembers."""


def matches(given: Any, found: Any) -> bool:
    """True when everything in ``given`` is in ``found``, at any depth.

    Of an object the given fields must match, of a list the given elements must occur in their
    order, with anything between them.  Values must be equal: ``"16"`` is not ``16``.
    """
    if isinstance(given, dict):
        return isinstance(found, dict) and all(
            name in found and matches(value, found[name]) for name, value in given.items()
        )
    if isinstance(given, list):
        if not isinstance(found, list):
            return False
        rest = iter(found)
        return all(any(matches(wanted, each) for each in rest) for wanted in given)
    if isinstance(given, bool) or isinstance(found, bool):
        return given is found
    return bool(given == found)


def status_of(answer: Any) -> str:
    """Status that the payload of a CALLRESULT gives; empty where it gives none."""
    if not isinstance(answer, dict):
        return ""
    about_tag = answer.get("idTagInfo")
    if "status" not in answer and isinstance(about_tag, dict):
        answer = about_tag
    return str(answer.get("status", ""))


def answer_status(message: OcppMessage) -> str:
    """Status of an answer: errorCode of a CALLERROR or of a result that breaks its schema."""
    return message.error or status_of(message.payload)


class FirstSight:
    """Tells the first of the two events of a message: sent and delivered, or only one of them.

    The memory is bounded; a message that is delivered after thousands of others counts again.
    """

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()

    def of(self, message: OcppMessage) -> bool:
        """True unless ``message`` is the delivery of one that was seen being sent."""
        if message.kind == "invalid":
            return True
        key = (message.station, message.sender, message.kind, message.uid)
        if message.phase == "delivered":
            seen = key in self._sent
            self._sent.pop(key, None)
            return not seen
        self._sent[key] = None
        if len(self._sent) > TWINS_KEPT:
            self._sent.popitem(last=False)
        return True
