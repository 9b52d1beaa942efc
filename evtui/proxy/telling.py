"""Every message that passes, told as both its ends would tell it: sent, and delivered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from evtui.events import EventStream, OcppMessage, Role
from evtui.ocpp16 import OCPP_16
from evtui.ocppj import (
    MalformedMessage,
    OcppFrame,
    SentMessages,
    Tap,
    UnknownMessageType,
    Version,
    parse,
)
from evtui.violations import Violation

__all__ = ["BothEnds"]

CALLS_KEPT = 200
"""Calls of a connection that wait for their answer; a peer may leave any number unanswered."""


class _Call(msgspec.Struct):
    """A call whose answer has not passed yet: its action, and its two events."""

    action: str
    sent: OcppMessage
    delivered: OcppMessage | None = None


class BothEnds:
    """Publishes what passes over one connection, in the order in which it does.

    A message is *sent* when it comes to the proxy, and *delivered* when it goes on: where the two
    differ, somebody on the line has had a hand in it.  Messages of OCPP 1.6 are held against
    their schemas, and pass whatever comes of it; of other versions nothing is checked.

    Args:
        stream: where messages are published.
        station: identity of the charge point.
        subprotocol: that both ends agreed on; None for none.
        sent: finds for a delivered message the sent one.
        number: of the connection, from 1.
        booted: told the status of each answer to a BootNotification.
    """

    def __init__(
        self,
        stream: EventStream,
        station: str,
        subprotocol: str | None,
        sent: SentMessages,
        number: int,
        booted: Callable[[str], None] = lambda status: None,
    ) -> None:
        self._booted = booted
        self._version: Version | None = OCPP_16 if subprotocol == OCPP_16.subprotocol else None
        connector_of = _evse_of if self._version is None else self._version.connector_of
        roles: tuple[Role, Role] = ("charge_point", "central_system")
        self._taps: dict[Role, Tap] = {
            role: Tap(connector_of, stream, "proxy", station, role, sent, number) for role in roles
        }
        self._sent = sent
        self._calls: OrderedDict[tuple[Role, str], _Call] = OrderedDict()

    def sent(self, sender: Role, text: str | bytes) -> None:
        """A text has come from ``sender``."""
        frame = _read(text)
        if not isinstance(frame, OcppFrame):
            return  # told when it goes on
        call = self._call_of(sender, frame)
        answers = None if call is None else call.delivered
        event = self._taps[sender].sent(
            frame.kind,
            frame.uid,
            frame.action or ("" if call is None else call.action),
            frame.payload,
            body=msgspec.Raw(frame.body),
            cause=None if answers is None else answers.seq,
            since=None if answers is None else answers.t,
            error=frame.code,
            detail=frame.description,
        )
        if frame.kind == "call":
            self._calls[sender, frame.uid] = _Call(frame.action, event)
            if len(self._calls) > CALLS_KEPT:
                self._calls.popitem(last=False)

    def delivered(self, sender: Role, text: str | bytes) -> None:
        """A text of ``sender`` goes on to the other end."""
        receiver = _other(sender)
        tap = self._taps[receiver]
        if self._sent.tampered:
            tap.hears(text)
        frame = _read(text)
        if not isinstance(frame, OcppFrame):
            tap.invalid(*frame, text)
            return
        if frame.kind == "call":
            violation = self._check(frame.action, "call", frame.payload)
            event = tap.delivered(frame, frame.action, violation=violation)
            call = self._calls.get((sender, frame.uid))
            if call is not None:
                call.delivered = event
            return
        call = self._calls.pop((receiver, frame.uid), None)
        action = "" if call is None else call.action
        violation = None
        if frame.kind == "result" and action:
            violation = self._check(action, "result", frame.payload)
        tap.delivered(
            frame,
            action,
            cause=None if call is None else call.sent.seq,
            since=None if call is None else call.sent.t,
            violation=violation,
        )
        if action == "BootNotification" and frame.kind == "result":
            status = frame.payload.get("status") if isinstance(frame.payload, dict) else None
            if status in ("Accepted", "Pending", "Rejected"):
                self._booted(status)

    def _call_of(self, sender: Role, frame: OcppFrame) -> _Call | None:
        return None if frame.kind == "call" else self._calls.get((_other(sender), frame.uid))

    def _check(
        self, action: str, kind: Literal["call", "result"], payload: Any
    ) -> Violation | None:
        return None if self._version is None else self._version.check(action, kind, payload)


def _read(text: str | bytes) -> OcppFrame | tuple[str, str, str]:
    """A message; of what is none id, what is wrong in a word or two, and in a line."""
    if isinstance(text, bytes):
        return "", "binary frame", "OCPP-J messages are text"
    try:
        return parse(text)
    except UnknownMessageType as error:
        return "", "unknown message type", str(error)
    except MalformedMessage as error:
        return error.uid, "no OCPP-J message", str(error)


def _evse_of(payload: Any) -> int | None:
    """The EVSE that a message of OCPP 2 is about, which stands for the connector of 1.6."""
    if not isinstance(payload, dict):
        return None
    evse = payload.get("evse")
    number = evse.get("id") if isinstance(evse, dict) else payload.get("evseId")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _other(role: Role) -> Role:
    return "charge_point" if role == "central_system" else "central_system"
