"""How a line of a run folder becomes a row again, and a row an event.  Pure.

A line that is none raises ``ValueError``, whatever is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, Union, get_type_hints

import msgspec

from evtui import events
from evtui.events import Alarm, CanFrame, Event, OcppMessage, Role, Sample, as_json
from evtui.recording.layout import LATEST_START, LIST_SEPARATOR, LONGEST_RUN
from evtui.recording.lines import ERROR_FLAG
from evtui.recording.rows import AlarmRow, FrameRow, MessageRow, SignalRow, TruthRow
from evtui.violations import Violation, told_by

__all__ = [
    "GREATEST",
    "Unsupported",
    "alarm_event",
    "alarm_row",
    "event",
    "frame_event",
    "frame_row",
    "message_events",
    "message_row",
    "sample_event",
    "signal_row",
    "truth_row",
]


_CENTRAL_SYSTEM = "csms"

GREATEST = 1e15
"""No quantity is greater, whatever its unit."""

LARGEST_ID = 0x1FFF_FFFF
MOST_DATA = 64
"""Bytes of a CAN FD frame."""


class Unsupported(ValueError):
    """A well-formed line of a kind that is not read here; the text names the kind, in plural."""


def _number(text: str) -> float:
    value = float(text)
    if not -GREATEST < value < GREATEST:  # no number either
        raise ValueError(f"no quantity: {text!r}")
    return value


def _optional(text: str) -> float | None:
    return _number(text) if text else None


def _time(text: str) -> float:
    """Lab time in s."""
    return _lab_time(float(text))


def _lab_time(value: float) -> float:
    if not -LONGEST_RUN < value < LONGEST_RUN:
        raise ValueError(f"no time of a run: {value!r} s")
    return value


def _optional_time(text: str) -> float | None:
    return _time(text) if text else None


def _unix(text: str) -> float:
    value = float(text)
    if not 0 <= value < LATEST_START:
        raise ValueError(f"no Unix time: {text!r}")
    return value


def _int(text: str) -> int:
    return _whole(int(text))


def _whole(value: int, bits: int = 64) -> int:
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise ValueError(f"no number of {bits} bits: {str(value)[:20]}…")
    return value


def _optional_int(text: str) -> int | None:
    return _int(text) if text else None


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"a flag must be 0 or 1, not {text!r}")
    return text == "1"


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(LIST_SEPARATOR)) if text else ()


def signal_row(fields: list[str]) -> SignalRow:
    """A row of signals.csv."""
    t, utc, station, connector, current, limit, target, reported, voltage, *rest = fields
    power, energy, soc, temperature, contactor, status, transaction, active, effect, *end = rest
    attack_ids, phase, seq = end
    return SignalRow(
        _time(t),
        utc,
        station,
        _whole(int(connector), 32),
        _number(current),
        _number(limit),
        _number(target),
        _optional(reported),
        _number(voltage),
        _number(power),
        _number(energy),
        _optional(soc),
        _number(temperature),
        _flag(contactor),
        status,
        _optional_int(transaction),
        _flag(active),
        _flag(effect),
        _list(attack_ids),
        phase,
        _int(seq),
    )


_KINDS: dict[str, Literal["data", "remote", "error"]] = {
    "data": "data",
    "remote": "remote",
    "error": "error",
}


def frame_row(fields: list[str]) -> FrameRow:
    """A row of can_labels.csv."""
    stamp, identifier, data, attack, dlc, extended, direction, node, attack_ids, *rest = fields
    effect, kind, station, bus, t, seq, cause = rest
    if kind not in _KINDS:
        raise ValueError(f"a frame is data, remote or error, not {kind!r}")
    number, field, length = int(identifier, 16) & ~ERROR_FLAG, bytes.fromhex(data), int(dlc)
    if not (0 <= number <= LARGEST_ID and len(field) <= MOST_DATA and 0 <= length <= MOST_DATA):
        raise ValueError("no CAN frame: its id, data or length cannot be")
    return FrameRow(
        _unix(stamp),
        number,
        field,
        _flag(attack),
        length,
        _flag(extended),
        direction,
        node,
        _list(attack_ids),
        _flag(effect),
        _KINDS[kind],
        station,
        bus,
        _time(t),
        _int(seq),
        _optional_int(cause),
    )


def alarm_row(fields: list[str]) -> AlarmRow:
    """A row of alarms.csv."""
    t, utc, station, connector, detector, view, state, evidence, attack_id, detect, seq = fields
    if state not in ("raised", "cleared"):
        raise ValueError(f"an alarm is raised or cleared, not {state!r}")
    return AlarmRow(
        _time(t),
        utc,
        station,
        _whole(int(connector), 32),
        detector,
        view,
        "raised" if state == "raised" else "cleared",
        evidence,
        attack_id,
        _optional(detect),
        _int(seq),
    )


def truth_row(fields: list[str]) -> TruthRow:
    """A row of truth.csv."""
    attack_id, kind, layer, start, end, parameters, station, connector, variant, *rest = fields
    effect_end, outcome, changes = rest
    return TruthRow(
        attack_id,
        kind,
        layer,
        _time(start),
        _optional_time(end),
        msgspec.json.decode(parameters, type=dict[str, float]),
        station,
        _whole(int(connector), 32),
        variant,
        _optional_time(effect_end),
        outcome,
        _whole(int(changes), 32),
    )


class _Json:
    """Decodes lines of one type, those too that only the standard library reads.

    Peers send lone surrogates, which JSON may escape but UTF-8 cannot say.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(kind)

    def __call__(self, line: bytes) -> Any:
        try:
            return self._decoder.decode(line)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeError):
            try:
                return msgspec.convert(json.loads(line), self._kind)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


_HINTS = get_type_hints(MessageRow)
_DEFAULTS = MessageRow._field_defaults
_Message: Any = msgspec.defstruct(
    "_Message",
    [
        (name, _HINTS[name], _DEFAULTS[name]) if name in _DEFAULTS else (name, _HINTS[name])
        for name in MessageRow._fields
    ],
)
_decode_message = _Json(_Message)


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


def message_row(line: bytes) -> MessageRow:
    """A line of ocpp.jsonl."""
    row = MessageRow._make(msgspec.structs.astuple(_decode_message(line)))
    _lab_time(row.t)
    _whole(row.seq)
    _whole(row.link, 32)
    _whole(row.connector or 0, 32)
    _whole(row.cause or 0)
    if row.delivered is not None:
        _lab_time(msgspec.convert(row.delivered, _Delivered).t)
    return row


_EVENTS = {
    kind.__name__: kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}
_decode_event = _Json(Union[tuple(_EVENTS.values())])  # noqa: UP007, made of a mapping


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
    _lab_time(decoded.t)
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


def sample_event(row: SignalRow) -> Sample:
    """The sample that a row of signals.csv was written from."""
    return Sample(
        seq=row.seq,
        t=row.t_s,
        source=row.station,
        station=row.station,
        connector=row.connector,
        current=row.current_a,
        limit=row.limit_a,
        target=row.target_a,
        reported=row.reported_a,
        voltage=row.voltage_v,
        power=row.power_w,
        energy=row.energy_wh,
        soc=row.soc_pct,
        temperature=row.temperature_c,
        contactor=row.contactor,
        status=row.status,
        transaction_id=row.transaction_id,
        phase=row.phase,
    )


def frame_event(row: FrameRow) -> CanFrame:
    """The frame that a row of can_labels.csv was written from."""
    return CanFrame(
        seq=row.seq,
        t=row.t_s,
        source=row.node,
        cause=row.cause,
        station=row.station,
        bus=row.bus,
        node=row.node,
        arbitration_id=row.arbitration_id,
        data=row.data_field,
        extended=row.extended,
        error=row.kind == "error",
        remote=row.kind == "remote",
        requested=row.dlc if row.kind == "remote" else 0,
    )


def alarm_event(row: AlarmRow) -> Alarm:
    """The alarm that a row of alarms.csv was written from; its source names detector and view."""
    return Alarm(
        seq=row.seq,
        t=row.t_s,
        source=f"{row.detector}/{row.view}",
        station=row.station,
        connector=row.connector,
        detector=row.detector,
        view=row.view,
        raised=row.state == "raised",
        evidence=row.evidence,
    )


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
    yield (first := _with_violation(first, row.violation))
    if row.delivered is not None:
        # What is not said there is as it was sent.
        told = {name: row.delivered[name] for name in _DELIVERED if name in row.delivered}
        if "payload" in told:
            told["body"] = as_json(told.pop("payload"))
        written = told.pop("violation", "")
        arrived = msgspec.structs.replace(
            first,
            phase="delivered",
            source=delivered_to,
            cause=row.seq,
            violation=msgspec.UNSET,
            **told,
        )
        # What a CALLERROR blames was told where it was sent.
        yield arrived if first.violation and not written else _with_violation(arrived, written)


def _with_violation(message: OcppMessage, written: str) -> OcppMessage:
    """``message`` with its violation, as it was when the line was made.

    Lines of every build say it in ``error`` and ``detail``, or where those do not in words of its
    own; those of older builds have none for an answer of ours that did not go out.
    """
    violation = told_by(message.kind, message.error, message.detail)
    if written:
        kind: Literal["tolerated", "withheld"] = (
            "withheld" if message.phase == "sent" else "tolerated"
        )
        violation = Violation("", written, kind=kind)
    return msgspec.structs.replace(message, violation=violation) if violation else message


_DELIVERED = _Delivered.__struct_fields__
