"""How a CAN interface of python-can's is named: ``slcan:/dev/ttyACM0@500000``.  Pure."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, get_args

__all__ = ["SIDES", "CanAddress", "Side", "at_bitrate", "parse_can_address"]

Side = Literal["controller", "module", "both", "neither"]
"""Which of the two ends of a charger's bus is ours."""

SIDES: tuple[Side, ...] = get_args(Side)

LONGEST = 200

LARGEST_BITRATE = 1_000_000
"""bit/s of classic CAN (ISO 11898-2)."""

_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_BITRATE = re.compile(r"(\d{1,7})([kM]?)", re.ASCII)
_OPTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_SAID_OTHERWISE = {
    "interface": "before the colon",
    "channel": "behind the colon",
    "bitrate": "behind @",
    "listen_only": "by --can-listen-only",
    "can_filters": "nowhere: the lab hears everything",
    "receive_own_messages": "nowhere: the lab knows what it has sent",
}


class CanAddress(NamedTuple):
    """One interface, as somebody names it.

    Attributes:
        station: charge point whose bus it joins; empty for the only one.
        interface: a name of python-can's, ``slcan``.
        channel: what that interface calls a channel, ``/dev/ttyACM0``.
        bitrate: bit/s; None for that of the protocol, where the interface is told one.
        side: which end is ours; None for what the setting says.
        options: of the interface, by name, as text.
    """

    station: str
    interface: str
    channel: str
    bitrate: int | None = None
    side: Side | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """What it is called on the bus, in the status line and in recordings."""
        return f"{self.interface}:{self.channel}"

    def __str__(self) -> str:
        """The address as it may be written; parsed again, it is the same."""
        station = f"{self.station}=" if self.station else ""
        bitrate = "" if self.bitrate is None else f"@{self.bitrate}"
        side = () if self.side is None else (("side", self.side),)
        options = "".join(f",{name}={value}" for name, value in (*side, *self.options))
        return f"{station}{self.name}{bitrate}{options}"


_ADAPTERS = frozenset(
    {
        *("canalystii", "cantact", "gs_usb", "ixxat", "kvaser", "neovi", "nican", "pcan"),
        *("robotell", "seeedstudio", "slcan", "systec", "usb2can", "vector"),
    }
)
"""Interfaces whose bit rate is set when they are opened; that of others is not python-can's."""


def at_bitrate(address: CanAddress, bitrate: int) -> CanAddress:
    """The address with a bit rate, where it names none and the interface is told one."""
    if address.bitrate is not None or address.interface not in _ADAPTERS:
        return address
    return address._replace(bitrate=bitrate)


def parse_can_address(text: str) -> CanAddress:
    """Read ``[STATION=]INTERFACE:CHANNEL[@BITRATE][,OPTION=VALUE]...``.

    A bit rate is a number of bit/s, or of kbit/s or Mbit/s with k or M behind it.  What stands
    behind the last @ of the channel is the bit rate if it is such a number.

    Raises:
        ValueError: it is none; one line says why.
    """
    if len(text) > LONGEST:
        raise ValueError(f"{len(text)} characters are too many; at most {LONGEST}")
    if not text.isprintable() or any(map(str.isspace, text)):
        raise ValueError("blanks and control characters do not belong there")
    head, *pairs = text.split(",")
    station, equals, rest = head.partition("=")
    if not equals or ":" in station:
        station, rest = "", head
    elif not station:
        raise ValueError("the charge point before the = is missing")
    interface, colon, channel = rest.partition(":")
    if not colon:
        raise ValueError("the colon between interface and channel is missing")
    if not _INTERFACE.fullmatch(interface):
        raise ValueError(f"{interface!r} is no name of an interface, such as socketcan or slcan")
    channel, bitrate = _without_bitrate(channel)
    if not channel:
        raise ValueError("the channel behind the colon is missing")
    options: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not _OPTION.fullmatch(name):
            raise ValueError(f"{pair!r} is no option such as port=29536")
        if name in _SAID_OTHERWISE:
            raise ValueError(f"{name} is said {_SAID_OTHERWISE[name]}")
        if name in options:
            raise ValueError(f"{name} stands there twice")
        options[name] = value
    return CanAddress(station, interface, channel, bitrate, _side(options), tuple(options.items()))


def _without_bitrate(channel: str) -> tuple[str, int | None]:
    before, at, behind = channel.rpartition("@")
    if not at:
        return channel, None
    match = _BITRATE.fullmatch(behind)
    if match is None:
        return channel, None
    bitrate = int(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]
    if not 0 < bitrate <= LARGEST_BITRATE:
        raise ValueError(f"{behind} is no bit rate of CAN: 1 to {LARGEST_BITRATE} bit/s")
    return before, bitrate


def _side(options: dict[str, str]) -> Side | None:
    side = options.pop("side", None)
    if side is not None and side not in SIDES:
        raise ValueError(f"side is one of {', '.join(SIDES)}, not {side!r}")
    return side
