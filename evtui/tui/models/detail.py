"""What the detail of a row says, as plain text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from evtui.events import OcppMessage
from evtui.tui.models.exchanges import Exchange, OcppLog
from evtui.tui.models.frames import FrameLine, FrameLog
from evtui.tui.models.identifiers import IdRow, seconds_text
from evtui.tui.models.text import clean, clock

__all__ = ["Block", "exchange_blocks", "frame_blocks"]

TEXT_LIMIT = 200_000
"""Characters of a payload that are shown."""

CAUSED_LIMIT = 20
"""Caused frames that are listed."""

_KINDS = {"call": "request", "result": "answer", "error": "error", "invalid": "invalid"}


class Block(NamedTuple):
    """A heading and what stands under it; ``json`` asks for colours."""

    heading: str
    text: str
    json: bool = False


def pretty(payload: Any) -> str:
    """JSON for people, harmless to a terminal."""
    text = json.dumps(payload, indent=2, ensure_ascii=False, default=str)
    if len(text) > TEXT_LIMIT:
        text = f"{text[:TEXT_LIMIT]}\n… {len(text) - TEXT_LIMIT:,} more characters"
    return "\n".join(map(clean, text.split("\n")))


def exchange_blocks(
    exchange: Exchange, ocpp: OcppLog, can: FrameLog, utc: Callable[[float], float]
) -> list[Block]:
    """Facts, payloads as each end saw them, and the CAN frames it caused.

    Args:
        exchange: the row.
        ocpp: where the exchange that caused it may be.
        can: where the frames it caused may be.
        utc: Unix time in seconds of a lab time.
    """
    direction = "central system → charge point"
    if exchange.caller == "charge_point":
        direction = "charge point → central system"
    facts = [
        ("station", clean(exchange.station)),
        ("direction", direction),
        ("message id", clean(exchange.uid)),
        ("outcome", f"{exchange.glyph} {exchange.status or exchange.outcome}"),
        ("latency", exchange.latency_text or "unanswered"),
        ("caused by", _causes(exchange, ocpp, can, utc)),
    ]
    if exchange.injected:
        facts.append(("injected by", clean(exchange.injected)))
    if exchange.violation:
        facts.append(("violation", f"§ {exchange.violation}"))
    blocks = [Block("", "\n".join(f"{name:<11} {value}" for name, value in facts))]
    blocks += [_message_block(message, exchange, utc) for message in _distinct(exchange)]
    caused = can.caused_by(exchange.seqs)
    if caused:
        lines = [
            f"{clock(utc(row.t))}  {row.text}  (+{(row.t - exchange.t) * 1000:.0f} ms)"
            for row in caused[:CAUSED_LIMIT]
        ]
        if len(caused) > CAUSED_LIMIT:
            lines.append(f"… {len(caused) - CAUSED_LIMIT} more")
        blocks.append(Block("caused CAN frames", "\n".join(lines)))
    return blocks


def frame_blocks(
    row: FrameLine, ocpp: OcppLog, utc: Callable[[float], float], scale: str = " UTC"
) -> list[Block]:
    """Everything about one frame, and the message that caused it.

    Args:
        scale: stands behind its time.
    """
    frame = row.frame
    facts = [
        ("time", f"{clock(utc(row.t))}{scale}"),
        ("station", clean(frame.station)),
        ("bus", clean(frame.bus)),
        ("sender", row.node),
        ("identifier", f"{row.id_text}  {'29' if frame.extended else '11'} bit"),
        ("message", row.name),
        ("data", f"{row.data_text or '–'}  ({len(frame.data)} bytes)"),
        ("signals", row.signals or "–"),
    ]
    if isinstance(row, IdRow):
        facts += _timing(row)
    cause = ocpp.exchange_of(frame.cause) if frame.cause is not None else None
    facts.append(("caused by", _name(cause, utc) if cause else "–"))
    if row.injected:
        facts.append(("injected by", clean(row.injected)))
    blocks = [Block("", "\n".join(f"{name:<11} {value}" for name, value in facts))]
    if cause is not None:
        blocks += [_message_block(message, cause, utc) for message in _distinct(cause)]
    return blocks


def _timing(row: IdRow) -> list[tuple[str, str]]:
    """How often it comes, beside what the database says."""
    every = f", every {row.period_text}" if row.period is not None else ""
    cycle = f", of {seconds_text(row.cycle)} in the database" if row.cycle else ""
    jitter = f", jitter {seconds_text(row.jitter)}" if row.jitter is not None else ""
    rate = f", {row.rate_text}/s" if row.rate else ""
    return [("count", f"{row.count:,} frames{rate}{every}{cycle}{jitter}")]


def _distinct(exchange: Exchange) -> list[OcppMessage]:
    """The messages without twins that say the same."""
    distinct: list[OcppMessage] = []
    for message in sorted(exchange.messages, key=lambda one: (one.kind != "call", one.t, one.seq)):
        if not any(one.kind == message.kind and _same(one, message) for one in distinct):
            distinct.append(message)
    return distinct


def _message_block(
    message: OcppMessage, exchange: Exchange, utc: Callable[[float], float]
) -> Block:
    phases: dict[str, str] = {}
    for one in exchange.messages:
        if one.kind == message.kind and _same(one, message):
            moment = clock(utc(one.t))
            before = phases.get(moment)
            phases[moment] = f"{before} and {one.phase}" if before else one.phase
    moments = ", ".join(f"{phase} {moment}" for moment, phase in phases.items())
    heading = f"{_KINDS[message.kind]} · {exchange.title} · {moments}"
    if message.kind == "invalid":
        said = (message.error, message.detail, message.text)
        return Block(heading, "\n".join(clean(line) for line in said if line))
    if message.text:  # too long to be kept as a whole
        return Block(heading, f"{clean(message.text)}…")
    if message.kind == "error":
        heading += f" · {clean(message.error)}: {clean(message.detail)}"
    return Block(heading, pretty(message.payload), json=True)


def _same(one: OcppMessage, other: OcppMessage) -> bool:
    return one.text == other.text and (one.body == other.body or one.payload == other.payload)


def _name(exchange: Exchange, utc: Callable[[float], float]) -> str:
    return f"{exchange.arrow} {exchange.title} {exchange.fact} at {clock(utc(exchange.t))}"


def _causes(exchange: Exchange, ocpp: OcppLog, can: FrameLog, utc: Callable[[float], float]) -> str:
    for seq in sorted(exchange.causes):
        cause = ocpp.exchange_of(seq)
        if cause is not None:
            return _name(cause, utc)
        frame = can.frame_of(seq)
        if frame is not None:
            return f"{clock(utc(frame.t))}  {frame.text}"
    return "–"
