"""The profiles a charge point holds: installing, replacing, clearing, keeping over a reboot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from evtui.smart_charging.profile import (
    ChargingProfile,
    InvalidProfile,
    Purpose,
    payload_of,
    profile_from_payload,
)

__all__ = ["ProfileStore", "StoredProfile"]


class StoredProfile(msgspec.Struct, frozen=True):
    """A profile and the connector it was set for; 0 is the whole charge point.

    Attributes:
        bound: False for a TxProfile that a lenient station took without a transaction; it
            does not end with one.
    """

    connector: int
    profile: ChargingProfile
    bound: bool = True


class ProfileStore:
    """Profiles in force or waiting for their time.

    Attributes:
        has_watts: True while a limit may depend on a voltage; asked at every step of every stage.
    """

    def __init__(self) -> None:
        self._hold([])

    def __len__(self) -> int:
        return len(self._profiles)

    def install(self, stored: StoredProfile) -> None:
        """Add a profile; it replaces one with its id, or with its purpose and stack level.

        OCPP 1.6 sections 3.13.2 and 5.16.3.  A TxDefaultProfile of a connector replaces none of
        connector 0: that one stays in force for the other connectors (3.13.1).
        """
        self._hold([*self._untouched_by(stored), stored])

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

        An id alone decides; without any criterion everything goes (errata 3.25 and 3.26).
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
        return self._drop(lambda stored: stored.connector == connector and _ends(stored))

    def for_connector(self, connector: int) -> list[ChargingProfile]:
        """Its TxProfiles and TxDefaultProfiles; each overrules those behind it.

        TxProfiles come first, then TxDefaultProfiles of the connector, then those of connector
        0 (section 3.13.1); within each the highest stack level comes first (3.13.2).
        """

        def precedence(stored: StoredProfile) -> tuple[bool, bool, int]:
            profile = stored.profile
            return profile.purpose is Purpose.TX, stored.connector != 0, profile.stack_level

        mine = [
            stored
            for stored in self._profiles
            if stored.connector in (0, connector)
            and stored.profile.purpose is not Purpose.CHARGE_POINT_MAX
        ]
        return [stored.profile for stored in sorted(mine, key=precedence, reverse=True)]

    def for_charge_point(self) -> list[ChargingProfile]:
        """ChargePointMaxProfiles, the highest stack level first."""
        caps = [s.profile for s in self._profiles if s.profile.purpose is Purpose.CHARGE_POINT_MAX]
        return sorted(caps, key=lambda profile: profile.stack_level, reverse=True)

    def export(self) -> list[dict[str, Any]]:
        """What survives a reboot, as SetChargingProfile.req payloads (errata 3.37).

        A TxProfile ends with its transaction (section 3.13.1), and a reboot ends that; only one
        that was taken without a transaction stays.
        """
        return [
            {"connectorId": stored.connector, "csChargingProfiles": payload_of(stored.profile)}
            for stored in self._profiles
            if not _ends(stored)
        ]

    def restore(self, exported: Iterable[dict[str, Any]]) -> None:
        """Hold what :meth:`export` gave, and nothing else.

        Raises:
            InvalidProfile: one of them cannot be read; the store is left as it was.
        """
        restored = ProfileStore()
        for place, payload in enumerate(exported):
            try:
                profile = profile_from_payload(payload["csChargingProfiles"])
                bound = profile.purpose is not Purpose.TX
                restored.install(StoredProfile(payload["connectorId"], profile, bound))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise InvalidProfile(
                    f"stored profile {place} cannot be read: {type(error).__name__}: {error}"
                ) from None
        self._hold(restored._profiles)

    def _hold(self, profiles: list[StoredProfile]) -> None:
        self._profiles = profiles
        self.has_watts = any(stored.profile.unit == "W" for stored in profiles)

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
        self._hold([stored for stored in self._profiles if not matches(stored)])
        return before - len(self._profiles)


def _ends(stored: StoredProfile) -> bool:
    """True for a profile that goes with its transaction."""
    return stored.profile.purpose is Purpose.TX and stored.bound
