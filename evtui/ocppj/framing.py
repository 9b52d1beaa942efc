"""OCPP-J framing: text to frame and back (OCPP-J 1.6 sections 4.1 and 4.2).  Pure."""

from __future__ import annotations

import contextlib
from typing import Any, Literal

import msgspec

from evtui.events import NULL, as_json
from evtui.ocppj import unfit
from evtui.ocppj.duplicates import (
    has_each_name_once,
    names_given_twice,
    without_contradictions,
)

__all__ = [
    "MESSAGE_ID_MAX",
    "PARTS_MAX",
    "UNREADABLE_ID",
    "BloatedFrame",
    "MalformedMessage",
    "OcppFrame",
    "UnknownMessageType",
    "encode_call",
    "encode_error",
    "encode_result",
    "parse",
]

MESSAGE_ID_MAX = 36
"""Longest message id, characters (OCPP-J 1.6 table 3)."""

UNREADABLE_ID = "-1"
"""Message id of the CALLERROR that answers a text whose own id cannot be read.

OCPP-J 1.6 defines no answer for such a text; OCPP 2.0.1 part 4 section 4.2.3 uses "-1".
"""

NESTING_MAX = 32
"""Deepest nesting of arrays and objects taken; the deepest OCPP 1.6 message has 6 levels.

Readers of events encode payloads again, each with a recursion limit of its own, all above this.
"""

PARTS_MAX = 100_000
"""Most commas and opening brackets in a message, beside those in its strings.

That many make 12 MiB and 30 ms of decoded values at most.  A megabyte of the richest real
message, a StopTransaction with meter values, has some 60,000; a megabyte of empty arrays 700,000.
"""

ERROR_TEXT_MAX = 2_000
"""Characters kept of what a peer may put into a CALLERROR; the standard sets 255 at most."""

CALL, RESULT, ERROR = 2, 3, 4


class OcppFrame(msgspec.Struct, frozen=True):
    """One well-formed OCPP-J message.

    Attributes:
        kind: ``call``, ``result`` or ``error``.
        uid: message id.
        action: action of a call, else empty.
        payload: payload of a call or result, errorDetails of an error.
        body: the same as JSON, without needless space.
        code: errorCode of an error, else empty.
        description: errorDescription of an error, else empty.
        twice: which names an object has more than once, with the values of each, in one line;
            empty when there are none.  The last value of each is the one that is read.
        certain: payload with None in place of each value given twice, and differently; None
            where no name is given twice.
        unfit: which values cannot be held (:mod:`evtui.ocppj.unfit`), in one line; empty when
            there are none.  They are None in the payload.
    """

    kind: Literal["call", "result", "error"]
    uid: str
    action: str = ""
    payload: Any = None
    body: msgspec.Raw = NULL
    code: str = ""
    description: str = ""
    twice: str = ""
    certain: Any = None
    unfit: str = ""

    @property
    def doubt(self) -> str:
        """What is JSON and yet not surely read as it was meant, in one line; mostly empty."""
        return "; ".join(filter(None, (self.unfit, self.twice)))


class MalformedMessage(Exception):
    """A text that is no OCPP-J message.

    Attributes:
        uid: the message id where one could be read, else :data:`UNREADABLE_ID`.
        answerable: True when it looks like a CALL or cannot be told, so that a CALLERROR is
            due; False for broken answers, which are never answered.
        action: the action where one could be read, else empty.
    """

    def __init__(
        self, detail: str, uid: str = UNREADABLE_ID, *, answerable: bool = True, action: str = ""
    ) -> None:
        super().__init__(detail)
        self.uid = uid
        self.answerable = answerable
        self.action = action


class BloatedFrame(MalformedMessage):
    """A text of so many JSON values that it is not decoded."""


class UnknownMessageType(Exception):
    """A message type number other than 2, 3, 4: to be ignored (OCPP-J 1.6 section 4.1.3)."""


def parse(text: str | bytes) -> OcppFrame:
    """Decode one WebSocket text message.

    A null payload means an empty one (OCPP-J 1.6 table 4).

    Raises:
        MalformedFrame: no JSON, no array, wrong elements; BloatedFrame: too many of them.
        UnknownMessageType: an array whose type number is not 2, 3 or 4.
    """
    try:
        text = text if isinstance(text, str) else text.decode()
        _refuse_what_costs_too_much(text)
        try:
            message = msgspec.json.decode(text)
        except msgspec.DecodeError:
            return _parse_unfit(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise MalformedMessage(f"not JSON: {error}") from None
    except RecursionError:
        raise MalformedMessage("JSON nested too deeply") from None
    return _frame(message, text)


def _parse_unfit(text: str) -> OcppFrame:
    """Decode a text that the quick decoder refuses: perhaps only for values it cannot hold.

    Raises:
        MalformedFrame, UnknownMessageType: see :func:`parse`.
        RecursionError: it is nested too deeply.
    """
    try:
        message, told = unfit.decode(text)
    except ValueError as error:
        raise MalformedMessage(f"not JSON: {error}") from None
    try:
        return msgspec.structs.replace(_frame(message, text), unfit=told)
    except MalformedMessage as error:
        detail = f"{told}; {error}" if told else str(error)
        raise MalformedMessage(
            detail, error.uid, answerable=error.answerable, action=error.action
        ) from None


def _frame(message: Any, text: str) -> OcppFrame:
    """Make a frame of a decoded message."""
    if not isinstance(message, list) or not message:
        raise MalformedMessage("not a JSON array with a message type")
    kind = message[0]
    if isinstance(kind, bool) or not isinstance(kind, int):
        raise MalformedMessage("message type is not a whole number")
    if kind not in (CALL, RESULT, ERROR):
        raise UnknownMessageType(f"message type {str(kind)[:20]} is not 2, 3 or 4")
    uid = _message_id(message, answerable=kind == CALL)
    brackets = text.count("[") + text.count("{")  # in its strings too, where they do no harm
    if brackets > NESTING_MAX and _is_too_deep(message):
        raise MalformedMessage("JSON nested too deeply", uid, answerable=kind == CALL)
    if kind == CALL:
        return _call(uid, message, text)
    if kind == RESULT:
        return _result(uid, message, text)
    return _error(uid, message, text)


def _refuse_what_costs_too_much(text: str) -> None:
    """Count what a text will cost before it is decoded.

    Raises:
        BloatedFrame: it would cost too much.
        msgspec.DecodeError, RecursionError: it is no JSON, or too deep.
    """
    if len(text) <= PARTS_MAX:
        return
    data = text.encode("utf-8", "surrogatepass")
    if _parts(data) <= PARTS_MAX or _parts(_without_strings(data)) <= PARTS_MAX:
        return
    kind, uid, action = _beginning(data)
    raise BloatedFrame(
        f"more than {PARTS_MAX:,} JSON values",
        uid if isinstance(uid, str) and len(uid) <= MESSAGE_ID_MAX else UNREADABLE_ID,
        answerable=kind not in (RESULT, ERROR),
        action=action if isinstance(action, str) and kind == CALL else "",
    )


def _beginning(data: bytes) -> tuple[Any, Any, Any]:
    """Message type, id and action of a text whose payload is not decoded, None where unlike."""
    for shape in (_CALL_SHAPE, _RESULT_SHAPE):
        with contextlib.suppress(msgspec.ValidationError):
            kind, uid, action = map(_if_short, msgspec.json.decode(data, type=shape)[:3])
            return kind, uid, action
    return None, None, None


def _if_short(value: msgspec.Raw) -> Any:
    return msgspec.json.decode(value) if len(value) <= ERROR_TEXT_MAX else None


def _without_strings(data: bytes) -> bytes:
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(plain.split(b'"')[::2])


def _parts(data: bytes) -> int:
    return data.count(b",") + data.count(b"[") + data.count(b"{")


_CALL_SHAPE = tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw, msgspec.Raw]
_RESULT_SHAPE = tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw]


def _is_too_deep(message: list[Any]) -> bool:
    # Level by level: a recursion could overflow where the decoder just did not.
    containers: list[Any] = [message]
    for _ in range(NESTING_MAX):
        containers = [
            child
            for node in containers
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, (list, dict))
        ]
        if not containers:
            return False
    return True


def _message_id(message: list[Any], *, answerable: bool) -> str:
    if len(message) < 2:
        raise MalformedMessage("message id is missing", answerable=answerable)
    uid = message[1]
    if not isinstance(uid, str):
        raise MalformedMessage(
            f"message id is {_json_type(uid)}, a string is needed", answerable=answerable
        )
    if len(uid) > MESSAGE_ID_MAX:
        raise MalformedMessage(
            f"message id has {len(uid)} characters, {MESSAGE_ID_MAX} at most",
            uid,
            answerable=answerable,
        )
    return uid


def _call(uid: str, message: list[Any], text: str) -> OcppFrame:
    action = message[2] if len(message) > 2 and isinstance(message[2], str) else ""
    if len(message) != 4:
        raise MalformedMessage(f"CALL with {len(message)} elements, 4 needed", uid, action=action)
    if not action:
        raise MalformedMessage("action is not a name", uid)
    payload = {} if message[3] is None else message[3]
    if not isinstance(payload, dict):
        raise MalformedMessage(
            f"payload is {_json_type(payload)}, an object is needed", uid, action=action
        )
    body = as_json(payload)
    frame = OcppFrame("call", uid, action, payload, body)
    return frame if has_each_name_once(text, body) else _looked_through(frame, text)


def _result(uid: str, message: list[Any], text: str) -> OcppFrame:
    if len(message) != 3:
        raise MalformedMessage(
            f"CALLRESULT with {len(message)} elements, 3 needed", uid, answerable=False
        )
    payload = {} if message[2] is None else message[2]
    body = as_json(payload)
    frame = OcppFrame("result", uid, payload=payload, body=body)
    return frame if has_each_name_once(text, body) else _looked_through(frame, text)


def _error(uid: str, message: list[Any], text: str) -> OcppFrame:
    # Peers send any code and details of any type: only the shape is insisted on.
    if not 3 <= len(message) <= 5 or not isinstance(message[2], str) or not message[2]:
        raise MalformedMessage("CALLERROR without an error code", uid, answerable=False)
    description = message[3] if len(message) > 3 and message[3] is not None else ""
    details = message[4] if len(message) > 4 else {}
    frame = OcppFrame(
        "error",
        uid,
        payload=details,
        body=as_json(details),
        code=message[2][:ERROR_TEXT_MAX],
        description=(description if isinstance(description, str) else str(description))[
            :ERROR_TEXT_MAX
        ],
    )
    return frame if has_each_name_once(text, as_json(message)) else _looked_through(frame, text)


def _looked_through(frame: OcppFrame, text: str) -> OcppFrame:
    """A frame with the names that it has twice; its payload is the last element of the text."""
    twice = names_given_twice(text)
    if not twice:
        return frame
    certain = without_contradictions(text)[-1]
    return msgspec.structs.replace(frame, twice=twice, certain=certain)


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def encode_call(uid: str, action: str, payload: Any) -> str:
    """``[2, uid, action, payload]``"""
    return msgspec.json.encode([CALL, uid, action, payload]).decode()


def encode_result(uid: str, payload: Any) -> str:
    """``[3, uid, payload]``"""
    return msgspec.json.encode([RESULT, uid, payload]).decode()


def encode_error(uid: str, code: str, description: str = "", details: Any = None) -> str:
    """``[4, uid, code, description, details]``; no details are an empty object."""
    details = {} if details is None else details
    return msgspec.json.encode([ERROR, uid, code, description, details]).decode()
