"""What an anomaly does to a connector through its central system, and what is left to undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.central_system import Transaction

__all__ = ["CentralSystemTarget", "Operator"]

START_SETTLES = 1.0
"""s after a remote start in which its transaction may still open: until then 0 A is not safe."""

AT_REST = 1.0
"""A below which the current counts as gone."""

RESET_SETTLES = 0.5
"""s after a reset in which the station may not have begun to go down."""

CHANGED = ("Accepted", "RebootRequired")
"""Answers of a station that has taken a value, of ConfigurationStatus (section 7.22)."""

GONE = "None"
"""What cannot be undone because it is gone already, as was wanted."""


class Operator(Protocol):
    """The central system's side, as an anomaly uses it."""

    def is_connected(self, station: str) -> bool: ...

    def open_transaction(self, station: str, connector: int) -> Transaction | None: ...

    def unended_transaction(self, station: str, connector: int) -> Transaction | None: ...

    async def call(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...


class _Profile(NamedTuple):
    purpose: str
    stack_level: int
    profile_id: int


class CentralSystemTarget(Target[Site]):
    """Operations on one connector, each remembered until it is undone.

    The operations return the status of the answer, and raise what :meth:`Operator.call` raises.

    Args:
        ends_charging: any transaction at the connector is one to undo; else only one that was
            begun here.
    """

    def __init__(self, site: Site, name: str, *, ends_charging: bool = False) -> None:
        super().__init__(site, name)
        self._ends_charging = ends_charging
        self._profiles: frozenset[_Profile] = frozenset()
        self._start_settles = 0.0
        self._began = False
        self._reset_settles: float | None = None
        self._operative_before: bool | None = None
        self._reservations: tuple[int, ...] = ()
        self._values_before: dict[str, str] = {}

    def begin(self) -> None:
        """See :class:`Target`."""
        self._began = False

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        station = self._site.station
        connected = self._site.operator.is_connected(station)
        return "" if connected else f"{station} is not connected: nothing to send to"

    @property
    def transaction(self) -> Transaction | None:
        """The connector's open transaction, whoever began it."""
        return self._site.operator.open_transaction(self._site.station, self._site.connector)

    @property
    def profiles(self) -> tuple[int, ...]:
        """Ids of our profiles that the station has, or may have."""
        return tuple(sorted({each.profile_id for each in self._profiles}))

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = []
        if self._to_end is not None:
            reasons.append("a transaction is open")
        elif self._began and not self._ends_charging and self._site.current() > AT_REST:
            reasons.append("the current of its transaction still flows")
        if self._site.clock.now() < self._start_settles:
            reasons.append("a remote start may still take effect")
        if self._profiles:
            reasons.append("a profile of ours is set")
        if self._operative_before is not None:
            reasons.append("its availability is changed")
        if self._reservations:
            reasons.append("a reservation of ours holds")
        if self._values_before:
            reasons.append(f"{', '.join(self._values_before)} changed")
        if self._is_rebooting:
            reasons.append("the station is rebooting")
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        if (running := self._to_end) is not None:
            await attempt("RemoteStopTransaction", self._stop(running))
        await self.undo_leftovers(attempt)

    async def undo_leftovers(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        await self.clear_profiles(attempt)
        for reservation_id in self._reservations:
            await attempt("CancelReservation", self.cancel(reservation_id))
        if self._operative_before is not None:
            await attempt("ChangeAvailability", self._put_availability_back())
        for key, value in reversed(list(self._values_before.items())):
            await attempt(f"ChangeConfiguration {key}", self._put_back(key, value))

    @property
    def _to_end(self) -> Transaction | None:
        """The transaction that is not to go on afterwards."""
        if not (self._ends_charging or self._began):
            return None
        site, running = self._site, self.transaction
        if running is None and site.current() > AT_REST:
            # Somebody told the central system that it is over, and it is not.
            return site.operator.unended_transaction(site.station, site.connector)
        return running

    # Limits and transactions

    async def set_profile(
        self,
        profile_id: int,
        limit: float,
        purpose: str,
        *,
        of_transaction: bool,
        stack_level: int = 0,
    ) -> str:
        """Set a limit that holds from now on.

        Args:
            limit: A.
            purpose: ChargingProfilePurposeType (OCPP 1.6 section 7.11).
            of_transaction: name the open transaction in it.
            stack_level: the highest of its purpose counts (section 3.13.2).
        """
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(limit, 1)}],
        }
        profile: dict[str, Any] = {
            "chargingProfileId": profile_id,
            "stackLevel": stack_level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        running = self.transaction
        if of_transaction and running is not None:
            profile["transactionId"] = running.transaction_id
        # Noted before the answer: without one, or stopped meanwhile, nobody knows.
        before = self._profiles
        new = _Profile(purpose, stack_level, profile_id)
        self._profiles |= {new}
        status = await self.status_of(
            "SetChargingProfile",
            {"connectorId": self._site.connector, "csChargingProfiles": profile},
        )
        if status == "Accepted":
            # The station has replaced those of the same id, or of the same purpose and level.
            self._profiles = frozenset(
                {new, *(each for each in self._profiles if not _replaces(new, each))}
            )
        else:
            self._profiles = before
        return status

    async def clear_profile(self, profile_id: int) -> str:
        """Clear one of our profiles; ``Unknown`` when it is gone already."""
        status = await self.status_of("ClearChargingProfile", {"id": profile_id})
        self._profiles = frozenset(each for each in self._profiles if each.profile_id != profile_id)
        return status

    async def clear_profiles(self, attempt: Attempt) -> None:
        """Try once to clear all our profiles."""
        for profile_id in self.profiles:
            await attempt("ClearChargingProfile", self.clear_profile(profile_id))

    async def remote_start(self) -> str:
        """Ask for a transaction; it opens some time after the answer, or never."""
        self._start_settles = self._site.clock.now() + START_SETTLES
        self._began |= self.transaction is None
        status = await self.status_of(
            "RemoteStartTransaction",
            {"idTag": self._site.id_tag, "connectorId": self._site.connector},
        )
        if status != "Accepted":
            self._start_settles = 0.0
        return status

    async def remote_stop(self) -> str:
        """Ask for the end of the open transaction; says so when there is none."""
        running = self.transaction
        return "no open transaction" if running is None else await self._stop(running)

    async def _stop(self, running: Transaction) -> str:
        self._start_settles = 0.0
        return await self.status_of(
            "RemoteStopTransaction", {"transactionId": running.transaction_id}
        )

    # Availability, reservation, reboot

    async def change_availability(self, *, operative: bool) -> str:
        """ChangeAvailability of the connector; ``Scheduled`` while a transaction runs at it."""
        connector = self._site.connector
        before, known = self._operative_before, self._site.charge_point.connectors[connector]
        self._operative_before = known.operative if before is None else before
        status = await self._change_availability(operative)
        if status == "Rejected":
            self._operative_before = before
        return "Accepted" if status == "Scheduled" else status

    async def _put_availability_back(self) -> str:
        assert self._operative_before is not None
        status = await self._change_availability(self._operative_before)
        self._operative_before = None
        return "Accepted" if status == "Scheduled" else status

    async def _change_availability(self, operative: bool) -> str:
        wanted = "Operative" if operative else "Inoperative"
        return await self.status_of(
            "ChangeAvailability", {"connectorId": self._site.connector, "type": wanted}
        )

    async def reserve(self, reservation_id: int, id_tag: str, seconds: float) -> str:
        """ReserveNow of the connector; a reservation of the same id is replaced (section 5.13).

        Args:
            seconds: after which it expires by itself, if nobody cancels it.
        """
        clock, before = self._site.clock, self._reservations
        self._reservations = tuple({*before, reservation_id})
        status = await self.status_of(
            "ReserveNow",
            {
                "connectorId": self._site.connector,
                "expiryDate": clock.iso(clock.now() + seconds),
                "idTag": id_tag,
                "reservationId": reservation_id,
            },
        )
        if status != "Accepted":  # one that is refused leaves that of the same id alone
            self._reservations = before
        return status

    async def cancel(self, reservation_id: int) -> str:
        """CancelReservation; one that has expired or was used is gone already."""
        status = await self.status_of("CancelReservation", {"reservationId": reservation_id})
        self._reservations = tuple(each for each in self._reservations if each != reservation_id)
        return GONE if status == "Rejected" else status

    async def reset(self, kind: str) -> str:
        """Reset ``Soft`` or ``Hard``; it is not over before the station is accepted again."""
        status = await self.status_of("Reset", {"type": kind})
        if status == "Accepted":
            self._reset_settles = self._site.clock.now() + RESET_SETTLES
        return status

    @property
    def _is_rebooting(self) -> bool:
        if self._reset_settles is None:
            return False
        charge_point = self._site.charge_point
        down = any(each.rebooting for each in charge_point.connectors.values())
        if down or self._site.clock.now() < self._reset_settles or not charge_point.accepted:
            return True
        self._reset_settles = None
        return bool(self.unreachable)

    async def trigger(self, message: str) -> str:
        """TriggerMessage of the connector, where that means something to the message."""
        return await self.status_of(
            "TriggerMessage",
            {"requestedMessage": message, "connectorId": self._site.connector},
        )

    # Configuration

    async def read_key(self, key: str) -> str | None:
        """What GetConfiguration says of a key; None where the station does not know it."""
        answer = await self.call("GetConfiguration", {"key": [key]})
        for entry in answer.get("configurationKey", ()):
            if entry["key"].lower() == key.lower():
                return str(entry.get("value", ""))
        return None

    async def change_configuration(self, key: str, value: str) -> str:
        """ChangeConfiguration; what was there before is read first and put back in the end.

        Returns:
            ConfigurationStatus (section 7.22), or why the key is left alone.
        """
        first = key not in self._values_before
        if first:
            before = await self.read_key(key)
            if before is None:
                return "NotSupported"
            if not (before.isdigit() or before in ("true", "false")):
                # A station may report what it would not take.
                status = await self._change(key, before)
                if status not in CHANGED:
                    return f"{before!r} could not be put back: {status}"
            self._values_before[key] = before
        status = await self._change(key, value)
        if first and status not in CHANGED:
            del self._values_before[key]
        return status

    async def _put_back(self, key: str, value: str) -> str:
        status = await self._change(key, value)
        if status in CHANGED:
            del self._values_before[key]
            return "Accepted"
        return status

    async def _change(self, key: str, value: str) -> str:
        return await self.status_of("ChangeConfiguration", {"key": key, "value": value})

    async def highest_stack_level(self) -> int:
        """ChargeProfileMaxStackLevel of the station (section 9.4.1); 0 where it does not say."""
        told = await self.read_key("ChargeProfileMaxStackLevel") or ""
        return int(told) if told.isdigit() else 0

    async def limit_in_force(self) -> float | None:
        """A that the connector may draw now, as GetCompositeSchedule says; None if it does not."""
        answer = await self.call(
            "GetCompositeSchedule",
            {"connectorId": self._site.connector, "duration": 60, "chargingRateUnit": "A"},
        )
        periods = answer.get("chargingSchedule", {}).get("chargingSchedulePeriod", ())
        return float(periods[0]["limit"]) if periods else None

    # Anything else

    async def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send any call that leaves nothing to undo; returns its answer."""
        return await self._site.operator.call(self._site.station, action, payload)

    async def status_of(self, action: str, payload: Mapping[str, Any]) -> str:
        """Send any call that leaves nothing to undo; returns the status of its answer."""
        return str((await self.call(action, payload))["status"])


def _replaces(new: _Profile, old: _Profile) -> bool:
    """OCPP 1.6 sections 3.13.2 and 5.16.3."""
    return old.profile_id == new.profile_id or old[:2] == new[:2]
