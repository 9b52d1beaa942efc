"""The seed protocol as a pack."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.frame import Frame
from evtui.canbus.packs.api import PowerUnit, ProtocolPack, Said, Speaker
from evtui.canbus.packs.seed.charger import seed_chargers
from evtui.canbus.packs.seed.codec import (
    CONNECTORS_MAX,
    FRAMES_KEPT,
    Current,
    SetLimit,
    StartCharging,
    StopCharging,
    decode,
    encode,
)
from evtui.canbus.packs.seed.module import ChargerModule
from evtui.events import CanFrame
from evtui.station import Charger

__all__ = ["PACK", "SEED", "SeedPack"]

LARGEST = 0xFFFF
"""A that a signal of 16 bits can say."""


SPEAKERS = {
    encode(message, connector).arbitration_id: Speaker(
        connector, "module" if isinstance(message, Current) else "charge point"
    )
    for message in (StartCharging(), StopCharging(), SetLimit(0), Current(0))
    for connector in range(1, CONNECTORS_MAX + 1)
}


class SeedPack(ProtocolPack):
    """11-bit identifiers and whole amperes; no checksum, no counter, no watchdog."""

    name = "seed"
    title = "start, stop, limit and current in whole amperes"
    bitrate = 500_000
    extended = False
    dbc = Path(__file__).parent / "station.dbc"
    connectors_max = CONNECTORS_MAX
    ac = True

    def decode(self, frame: Frame | CanFrame) -> Said | None:
        """See :class:`ProtocolPack`."""
        if frame.extended or frame.remote or frame.error or frame.arbitration_id not in SPEAKERS:
            return None
        return _said(frame.arbitration_id, frame.data)

    def speaker_of(self, arbitration_id: int, *, extended: bool) -> Speaker | None:
        """See :class:`ProtocolPack`."""
        return None if extended else SPEAKERS.get(arbitration_id)

    def reports(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`."""
        return (encode(Current(_within_range(current)), connector),)

    def limits(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`."""
        return (encode(SetLimit(_within_range(current)), connector),)

    def orders(self, connector: int, *, run: bool) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`."""
        return (encode(StartCharging() if run else StopCharging(), connector),)

    def chargers(
        self, bus: SimulatedBus, connectors: Iterable[int], *, modules: int = 1
    ) -> dict[int, Charger]:
        """See :class:`ProtocolPack`."""
        numbers = tuple(connectors)
        for number in numbers:
            _check(number, modules)
        return {**seed_chargers(bus, numbers)}

    def module(
        self, bus: SimulatedBus, unit: PowerUnit, *, connector: int = 1, modules: int = 1
    ) -> ChargerModule:
        """See :class:`ProtocolPack`."""
        _check(connector, modules)
        return ChargerModule(bus, unit, connector=connector)


PACK = SEED = SeedPack()
"""The pack."""


@lru_cache(FRAMES_KEPT)
def _said(arbitration_id: int, data: bytes) -> Said | None:
    received = decode(Frame(arbitration_id, data))
    if received is None:
        return None
    connector, message = received
    name = type(message).__name__ + ("" if connector == 1 else str(connector))
    match message:
        case Current(amperes):
            return Said(name, connector, "module", current=float(amperes))
        case SetLimit(amperes):
            return Said(name, connector, "charge point", limit=float(amperes))
        case StartCharging():
            return Said(name, connector, "charge point", run=True)
        case StopCharging():
            return Said(name, connector, "charge point", run=False)


def _check(connector: int, modules: int) -> None:
    if not 1 <= connector <= CONNECTORS_MAX:
        raise ValueError(f"the seed protocol has connectors 1 to {CONNECTORS_MAX}, not {connector}")
    if modules != 1:
        raise ValueError(f"the seed protocol has one module a connector, not {modules}")


def _within_range(amperes: float) -> int:
    return min(max(round(amperes), 0), LARGEST)
