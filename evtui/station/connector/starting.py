"""From an id tag to a transaction at one connector (OCPP 1.6 sections 4.1, 4.8, 5.11 and 5.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from evtui.station.authorization.authorizer import Authorizer, Decision
from evtui.station.authorization.reservations import Reservations
from evtui.station.configuration import Configuration
from evtui.station.connector.status import StatusReporter
from evtui.station.listeners import Listeners
from evtui.station.publisher import Publisher

__all__ = ["Starting"]


class _Attempt(msgspec.Struct, eq=False):
    """A transaction that is to start.

    Attributes:
        parent: group of the id tag, None while unknown.
        authorized: False while the id tag is being asked about.
        waiting: gives up when nobody plugs in within ConnectionTimeOut.
    """

    id_tag: str
    parent: str | None = None
    authorized: bool = False
    waiting: asyncio.TimerHandle | None = None


class Starting:
    """Brings id tag and vehicle together; one attempt at a time.

    Args:
        connector: connectorId, from 1.
        configuration: asked for ConnectionTimeOut.
        authorizer: asked whether a tag may charge.
        reservations: may keep a tag out.
        status: the connector's; told when an attempt is under way, asked for the vehicle.
        begin: called with id tag and group when the transaction begins.

    Attributes:
        abandoned: told after an attempt was given up.
    """

    def __init__(
        self,
        connector: int,
        publisher: Publisher,
        configuration: Configuration,
        authorizer: Authorizer,
        reservations: Reservations,
        status: StatusReporter,
        begin: Callable[[str, str | None], None],
    ) -> None:
        self.abandoned: Listeners[[]] = Listeners()
        self._connector = connector
        self._publisher = publisher
        self._configuration = configuration
        self._authorizer = authorizer
        self._reservations = reservations
        self._status = status
        self._begin = begin
        self._attempt: _Attempt | None = None

    @property
    def id_tag(self) -> str | None:
        """Who is about to start; None when nobody is."""
        return None if self._attempt is None else self._attempt.id_tag

    def open_to(self, id_tag: str) -> bool:
        """True unless the connector is reserved for somebody else.

        A tag whose group is not known may belong to that of a reservation: it is taken, and
        asked about before anything starts (section 5.13).
        """
        reserved, decided = self._reserved(id_tag)
        return not (reserved and decided)

    def request(self, id_tag: str, *, authorize: bool) -> None:
        """Begin an attempt at a connector that is free and :meth:`open_to` the tag.

        Args:
            authorize: ask whether the tag may charge.
        """
        reserved, _ = self._reserved(id_tag)
        authorize = authorize or reserved
        attempt = self._attempt = _Attempt(id_tag, authorized=not authorize)
        if not reserved:  # a reserved connector stays so until the tag is known to be entitled
            self._status.update(starting=True, finishing=False)
        if authorize:
            self._authorizer.authorize(id_tag, lambda decision: self._authorized(attempt, decision))
        else:
            attempt.parent = self._authorizer.parent(id_tag)
            self._wait_for_vehicle(attempt)

    def vehicle_there(self) -> None:
        """A vehicle was plugged in: whoever waits for one begins."""
        attempt = self._attempt
        if attempt is None or not attempt.authorized or not self._status.facts.plugged:
            return
        self.close()
        self._attempt = None
        self._begin(attempt.id_tag, attempt.parent)

    def abandon(self, reason: str) -> None:
        """Give up the attempt, if there is one."""
        if self._attempt is None:
            return
        self.close()
        self._attempt = None
        self._publisher.note(f"start given up: {reason}", "warning")
        self._status.update(starting=False)
        self.abandoned()

    def close(self) -> None:
        """Stop the timer."""
        if self._attempt is not None and self._attempt.waiting is not None:
            self._attempt.waiting.cancel()

    def _reserved(self, id_tag: str) -> tuple[bool, bool]:
        """Whether a reservation keeps the tag out for all we know, and if so, for certain."""
        parent = self._authorizer.parent(id_tag)
        blocking = self._reservations.blocking(self._connector, id_tag, parent)
        if blocking is None:
            return False, True
        return True, blocking.parent is None or parent is not None

    def _authorized(self, attempt: _Attempt, decision: Decision) -> None:
        if self._attempt is not attempt:
            return
        if not decision.accepted:
            self.abandon(f"id tag {decision.status} ({decision.source})")
            return
        attempt.authorized = True
        attempt.parent = decision.info.parent
        self._wait_for_vehicle(attempt)

    def _wait_for_vehicle(self, attempt: _Attempt) -> None:
        """Begin at once, or within ConnectionTimeOut (section 9.1.6)."""
        if self._reservations.blocking(self._connector, attempt.id_tag, attempt.parent) is not None:
            self.abandon("the connector is reserved for somebody else")
            return
        self._status.update(starting=True, finishing=False)
        if not self._status.facts.plugged:
            timeout = self._configuration.number("ConnectionTimeOut")
            attempt.waiting = asyncio.get_running_loop().call_later(timeout, self._give_up)
        self.vehicle_there()

    def _give_up(self) -> None:
        self.abandon("nobody plugged in within ConnectionTimeOut")
