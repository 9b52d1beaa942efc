"""Frames by the names of a DBC: which messages there are, and one with values for its signals.

A value is checked against the range that the DBC states, which one may step over on purpose, and
against what the bits of the signal can hold, which nobody can.  Pure but for cantools, which is
imported by whoever reads the DBC.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from evtui.canbus.frame import Frame
from evtui.kinds import number
from evtui.nearest import nearest

if TYPE_CHECKING:
    from cantools.database.can import Database, Message, Signal

__all__ = [
    "MessageForm",
    "SignalForm",
    "SignalValue",
    "compose",
    "message_form",
    "message_forms",
    "signal_value",
    "value_text",
]

SignalValue = float | str
"""A physical value, or the name that the DBC gives to one."""

_LONGEST_FLOAT = {16: 65_504.0, 32: 3.4028234663852886e38, 64: 1.7976931348623157e308}
"""The largest number of an IEEE 754 signal, by its bits."""


class SignalForm(msgspec.Struct, frozen=True):
    """What may be said with a signal.

    Attributes:
        name: in the DBC.
        unit: of its values, as the DBC writes it; empty for none.
        low: lowest value that the DBC states, None where it states none.
        high: likewise.
        bits: of the signal.
        least: lowest value that its bits can hold.
        most: likewise.
        start: value where nobody says another: the DBC's start value, else 0, or what of the
            stated range is nearest to it.
        names: of values, by what they stand for.
        comment: of the DBC, in one line.
        selected_by: signal that says whether this one is in the frame, empty where it always is.
        when: values of that signal with which it is.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    bits: int
    least: float
    most: float
    start: float
    names: dict[str, float]
    comment: str = ""
    selected_by: str = ""
    when: tuple[int, ...] = ()

    @property
    def stated(self) -> str:
        """The range of the DBC: ``0 to 500 A``; that of the bits where it states none."""
        low = self.least if self.low is None else self.low
        high = self.most if self.high is None else self.high
        return f"{number(low)} to {number(high)} {self.unit}".rstrip()


class MessageForm(msgspec.Struct, frozen=True):
    """A message of a DBC.

    Attributes:
        name: in the DBC.
        arbitration_id: 11 bits, 29 if ``extended``.
        length: bytes of data.
        period: s between two of them (GenMsgCycleTime), None for one that is no cyclic message.
        sender: node that the DBC names, empty for none.
        signals: in their order in the DBC.
        comment: of the DBC, in one line.
    """

    name: str
    arbitration_id: int
    extended: bool
    length: int
    period: float | None
    sender: str
    signals: tuple[SignalForm, ...]
    comment: str = ""

    @property
    def id_text(self) -> str:
        """Identifier in 3 hexadecimal digits, or 8 where it has 29 bits."""
        return f"{self.arbitration_id:0{8 if self.extended else 3}X}"


def message_forms(database: Database) -> tuple[MessageForm, ...]:
    """Every message that fits into a classic frame, in the order of the DBC."""
    return tuple(
        _message_form(each) for each in database.messages if each.length <= 8 and not each.is_fd
    )


def message_form(database: Database, name: str) -> MessageForm:
    """One message by its name.

    Raises:
        ValueError: there is none; the text has the nearest name.
    """
    return _message_form(_message(database, name))


def compose(
    database: Database,
    name: str,
    given: Mapping[str, Any],
    *,
    limits: bool = True,
    before: Mapping[str, float] | None = None,
) -> tuple[Frame, dict[str, float]]:
    """A frame with values for its signals.

    Args:
        name: of the message.
        given: values by the names of the signals.
        limits: refuse what is outside of the ranges that the DBC states.
        before: values for what is not given; without them the start values.

    Returns:
        The frame, and what it says: each value as the bits hold it, by the name of its signal.

    Raises:
        ValueError: no such message or signal, or a value that cannot be said.
    """
    message = _message(database, name)
    form = _message_form(message)
    signals = {each.name: each for each in form.signals}
    for unknown in given:
        if unknown not in signals:
            if not signals:
                raise ValueError(f"{name} has no signals, got {unknown}")
            raise ValueError(f"{name} has no signal {unknown!r}{nearest(unknown, signals)}")
    before = before or {}
    wanted = {
        each.name: signal_value(each, given[each.name], limits=limits)
        if each.name in given
        else before.get(each.name, each.start)
        for each in form.signals
    }
    raw = {each.name: _raw(each, wanted[each.name]) for each in message.signals}
    sent = {each.name for each in form.signals if _is_sent(each, signals, raw)}
    if absent := [each for each in given if each not in sent]:
        signal = signals[absent[0]]
        when = " or ".join(map(str, signal.when))
        raise ValueError(f"{name}: {signal.name} is sent while {signal.selected_by} is {when} only")
    said = {name: value for name, value in raw.items() if name in sent}
    try:
        data = bytes(message.encode(said, scaling=False, strict=False)) if signals else b""
    except Exception as error:  # what a DBC states may be no message at all
        raise ValueError(f"{name} cannot be encoded: {' '.join(str(error).split())}") from None
    frame = Frame(form.arbitration_id, data.ljust(form.length, b"\0"), form.extended)
    return frame, {
        each.name: _physical(each, said[each.name]) for each in message.signals if each.name in said
    }


def signal_value(signal: SignalForm, given: object, *, limits: bool = True) -> float:
    """A value of a signal that can be said.

    Args:
        given: a number, or the name of a value.
        limits: refuse what is outside of the range that the DBC states.

    Raises:
        ValueError: it is no value, or out of range; the text is one line with the way out.
    """
    if isinstance(given, str):
        if given not in signal.names:
            known = nearest(given, signal.names) if signal.names else f"; it takes {signal.stated}"
            raise ValueError(f"{signal.name}: no value {given[:60]!r}{known}")
        return signal.names[given]
    if isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given):
        raise ValueError(f"{signal.name}: expected a number, {signal.stated}, got {given!r:.60}")
    error = 1e-9 * (signal.most - signal.least)  # 111 tenths are 11.1 or 11.100000000000001
    if not signal.least - error <= given <= signal.most + error:
        held = f"{number(signal.least)} to {number(signal.most)} {signal.unit}".rstrip()
        told = f"{signal.name}: {number(given)} does not fit into {signal.bits} bits, which hold"
        raise ValueError(f"{told} {held}")
    low = signal.least if signal.low is None else signal.low
    high = signal.most if signal.high is None else signal.high
    if limits and not low - error <= given <= high + error:
        raise ValueError(
            f"{signal.name}: {number(given)} is not {signal.stated} as the DBC has it; "
            "limits: false sends it all the same"
        )
    return float(given)


def _message(database: Database, name: str) -> Message:
    for each in database.messages:
        if each.name == name:
            return each
    names = [each.name for each in database.messages]
    raise ValueError(f"no message {name[:60]!r} in the DBC{nearest(name, names)}")


def _message_form(message: Message) -> MessageForm:
    return MessageForm(
        name=message.name,
        arbitration_id=message.frame_id,
        extended=bool(message.is_extended_frame),
        length=message.length,
        period=message.cycle_time / 1000 if message.cycle_time else None,
        sender=message.senders[0] if message.senders else "",
        signals=tuple(map(_signal_form, message.signals)),
        comment=" ".join((message.comment or "").split()),
    )


def _signal_form(signal: Signal) -> SignalForm:
    ends = sorted(_physical(signal, raw) for raw in _raw_range(signal))
    low, high = (None if each is None else float(each) for each in (signal.minimum, signal.maximum))
    if low is not None and high is not None and low > high:
        low = high = None
    initial = signal.raw_initial
    if initial is not None:
        start = _physical(signal, initial)
    else:
        lowest = ends[0] if low is None else max(low, ends[0])
        highest = ends[1] if high is None else min(high, ends[1])
        start = min(max(0.0, lowest), highest)
    names = {str(text): _physical(signal, raw) for raw, text in (signal.choices or {}).items()}
    return SignalForm(
        name=signal.name,
        unit=signal.unit or "",
        low=low,
        high=high,
        bits=signal.length,
        least=ends[0],
        most=ends[1],
        start=start,
        names=names,
        comment=" ".join((signal.comment or "").split()),
        selected_by=signal.multiplexer_signal or "",
        when=tuple(sorted(signal.multiplexer_ids or ())),
    )


def _raw_range(signal: Signal) -> tuple[float, float]:
    if signal.is_float:
        most = _LONGEST_FLOAT[signal.length]
        return -most, most
    if signal.is_signed:
        return -(1 << signal.length - 1), (1 << signal.length - 1) - 1
    return 0, (1 << signal.length) - 1


def _raw(signal: Signal, value: float) -> float:
    """What the bits hold for a value: the nearest there is."""
    raw = (value - float(signal.offset)) / float(signal.scale)
    if signal.is_float:
        return raw
    low, high = _raw_range(signal)
    return min(max(round(raw), int(low)), int(high))


def _physical(signal: Signal, raw: float) -> float:
    """The value that raw bits stand for: 123 tenths are 12.3, not 12.300000000000001."""
    value = float(raw) * float(signal.scale) + float(signal.offset)
    exact = signal.is_float or float(signal.scale).is_integer()
    return value if exact else float(f"{value:.12g}")


def _is_sent(
    signal: SignalForm, signals: Mapping[str, SignalForm], raw: Mapping[str, float]
) -> bool:
    """Whether the multiplexers, one above the other, have it in the frame."""
    seen: set[str] = set()
    while signal.selected_by and signal.name not in seen:
        seen.add(signal.name)
        if raw.get(signal.selected_by) not in signal.when:
            return False
        signal = signals[signal.selected_by]
    return True


def value_text(signal: SignalForm, value: float) -> str:
    """A value for people: ``100 A``, or its name."""
    names = (name for name, each in signal.names.items() if each == value)
    return next(names, f"{number(value)} {signal.unit}".rstrip())
