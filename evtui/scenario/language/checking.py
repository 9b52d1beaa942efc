"""What a step or an expectation is checked with: where it stands, and what the lab knows."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from evtui.config import Settings
from evtui.detection import DETECTORS
from evtui.kinds import number
from evtui.lab import identities
from evtui.nearest import nearest
from evtui.ocpp16 import validation
from evtui.scenario.language.kinds import Kind
from evtui.scenario.language.mistakes import Mistakes, shown
from evtui.scenario.language.place import Place
from evtui.station import Status

__all__ = ["Check"]

_STATUSES = tuple(status.value for status in Status)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Takes the mistakes of one entry.

    Attributes:
        settings: of the lab.
        path: of the entry in the file, ``steps[2]``.
        place: where it is done or looked at.
        going_on: names of the attacks that a step ``end_attack`` can end.
    """

    settings: Settings
    path: str
    place: Place
    mistakes: Mistakes
    going_on: Sequence[str] = ()

    def add(self, key: str, text: str) -> None:
        """Something is wrong at a key of the entry."""
        self.mistakes.add(f"{self.path}.{key}", text)

    def is_there(self, entry: Kind) -> None:
        """The lab must have the station and the connector that the entry itself names."""
        stations = identities(self.settings)
        if entry.station is not None and entry.station not in stations:
            self.add(
                "station",
                f"no station {shown(entry.station)}: the lab has {', '.join(stations)}, "
                "as lab.stations says",
            )
        connectors = self.settings.connectors
        if entry.connector is not None and entry.connector > connectors:
            there = "connector 1" if connectors == 1 else f"connectors 1 to {connectors}"
            self.add(
                "connector",
                f"no connector {entry.connector}: each station of the lab has {there}, "
                "as lab.connectors says",
            )

    def one_of(self, key: str, what: str, name: str, known: Sequence[str]) -> bool:
        """True when ``name`` is known; ``what`` completes "expected ..."."""
        if name in known:
            return True
        self.add(key, f"expected {what}, got {shown(name)}{nearest(name, known)}")
        return False

    def detector(self, key: str, name: str) -> bool:
        """True when there is a detector of that name, or it is ``any``."""
        return self.one_of(key, "a detector", name, [*DETECTORS, "any"])

    def status(self, key: str, name: str) -> bool:
        """True when it is a ChargePointStatus."""
        return self.one_of(key, "a status of OCPP 1.6", name, _STATUSES)

    def action(self, key: str, name: str) -> bool:
        """True when OCPP 1.6 has an action of that name."""
        if validation.is_known_action(name):
            return True
        self.add(key, f"no OCPP 1.6 action {shown(name)}{nearest(name, validation.actions())}")
        return False

    def ours(self, key: str, what: str) -> bool:
        """True where the lab has a central system of its own.

        Args:
            what: only that one can do, ``a remote start is sent by``.
        """
        if self.settings.our_central_system:
            return True
        self.add(
            key,
            f"{what} evtui's own central system, and with --csms that is somebody else's; what a "
            "charge point does by itself is within reach: plug, present an id tag (command: "
            "station.swipe), ocpp from: charge_point",
        )
        return False

    def text(self, key: str, text: str) -> None:
        """Something must stand there."""
        if not text.strip():
            self.add(key, "expected a text")

    def bounds(self, key: str, bounds: tuple[float, float], unit: str) -> None:
        """The lower bound comes first."""
        low, high = bounds
        if low > high:
            self.add(
                f"{key}.between",
                f"expected the lower bound first, got {number(low)} and {number(high)} {unit}",
            )
