"""The protocols that there are, and what a frame says in whichever of them it is.

Their identifiers do not overlap: those of ``seed`` have 11 bits; bits 25 to 22 are 0xA or 0xB in
every one of ``infy`` and in none of ``advantics``.  So a frame is known by its identifier, and
whoever reads frames need not know which protocol a charge point speaks.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from evtui.canbus.frame import Frame
from evtui.canbus.packs.api import FrameDescription, ProtocolPack, Said
from evtui.canbus.packs.seed import SEED
from evtui.events import CanFrame

__all__ = ["PROTOCOLS", "ReportedCurrents", "cycle_time", "describe", "pack_named", "said"]

PROTOCOLS = ("seed", "infy", "advantics")
"""Folders of this package that hold one; as the setting ``protocol`` has them."""

FORGOTTEN = 15.0
"""s after which what a module said last counts no more in the sum of its charger."""


@cache
def pack_named(name: str) -> ProtocolPack:
    """The protocol called ``name``, imported when it is asked for.

    Raises:
        ValueError: there is none.
    """
    if name not in PROTOCOLS:
        raise ValueError(f"no protocol {name!r}; choose from {', '.join(PROTOCOLS)}")
    pack = import_module(f"evtui.canbus.packs.{name}").PACK
    assert isinstance(pack, ProtocolPack)
    return pack


@cache
def _extended() -> tuple[ProtocolPack, ...]:
    return tuple(pack for pack in map(pack_named, PROTOCOLS) if pack.extended)


def said(frame: Frame | CanFrame) -> Said | None:
    """What ``frame`` says in whichever protocol it is, None for one of none.

    Raises:
        MalformedFrame: the identifier is known, and the data are none of its message.
    """
    if not frame.extended:
        return SEED.decode(frame)
    for pack in _extended():
        if (found := pack.decode(frame)) is not None:
            return found
    return None


def describe(arbitration_id: int, data: bytes, *, extended: bool) -> FrameDescription | None:
    """Name and signals of a frame in whichever protocol it is, for people.  Never raises."""
    for pack in _extended() if extended else (SEED,):
        if (found := pack.describe(arbitration_id, data, extended=extended)) is not None:
            return found
    return None


def cycle_time(arbitration_id: int, *, extended: bool) -> float | None:
    """s between two frames of a cyclic message in whichever protocol it is, else None."""
    for pack in _extended() if extended else (SEED,):
        if (found := pack.cycle_time(arbitration_id, extended=extended)) is not None:
            return found
    return None


class ReportedCurrents:
    """What charger modules report, added up for each connector."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, int], dict[int, tuple[float, float]]] = {}

    def update(self, frame: CanFrame) -> tuple[int, float] | None:
        """The connector and the A that flow there by all reports until this one.

        Returns:
            None for a frame that reports no current.

        Raises:
            MalformedFrame: as :func:`said`.
        """
        found = said(frame)
        if found is None or found.current is None or found.connector is None:
            return None
        if found.module is None:
            return found.connector, found.current
        parts = self._parts.setdefault((frame.station, found.connector), {})
        parts[found.module] = (frame.t, found.current)
        since = frame.t - FORGOTTEN
        return found.connector, sum(current for t, current in parts.values() if t >= since)
