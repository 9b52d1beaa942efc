"""The 29-bit identifier of INFY V1.13: error code, device number, command and two addresses.

========= ================================================================================
bits      field
========= ================================================================================
28 to 26  error code: 0 in every request and every good reply
25 to 22  device number: 0xA for one module or all of them, 0xB for a group
21 to 16  command
15 to 8   destination: a module 0x00 to 0x3B, 0x3F all modules, 0xF0 to 0xF8 a controller;
          with device 0xB the number of a group
7 to 0    source, in the same way
========= ================================================================================

A reply has the two addresses of its request exchanged, and is the same otherwise.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

__all__ = [
    "BROADCAST",
    "CONTROLLER",
    "CONTROLLERS",
    "MODULES_MAX",
    "Command",
    "Device",
    "ErrorCode",
    "Identifier",
]

MODULES_MAX = 60
"""Modules on one bus, with addresses from 0."""

BROADCAST = 0x3F
"""The address of all modules."""

CONTROLLER = 0xF0
"""The address of a controller that has chosen no other."""

CONTROLLERS = range(0xF0, 0xF9)


class Device(IntEnum):
    """Whom the addresses mean (bits 25 to 22)."""

    MODULE = 0xA
    GROUP = 0xB


class ErrorCode(IntEnum):
    """What a module says about a request (bits 28 to 26); others are not documented."""

    NORMAL = 0
    COMMAND_INVALID = 2
    DATA_INVALID = 3
    STARTING = 7


class Command(IntEnum):
    """What is read or written (bits 21 to 16)."""

    READ_SYSTEM_OUTPUT = 0x01
    READ_MODULE_COUNT = 0x02
    READ_OUTPUT = 0x03
    READ_STATUS = 0x04
    READ_INPUT = 0x06
    READ_SYSTEM_OUTPUT_FIXED = 0x08
    READ_OUTPUT_FIXED = 0x09
    READ_RATING = 0x0A
    READ_BARCODE = 0x0B
    READ_AVAILABLE = 0x0C
    SET_WALK_IN = 0x13
    SET_LED = 0x14
    SET_GROUP = 0x16
    SET_SLEEP = 0x19
    SWITCH = 0x1A
    SET_SYSTEM_OUTPUT = 0x1B
    SET_OUTPUT = 0x1C
    SET_ADDRESSING = 0x1F

    @property
    def writes(self) -> bool:
        """Whether a request carries data, which the reply then echoes."""
        return self >= Command.SET_WALK_IN


class Identifier(NamedTuple):
    """An identifier taken apart; each part must fit into its bits."""

    error: int
    device: int
    command: int
    destination: int
    source: int

    @classmethod
    def of(cls, arbitration_id: int) -> Identifier:
        """The parts of any 29-bit identifier, whoever's it is."""
        return cls(
            arbitration_id >> 26 & 0x7,
            arbitration_id >> 22 & 0xF,
            arbitration_id >> 16 & 0x3F,
            arbitration_id >> 8 & 0xFF,
            arbitration_id & 0xFF,
        )

    @property
    def arbitration_id(self) -> int:
        """29 bits."""
        high = self.error << 26 | self.device << 22 | self.command << 16
        return high | self.destination << 8 | self.source

    @property
    def is_ours(self) -> bool:
        """Whether it lies between a controller and modules.

        What modules say to each other (0x0757....) does not: its device number is another.
        """
        if self.device not in _DEVICES:
            return False
        return (self.source in CONTROLLERS) != (self.destination in CONTROLLERS)

    @property
    def is_reply(self) -> bool:
        """Whether it goes to a controller, where it :attr:`is_ours`."""
        return self.destination in CONTROLLERS


_DEVICES = frozenset(Device)
