"""Charging profiles, set, cleared and laid out (OCPP 1.6 sections 3.13, 5.5, 5.7 and 5.16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evtui.ocppj import Refusal
from evtui.runtime import LoopClock
from evtui.smart_charging import (
    InvalidProfile,
    ProfileStore,
    Purpose,
    StoredProfile,
    composite,
    conf_payload,
    profile_from_payload,
)
from evtui.station.configuration import Configuration
from evtui.station.connector.controller import ConnectorController
from evtui.station.listeners import Listeners
from evtui.station.publisher import Publisher

__all__ = ["ChargingProfiles"]


class ChargingProfiles:
    """Profiles come, go and are laid out; the connectors follow at once.

    Args:
        connectors: by connectorId, from 1.
        profiles: those of the charge point.
        configuration: asked for the keys of section 9.4 and EvtuiStrictTxProfile.

    Attributes:
        changed: told after profiles have come or gone.
    """

    def __init__(
        self,
        connectors: Mapping[int, ConnectorController],
        profiles: ProfileStore,
        configuration: Configuration,
        clock: LoopClock,
        publisher: Publisher,
    ) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._connectors = connectors
        self._profiles = profiles
        self._configuration = configuration
        self._clock = clock
        self._publisher = publisher

    def set(self, connector: int, profile: Mapping[str, Any]) -> str:
        """Answer a SetChargingProfile.req (section 5.16).

        Raises:
            Refusal: there is no such connector (errata 3.39).
        """
        if connector != 0 and connector not in self._connectors:
            raise Refusal("PropertyConstraintViolation", f"there is no connector {connector}")
        purpose = profile["chargingProfilePurpose"]
        if (purpose == Purpose.CHARGE_POINT_MAX) != (connector == 0) and (
            purpose != Purpose.TX_DEFAULT
        ):
            return "Rejected"
        bound = True
        if purpose == Purpose.TX:
            running = self._connectors[connector].transaction
            wanted = profile.get("transactionId")
            strict = self._configuration.flag("EvtuiStrictTxProfile")
            if running is None and wanted is None and not strict:
                bound = False
            elif running is None or wanted not in (None, running.transaction_id):
                return "Rejected"
        status = self._install(connector, profile, bound=bound)
        if status == "Accepted" and not bound:
            self._publisher.note(
                "lenient: took a TxProfile although no transaction runs (OCPP 1.6 5.16.4 says no)"
            )
        return status

    def set_for_start(self, connector: int, profile: Mapping[str, Any]) -> str:
        """Take the profile of a RemoteStartTransaction.req: a TxProfile without an id (5.16.2)."""
        purpose = profile["chargingProfilePurpose"]
        if purpose != Purpose.TX or "transactionId" in profile:
            return "Rejected"
        return self._install(connector, profile, bound=True)

    def clear(
        self,
        profile_id: int | None,
        connector: int | None,
        purpose: Purpose | None,
        stack_level: int | None,
    ) -> str:
        """Answer a ClearChargingProfile.req (section 5.5)."""
        cleared = self._profiles.clear(profile_id, connector, purpose, stack_level)
        if not cleared:
            return "Unknown"
        self._follow()
        return "Accepted"

    def composite(self, connector: int, duration: int, unit: str | None) -> dict[str, Any]:
        """Answer a GetCompositeSchedule.req (section 5.7).

        Args:
            duration: s.
            unit: ``A`` or ``W``; None leaves it to the station, which reckons in A.
        """
        most = int(self._configuration.number("ChargingScheduleMaxPeriods"))
        outlets = [each.limiter.planned_outlet for each in self._connectors.values()]
        try:
            schedule = composite(
                self._profiles,
                outlets,
                connector,
                start=self._clock.unix(),
                duration=duration,
                unit=unit or "A",
                most_periods=most,
            )
        except ValueError as error:
            self._publisher.note(f"GetCompositeSchedule rejected: {error}", "warning")
            return {"status": "Rejected"}
        return conf_payload(schedule)

    def export(self) -> list[dict[str, Any]]:
        """As :meth:`ProfileStore.export`."""
        return self._profiles.export()

    def restore(self, exported: list[dict[str, Any]]) -> None:
        """As :meth:`ProfileStore.restore`; the connectors follow when they are asked to."""
        self._profiles.restore(exported)

    def _install(self, connector: int, payload: Mapping[str, Any], *, bound: bool) -> str:
        number = self._configuration.number
        try:
            profile = profile_from_payload(payload)
        except InvalidProfile as error:
            self._publisher.note(f"charging profile rejected: {error}", "warning")
            return "Rejected"
        stored = StoredProfile(connector, profile, bound)
        if (
            not 0 <= profile.stack_level <= number("ChargeProfileMaxStackLevel")
            or len(profile.periods) > number("ChargingScheduleMaxPeriods")
            or not self._profiles.has_room_for(stored, int(number("MaxChargingProfilesInstalled")))
        ):
            return "Rejected"
        self._profiles.install(stored)
        self._follow()
        return "Accepted"

    def _follow(self) -> None:
        self.changed()
        for connector in self._connectors.values():
            connector.apply_limit()
