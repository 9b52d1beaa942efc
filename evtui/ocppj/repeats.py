"""Retries: a call that comes again under its id gets its answer again.  Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.ocppj.framing import OcppFrame

__all__ = ["ANSWERS_KEPT", "AnsweredCall", "AnsweredCalls"]

ANSWERS_KEPT = 32
"""Calls answered on a connection that are remembered: a station has one in flight at a time
(OCPP-J 1.6 section 4.1.1), so a retry is never far from its original."""


class AnsweredCall:
    """A call that was acted on, and its answer.

    Attributes:
        action: of the call.
        payload: of the CALLRESULT.
    """

    __slots__ = ("_asked", "action", "payload")

    def __init__(self, action: str, asked: Any, payload: Any) -> None:
        self.action = action
        self.payload = payload
        self._asked = _digest(asked)

    def is_asked_again_by(self, call: OcppFrame) -> bool:
        """True for the same call; False for another one under its id."""
        return self.action == call.action and self._asked == _digest(call.payload)


class AnsweredCalls:
    """The last calls answered on one connection, by message id.

    A call refused with a CALLERROR is not remembered: nothing was acted on, and what failed
    may work when it is tried again.  The memory ends with the connection, because many
    stations count their ids from 1 on each one and must not get an answer of long ago; a
    transaction that is told again on the next connection is recognised by its contents.
    """

    def __init__(self) -> None:
        self._answered: dict[str, AnsweredCall] = {}

    def __len__(self) -> int:
        return len(self._answered)

    def remember(self, uid: str, answered: AnsweredCall) -> None:
        """Keep what was answered under ``uid``; the oldest is forgotten."""
        self._answered[uid] = answered
        if len(self._answered) > ANSWERS_KEPT:
            del self._answered[next(iter(self._answered))]

    def find(self, uid: str) -> AnsweredCall | None:
        """What was answered under ``uid``, or None."""
        return self._answered.get(uid)


def _digest(payload: Any) -> int:
    # A retry may be encoded anew, with its keys in another order.
    return hash(msgspec.json.encode(payload, order="sorted"))
