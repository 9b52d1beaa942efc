"""A connector's status: worked out from the facts, published, and told to the central system."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec.structs import replace

from evtui.events import ConnectorState, caused_by
from evtui.runtime import LoopClock
from evtui.station.configuration import Configuration
from evtui.station.connector.facts import ConnectorFacts, Status, connector_status
from evtui.station.listeners import Listeners
from evtui.station.messages import StatusMessages
from evtui.station.publisher import Publisher

__all__ = ["StatusReporter"]


class StatusReporter:
    """Keeps the facts of one connector and reports each change of what they amount to.

    Args:
        connector: connectorId; 0 is the charge point.
        configuration: asked for MinimumStatusDuration.
        outbox: where StatusNotifications go.

    Attributes:
        changed: told after the status has changed.
    """

    def __init__(
        self,
        connector: int,
        publisher: Publisher,
        clock: LoopClock,
        configuration: Configuration,
        outbox: StatusMessages,
    ) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._connector = connector
        self._publisher = publisher
        self._clock = clock
        self._configuration = configuration
        self._outbox = outbox
        self._facts = ConnectorFacts()
        self._status = connector_status(self._facts)
        self._error_code = "NoError"
        self._info = ""
        self._standing = ("NoError", "")
        self._published = ""
        self._notified = ""
        self._stable: asyncio.TimerHandle | None = None

    @property
    def facts(self) -> ConnectorFacts:
        """What is known of the connector."""
        return self._facts

    @property
    def status(self) -> Status:
        """Status of OCPP 1.6 section 4.9."""
        return self._status

    def update(self, *, error_code: str = "NoError", info: str = "", **changes: Any) -> None:
        """Change some facts; a status that changes with them is published and sent.

        Args:
            error_code: ChargePointErrorCode (section 7.6) that goes with a new status.
            info: what else is said of a new status.
            changes: facts, by the names of :class:`ConnectorFacts`.
        """
        self._facts = replace(self._facts, **changes)
        self._status = connector_status(self._facts)
        if self._status.value == self._published:
            return
        if error_code == "NoError":
            error_code, standing = self._standing
            info = info or standing
        self._publish(error_code, info)
        self._notify_when_stable()
        self.changed()

    def report(self, error_code: str, info: str = "", **changes: Any) -> int | None:
        """Something is wrong from now on, until ``NoError`` says that it is over.

        It goes with every status meanwhile, and is told at once where the status stays.

        Args:
            error_code: ChargePointErrorCode (section 7.6).
            info: what is wrong.
            changes: facts, by the names of :class:`ConnectorFacts`.

        Returns:
            The event that tells it, which is the cause of what follows; None when nothing is new.
        """
        self._standing = error_code, info
        self._facts = replace(self._facts, **changes)
        self._status = connector_status(self._facts)
        changed = self._status.value != self._published
        if not changed and (error_code, info) == (self._error_code, self._info):
            return None
        event = self._publish(error_code, info)
        with caused_by(event.seq):
            if changed:
                self._notify_when_stable()
                self.changed()
            else:
                self.notify(always=True)
        return event.seq

    def _publish(self, error_code: str, info: str) -> ConnectorState:
        status = self._status.value
        self._published, self._error_code, self._info = status, error_code, info
        name = self._publisher.name
        return self._publisher.stream.publish(
            ConnectorState(
                source=name,
                station=name,
                connector=self._connector,
                status=status,
                error_code=error_code,
                info=info,
            )
        )

    def notify(
        self, *, always: bool = False, triggered: bool = False, error_code: str | None = None
    ) -> None:
        """Send a StatusNotification if the central system does not know the status.

        Args:
            always: send it even if it does.
            triggered: TriggerMessage asked for it.
            error_code: to report something that leaves the status as it is.
        """
        status = self.status.value
        if status == self._notified and not always:
            return
        payload = {
            "connectorId": self._connector,
            "errorCode": error_code or self._error_code,
            "status": status,
            "timestamp": self._clock.iso(),
        }
        if self._info:
            payload["info"] = self._info
        post = self._outbox.post
        if post("StatusNotification", payload, done=self._sent, triggered=triggered):
            self._notified = status

    def close(self) -> None:
        """Stop the timer."""
        if self._stable is not None:
            self._stable.cancel()
            self._stable = None

    def _notify_when_stable(self) -> None:
        """Send the status once it has lasted MinimumStatusDuration (sections 4.9 and 9.1.20)."""
        self.close()
        duration = self._configuration.number("MinimumStatusDuration")
        if duration <= 0:
            self.notify()
        else:
            self._stable = asyncio.get_running_loop().call_later(duration, self.notify)

    def _sent(self, answer: Any) -> None:
        if answer is None:  # lost on the way: the central system does not know the status
            self._notified = ""
