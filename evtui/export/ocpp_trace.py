"""Open OCPP Trace, version 1.1: one OCPP message a line of JSON.

The format's specification and JSON Schema are at github.com/open-ocpp-trace/specification.  It
asks for ``raw``, the text as it was on the wire, where that is at hand; a run folder holds decoded
messages only, and a text made from those would not be what was sent, so ``raw`` is left out.
What evtui knows beyond the format stands under ``meta.evtui``, as the specification wants it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO

from evtui.escaping import for_json
from evtui.events import json_text
from evtui.export.tally import Tally
from evtui.recording.format import MessageRow
from evtui.recording.read import RunFolder

__all__ = ["write_open_ocpp_trace"]

_KINDS = {2: "CALL", 3: "CALLRESULT", 4: "CALLERROR"}
_DIRECTIONS = {"csms->cp": "csms-to-cp", "cp->csms": "cp-to-csms"}


_LATE = 4096
"""Newest messages without a delivery that one may still follow for."""


def write_open_ocpp_trace(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """One record a message, in the order of ocpp.jsonl.

    What is no OCPP-J message has no place in the format, and a delivery that came so late that it
    has a line of its own is the same message once more; ``tally.left_out`` counts both.
    """
    start = datetime.fromtimestamp(folder.start_utc, UTC)
    for message in tally.count(_messages(folder, tally), lambda each: each.t):
        record = json_text(_record(message, start))
        stream.write(f"{for_json(record)}\n".encode())


def _messages(folder: RunFolder, tally: Tally) -> Iterator[MessageRow]:
    sent: dict[int, MessageRow] = {}
    for message in folder.messages():
        if message.type is None:
            tally.left_out["invalid messages"] += 1
            continue
        if message.seen == "delivered" and message.cause in sent:
            twin = sent.pop(message.cause)
            if (twin.id, twin.type, twin.direction) == (
                message.id,
                message.type,
                message.direction,
            ):
                tally.left_out["late deliveries"] += 1
                continue
        elif message.seen == "sent":
            sent[message.seq] = message
            if len(sent) > _LATE:
                del sent[next(iter(sent))]
        yield message


def _record(message: MessageRow, start: datetime) -> dict[str, Any]:
    record: dict[str, Any] = {
        "schemaVersion": "1.1",
        "timestamp": _utc(start, message.t),
        "ocppVersion": "1.6",
        "transport": "json",
        "chargePointId": message.station,
    }
    if message.connector is not None and message.connector >= 0:
        record["connectorId"] = message.connector
    record["direction"] = _DIRECTIONS[message.direction]
    record["messageType"] = _KINDS[message.type or 2]
    record["messageId"] = message.id
    if message.action or message.type == 2:
        record["action"] = message.action
    if message.type == 4:
        record["error"] = {
            "code": message.error,
            "description": message.detail,
            "details": message.payload,
        }
    else:
        record["payload"] = message.payload
    record["meta"] = {"evtui": _meta(message, start)}
    return record


def _meta(message: MessageRow, start: datetime) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "t": message.t,
        "seq": message.seq,
        "cause": message.cause,
        "injected": message.injected,
        "attackIds": list(message.attack_ids),
        "seen": message.seen,
        "link": message.link,
    }
    if message.latency is not None:
        meta["latency"] = message.latency
    if message.seen == "both":
        meta["delivered"] = delivered = dict(message.delivered) if message.delivered else None
        if delivered is not None and "t" in delivered:
            delivered["timestamp"] = _utc(start, delivered["t"])
    return meta


def _utc(start: datetime, t: float) -> str:
    moment = start + timedelta(microseconds=round(t * 1e6))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
