"""How a line of a run folder becomes a row again, and a row an event.  Pure.

A line that is none raises ``ValueError``, whatever is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, Union, get_type_hints

import msgspec

from evtui import events
from evtui.events import Alarm, CanFrame, Event, OcppMessage, Role, Sample, as_json
from evtui.recording.format import (
    ALARMS,
    FRAMES,
    SIGNALS,
    AlarmRow,
    FrameRow,
    MessageRow,
    SignalRow,
)
from evtui.recording.format.cell import check_lab_time, check_whole
from evtui.recording.format.json_reader import JsonReader
from evtui.violations import Violation, told_by

__all__ = [
    "Unsupported",
    "alarm_event",
    "event",
    "frame_event",
    "message_events",
    "message_row",
    "sample_event",
]


_CENTRAL_SYSTEM = "csms"


class Unsupported(ValueError):
    """A well-formed line of a kind that is not read here; the text names the kind, in plural."""


_HINTS = get_type_hints(MessageRow)
_DEFAULTS = MessageRow._field_defaults
_Message: Any = msgspec.defstruct(
    "_Message",
    [
        (name, _HINTS[name], _DEFAULTS[name]) if name in _DEFAULTS else (name, _HINTS[name])
        for name in MessageRow._fields
    ],
)
_decode_message = JsonReader(_Message)


class _Delivered(msgspec.Struct):
    """What the receiving end saw otherwise than the sending one; ``payload`` may be anything."""

    t: float
    seq: int
    payload: Any = None
    latency: float | None = None
    error: str = ""
    detail: str = ""
    link: int = 0
    violation: str = ""
    violation_code: str = ""
    violation_path: tuple[str, ...] = ()


def message_row(line: bytes) -> MessageRow:
    """A line of ocpp.jsonl."""
    row = MessageRow._make(msgspec.structs.astuple(_decode_message(line)))
    check_lab_time(row.t)
    check_whole(row.seq)
    check_whole(row.link, 32)
    check_whole(row.connector or 0, 32)
    check_whole(row.cause or 0)
    if row.delivered is not None:
        check_lab_time(msgspec.convert(row.delivered, _Delivered).t)
    return row


_EVENTS = {
    kind.__name__: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
_decode_event = JsonReader(Union[tuple(_EVENTS.values())])  # noqa: UP007, made of a mapping


class _Tagged(msgspec.Struct):
    event: str


_FRAME_TAG = b'"event":"CanFrame"'


def event(line: bytes) -> Event:
    """A line of events.jsonl.

    Raises:
        Unsupported: an event of a type that is not known here.
        ValueError: it is no event.
    """
    decoded = _event(line)
    check_lab_time(decoded.t)
    return decoded


def _event(line: bytes) -> Event:
    if _FRAME_TAG in line:
        fields = msgspec.json.decode(line, type=dict[str, Any])
        if fields.get("event") == CanFrame.__name__:
            # Bytes stand there in hexadecimal digits; msgspec's own are base 64.
            data = bytes.fromhex(msgspec.convert(fields.get("data"), str))
            return msgspec.convert(fields | {"data": data}, CanFrame)
    try:
        decoded: Event = _decode_event(line)
    except msgspec.ValidationError:
        name = msgspec.json.decode(line, type=_Tagged).event
        if name not in _EVENTS:
            raise Unsupported(f"{name} events") from None
        raise
    return decoded


sample_event: Callable[[SignalRow], Sample] = SIGNALS.event(
    Sample, t="row.t_s", source="row.station"
)
"""The sample that a row of signals.csv was written from."""

frame_event: Callable[[FrameRow], CanFrame] = FRAMES.event(
    CanFrame,
    t="row.t_s",
    source="row.node",
    arbitration_id="row.arbitration_id",
    data="row.data_field",
    error="row.kind == 'error'",
    remote="row.kind == 'remote'",
    requested="row.dlc if row.kind == 'remote' else 0",
    fd="row.kind.startswith('fd')",
    brs="'brs' in row.kind",
    esi="'esi' in row.kind",
)
"""The frame that a row of can_labels.csv was written from."""

alarm_event: Callable[[AlarmRow], Alarm] = ALARMS.event(
    Alarm,
    t="row.t_s",
    source="f'{row.detector}/{row.view}'",
    raised="row.state == 'raised'",
    evidence="row.evidence",
)
"""The alarm that a row of alarms.csv was written from; its source names detector and view."""


_MESSAGE_KINDS: dict[int | None, Literal["call", "result", "error", "invalid"]] = {
    2: "call",
    3: "result",
    4: "error",
    None: "invalid",
}


def message_events(row: MessageRow) -> Iterator[OcppMessage]:
    """The one or two events that a line of ocpp.jsonl was written from, the sent one first."""
    sender: Role = "central_system" if row.direction == "csms->cp" else "charge_point"
    ends = (_CENTRAL_SYSTEM, row.station)
    sent_by, delivered_to = ends if sender == "central_system" else ends[::-1]
    first = OcppMessage(
        seq=row.seq,
        t=row.t,
        source=delivered_to if row.seen == "delivered" else sent_by,
        cause=row.cause,
        station=row.station,
        connector=row.connector,
        sender=sender,
        phase="delivered" if row.seen == "delivered" else "sent",
        kind=_MESSAGE_KINDS[row.type],
        uid=row.id,
        action=row.action,
        body=as_json(row.payload),
        latency=row.latency,
        error=row.error,
        detail=row.detail,
        text=row.text,
        link=row.link,
    )
    said = (row.violation, row.violation_code, row.violation_path)
    yield (first := _with_violation(first, *said))
    if row.delivered is not None:
        # What is not said there is as it was sent.
        told = {name: row.delivered[name] for name in _DELIVERED if name in row.delivered}
        if "payload" in told:
            told["body"] = as_json(told.pop("payload"))
        text, code, path = (told.pop(name, none) for name, none in _VIOLATION.items())
        arrived = msgspec.structs.replace(
            first,
            phase="delivered",
            source=delivered_to,
            cause=row.seq,
            violation=msgspec.UNSET,
            **told,
        )
        # What a CALLERROR blames was told where it was sent.
        told_before = bool(first.violation) and not text
        yield arrived if told_before else _with_violation(arrived, text, code, tuple(path))


_VIOLATION: dict[str, Any] = {"violation": "", "violation_code": "", "violation_path": ()}


def _with_violation(
    message: OcppMessage, text: str, code: str, path: tuple[str, ...]
) -> OcppMessage:
    """``message`` with its violation, as it was when the line was made.

    Lines of every build tell of it in ``error`` and ``detail``, or where those do not in a
    ``text`` of its own.  Those of builds that wrote no ``code`` and no ``path`` have no
    violation for an answer of ours that did not go out.
    """
    violation = told_by(message.kind, message.error, message.detail, path)
    if text:
        kind: Literal["tolerated", "withheld"] = (
            "withheld" if message.phase == "sent" else "tolerated"
        )
        violation = Violation(code, text, path, kind)
    return msgspec.structs.replace(message, violation=violation) if violation else message


_DELIVERED = _Delivered.__struct_fields__
