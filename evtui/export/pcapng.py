"""pcapng: CAN frames and OCPP messages on one clock, for Wireshark.

Each bus is an interface of the link type CAN_SOCKETCAN, all messages are one of "exported PDUs"
that Wireshark's JSON dissector reads.  What an injector sent, or touched, has a packet comment, so
that the filter ``frame.comment contains "injected"`` shows the ground truth.

Blocks and options are those of draft-ietf-opsawg-pcapng, the frame's layout that of
tcpdump.org/linktypes/LINKTYPE_CAN_SOCKETCAN.html, tags of exported PDUs those of Wireshark's
epan/exported_pdu.h.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from evtui.escaping import for_json
from evtui.events import json_text
from evtui.export.channels import Names
from evtui.export.in_time import in_time
from evtui.export.tally import Tally
from evtui.recording.format import ERROR_FLAG, FrameRow, MessageRow
from evtui.recording.read import RunFolder

__all__ = ["write_pcapng"]

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
"""Types of blocks."""

_CAN, _EXPORTED_PDU = 227, 252
"""Link types."""

_COMMENT, _IF_NAME, _IF_DESCRIPTION, _IF_RESOLUTION, _FLAGS = 1, 2, 3, 9, 2
"""Options; the last one of packets."""

_MICROSECONDS = b"\x06"
_INBOUND, _OUTBOUND = 1, 2

_DISSECTOR, _PROTOCOL, _INFO = 12, 33, 36
"""Tags of an exported PDU: who reads it, and what stands in two columns of the list."""

_EXTENDED, _REMOTE = 0x8000_0000, 0x4000_0000
_BIT_RATE_SWITCH, _ERROR_STATE, _FD = 1, 2, 4

_LONGEST = 0xFFF0
"""Bytes of an option, whose length has 16 bits."""


class _Packet(NamedTuple):
    """What becomes one packet.

    Attributes:
        t: lab time in s.
        unix: Unix time in s.
        bus: name of the bus; empty for a message.
        data: as the link type has it.
        inbound: True for what did not come from the charge point.
        comment: empty for none.
    """

    t: float
    unix: float
    bus: str
    data: bytes
    inbound: bool
    comment: str


def write_pcapng(folder: RunFolder, stream: BinaryIO, tally: Tally) -> None:
    """Frames and messages in order of lab time; what is no OCPP-J message is left out."""
    names = Names(folder.manifest)
    tally.channels = names.told
    interfaces: dict[str, int] = {}
    version = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    stream.write(_block(_SECTION, version, [(4, b"evtui")]))
    frames = map(_frame, in_time(folder.frames(), folder, tally))
    messages = map(_message(folder.start_utc), tally.count(_spoken(folder, tally), _time))
    for packet in heapq.merge(frames, messages, key=_time):
        if packet.bus not in interfaces:
            interfaces[packet.bus] = len(interfaces)
            stream.write(_interface(names[packet.bus] if packet.bus else "ocpp", packet.bus))
        stream.write(_enhanced(interfaces[packet.bus], packet))


def _time(each: Any) -> float:
    t: float = each.t
    return t


def _spoken(folder: RunFolder, tally: Tally) -> Iterator[MessageRow]:
    if folder.path.is_file():
        return
    for message in folder.messages():
        if message.type is None:
            tally.left_out["invalid messages"] += 1
        else:
            yield message


def _frame(frame: FrameRow) -> _Packet:
    error, fd = frame.kind == "error", frame.kind.startswith("fd")
    identifier = frame.arbitration_id
    identifier |= _EXTENDED * frame.extended | _REMOTE * (frame.kind == "remote")
    flags = (
        _FD * fd
        | _BIT_RATE_SWITCH * (frame.kind in ("fd brs", "fd brs esi"))
        | _ERROR_STATE * (frame.kind in ("fd esi", "fd brs esi"))
    )
    data = frame.data_field
    if error:
        identifier, data = ERROR_FLAG | identifier & 0x1FFF_FFFF, data.ljust(8, b"\0")
    length = frame.dlc if frame.kind == "remote" else len(data)
    return _Packet(
        frame.t_s,
        frame.timestamp,
        frame.bus,
        struct.pack(">IBBxx", identifier, length, flags) + data,
        frame.direction != "T",
        _comment(frame.attack_ids) if frame.attack else "",
    )


def _message(start_utc: float) -> Any:
    def packet(message: MessageRow) -> _Packet:
        to_station = message.direction == "csms->cp"
        way = f"CSMS → {message.station}" if to_station else f"{message.station} → CSMS"
        said = message.action if message.type == 2 else f"{message.action} {_KINDS[message.type]}"
        tags = [(_DISSECTOR, b"json"), (_PROTOCOL, b"OCPP"), (_INFO, f"{way}  {said}".encode())]
        return _Packet(
            message.t,
            start_utc + message.t,
            "",
            b"".join(_tag(tag, value) for tag, value in tags) + bytes(4) + _text(message).encode(),
            to_station,
            _comment(message.attack_ids) if message.injected else "",
        )

    return packet


_KINDS: dict[int | None, str] = {3: "result", 4: "error"}


def _text(message: MessageRow) -> str:
    """The message as JSON; not the very text that was sent, of which a run folder keeps none."""
    match message.type:
        case 2:
            parts: list[Any] = [2, message.id, message.action, message.payload]
        case 3:
            parts = [3, message.id, message.payload]
        case _:
            parts = [4, message.id, message.error, message.detail, message.payload or {}]
    return for_json(json_text(parts))


def _comment(attack_ids: Iterable[str]) -> str:
    return " ".join(("injected", *attack_ids))


# Blocks


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _tag(tag: int, value: bytes) -> bytes:
    value = _padded(value[:_LONGEST])
    return struct.pack(">HH", tag, len(value)) + value


def _block(kind: int, body: bytes, options: Iterable[tuple[int, bytes]]) -> bytes:
    told = b"".join(
        struct.pack("<HH", code, len(value)) + _padded(value)
        for code, value in ((code, value[:_LONGEST]) for code, value in options)
    )
    body += told + bytes(4) if told else b""
    length = 12 + len(body)
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _interface(name: str, bus: str) -> bytes:
    link_type = _CAN if bus else _EXPORTED_PDU
    options = [(_IF_NAME, name.encode()), (_IF_RESOLUTION, _MICROSECONDS)]
    options += [(_IF_DESCRIPTION, bus.encode())] if bus else []
    return _block(_INTERFACE, struct.pack("<HHI", link_type, 0, 0), options)


def _enhanced(interface: int, packet: _Packet) -> bytes:
    time = max(0, round(packet.unix * 1e6))
    size = len(packet.data)
    head = struct.pack("<IIIII", interface, time >> 32, time & 0xFFFF_FFFF, size, size)
    options = [(_FLAGS, struct.pack("<I", _INBOUND if packet.inbound else _OUTBOUND))]
    options += [(_COMMENT, packet.comment.encode())] if packet.comment else []
    return _block(_PACKET, head + _padded(packet.data), options)
