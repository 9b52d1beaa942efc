"""What an anomaly does to a connector through its central system, and what is left to undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.central_system import Transaction

__all__ = ["CentralSystemTarget", "Operator"]

START_SETTLES = 1.0
"""s after a remote start in which its transaction may still open: until then 0 A is not safe."""


class Operator(Protocol):
    """The central system's side, as an anomaly uses it."""

    def is_connected(self, station: str) -> bool: ...

    def open_transaction(self, station: str, connector: int) -> Transaction | None: ...

    async def call(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...


class CentralSystemTarget(Target):
    """Operations on one connector, each remembered until it is undone.

    The operations return the status of the answer, and raise what :meth:`Operator.call` raises.

    Args:
        ends_charging: any transaction at the connector is one to undo; else only one that was
            begun here.
    """

    def __init__(self, site: Site, name: str, *, ends_charging: bool = False) -> None:
        super().__init__(site, name)
        self._ends_charging = ends_charging
        self._profiles: frozenset[tuple[str, int]] = frozenset()
        self._start_settles = 0.0
        self._began = False

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
        return tuple(sorted({profile_id for _, profile_id in self._profiles}))

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = []
        if self._to_end is not None:
            reasons.append("a transaction is open")
        if self._site.clock.now() < self._start_settles:
            reasons.append("a remote start may still take effect")
        if self._profiles:
            reasons.append("a profile of ours is set")
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        if self._to_end is not None:
            await attempt("RemoteStopTransaction", self.remote_stop())
        await self.undo_leftovers(attempt)

    async def undo_leftovers(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        await self.clear_profiles(attempt)

    @property
    def _to_end(self) -> Transaction | None:
        """The transaction that is not to go on afterwards."""
        return self.transaction if self._ends_charging or self._began else None

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
        self._profiles |= {(purpose, profile_id)}
        status = await self.status_of(
            "SetChargingProfile",
            {"connectorId": self._site.connector, "csChargingProfiles": profile},
        )
        if status == "Accepted":
            # The station has replaced those of the same id, or of the same purpose and level.
            self._profiles = frozenset(
                (other, set_id)
                for other, set_id in self._profiles
                if (other == purpose) == (set_id == profile_id)
            )
        else:
            self._profiles = before
        return status

    async def clear_profile(self, profile_id: int) -> str:
        """Clear one of our profiles; ``Unknown`` when it is gone already."""
        status = await self.status_of("ClearChargingProfile", {"id": profile_id})
        self._profiles = frozenset(each for each in self._profiles if each[1] != profile_id)
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
        if running is None:
            return "no open transaction"
        self._start_settles = 0.0
        return await self.status_of(
            "RemoteStopTransaction", {"transactionId": running.transaction_id}
        )

    async def call(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send any call that leaves nothing to undo; returns its answer."""
        return await self._site.operator.call(self._site.station, action, payload)

    async def status_of(self, action: str, payload: Mapping[str, Any]) -> str:
        """Send any call that leaves nothing to undo; returns the status of its answer."""
        return str((await self.call(action, payload))["status"])
