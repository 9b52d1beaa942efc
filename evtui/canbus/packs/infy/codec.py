"""Frames of INFY V1.13 as typed values and back.  Pure.

The protocol: 125 kbit/s, 29-bit identifiers, always eight bytes, big-endian.  ``infy.dbc`` beside
this file says the same, and the tests hold one against the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

import msgspec

from evtui.canbus.frame import Frame
from evtui.canbus.packs.api import MalformedFrame
from evtui.canbus.packs.dbc import copied
from evtui.canbus.packs.infy.identifier import (
    BROADCAST,
    CONTROLLER,
    Command,
    Device,
    ErrorCode,
    Identifier,
)
from evtui.canbus.packs.infy.messages import (
    Addressing,
    Available,
    Barcode,
    Content,
    Group,
    Input,
    Led,
    ModuleCount,
    Opaque,
    Output,
    OutputFixed,
    Rating,
    Read,
    SetOutput,
    SetSystemOutput,
    Sleep,
    Status,
    StatusBits,
    Switch,
    SystemOutput,
    SystemOutputFixed,
    WalkIn,
)
from evtui.events import CanFrame

__all__ = ["FRAMES_KEPT", "Message", "dbc_text", "decode", "decode_data", "encode", "payload_of"]

FRAMES_KEPT = 4_096
"""Frames whose meaning is remembered: a charger says the same few hundred all the time."""

_LENGTH = 8
_NOTHING = bytes(_LENGTH)


class Message(msgspec.Struct, frozen=True):
    """One frame of the protocol.

    Attributes:
        content: what it says.
        destination: address of a module, of all (0x3F), of a controller, or number of a group.
        source: the same for who sends it.
        grouped: the side of the modules is the number of a group.
        error: what a reply says about its request, 0 for nothing.
    """

    content: Content
    destination: int
    source: int = CONTROLLER
    grouped: bool = False
    error: int = ErrorCode.NORMAL

    def reply(self, content: Content, error: int = ErrorCode.NORMAL) -> Message:
        """The answer to this request: the same with its addresses exchanged."""
        return Message(content, self.source, self.destination, self.grouped, error)


class _Layout(NamedTuple):
    """How a class of content stands in eight bytes."""

    command: Command
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]


_FLOATS = Struct(">ff")
_LONGS = Struct(">II")
_WORDS = Struct(">HHHH")
_STATUS = Struct(">xxBxb3s")
_BARCODE = Struct(">B5sH")
_U32 = 0xFFFF_FFFF
_U16 = 0xFFFF


def _count(value: float, unit: float, highest: int, what: str) -> int:
    """``value`` in whole units.

    Raises:
        ValueError: it is negative, does not fit or is no number.
    """
    number = value / unit
    if not 0 <= number < highest + 0.5:  # false for what is no number, too
        raise ValueError(f"{what} of {value:g} does not fit: 0 to {highest * unit:.10g}")
    return min(round(number), highest)


def _floats(kind: type[Output] | type[SystemOutput], command: Command) -> _Layout:
    def pack(value: Output | SystemOutput) -> bytes:
        if not (math.isfinite(value.voltage) and math.isfinite(value.current)):
            raise ValueError(f"{value.voltage} V, {value.current} A: not finite numbers")
        try:
            return _FLOATS.pack(value.voltage, value.current)
        except OverflowError:
            largest = f"{value.voltage:g} V, {value.current:g} A"
            raise ValueError(f"{largest}: does not fit into 32-bit floats") from None

    def unpack(data: bytes) -> Output | SystemOutput:
        voltage, current = _FLOATS.unpack(data)
        if not (math.isfinite(voltage) and math.isfinite(current)):
            raise MalformedFrame(f"{kind.__name__} with {voltage} V, {current} A")
        return kind(voltage, current)

    return _Layout(command, pack, unpack)


_Fixed = SystemOutputFixed | OutputFixed | SetOutput | SetSystemOutput


def _fixed(
    kind: type[SystemOutputFixed] | type[OutputFixed] | type[SetOutput] | type[SetSystemOutput],
    command: Command,
) -> _Layout:
    def pack(value: _Fixed) -> bytes:
        return _LONGS.pack(
            _count(value.voltage, 0.001, _U32, "a voltage in V"),
            _count(value.current, 0.001, _U32, "a current in A"),
        )

    def unpack(data: bytes) -> _Fixed:
        voltage, current = _LONGS.unpack(data)
        return kind(voltage / 1000, current / 1000)

    return _Layout(command, pack, unpack)


def _flag(kind: type[Any], command: Command, *, true: int = 1) -> _Layout:
    """One bit in byte 0: ``true`` is the byte that stands for True."""

    def pack(value: Any) -> bytes:
        return bytes([true if msgspec.structs.astuple(value)[0] else 1 - true]) + bytes(7)

    def unpack(data: bytes) -> Any:
        if data[0] > 1:
            raise MalformedFrame(f"{kind.__name__} with {data[0]} in the place of 0 or 1")
        return kind(data[0] == true)

    return _Layout(command, pack, unpack)


def _pack_status(value: Status) -> bytes:
    if not (0 <= value.group <= 0xFF and -128 <= value.temperature <= 127):
        raise ValueError(f"group {value.group}, {value.temperature} degC: beyond one byte each")
    return _STATUS.pack(value.group, value.temperature, int(value.bits).to_bytes(3, "big"))


def _unpack_status(data: bytes) -> Status:
    group, temperature, bits = _STATUS.unpack(data)
    return Status(group, temperature, StatusBits(int.from_bytes(bits, "big")))


def _pack_input(value: Input) -> bytes:
    volts = (value.ab, value.bc, value.ca)
    return _WORDS.pack(*(_count(each, 0.1, _U16, "a voltage in V") for each in volts), 0)


def _unpack_input(data: bytes) -> Input:
    ab, bc, ca, _ = _WORDS.unpack(data)
    return Input(ab / 10, bc / 10, ca / 10)


def _pack_rating(value: Rating) -> bytes:
    return _WORDS.pack(
        _count(value.voltage_max, 1, _U16, "a voltage in V"),
        _count(value.voltage_min, 1, _U16, "a voltage in V"),
        _count(value.current_max, 0.1, _U16, "a current in A"),
        _count(value.power_w, 10, _U16, "a power in W"),
    )


def _unpack_rating(data: bytes) -> Rating:
    highest, lowest, current, power = _WORDS.unpack(data)
    return Rating(highest, lowest, current / 10, power * 10)


def _pack_barcode(value: Barcode) -> bytes:
    text = value.text
    digits, letter, last = text[:12], text[12:13], text[13:]
    fits = len(text) == 17 and text.isascii() and (digits + last).isdigit() and letter.isprintable()
    if not fits:
        raise ValueError(f"{text!r} is no barcode of 12 digits, one character and 4 digits")
    return _BARCODE.pack(ord(letter), int(digits).to_bytes(5, "big"), int(last))


def _unpack_barcode(data: bytes) -> Barcode:
    letter, number, last = _BARCODE.unpack(data)
    digits = int.from_bytes(number, "big")
    if not (0x20 <= letter < 0x7F and digits < 10**12 and last < 10**4):
        raise MalformedFrame(f"Barcode with {data.hex(' ')}")
    return Barcode(f"{digits:012}{letter:c}{last:04}")


def _pack_available(value: Available) -> bytes:
    voltage = _count(value.voltage, 0.1, _U16, "a voltage in V")
    return _WORDS.pack(voltage, _count(value.current, 0.1, _U16, "a current in A"), 0, 0)


def _unpack_available(data: bytes) -> Available:
    voltage, current, _, _ = _WORDS.unpack(data)
    return Available(voltage / 10, current / 10)


def _byte(kind: type[ModuleCount] | type[Group], command: Command, at: int) -> _Layout:
    def pack(value: ModuleCount | Group) -> bytes:
        number = value.modules if isinstance(value, ModuleCount) else value.number
        if not 0 <= number <= 0xFF:
            raise ValueError(f"{kind.__name__} {number} does not fit into one byte")
        return bytes(at) + bytes([number]) + bytes(_LENGTH - 1 - at)

    return _Layout(command, pack, lambda data: kind(data[at]))


_LAYOUTS: dict[type[Any], _Layout] = {
    SystemOutput: _floats(SystemOutput, Command.READ_SYSTEM_OUTPUT),
    ModuleCount: _byte(ModuleCount, Command.READ_MODULE_COUNT, 2),
    Output: _floats(Output, Command.READ_OUTPUT),
    Status: _Layout(Command.READ_STATUS, _pack_status, _unpack_status),
    Input: _Layout(Command.READ_INPUT, _pack_input, _unpack_input),
    SystemOutputFixed: _fixed(SystemOutputFixed, Command.READ_SYSTEM_OUTPUT_FIXED),
    OutputFixed: _fixed(OutputFixed, Command.READ_OUTPUT_FIXED),
    Rating: _Layout(Command.READ_RATING, _pack_rating, _unpack_rating),
    Barcode: _Layout(Command.READ_BARCODE, _pack_barcode, _unpack_barcode),
    Available: _Layout(Command.READ_AVAILABLE, _pack_available, _unpack_available),
    WalkIn: _flag(WalkIn, Command.SET_WALK_IN),
    Led: _flag(Led, Command.SET_LED),
    Group: _byte(Group, Command.SET_GROUP, 0),
    Sleep: _flag(Sleep, Command.SET_SLEEP),
    Switch: _flag(Switch, Command.SWITCH, true=0),
    SetSystemOutput: _fixed(SetSystemOutput, Command.SET_SYSTEM_OUTPUT),
    SetOutput: _fixed(SetOutput, Command.SET_OUTPUT),
    Addressing: _flag(Addressing, Command.SET_ADDRESSING),
}
_BY_COMMAND = {int(layout.command): layout for layout in _LAYOUTS.values()}


def payload_of(content: Content) -> tuple[int, bytes]:
    """The command that ``content`` belongs to, and its eight bytes.

    Raises:
        ValueError: a value does not fit into its field.
    """
    if isinstance(content, Read):
        layout = _BY_COMMAND.get(content.command)
        if layout is None or layout.command.writes:
            raise ValueError(f"nothing is read by command {content.command:#04x}")
        return content.command, _NOTHING
    if isinstance(content, Opaque):
        if len(content.data) != _LENGTH:
            raise ValueError(f"{len(content.data)} bytes of data; every frame has 8")
        return content.command, content.data
    layout = _LAYOUTS[type(content)]
    return layout.command, layout.pack(content)


@lru_cache(FRAMES_KEPT)
def encode(message: Message) -> Frame:
    """The frame for ``message``.

    Limits of a module are not enforced: a lab must be able to ask for too much.

    Raises:
        ValueError: a value does not fit into its field, an address into its byte, or no such
            message exists (both ends are controllers, or neither is).
    """
    content = message.content
    command, data = payload_of(content)
    device = Device.GROUP if message.grouped else Device.MODULE
    identifier = Identifier(message.error, device, command, message.destination, message.source)
    arbitration_id = identifier.arbitration_id
    if Identifier.of(arbitration_id) != identifier:
        raise ValueError(f"{identifier} does not fit into an identifier")
    if not identifier.is_ours:
        raise ValueError(f"{identifier} goes neither from a controller to modules nor back")
    asks = isinstance(content, Read)
    answers = not asks and not isinstance(content, Opaque) and not Command(command).writes
    if (asks and identifier.is_reply) or (answers and not identifier.is_reply):
        raise ValueError(f"{type(content).__name__} goes the other way")
    return Frame(arbitration_id, data, extended=True)


def decode(frame: Frame | CanFrame) -> Message | None:
    """What ``frame`` says, or None for a frame that is not part of the protocol.

    Raises:
        MalformedFrame: the identifier is one of the protocol, and the data are none of its command.
    """
    if not frame.extended or frame.remote or frame.error:
        return None
    return decode_data(frame.arbitration_id, frame.data)


@lru_cache(FRAMES_KEPT)
def decode_data(arbitration_id: int, data: bytes) -> Message | None:
    """What a data frame with a 29-bit identifier says, None for one that is not ours.

    Raises:
        MalformedFrame: the identifier is one of the protocol, and the data are none of its command.
    """
    identifier = Identifier.of(arbitration_id)
    if not identifier.is_ours:
        return None
    if len(data) != _LENGTH:
        raise MalformedFrame(f"command {identifier.command:#04x} with {len(data)} of 8 bytes")
    return Message(
        _content(identifier, bytes(data)),
        identifier.destination,
        identifier.source,
        identifier.device == Device.GROUP,
        identifier.error,
    )


def _content(identifier: Identifier, data: bytes) -> Content:
    layout = _BY_COMMAND.get(identifier.command)
    if layout is None or identifier.error:
        return Opaque(identifier.command, data)
    if layout.command.writes or identifier.is_reply:
        content: Content = layout.unpack(data)
        return content
    if data != _NOTHING:
        raise MalformedFrame(f"a request to read {layout.command:#04x} with data")
    return Read(layout.command)


def dbc_text(modules: Iterable[int], groups: Iterable[int]) -> str:
    """The protocol as a DBC for modules with these addresses and groups of these numbers.

    Messages end in the number of the module, in ``Group`` and that of the group, or in ``All``.
    Replies that say an error are not in it: their identifiers are those of good ones with the
    error code in bits 28 to 26, and cantools finds them with ``--frame-id-mask 0x03ffffff``.
    """
    of_modules, of_groups = tuple(modules), tuple(groups)

    def copies(arbitration_id: int, name: str) -> list[tuple[int, str]]:
        what, _, _ = name.rpartition("_")
        identifier = Identifier.of(arbitration_id)
        if identifier.device == Device.GROUP:
            numbers, ending = of_groups, "Group"
        elif BROADCAST in (identifier.destination, identifier.source):
            return [(arbitration_id, name)]
        else:
            numbers, ending = of_modules, ""
        side = "source" if identifier.is_reply else "destination"
        return [
            (identifier._replace(**{side: each}).arbitration_id, f"{what}_{ending}{each}")
            for each in numbers
        ]

    return copied((Path(__file__).parent / "infy.dbc").read_text("ascii"), copies)
