"""The messages of the seed protocol, and their frames.

They stand in ``station.dbc``; this codec turns them into typed values and
back, by hand, since a lab does it ten times a second for each module, and the tests hold it
against the DBC.  All amounts are whole amperes in a little-endian u16, both bytes of it: a limit of
300 A is 300 A at the other end.

========= ============= ============ ======================
id        message       sender       data
========= ============= ============ ======================
``0x200`` StartCharging charge point none
``0x201`` StopCharging  charge point none
``0x210`` SetLimit      charge point u16, A
``0x300`` Current       module       u16, A, every 100 ms
========= ============= ============ ======================

Each connector has a module of its own on the charge point's bus; the identifiers of connector n
are these plus 0x20 (n - 1), which leaves room for eight.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from evtui.canbus.frame import Frame
from evtui.canbus.packs.api import MalformedFrame
from evtui.events import CanFrame

__all__ = [
    "CONNECTORS_MAX",
    "Current",
    "Received",
    "SetLimit",
    "StartCharging",
    "StationMessage",
    "StopCharging",
    "connector_of",
    "current_frame",
    "decode",
    "encode",
]


CONNECTORS_MAX = 8
"""Connectors whose identifiers fit between those of the first and 0x300, and 0x7FF."""

CONNECTOR_STRIDE = 0x20

FRAMES_KEPT = 4_096
"""Frames whose meaning is remembered: a lab says the same few hundred all the time."""


class StartCharging(msgspec.Struct, frozen=True):
    """0x200: close the contactor and follow the limit."""


class StopCharging(msgspec.Struct, frozen=True):
    """0x201: bring the current to zero and open the contactor."""


class SetLimit(msgspec.Struct, frozen=True):
    """0x210: the highest current the module may deliver, in whole A."""

    amperes: int


class Current(msgspec.Struct, frozen=True):
    """0x300: the output current as measured, in whole A."""

    amperes: int


StationMessage = StartCharging | StopCharging | SetLimit | Current

_IDS: dict[type[StationMessage], int] = {
    StartCharging: 0x200,
    StopCharging: 0x201,
    SetLimit: 0x210,
    Current: 0x300,
}
_MEANINGS = {
    base + CONNECTOR_STRIDE * (connector - 1): (connector, kind)
    for kind, base in _IDS.items()
    for connector in range(1, CONNECTORS_MAX + 1)
}


class Received(NamedTuple):
    """What a frame says and which connector it is about."""

    connector: int
    message: StationMessage


@lru_cache(FRAMES_KEPT)
def encode(value: StationMessage, connector: int = 1) -> Frame:
    """The frame for ``value``, to or from the module of ``connector``.

    The DBC's range of a limit (0 to 500 A) is not enforced: a lab must be able to say 501 A.

    Raises:
        ValueError: the amount does not fit into 16 bits.
    """
    if isinstance(value, SetLimit | Current):
        amperes = value.amperes
        if not 0 <= amperes <= 0xFFFF:
            raise ValueError(f"{amperes} A does not fit into an unsigned 16-bit signal")
        data = amperes.to_bytes(2, "little")
    else:
        data = b""
    arbitration_id = _IDS[type(value)] + CONNECTOR_STRIDE * (connector - 1)
    return Frame(arbitration_id, data)


@lru_cache(FRAMES_KEPT)
def current_frame(amperes: int, connector: int) -> Frame:
    """:func:`encode` of a :class:`Current`, ten times a second."""
    return encode(Current(amperes), connector)


def decode(frame: Frame | CanFrame) -> Received | None:
    """What ``frame`` says, or None for a frame that is not part of the protocol.

    Raises:
        MalformedFrame: the identifier is known but the length is not that of its message.
    """
    if frame.extended or frame.remote or frame.error or frame.arbitration_id not in _MEANINGS:
        return None  # on a full bus that is most of it, and no two are alike
    return _decode_data(frame.arbitration_id, frame.data)


@lru_cache(FRAMES_KEPT)
def _decode_data(arbitration_id: int, data: bytes) -> Received:
    connector, kind = _MEANINGS[arbitration_id]
    expected = 2 if kind is SetLimit or kind is Current else 0
    if len(data) != expected:
        raise MalformedFrame(f"{kind.__name__} with {_wrong_length(data, expected)}")
    if kind is SetLimit or kind is Current:
        return Received(connector, kind(int.from_bytes(data, "little")))
    return Received(connector, StartCharging() if kind is StartCharging else StopCharging())


def connector_of(arbitration_id: int) -> int | None:
    """The connector a message is about, None for an identifier that is not ours."""
    meaning = _MEANINGS.get(arbitration_id)
    return None if meaning is None else meaning[0]


def _wrong_length(data: bytes, expected: int) -> str:
    return f"{len(data)} of {expected} bytes"
