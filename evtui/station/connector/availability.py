"""Whether charge point and connectors may be used (OCPP 1.6 sections 4.9 and 5.2)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.status import StatusReporter
from evtui.station.listeners import Listeners

__all__ = ["Availability"]


class Availability:
    """Answers ChangeAvailability and stands for connector 0.

    What was asked for holds for each connector once no transaction runs at it, and for the
    charge point once none runs at all.  It survives a reboot (section 5.2), a change that is
    still Scheduled too.

    Args:
        station: status of connector 0.
        connectors: by connectorId, from 1.

    Attributes:
        station: status of connector 0.
        changed: told after something else was asked for.
    """

    def __init__(
        self, station: StatusReporter, connectors: Mapping[int, ConnectorController]
    ) -> None:
        self.station = station
        self.changed: Listeners[[]] = Listeners()
        self._connectors = connectors
        self._operative = True

    def change(self, connector: int, *, operative: bool) -> str:
        """Answer a ChangeAvailability.req; connector 0 means all of it.

        Returns:
            AvailabilityStatus (section 7.3): ``Scheduled`` while a transaction is in the way,
            ``Rejected`` for a connector that does not exist.
        """
        if connector not in (0, *self._connectors):
            return "Rejected"
        affected = [self._connectors[connector]] if connector else [*self._connectors.values()]
        if not connector:
            self._operative = operative
        answers = [each.change_availability(operative=operative) for each in affected]
        self.review()
        self.changed()
        return "Scheduled" if "Scheduled" in answers else "Accepted"

    def review(self) -> None:
        """Call after a transaction has ended: a scheduled change of the charge point may be due."""
        running = any(each.transaction for each in self._connectors.values())
        self.station.update(operative=self._operative or running)

    def export(self) -> list[int]:
        """What was asked to be inoperative: connectorIds, 0 for the charge point."""
        inoperative = [each.number for each in self._connectors.values() if not each.operative]
        return inoperative if self._operative else [0, *inoperative]

    def restore(self, exported: list[int]) -> None:
        """Take over what :meth:`export` gave.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        inoperative = msgspec.convert(exported, list[int])
        self._operative = 0 not in inoperative
        for connector in self._connectors.values():
            connector.change_availability(operative=connector.number not in inoperative)
        self.review()
