"""Starting, stopping and unlocking from afar (OCPP 1.6 sections 5.11, 5.12 and 5.18)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from evtui.ocppj import Then
from evtui.station.connector.charging_profiles import ChargingProfiles
from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.facts import Status

__all__ = ["RemoteControl"]


class _Gate(Protocol):
    """What is used of the outbox."""

    @property
    def open(self) -> bool: ...


class RemoteControl:
    """Answers what the central system asks on behalf of somebody at a connector.

    Args:
        connectors: by connectorId, from 1.
        charging_profiles: take the profile that comes with a start.
        outbox: open while the central system has accepted the charge point.
    """

    def __init__(
        self,
        connectors: Mapping[int, ConnectorController],
        charging_profiles: ChargingProfiles,
        outbox: _Gate,
    ) -> None:
        self._connectors = connectors
        self._charging_profiles = charging_profiles
        self._outbox = outbox

    def start(
        self, id_tag: str, connector: int | None, profile: Mapping[str, Any] | None, then: Then
    ) -> str:
        """Answer a RemoteStartTransaction.req; not allowed while Pending (section 4.2).

        Without a connector the station chooses: one that is reserved for the tag, then one
        where a vehicle waits, then any other that is free.
        """
        controller = self._choose(id_tag, connector) if self._outbox.open else None
        if controller is None:
            return "Rejected"
        if profile is not None:
            status = self._charging_profiles.set_for_start(controller.number, profile)
            if status != "Accepted":
                return status
        then(partial(controller.request_start, id_tag))
        return "Accepted"

    def stop(self, transaction_id: int, then: Then) -> str:
        """Answer a RemoteStopTransaction.req: an unknown id is rejected."""
        if not self._outbox.open:
            return "Rejected"
        for controller in self._connectors.values():
            running = controller.transaction
            if running is not None and running.transaction_id == transaction_id:
                then(partial(controller.stop, "Remote", only=running))
                return "Accepted"
        return "Rejected"

    def unlock(self, connector: int) -> str:
        """Answer an UnlockConnector.req; no such connector is NotSupported (section 7.46)."""
        controller = self._connectors.get(connector)
        return "NotSupported" if controller is None else controller.unlock()

    def _choose(self, id_tag: str, connector: int | None) -> ConnectorController | None:
        wanted = [
            each
            for number, each in self._connectors.items()
            if connector in (None, number) and each.startable_by(id_tag)
        ]

        def preference(controller: ConnectorController) -> int:
            if controller.status is Status.RESERVED:
                return 0
            waiting = controller.plugged and controller.status is not Status.FINISHING
            return 1 if waiting else 2

        return min(wanted, key=preference, default=None)
