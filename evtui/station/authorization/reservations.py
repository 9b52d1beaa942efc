"""Reservations of connectors (OCPP 1.6 sections 3.11, 5.1 and 5.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from evtui.events import caused_by
from evtui.runtime import LoopClock
from evtui.station.authorization.id_tag import same_group
from evtui.station.listeners import Listeners

__all__ = ["Reservation", "Reservations"]

ANY = 0
"""connectorId of a reservation that is for no specific connector (section 6.37)."""

LONGEST_TIMER = 86_400.0
"""s that one timer may run.  A reservation may last for decades; no loop promises to."""

RESOLUTION = 0.001
"""s before its expiry at which a reservation counts as expired, so that rounding of Unix time
never arms a timer that does not move the clock."""

INOPERATIVE = frozenset({"Faulted", "Unavailable"})
FREE = frozenset({"Available", "Reserved"})
"""Statuses in which nobody uses a connector; any other of section 7.7 is occupied."""


class ReservationFlags(Protocol):
    """The switches among the configuration keys."""

    def flag(self, key: str) -> bool: ...


class Reservation(msgspec.Struct, frozen=True):
    """What ReserveNow.req asked for (section 6.37).

    Attributes:
        connector: connectorId; 0 is any connector.
        expires: Unix s.
    """

    reservation_id: int
    connector: int
    id_tag: str
    expires: float
    parent: str | None = None

    def admits(self, id_tag: str, parent: str | None) -> bool:
        """True for the reserved tag and for one of the reserved group (section 5.13)."""
        return same_group(self.id_tag, self.parent, id_tag, parent)


class Reservations:
    """The reservations of one charge point, each ended by whatever comes first.

    At most one for each connector and one for any connector, which keeps one connector free
    without naming it (section 5.13).

    Args:
        connectors: connectorIds, from 1.
        configuration: asked for ReserveConnectorZeroSupported.
        clock: says when a reservation has expired.
        status: ChargePointStatus (section 7.7) of a connector, or of the charge point for 0.

    Attributes:
        changed: told a connector, or 0 for any, after it was reserved or released.
    """

    def __init__(
        self,
        connectors: Sequence[int],
        configuration: ReservationFlags,
        clock: LoopClock,
        status: Callable[[int], str],
    ) -> None:
        self.changed: Listeners[[int]] = Listeners()
        self._connectors = tuple(connectors)
        self._configuration = configuration
        self._clock = clock
        self._status = status
        self._by_connector: dict[int, Reservation] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._by_connector)

    def held(self, connector: int) -> bool:
        """True while a connector, from 1, is reserved: its status is Reserved if it is free.

        A reservation of any connector holds none of them.
        """
        return connector in self._by_connector

    def reserve(
        self,
        connector: int,
        id_tag: str,
        expires: float,
        reservation_id: int,
        parent: str | None = None,
    ) -> str:
        """Answer a ReserveNow.req (section 5.13).

        A reservation with the same id is replaced, or left alone if the new one is refused.

        Args:
            connector: connectorId; 0 is any connector.
            expires: Unix s.
            parent: parentIdTag.

        Returns:
            ReservationStatus (section 7.40).  The standard does not say what becomes of an
            unknown connector or of a moment that has passed: ``Rejected``.
        """
        wanted = Reservation(reservation_id, connector, id_tag, expires, parent)
        status = self._judge(wanted)
        if status != "Accepted":
            return status
        old = self._with_id(reservation_id)
        if old is not None:
            del self._by_connector[old.connector]
        self._by_connector[connector] = wanted
        self._arm()
        for number in {connector, connector if old is None else old.connector}:
            self.changed(number)
        return status

    def cancel(self, reservation_id: int) -> str:
        """Answer a CancelReservation.req (section 5.1): ``Rejected`` for an unknown id."""
        reservation = self._with_id(reservation_id)
        if reservation is None:
            return "Rejected"
        self._end(reservation)
        return "Accepted"

    def blocking(self, connector: int, id_tag: str, parent: str | None) -> Reservation | None:
        """The reservation that forbids a tag to use a connector; None when the tag may.

        A tag whose ``parent`` is not known must be authorized, which may tell it, before it
        is refused for a reservation that has one (section 5.13).

        Args:
            connector: connectorId, from 1.
            parent: group of the tag, None when it has none or it is not known.
        """
        if self._entitling(connector, id_tag, parent) is not None:
            return None
        own = self._by_connector.get(connector)
        if own is not None:
            return own
        others = [number for number in self._free(None) if number != connector]
        return None if others else self._by_connector.get(ANY)

    def use(self, connector: int, id_tag: str, parent: str | None) -> int | None:
        """A transaction starts: end the reservation it was made for.

        Returns:
            reservationId for the StartTransaction.req (section 4.8), None without one.
        """
        reservation = self._entitling(connector, id_tag, parent)
        if reservation is None:
            return None
        self._end(reservation)
        return reservation.reservation_id

    def review(self) -> None:
        """Call after a status has changed: end what Faulted or Unavailable makes void.

        The reservation of a connector ends with that connector, each one with the charge
        point (section 5.13), and that of any connector when none is operative any more.
        """
        for reservation in list(self._by_connector.values()):
            if self._is_void(reservation):
                self._end(reservation)

    def clock_set(self) -> None:
        """UTC jumped: end what has expired by now, and wait anew for the rest."""
        self._expire()

    def export(self) -> list[dict[str, Any]]:
        """Every reservation as plain JSON."""
        return [msgspec.to_builtins(each) for each in self._by_connector.values()]

    def restore(self, exported: list[dict[str, Any]]) -> None:
        """Take over what :meth:`export` gave, but for what has expired or lost its connector.

        Raises:
            ValueError: it is not of that form; the text names the place.
        """
        self._by_connector = {
            each.connector: each
            for each in msgspec.convert(exported, list[Reservation])
            if each.connector in (ANY, *self._connectors) and not self._has_expired(each)
        }
        self._arm()
        for number in list(self._by_connector):
            self.changed(number)

    def close(self) -> None:
        """Stop the timer; call when the charge point is not run any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Whether there is room

    def _judge(self, wanted: Reservation) -> str:
        connector = wanted.connector
        if connector not in (ANY, *self._connectors) or self._has_expired(wanted):
            return "Rejected"
        if connector == ANY and not self._configuration.flag("ReserveConnectorZeroSupported"):
            return "Rejected"
        for number in (ANY, connector):
            if self._status(number) in INOPERATIVE:
                return self._status(number)
        taken = self._by_connector.get(connector)
        if taken is not None and taken.reservation_id != wanted.reservation_id:
            return "Occupied"  # for the same tag too (section 5.13)
        free = self._free(wanted.reservation_id)
        if connector == ANY:
            return "Accepted" if free else self._why_none_is_free()
        if connector not in free:
            return "Occupied"
        anywhere = self._by_connector.get(ANY)
        needed = anywhere is not None and anywhere.reservation_id != wanted.reservation_id
        return "Occupied" if needed and len(free) == 1 else "Accepted"

    def _free(self, replaced: int | None) -> list[int]:
        """Connectors that nobody uses and nobody reserved, but for the reservation replaced."""
        return [
            number
            for number in self._connectors
            if self._status(number) in FREE
            and (
                number not in self._by_connector
                or self._by_connector[number].reservation_id == replaced
            )
        ]

    def _why_none_is_free(self) -> str:
        statuses = {self._status(number) for number in self._connectors}
        if not statuses <= INOPERATIVE:
            return "Occupied"
        return "Faulted" if statuses == {"Faulted"} else "Unavailable"

    # Which reservation

    def _with_id(self, reservation_id: int) -> Reservation | None:
        matching = (e for e in self._by_connector.values() if e.reservation_id == reservation_id)
        return next(matching, None)

    def _entitling(self, connector: int, id_tag: str, parent: str | None) -> Reservation | None:
        """The reservation that a tag makes use of at a connector; the connector's own decides."""
        reservation = self._by_connector.get(connector, self._by_connector.get(ANY))
        if reservation is None or not reservation.admits(id_tag, parent):
            return None
        return reservation

    def _is_void(self, reservation: Reservation) -> bool:
        if self._status(ANY) in INOPERATIVE:
            return True
        if reservation.connector != ANY:
            return self._status(reservation.connector) in INOPERATIVE
        return all(self._status(number) in INOPERATIVE for number in self._connectors)

    # The end

    def _end(self, reservation: Reservation) -> None:
        # Whoever is told of another one may have ended this one, or put a new one in its place.
        if self._by_connector.get(reservation.connector) is reservation:
            del self._by_connector[reservation.connector]
            self._arm()
            self.changed(reservation.connector)

    def _has_expired(self, reservation: Reservation) -> bool:
        return self._left(reservation) <= RESOLUTION

    def _left(self, reservation: Reservation) -> float:
        return reservation.expires - self._clock.unix()

    def _arm(self) -> None:
        self.close()
        if not self._by_connector:
            return
        left = min(self._left(each) for each in self._by_connector.values())
        with caused_by(None):  # what expires has no cause but time
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(max(left, 0.0), LONGEST_TIMER), self._expire)

    def _expire(self) -> None:
        for reservation in list(self._by_connector.values()):
            if self._has_expired(reservation):
                self._end(reservation)
        self._arm()
