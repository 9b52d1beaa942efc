"""What the central system asks to be told again (OCPP 1.6 section 5.17)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from evtui.ocppj import Then
from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.status import StatusReporter
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement
from evtui.station.link.connection import Connection
from evtui.station.link.outbox import Outbox

__all__ = ["Triggers"]


class Triggers:
    """Answers TriggerMessage; what was asked for follows the answer, while Pending too (4.2).

    Args:
        connectors: by connectorId, from 1.
        station: status of connector 0.
        connection: sends a BootNotification; knows whether one was accepted.
        outbox: where Heartbeats go; closed while nothing may be triggered but a boot.
    """

    def __init__(
        self,
        connectors: Mapping[int, ConnectorController],
        station: StatusReporter,
        firmware: FirmwareManagement,
        diagnostics: Diagnostics,
        connection: Connection,
        outbox: Outbox,
    ) -> None:
        self._connectors = connectors
        self._station = station
        self._firmware = firmware
        self._diagnostics = diagnostics
        self._connection = connection
        self._outbox = outbox

    def request(self, message: str, connector: int | None, then: Then) -> str:
        """Answer a TriggerMessage.req.

        Args:
            message: MessageTrigger (section 7.32).
            connector: connectorId; ignored where it means nothing to the message, and all of
                them when there is none.

        Returns:
            TriggerMessageStatus (section 7.44).  Rejected: a connector that does not exist, and
            anything but a BootNotification before the first one was answered (section 4.2).
        """
        outbox = self._outbox
        match message:
            case "BootNotification":
                if self._connection.booted:  # errata 3.35: not before the next boot or reconnect
                    return "Rejected"
                then(self._connection.boot_now)
            case _ if outbox.closed:
                return "Rejected"
            case "Heartbeat":
                then(partial(outbox.post, "Heartbeat", {}, triggered=True))
            case "StatusNotification":
                return self._statuses(connector, then)
            case "MeterValues":
                return self._meter_values(connector, then)
            case "FirmwareStatusNotification":
                then(partial(self._firmware.notify, triggered=True))
            case "DiagnosticsStatusNotification":
                then(partial(self._diagnostics.notify, triggered=True))
            case _:
                return "NotImplemented"
        return "Accepted"

    def _statuses(self, connector: int | None, then: Then) -> str:
        if connector is not None and connector not in (0, *self._connectors):
            return "Rejected"
        reporters = {0: self._station, **{n: c.status_report for n, c in self._connectors.items()}}
        for number, reporter in reporters.items():
            if connector in (None, number):
                then(partial(reporter.notify, always=True, triggered=True))
        return "Accepted"

    def _meter_values(self, connector: int | None, then: Then) -> str:
        """Rejected when nothing would follow; connector 0 would be a main meter: there is none."""
        meters = [
            controller.metering
            for number, controller in self._connectors.items()
            if connector in (None, number) and controller.metering.has_values
        ]
        for meter in meters:
            then(meter.trigger)
        return "Accepted" if meters else "Rejected"
