"""What a peer may get wrong, and what each of our ends makes of it: the cases as a table.

``test_rigour.py`` plays every case against both ends over a real WebSocket; :func:`rows` gives
the table in the chapter on conformance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evtui.ocppj.websocket import MAX_MESSAGE_BYTES
from tests.ocppj.frames import BINARY, CONTINUATION, PING, PONG, TEXT, Frame, fragments, text

__all__ = ["CASES", "NO_PONG", "Case", "rows"]

NO_PONG = "no pong"
"""The one case that is not sent but left out."""


@dataclass(frozen=True)
class Case:
    """One thing a peer does, and what our end does about it.

    Attributes:
        arrives: what the peer does, in words.
        sends: WebSocket frames; ``{uid}`` is the id of the call our end waits on.
        answer: ``CALLRESULT``, an errorCode, ``nothing`` or a close code.
        logged: ``error`` of the row; empty for an ordinary one.
        section: of OCPP-J 1.6 (``errata`` for its errata sheet), or of RFC 6455.
        why: where the standard does not say it, why we do it.
        uid: message id of a CALLERROR.
        outcome: what our own call ends in, where one of ours waits: ``answered``, ``used`` with
            a violation, an errorCode or ``no answer``; empty where none waits.
        after: what the peer sent, and got answered, before.
        masked_wrongly: True when the frames are masked as only the other side may.
    """

    arrives: str
    sends: tuple[Frame, ...]
    answer: str
    logged: str
    section: str
    why: str = ""
    uid: str = "-1"
    outcome: str = ""
    after: tuple[Frame, ...] = ()
    masked_wrongly: bool = False

    @property
    def closes(self) -> int | None:
        """Close code, where the connection ends."""
        return int(self.answer) if self.answer.isdigit() else None


def _call(payload: str, uid: str = "q", action: str = "DataTransfer") -> tuple[Frame, ...]:
    return text(f'[2,"{uid}","{action}",{payload}]')


GOOD = '[2,"q","DataTransfer",{"vendorId":"v"}]'
FORMATION = "FormationViolation"
NOT_OCPP = "1.6 defines no answer; OCPP 2.0.1 part 4 section 4.2.3 uses the id -1"
UNKNOWN = "unknown message type"

CASES: tuple[Case, ...] = (
    # Messages that are none (4.1, 4.2)
    Case("no JSON", text("hello"), FORMATION, FORMATION, "4.1.2", NOT_OCPP),
    Case("an empty message", text(""), FORMATION, FORMATION, "4.1.2", NOT_OCPP),
    Case("JSON that is no array", text("{}"), FORMATION, FORMATION, "4.2", NOT_OCPP),
    Case("an empty array", text("[]"), FORMATION, FORMATION, "4.2", NOT_OCPP),
    Case(
        "100,000 nested arrays",
        text("[" * 100_000 + "]" * 100_000),
        FORMATION,
        FORMATION,
        "4.2",
        "deepest message of OCPP 1.6: 6 levels; taken: 32",
    ),
    Case(
        "a message type that is no number",
        text('["2","q","DataTransfer",{}]'),
        FORMATION,
        FORMATION,
        "4.1.3",
        NOT_OCPP,
    ),
    Case("an unknown message type", text('[5,"q",{}]'), "nothing", UNKNOWN, "4.1.3"),
    Case("a negative message type", text('[-2,"q",{}]'), "nothing", UNKNOWN, "4.1.3"),
    # Message ids (4.1.4)
    Case("no message id", text("[2]"), FORMATION, FORMATION, "4.1.4", NOT_OCPP),
    Case("a number as message id", text('[2,7,"DataTransfer",{}]'), FORMATION, FORMATION, "4.1.4"),
    Case(
        "a message id of 37 characters",
        _call('{"vendorId":"v"}', "x" * 37),
        FORMATION,
        FORMATION,
        "4.1.4, 4.2.3",
        uid="x" * 37,
    ),
    Case(
        "an empty message id",
        _call('{"vendorId":"v"}', ""),
        "CALLRESULT",
        "",
        "4.1.4",
        "a string of at most 36 characters, and that is one",
        uid="",
    ),
    Case(
        "a call again under its id (a retry)",
        text(GOOD),
        "CALLRESULT",
        "repeated message id",
        "4.1.4, errata 3.1",
        "the same answer again, not acted on",
        uid="q",
        after=text(GOOD),
    ),
    Case(
        "another call under a used id",
        _call('{"vendorId":"w"}'),
        "GenericError",
        "message id used twice",
        "4.1.4, 4.2.3",
        "4.2.3 asks for a CALLERROR, table 7 has no code of its own",
        uid="q",
        after=text(GOOD),
    ),
    # Calls (4.2.1, table 7)
    Case(
        "a CALL without payload",
        text('[2,"q","DataTransfer"]'),
        FORMATION,
        FORMATION,
        "4.2.1",
        uid="q",
    ),
    Case(
        "a CALL with 5 elements",
        text('[2,"q","Heartbeat",{},1]'),
        FORMATION,
        FORMATION,
        "4.2.1",
        uid="q",
    ),
    Case("an object as action", text('[2,"q",{},{}]'), FORMATION, FORMATION, "4.2.1", uid="q"),
    Case("an array as payload", _call("[]"), FORMATION, FORMATION, "4.2.1", uid="q"),
    Case(
        "null as payload",
        _call("null"),
        "OccurenceConstraintViolation",
        "",
        "4.2.1, table 4",
        "null is {}, which here lacks a field",
        uid="q",
    ),
    Case("an unknown action", _call("{}", action="Fly"), "NotImplemented", "", "table 7", uid="q"),
    Case(
        "an action in lower case",
        _call("{}", action="datatransfer"),
        "NotImplemented",
        "",
        "4.2.1, table 7",
        uid="q",
    ),
    Case(
        "an action of a feature that is not there",
        _call('{"csr":"x"}', action="SignCertificate"),
        "NotSupported",
        "",
        "table 7",
        uid="q",
    ),
    Case(
        "a field that is not in the schema",
        _call('{"vendorId":"v","x":1}'),
        FORMATION,
        "",
        "table 7, errata 3.2",
        uid="q",
    ),
    Case(
        "a field missing",
        _call("{}"),
        "OccurenceConstraintViolation",
        "",
        "table 7, errata 5.1",
        "spelt as in the standard",
        uid="q",
    ),
    Case(
        "a field of the wrong type",
        _call('{"vendorId":1}'),
        "TypeConstraintViolation",
        "",
        "table 7",
        uid="q",
    ),
    Case(
        "a field too long",
        _call('{"vendorId":"' + "v" * 256 + '"}'),
        "PropertyConstraintViolation",
        "",
        "table 7",
        uid="q",
    ),
    Case(
        "a huge string where one is allowed",
        _call('{"vendorId":"v","data":"' + "d" * 1_000_000 + '"}'),
        "CALLRESULT",
        "",
        "4.2.1",
        uid="q",
    ),
    Case(
        "a payload nested 300 deep",
        _call('{"x":' + "[" * 300 + "]" * 300 + "}"),
        FORMATION,
        FORMATION,
        "table 7",
        uid="q",
    ),
    Case(
        "half of a surrogate pair",
        _call('{"vendorId":"\\ud800"}'),
        FORMATION,
        FORMATION,
        "4.1.2, RFC 8259 8.2",
        "no UTF-8 can say it",
        uid="q",
    ),
    Case(
        "a number out of range",
        _call('{"vendorId":"v","data":1e999}'),
        FORMATION,
        FORMATION,
        "table 7, RFC 8259 6",
        "a double holds 1.8e308 at most",
        uid="q",
    ),
    Case(
        "an integer of 5,000 digits",
        _call('{"vendorId":"v","data":' + "9" * 5_000 + "}"),
        FORMATION,
        FORMATION,
        "table 7, RFC 8259 6",
        uid="q",
    ),
    Case("NaN", _call('{"vendorId":NaN}'), FORMATION, FORMATION, "4.1.2, RFC 8259 6", "no JSON"),
    Case(
        "a field twice",
        _call('{"vendorId":"v","vendorId":"w"}'),
        FORMATION,
        FORMATION,
        "4.2.1, RFC 8259 4",
        "readers of JSON take the first or the last",
        uid="q",
    ),
    # Answers (4.2.2, 4.2.3)
    Case(
        "an answer to nothing",
        text('[3,"q",{}]'),
        "nothing",
        "answer to nothing",
        "4.1.4",
        "an answer is never answered",
    ),
    Case(
        "an error to nothing",
        text('[4,"q","GenericError","",{}]'),
        "nothing",
        "answer to nothing",
        "4.1.4",
    ),
    Case("a CALLERROR without code", text('[4,"q"]'), "nothing", FORMATION, "4.2.3"),
    Case(
        "a CALLERROR with a code of its own",
        text('[4,"{uid}","Boom","",[]]'),
        "nothing",
        "Boom",
        "4.2.3",
        "any code and any details are taken: both are for people",
        outcome="Boom",
    ),
    Case(
        "an array as result",
        text('[3,"{uid}",[]]'),
        "nothing",
        FORMATION,
        "4.2.2",
        outcome=FORMATION,
    ),
    Case(
        "null as result",
        text('[3,"{uid}",null]'),
        "nothing",
        "OccurenceConstraintViolation",
        "4.2.2, table 5",
        "null is {}, which here lacks a field",
        outcome="OccurenceConstraintViolation",
    ),
    Case(
        "a result with 4 elements",
        text('[3,"{uid}",{"status":"Accepted"},1]'),
        "nothing",
        FORMATION,
        "4.2.2",
        outcome=FORMATION,
    ),
    Case(
        "a result against its schema",
        text('[3,"{uid}",{"status":"Perhaps"}]'),
        "nothing",
        "PropertyConstraintViolation",
        "4.2.2",
        outcome="PropertyConstraintViolation",
    ),
    Case(
        "a result with a field too many",
        text('[3,"{uid}",{"status":"Accepted","x":1}]'),
        "nothing",
        "",
        "4.2.2",
        "what is needed of it is right: used, and noted as a violation",
        outcome="used",
    ),
    Case(
        "a result with null as an optional field",
        text('[3,"{uid}",{"status":"Accepted","data":null}]'),
        "nothing",
        "",
        "4.2.2",
        "used, and noted as a violation",
        outcome="used",
    ),
    Case(
        "a result with a number out of range as an optional field",
        text('[3,"{uid}",{"status":"Accepted","data":1e999}]'),
        "nothing",
        "",
        "4.2.2, RFC 8259 6",
        "used, and noted as a violation",
        outcome="used",
    ),
    Case(
        "a result with a field twice, with one value",
        text('[3,"{uid}",{"status":"Accepted","status":"Accepted"}]'),
        "nothing",
        "",
        "4.2.2, RFC 8259 4",
        "used, and noted as a violation",
        outcome="used",
    ),
    Case(
        "a result with a needed field twice, with two values",
        text('[3,"{uid}",{"status":"Accepted","status":"Rejected"}]'),
        "nothing",
        FORMATION,
        "4.2.2, RFC 8259 4",
        outcome=FORMATION,
    ),
    Case(
        "two results",
        text('[3,"{uid}",{"status":"Accepted"}]') + text('[3,"{uid}",{"status":"Rejected"}]'),
        "nothing",
        "answer to nothing",
        "4.1.1",
        "the first counts",
        outcome="answered",
    ),
    Case(
        "a result after the timeout",
        text('[3,"{uid}",{"status":"Accepted"}]'),
        "nothing",
        "",
        "4.1.1",
        "logged as that call's, with its latency",
        outcome="no answer",
    ),
    # WebSocket (RFC 6455)
    Case("a message in 5 fragments", fragments(GOOD, 5), "CALLRESULT", "", "RFC 5.4", uid="q"),
    Case(
        "a ping between two fragments",
        fragments(GOOD, 2, between=Frame(PING, b"?")),
        "CALLRESULT",
        "",
        "RFC 5.4",
        uid="q",
    ),
    Case(
        "a pong nobody asked for",
        (Frame(PONG, b"?"), *text(GOOD)),
        "CALLRESULT",
        "",
        "RFC 5.5.3",
        uid="q",
    ),
    Case(
        "a binary message",
        (Frame(BINARY, GOOD.encode()),),
        "1003",
        "binary frame",
        "4.1.2, RFC 7.4.1",
    ),
    Case("invalid UTF-8", (Frame(TEXT, b'[2,"\xff"]'),), "1007", "invalid UTF-8", "4.1.2, RFC 8.1"),
    Case(
        "a message over the size limit",
        text(" " * (MAX_MESSAGE_BYTES + 1)),
        "1009",
        "message too big",
        "RFC 7.4.1",
        "1 MiB; settable",
    ),
    Case(
        "a message over the size limit in fragments",
        fragments(" " * (MAX_MESSAGE_BYTES + 1), 3),
        "1009",
        "message too big",
        "RFC 7.4.1",
    ),
    Case(
        "a fragment of nothing",
        (Frame(CONTINUATION, b"{}"),),
        "1002",
        "WebSocket violation",
        "RFC 5.4",
    ),
    Case(
        "a new message inside a fragmented one",
        (Frame(TEXT, b"[", fin=False), *text(GOOD)),
        "1002",
        "WebSocket violation",
        "RFC 5.4",
    ),
    Case(
        "a reserved bit",
        (Frame(TEXT, b"[]", reserved=4),),
        "1002",
        "WebSocket violation",
        "RFC 5.2",
    ),
    Case(
        "a ping of 126 bytes",
        (Frame(PING, b"?" * 126),),
        "1002",
        "WebSocket violation",
        "RFC 5.5",
    ),
    Case(
        "wrong masking",
        text(GOOD),
        "1002",
        "WebSocket violation",
        "RFC 5.1",
        masked_wrongly=True,
    ),
    Case(NO_PONG, (), "1011", "", "5.3, errata 3.11", "any message counts as a sign of life too"),
)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """The cases for the chapter on conformance: what arrives, what we answer, the section, why."""
    for case in CASES:
        answer = f"closed with {case.answer}" if case.closes else case.answer
        if case.outcome:
            answer = {
                "answered": "the first is the call's answer",
                "used": "it is the call's answer",
                "no answer": answer,
            }.get(case.outcome, f"our call ends in {case.outcome}")
        yield case.arrives, answer, case.section, case.why
