"""What an anomaly does to a connector through its central system, and what is left to undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from evtui.central_system import Transaction
from evtui.runtime import LoopClock

__all__ = ["Intervention", "Operator"]

START_SETTLES = 1.0
"""s after a remote start in which its transaction may still open: until then 0 A is not safe."""


class Operator(Protocol):
    """The central system's side, as an anomaly uses it."""

    def is_connected(self, station: str) -> bool: ...

    def open_transaction(self, station: str, connector: int) -> Transaction | None: ...

    async def call(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]: ...


class Intervention:
    """Operations on one connector, each remembered until it is undone.

    The operations return the status of the answer, and raise what ``operator.call`` raises.

    Args:
        operator: sends them.
        clock: lab clock.
        station: identity of the target.
        connector: connectorId of the target.
        id_tag: for remote starts.
    """

    def __init__(
        self, operator: Operator, clock: LoopClock, *, station: str, connector: int, id_tag: str
    ) -> None:
        self._operator = operator
        self._clock = clock
        self._station = station
        self._connector = connector
        self._id_tag = id_tag
        self._profiles: frozenset[tuple[str, int]] = frozenset()
        self._start_settles = 0.0

    @property
    def possible(self) -> bool:
        """True while the station is connected."""
        return self._operator.is_connected(self._station)

    @property
    def transaction(self) -> Transaction | None:
        """The connector's open transaction, whoever began it."""
        return self._operator.open_transaction(self._station, self._connector)

    @property
    def profiles(self) -> tuple[int, ...]:
        """Ids of our profiles that the station has, or may have."""
        return tuple(sorted({profile_id for _, profile_id in self._profiles}))

    @property
    def left_to_undo(self) -> list[str]:
        """What we did that still has, or may have, an effect; for people."""
        reasons = []
        if self.transaction is not None:
            reasons.append("a transaction is open")
        if self._clock.now() < self._start_settles:
            reasons.append("a remote start may still take effect")
        if self._profiles:
            reasons.append("a profile of ours is set")
        return reasons

    async def set_profile(
        self, profile_id: int, limit: float, purpose: str, *, of_transaction: bool
    ) -> str:
        """Set a limit that holds from now on.

        Args:
            limit: A.
            purpose: ChargingProfilePurposeType (OCPP 1.6 section 7.11).
            of_transaction: name the open transaction in it.
        """
        schedule = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": round(limit, 1)}],
        }
        profile: dict[str, Any] = {
            "chargingProfileId": profile_id,
            "stackLevel": 0,
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
        status = await self._call(
            "SetChargingProfile",
            {"connectorId": self._connector, "csChargingProfiles": profile},
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
        status = await self._call("ClearChargingProfile", {"id": profile_id})
        self._profiles = frozenset(each for each in self._profiles if each[1] != profile_id)
        return status

    async def remote_start(self) -> str:
        """Ask for a transaction; it opens some time after the answer, or never."""
        self._start_settles = self._clock.now() + START_SETTLES
        status = await self._call(
            "RemoteStartTransaction", {"idTag": self._id_tag, "connectorId": self._connector}
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
        return await self._call("RemoteStopTransaction", {"transactionId": running.transaction_id})

    async def _call(self, action: str, payload: Mapping[str, Any]) -> str:
        answer = await self._operator.call(self._station, action, payload)
        return str(answer["status"])
