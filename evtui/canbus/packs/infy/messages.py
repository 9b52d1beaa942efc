"""What INFY modules and their controller say to each other: eight bytes as typed values.

Voltages are in V, currents in A, temperatures in degC.  Fields are big-endian; each class has the
layout of its bytes in its docstring.  A request for a value carries no data and is a
:class:`Read`; what is written is echoed, so the same class stands for the request and the reply.
"""

from __future__ import annotations

from enum import IntFlag

import msgspec

__all__ = [
    "Addressing",
    "Available",
    "Barcode",
    "Content",
    "Group",
    "Input",
    "Led",
    "ModuleCount",
    "Opaque",
    "Output",
    "OutputFixed",
    "Rating",
    "Read",
    "SetOutput",
    "SetSystemOutput",
    "Sleep",
    "Status",
    "StatusBits",
    "Switch",
    "SystemOutput",
    "SystemOutputFixed",
    "WalkIn",
]


class Read(msgspec.Struct, frozen=True):
    """A request for what ``command`` reads: eight zero bytes."""

    command: int


class Opaque(msgspec.Struct, frozen=True):
    """Eight bytes that are not looked into: of an unknown command, or of a reply with an error."""

    command: int
    data: bytes


class SystemOutput(msgspec.Struct, frozen=True):
    """0x01: voltage and total current of all modules, as two float32."""

    voltage: float
    current: float


class ModuleCount(msgspec.Struct, frozen=True):
    """0x02: how many modules there are; u8 at 2."""

    modules: int


class Output(msgspec.Struct, frozen=True):
    """0x03: voltage and current of one module, as two float32."""

    voltage: float
    current: float


class StatusBits(IntFlag):
    """0x04: the three state bytes as one number, byte 5 highest.

    Public implementations disagree about which of bytes 5 and 6 is which; this is the reading of
    most of them, and the one that makes sense of the vendor's example.
    """

    OUTPUT_SHORT_CIRCUIT = 1 << 0
    HARDWARE_FAILURE = 1 << 1
    INTERNAL_COMMUNICATION_FAULT = 1 << 2
    INPUT_OR_BUS_ABNORMAL = 1 << 3
    SLEEPING = 1 << 4
    DISCHARGE_ABNORMAL = 1 << 5
    DC_OFF = 1 << 8
    MODULE_FAULT = 1 << 9
    MODULE_PROTECTION = 1 << 10
    FAN_FAULT = 1 << 11
    OVER_TEMPERATURE = 1 << 12
    OUTPUT_OVER_VOLTAGE = 1 << 13
    WALK_IN = 1 << 14
    COMMUNICATION_INTERRUPTED = 1 << 15
    POWER_LIMITED = 1 << 16
    ADDRESS_REPEATED = 1 << 17
    SHARING_BAD = 1 << 18
    INPUT_PHASE_LOST = 1 << 19
    INPUT_UNBALANCED = 1 << 20
    INPUT_LOW_VOLTAGE = 1 << 21
    INPUT_OVER_VOLTAGE = 1 << 22
    PFC_OFF = 1 << 23

    @property
    def faults(self) -> StatusBits:
        """Those that say that something is wrong; the others are states of a healthy module."""
        return self & ~_STATES


_STATES = (
    StatusBits.SLEEPING
    | StatusBits.DC_OFF
    | StatusBits.WALK_IN
    | StatusBits.POWER_LIMITED
    | StatusBits.PFC_OFF
)


class Status(msgspec.Struct, frozen=True):
    """0x04: u8 group at 2, i8 degC at 4, state bytes 2, 1 and 0 at 5, 6 and 7."""

    group: int
    temperature: int
    bits: StatusBits


class Input(msgspec.Struct, frozen=True):
    """0x06: voltages between the phases; three u16 in 0.1 V.  Modules fed by DC use the first."""

    ab: float
    bc: float
    ca: float


class SystemOutputFixed(msgspec.Struct, frozen=True):
    """0x08: as 0x01, in u32 mV and mA."""

    voltage: float
    current: float


class OutputFixed(msgspec.Struct, frozen=True):
    """0x09: as 0x03, in u32 mV and mA."""

    voltage: float
    current: float


class Rating(msgspec.Struct, frozen=True):
    """0x0A: u16 highest V, u16 lowest V, u16 highest current in 0.1 A, u16 power in 10 W."""

    voltage_max: int
    voltage_min: int
    current_max: float
    power_w: int


class Barcode(msgspec.Struct, frozen=True):
    """0x0B: the serial number, 17 characters: 12 digits, one other character, 4 digits.

    On the wire the character comes first, then the 12 digits as one number of 40 bits and the
    last 4 as one of 16.
    """

    text: str


class Available(msgspec.Struct, frozen=True):
    """0x0C: u16 in 0.1 V behind the diode, u16 in 0.1 A that can be had now, 0 while off."""

    voltage: float
    current: float


class WalkIn(msgspec.Struct, frozen=True):
    """0x13: soft start; byte 0 is 1 for on."""

    on: bool


class Led(msgspec.Struct, frozen=True):
    """0x14: the green light, so that a module can be found; byte 0 is 1 for blinking."""

    blinking: bool


class Group(msgspec.Struct, frozen=True):
    """0x16: the group that a module joins; byte 0."""

    number: int


class Sleep(msgspec.Struct, frozen=True):
    """0x19: byte 0 is 1 for asleep."""

    asleep: bool


class Switch(msgspec.Struct, frozen=True):
    """0x1A: the DC side; byte 0 is **0 for on** and 1 for off."""

    on: bool


class SetSystemOutput(msgspec.Struct, frozen=True):
    """0x1B: u32 mV and u32 mA in total, which the modules share."""

    voltage: float
    current: float


class SetOutput(msgspec.Struct, frozen=True):
    """0x1C: u32 mV and u32 mA of each module that it is addressed to."""

    voltage: float
    current: float


class Addressing(msgspec.Struct, frozen=True):
    """0x1F: byte 0 is 0 for automatic addresses, 1 for those on the modules' dials."""

    by_dial: bool


Content = (
    Read
    | Opaque
    | SystemOutput
    | ModuleCount
    | Output
    | Status
    | Input
    | SystemOutputFixed
    | OutputFixed
    | Rating
    | Barcode
    | Available
    | WalkIn
    | Led
    | Group
    | Sleep
    | Switch
    | SetSystemOutput
    | SetOutput
    | Addressing
)
