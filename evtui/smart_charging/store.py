"""The profiles a charge point holds: installing, replacing, clearing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evtui.smart_charging.profile import ChargingProfile, Purpose

__all__ = ["ProfileStore", "StoredProfile"]


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A profile and the connector it was set for; 0 is the whole charge point.

    Attributes:
        bound: False for a TxProfile that a lenient station took without a transaction; it
            does not end with one.
    """

    connector: int
    profile: ChargingProfile
    bound: bool = True


class ProfileStore:
    """Profiles in force or waiting for their time."""

    def __init__(self) -> None:
        self._profiles: list[StoredProfile] = []

    def __len__(self) -> int:
        return len(self._profiles)

    def install(self, stored: StoredProfile) -> None:
        """Add a profile; it replaces one with its id, or with its purpose and stack level.

        OCPP 1.6 section 5.16.3.
        """
        self._profiles = [*self._untouched_by(stored), stored]

    def has_room_for(self, stored: StoredProfile, capacity: int) -> bool:
        """True if no more than ``capacity`` profiles would be held after installing it."""
        return len(self._untouched_by(stored)) < capacity

    def clear(
        self,
        profile_id: int | None = None,
        connector: int | None = None,
        purpose: Purpose | None = None,
        stack_level: int | None = None,
    ) -> int:
        """Remove what matches every given criterion and say how many (section 5.5).

        An id alone decides; without any criterion everything goes (errata 3.26).
        """

        def matches(stored: StoredProfile) -> bool:
            if profile_id is not None:
                return stored.profile.profile_id == profile_id
            return (
                (connector is None or stored.connector == connector)
                and (purpose is None or stored.profile.purpose is purpose)
                and (stack_level is None or stored.profile.stack_level == stack_level)
            )

        return self._drop(matches)

    def end_transaction(self, connector: int) -> int:
        """Remove the TxProfiles of a transaction that has ended (section 3.13.1)."""
        return self._drop(
            lambda stored: (
                stored.bound
                and stored.connector == connector
                and stored.profile.purpose is Purpose.TX
            )
        )

    def for_connector(self, connector: int) -> list[ChargingProfile]:
        """Profiles that apply to a connector.

        A TxDefaultProfile of the connector overrules those of connector 0 (section 3.13.1).
        """
        own = [s.profile for s in self._profiles if s.connector == connector]
        shared = [s.profile for s in self._profiles if s.connector == 0]
        if any(profile.purpose is Purpose.TX_DEFAULT for profile in own):
            shared = [p for p in shared if p.purpose is not Purpose.TX_DEFAULT]
        return own + shared

    def _untouched_by(self, stored: StoredProfile) -> list[StoredProfile]:
        """Those that installing ``stored`` does not replace."""
        new = stored.profile
        return [
            old
            for old in self._profiles
            if old.profile.profile_id != new.profile_id
            and not (
                old.connector == stored.connector
                and old.profile.purpose is new.purpose
                and old.profile.stack_level == new.stack_level
            )
        ]

    def _drop(self, matches: Callable[[StoredProfile], bool]) -> int:
        before = len(self._profiles)
        self._profiles = [stored for stored in self._profiles if not matches(stored)]
        return before - len(self._profiles)
