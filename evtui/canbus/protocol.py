"""The default protocol between a charge point and its charger module.

The messages stand in ``protocols/station.dbc``; this codec turns them into typed values and
back.  All amounts are whole amperes in a little-endian u16, both bytes of it: a limit of
300 A is 300 A at the other end.

========= ============= ============ ======================
id        message       sender       data
========= ============= ============ ======================
``0x200`` StartCharging charge point none
``0x201`` StopCharging  charge point none
``0x210`` SetLimit      charge point u16, A
``0x300`` Current       module       u16, A, every 100 ms
========= ============= ============ ======================
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple, cast

import can
from cantools.database.can import Database, Message

__all__ = [
    "Current",
    "Description",
    "MalformedFrame",
    "SetLimit",
    "StartCharging",
    "StationMessage",
    "StopCharging",
    "cycle_time",
    "database",
    "decode",
    "describe",
    "encode",
]


class MalformedFrame(ValueError):
    """A frame has the arbitration id of a message but not its length."""


@dataclass(frozen=True, slots=True)
class StartCharging:
    """0x200: close the contactor and follow the limit."""


@dataclass(frozen=True, slots=True)
class StopCharging:
    """0x201: bring the current to zero and open the contactor."""


@dataclass(frozen=True, slots=True)
class SetLimit:
    """0x210: the highest current the module may deliver, in whole A."""

    amperes: int


@dataclass(frozen=True, slots=True)
class Current:
    """0x300: the output current as measured, in whole A."""

    amperes: int


StationMessage = StartCharging | StopCharging | SetLimit | Current


class Description(NamedTuple):
    """A frame in words.

    Attributes:
        name: of the message, ``SetLimit``.
        signals: their values with units, ``100 A``, or what is wrong with the frame's length.
    """

    name: str
    signals: str


@cache
def database() -> Database:
    """The protocol as a cantools database, read once, on first use."""
    dbc = Database()
    text = resources.files("evtui.canbus").joinpath("protocols/station.dbc").read_text("ascii")
    dbc.add_dbc_string(text)
    return dbc


def cycle_time(arbitration_id: int) -> float | None:
    """Seconds between two frames of a cyclic message (the DBC's GenMsgCycleTime), else None."""
    message = _known(arbitration_id)
    return message.cycle_time / 1000 if message and message.cycle_time else None


def encode(value: StationMessage) -> can.Message:
    """The frame for ``value``.

    The DBC's range of a limit (0 to 500 A) is not enforced: a lab must be able to say 501 A.

    Raises:
        ValueError: the amount does not fit into 16 bits.
    """
    match value:
        case SetLimit(amperes):
            signals = {"Limit": amperes}
        case Current(amperes):
            signals = {"Current": amperes}
        case _:
            signals = {}
    for amperes in signals.values():
        if not 0 <= amperes <= 0xFFFF:
            raise ValueError(f"{amperes} A does not fit into an unsigned 16-bit signal")
    message = database().get_message_by_name(type(value).__name__)
    return can.Message(
        arbitration_id=message.frame_id,
        is_extended_id=message.is_extended_frame,
        data=message.encode(signals, strict=False),
    )


def decode(message: can.Message) -> StationMessage | None:
    """What ``message`` says, or None for a frame that is not part of the protocol.

    Raises:
        MalformedFrame: the identifier is known but the length is not that of its message.
    """
    if message.is_extended_id or message.is_remote_frame or message.is_error_frame:
        return None
    known = _known(message.arbitration_id)
    if known is None:
        return None
    if len(message.data) != known.length:
        raise MalformedFrame(f"{known.name} with {_wrong_length(message.data, known.length)}")
    signals = known.decode_simple(bytes(message.data))
    match known.name:
        case "StartCharging":
            return StartCharging()
        case "StopCharging":
            return StopCharging()
        case "SetLimit":
            return SetLimit(cast("int", signals["Limit"]))
        case _:
            return Current(cast("int", signals["Current"]))


def describe(arbitration_id: int, data: bytes, *, extended: bool = False) -> Description | None:
    """Name and signals of any frame, for people; None for one that is not ours.  Never raises."""
    known = None if extended else _known(arbitration_id)
    if known is None:
        return None
    if len(data) != known.length:
        return Description(known.name, _wrong_length(data, known.length))
    values = known.decode_simple(data)
    signals = (f"{values[signal.name]} {signal.unit or ''}".strip() for signal in known.signals)
    return Description(known.name, ", ".join(signals))


def _known(arbitration_id: int) -> Message | None:
    return _by_id().get(arbitration_id)


@cache
def _by_id() -> dict[int, Message]:
    # get_message_by_frame_id raises for an unknown id, and on a bus most ids may be unknown.
    return {message.frame_id: message for message in database().messages}


def _wrong_length(data: bytes | bytearray, expected: int) -> str:
    return f"{len(data)} of {expected} bytes"
