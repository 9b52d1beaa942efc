"""What the central system asks to be told again (OCPP 1.6 section 5.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from evtui.ocppj import Then
from evtui.station.connector.controller import ConnectorController
from evtui.station.connector.status import StatusReporter
from evtui.station.context import StationContext
from evtui.station.files.diagnostics import Diagnostics
from evtui.station.files.firmware import FirmwareManagement

__all__ = ["Triggers"]


class Triggers:
    """Answers TriggerMessage; what was asked for follows the answer, while Pending too (4.2).

    Args:
        context: what the charge point's pieces share.
        connectors: by connectorId, from 1.
        station: status of connector 0.
        boot_now: sends a BootNotification, without waiting longer if one is pending.
        booted: True once one was Accepted on the connection that is there.
    """

    def __init__(
        self,
        context: StationContext,
        connectors: Mapping[int, ConnectorController],
        station: StatusReporter,
        firmware: FirmwareManagement,
        diagnostics: Diagnostics,
        boot_now: Callable[[], None],
        booted: Callable[[], bool],
    ) -> None:
        self._context = context
        self._connectors = connectors
        self._station = station
        self._firmware = firmware
        self._diagnostics = diagnostics
        self._boot_now = boot_now
        self._booted = booted

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
        outbox = self._context.outbox
        match message:
            case "BootNotification":
                if self._booted():  # errata 3.35: not before the next boot or reconnect
                    return "Rejected"
                then(self._boot_now)
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
