"""A charging profile (OCPP 1.6 section 7.8), typed, and how it is read from a payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

__all__ = [
    "ChargingProfile",
    "InvalidProfile",
    "Kind",
    "Period",
    "Purpose",
    "Recurrency",
    "profile_from_payload",
]


class InvalidProfile(ValueError):
    """A profile that is valid JSON but means nothing; the text says why."""


class Purpose(StrEnum):
    """ChargingProfilePurposeType (section 7.10)."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """ChargingProfileKindType (section 7.9)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrency(StrEnum):
    """RecurrencyKindType (section 7.37)."""

    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def seconds(self) -> float:
        """Length of the repeated span, s."""
        return 86_400.0 if self is Recurrency.DAILY else 604_800.0


@dataclass(frozen=True, slots=True)
class Period:
    """ChargingSchedulePeriod (section 7.14).

    A station that cannot switch phases has no use for numberPhases: it applies a limit as it
    is to the phases it has (errata 3.34).

    Attributes:
        start: s from the start of the schedule.
        limit: in the schedule's unit.
    """

    start: float
    limit: float


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """One charging profile.

    Attributes:
        profile_id: chargingProfileId.
        stack_level: higher overrides lower.
        unit: ``A`` or ``W``.
        periods: in order of ``start``; the first starts at 0.
        duration: s, None for until something else applies.
        start_schedule: Unix time, s; None means relative to the start of charging.
        valid_from: Unix time, s, or None.
        valid_to: Unix time, s, or None.
        transaction_id: only for a TxProfile.
    """

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: Kind
    unit: str
    periods: tuple[Period, ...]
    duration: float | None = None
    start_schedule: float | None = None
    recurrency: Recurrency | None = None
    valid_from: float | None = None
    valid_to: float | None = None
    transaction_id: int | None = None


def profile_from_payload(payload: Mapping[str, Any]) -> ChargingProfile:
    """Read ``csChargingProfiles`` with keys in snake case, as the ``ocpp`` package hands it on.

    Raises:
        InvalidProfile: the first period does not start at 0, periods are out of order, a
            Recurring profile has no recurrency or start, a limit is negative, or a time is
            no time.
    """
    schedule = payload["charging_schedule"]
    periods = tuple(
        Period(float(period["start_period"]), float(period["limit"]))
        for period in schedule["charging_schedule_period"]
    )
    if not periods or periods[0].start != 0:
        raise InvalidProfile("the first period must start at 0")
    starts = [period.start for period in periods]
    if starts != sorted(set(starts)):
        raise InvalidProfile("periods must be in order of startPeriod")
    if any(period.limit < 0 for period in periods):
        raise InvalidProfile("a limit must not be negative")
    kind = Kind(payload["charging_profile_kind"])
    recurrency = payload.get("recurrency_kind")
    start = _unix(schedule.get("start_schedule"))
    if kind is Kind.RECURRING and (recurrency is None or start is None):
        raise InvalidProfile("a Recurring profile needs recurrencyKind and startSchedule")
    return ChargingProfile(
        profile_id=payload["charging_profile_id"],
        stack_level=payload["stack_level"],
        purpose=Purpose(payload["charging_profile_purpose"]),
        kind=kind,
        unit=schedule["charging_rate_unit"],
        periods=periods,
        duration=schedule.get("duration"),
        start_schedule=None if kind is Kind.RELATIVE else start,
        recurrency=Recurrency(recurrency) if recurrency and kind is Kind.RECURRING else None,
        valid_from=_unix(payload.get("valid_from")),
        valid_to=_unix(payload.get("valid_to")),
        transaction_id=payload.get("transaction_id"),
    )


def _unix(text: str | None) -> float | None:
    """Unix time of an ISO 8601 text; without a zone it is taken as UTC (section 3.14)."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidProfile(f"{text!r} is no ISO 8601 date and time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
