"""What frames mean, by the database of the bus they are on: names, cycle times, signals."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from evtui.events import CanFrame
from evtui.tui.models.text import clean, number

if TYPE_CHECKING:
    from cantools.database.can import Message

    from evtui.canbus import CanDatabase

__all__ = [
    "NAME_LIMIT",
    "FrameSignal",
    "Meaning",
    "Values",
    "bring",
    "meaning_of",
    "signals_of",
    "values_of",
]

NAME_LIMIT = 32
"""Characters of a name from a database that are shown."""

KEPT = 4096


class FrameSignal(NamedTuple):
    """What one signal says.

    Attributes:
        value: in its unit; None for one that is no number.
        text: its value for people, with the unit: ``98 A``, ``Charging``.
    """

    name: str
    unit: str
    value: float | None
    text: str


Values = tuple[FrameSignal, ...]


class Meaning(NamedTuple):
    """A message of a database.

    Attributes:
        name: of the message.
        cycle: s from one frame to the next, as the database has it (GenMsgCycleTime), else None.
        length: bytes its signals need.
        brought: it stands in a database that somebody has brought.  Of its frames those signals
            are decoded that are there, since in logs many are shorter or longer.
    """

    name: str
    cycle: float | None
    length: int
    brought: bool = False


class _Brought:
    """The database that somebody has brought, which goes before those of protocols."""

    database: CanDatabase | None = None


def bring(database: CanDatabase | None) -> None:
    """Decode by this database from now on, whatever station a frame is of; None for no more."""
    _Brought.database = database
    for cached in (_own_meaning, _own_values):
        cached.cache_clear()


def meaning_of(frame: CanFrame) -> Meaning | None:
    """The message that ``frame`` is one of; None for one that no database knows.

    A frame of no station is of somebody else's log, where 0x300 may mean anything but for what
    a database that was brought says.
    """
    if frame.error or frame.remote:
        return None
    if _Brought.database is not None:
        own = _own_meaning(frame.arbitration_id, frame.extended)
        if own is not None:
            return own
    if not frame.station:
        return None
    return _meaning(frame.arbitration_id, frame.extended)


def values_of(frame: CanFrame) -> Values | None:
    """The signals of ``frame``; None for one that is not known, or is not as long as it must be."""
    meaning = meaning_of(frame)
    if meaning is not None and meaning.brought:
        return _own_values(frame.arbitration_id, frame.extended, frame.data)
    if meaning is None or len(frame.data) != meaning.length:
        return None
    return _values(frame.arbitration_id, frame.extended, frame.data)


def signals_of(frame: CanFrame) -> str:
    """The signals for people, or what is wrong with the length; empty for an unknown frame."""
    meaning = meaning_of(frame)
    if meaning is None:
        return ""
    if meaning.brought:
        return _own_text(frame, meaning)
    if len(frame.data) != meaning.length:
        return f"{len(frame.data)} of {meaning.length} bytes"
    return _text(frame.arbitration_id, frame.extended, frame.data)


@lru_cache(KEPT)
def _own_meaning(arbitration_id: int, extended: bool) -> Meaning | None:
    message = _own_message(arbitration_id, extended)
    if message is None:
        return None
    cycle = message.cycle_time
    name = clean(message.name)[:NAME_LIMIT]
    return Meaning(name, cycle / 1000 if cycle else None, message.length, brought=True)


@lru_cache(KEPT)
def _own_values(arbitration_id: int, extended: bool, data: bytes) -> Values | None:
    message = _own_message(arbitration_id, extended)
    if message is None or not data:
        return None
    try:
        decoded = message.decode(data, allow_truncated=True)
    except Exception:  # a selector that the database does not know, whatever cantools makes of it
        return None
    if not isinstance(decoded, dict):  # of a container, which CAN has none of
        return None
    return tuple(
        _value(signal.name, signal.unit or "", decoded[signal.name])
        for signal in message.signals
        if signal.name in decoded
    )


def _own_text(frame: CanFrame, meaning: Meaning) -> str:
    values = _own_values(frame.arbitration_id, frame.extended, frame.data)
    if not values:
        short = len(frame.data) < meaning.length
        return f"{len(frame.data)} of {meaning.length} bytes" if short else ""
    if len(values) == 1:
        return values[0].text
    return " · ".join(f"{each.name} {each.text}" for each in values)


def _own_message(arbitration_id: int, extended: bool) -> Message | None:
    database = _Brought.database
    return None if database is None else database.message(arbitration_id, extended=extended)


@lru_cache(KEPT)
def _meaning(arbitration_id: int, extended: bool) -> Meaning | None:
    message = _message(arbitration_id, extended)
    if message is None:
        return None
    cycle = message.cycle_time
    name = clean(message.name)[:NAME_LIMIT]
    return Meaning(name, cycle / 1000 if cycle else None, message.length)


@lru_cache(KEPT)
def _values(arbitration_id: int, extended: bool, data: bytes) -> Values | None:
    message = _message(arbitration_id, extended)
    if message is None:
        return None
    try:
        decoded = message.decode_simple(data)
    except Exception:  # a selector that the database does not know, whatever cantools makes of it
        return None
    return tuple(
        _value(signal.name, signal.unit or "", decoded[signal.name])
        for signal in message.signals
        if signal.name in decoded
    )


@lru_cache(KEPT)
def _text(arbitration_id: int, extended: bool, data: bytes) -> str:
    from evtui.canbus.packs.known import describe  # a DBC is read with its first frame

    values = _values(arbitration_id, extended, data) or ()
    described = describe(arbitration_id, data, extended=extended)
    if described is not None and described.signals.startswith(("error ", "malformed")):
        return clean(described.signals)
    if len(values) == 1:
        return values[0].text
    return " · ".join(f"{each.name} {each.text}" for each in values)


def _value(name: str, unit: str, value: object) -> FrameSignal:
    name, unit = clean(name)[:NAME_LIMIT], clean(unit)[:NAME_LIMIT]
    if isinstance(value, int | float):
        return FrameSignal(name, unit, float(value), f"{number(value)} {unit}".rstrip())
    counted = getattr(value, "value", None)  # one of a table of values
    return FrameSignal(name, unit, counted, clean(str(value))[:NAME_LIMIT])


@lru_cache(KEPT)
def _message(arbitration_id: int, extended: bool) -> Message | None:
    from evtui.canbus.packs.known import PROTOCOLS, pack_named

    found = (
        pack.message(arbitration_id, extended=extended)
        for pack in map(pack_named, PROTOCOLS)
        if pack.extended == extended
    )
    return next((each for each in found if each is not None), None)
