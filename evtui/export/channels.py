"""What stands for each bus in a CAN log: for each another one, near to its own name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count

from evtui.recording.format import Manifest

__all__ = ["MOST_CHANNELS", "ChannelError", "ChannelNumbers", "Names"]

MOST_CHANNELS = 65_535
"""A .blf numbers channels from 1, in 16 bits."""

_NUMBER = re.compile(r"(?<![0-9])0*([0-9]{1,5})\Z")
_INTERFACE = re.compile(r"(?!\.{1,2}\Z)[!-.0-9;-~]{1,15}\Z")
"""Names that Linux gives interfaces (dev_valid_name in net/core/dev.c), of ASCII alone."""


class ChannelError(Exception):
    """There are more buses than a format can tell apart; the text is one line."""


class ChannelNumbers(dict[str, int]):
    """Channel from 0 of each bus: the number at the end of its name in can.log, or the next free.

    The buses of the manifest come first, then each as it appears.

    Attributes:
        told: the channels, from 1 as such files count, of which the number does not say the name.

    Raises:
        ChannelError: a bus is asked for, or stands in the manifest, for which no number is left.
    """

    def __init__(self, manifest: Manifest | None) -> None:
        super().__init__()
        self.told: dict[str, str] = {}
        self._own = _own_names(manifest)
        self._used: set[int] = set()
        self._free = count()
        for bus in self._own:
            self[bus]

    def __missing__(self, bus: str) -> int:
        own = self._own.get(bus, bus)
        found = _NUMBER.search(own)
        number = int(found[1]) if found else MOST_CHANNELS
        if number >= MOST_CHANNELS or number in self._used:
            number = next(each for each in self._free if each not in self._used)
            if number >= MOST_CHANNELS:
                raise ChannelError(f"it has more than {MOST_CHANNELS:,} buses")
        if own != f"can{number}":
            self.told[f"channel {number + 1}"] = own
        self._used.add(number)
        self[bus] = number
        return number


class Names(dict[str, str]):
    """Name of each bus in candump's log: that in can.log, ``can6`` for what no interface is called.

    Attributes:
        told: the names that are not those in can.log, and which these are.
    """

    def __init__(self, manifest: Manifest | None) -> None:
        super().__init__()
        self.told: dict[str, str] = {}
        self._own = _own_names(manifest)
        self._used: set[str] = set()
        self._free = map("can{}".format, count())
        for bus in self._own:
            self[bus]

    def __missing__(self, bus: str) -> str:
        own = self._own.get(bus, bus)
        name = own
        if name in self._used or not _INTERFACE.match(name):
            name = next(each for each in self._free if each not in self._used)
            self.told[name] = own
        self._used.add(name)
        self[bus] = name
        return name


def _own_names(manifest: Manifest | None) -> Mapping[str, str]:
    buses = {} if manifest is None else manifest.buses
    return {bus.name: channel for channel, bus in buses.items()}
