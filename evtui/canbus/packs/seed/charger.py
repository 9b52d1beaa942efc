"""The charge point's end of the seed protocol."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import floor

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.nodes import CHARGE_POINT
from evtui.canbus.packs.api import MalformedFrame
from evtui.canbus.packs.seed.codec import (
    FRAMES_KEPT,
    Current,
    SetLimit,
    StartCharging,
    StationMessage,
    StopCharging,
    decode,
    encode,
)
from evtui.events import CanFrame
from evtui.station import Capabilities, Charger, ChargerReport

__all__ = ["SeedCharger", "seed_chargers"]

SILENCE = 1.0
"""s without a Current frame after which the module counts as lost: ten of its periods."""

CAPABILITIES = Capabilities()
"""The protocol asks and tells nothing but amperes."""


class SeedCharger(Charger):
    """Orders one module about, and hears what current it reports: all that it ever says.

    Args:
        node: the charge point's on the bus.
        connector: whose module it is, from 1.
    """

    silence = SILENCE

    def __init__(self, node: Node, connector: int) -> None:
        super().__init__()
        self._node = node
        self._connector = connector
        self._limit: int | None = None

    @property
    def capabilities(self) -> Capabilities:
        """See :class:`Charger`."""
        return CAPABILITIES

    def start(self) -> None:
        """See :class:`Charger`."""
        self._say(StartCharging())

    def stop(self) -> None:
        """See :class:`Charger`."""
        self._say(StopCharging())

    def set_limits(self, current: float, voltage: float | None = None) -> None:
        """See :class:`Charger`; in whole A, and there is no word for a voltage."""
        whole = floor(current + 1e-9)
        if whole != self._limit:
            self._limit = whole
            self._say(SetLimit(whole))

    def forget(self) -> None:
        """See :class:`Charger`."""
        self._limit = None

    def close(self) -> None:
        """See :class:`Charger`; the node is that of all connectors, so all are closed."""
        self._node.detach()

    def _say(self, message: StationMessage) -> None:
        self._node.send(encode(message, self._connector))


@lru_cache(FRAMES_KEPT)
def _report(amperes: int) -> ChargerReport:
    return ChargerReport(float(amperes))


def seed_chargers(bus: SimulatedBus, connectors: Iterable[int]) -> dict[int, SeedCharger]:
    """A charger for each connector, behind one node."""
    chargers: dict[int, SeedCharger] = {}

    def on_frame(frame: CanFrame) -> None:
        try:
            received = decode(frame)
        except MalformedFrame:
            return
        if received is not None and isinstance(received.message, Current):
            charger = chargers.get(received.connector)
            if charger is not None:
                charger.on_report(_report(received.message.amperes))

    node = bus.attach(CHARGE_POINT, on_frame)
    chargers.update({number: SeedCharger(node, number) for number in connectors})
    return chargers
