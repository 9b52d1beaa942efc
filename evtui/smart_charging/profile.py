"""A charging profile (OCPP 1.6 section 7.8), typed, read from a payload and written as one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from evtui.moments import date_time, unix_time

__all__ = [
    "ChargingProfile",
    "InvalidProfile",
    "Period",
    "ProfileKind",
    "Purpose",
    "Recurrency",
    "payload_of",
    "profile_from_payload",
]

E = TypeVar("E", bound=StrEnum)

GREATEST = 1e12
"""Largest number taken; beyond it a float no longer tells one s or 0.1 W from the next."""


class InvalidProfile(ValueError):
    """A profile that is valid JSON but means nothing; the text says in one line why."""


class Purpose(StrEnum):
    """ChargingProfilePurposeType (section 7.10)."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class ProfileKind(StrEnum):
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
        """Length of the repeated span, s: 24 h or 7 days, whatever a local clock does."""
        return 86_400.0 if self is Recurrency.DAILY else 604_800.0


class Period(msgspec.Struct, frozen=True):
    """ChargingSchedulePeriod (section 7.14).

    Attributes:
        start: s from the start of the schedule.
        limit: in the schedule's unit.
        number_phases: phases that can be used, as given; None means 3.  A station that has
            fewer applies the limit as it is to those (errata 3.34).
    """

    start: float
    limit: float
    number_phases: int | None = None


class ChargingProfile(msgspec.Struct, frozen=True):
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
        min_charging_rate: below it charging is inefficient, in the schedule's unit, or None.
    """

    profile_id: int
    stack_level: int
    purpose: Purpose
    kind: ProfileKind
    unit: str
    periods: tuple[Period, ...]
    duration: float | None = None
    start_schedule: float | None = None
    recurrency: Recurrency | None = None
    valid_from: float | None = None
    valid_to: float | None = None
    transaction_id: int | None = None
    min_charging_rate: float | None = None


def profile_from_payload(payload: Mapping[str, Any]) -> ChargingProfile:
    """Read ``csChargingProfiles`` as it comes over the wire.

    Raises:
        InvalidProfile: the first period does not start at 0 (errata 3.45), periods are out of
            order, a Recurring profile has no recurrency or start, a number is negative or out
            of all proportion, a time is no time, or a word is none of its list.
    """
    schedule = payload["chargingSchedule"]
    kind = _word(ProfileKind, payload["chargingProfileKind"], "chargingProfileKind")
    recurrency = payload.get("recurrencyKind")
    unit = schedule["chargingRateUnit"]
    if unit not in ("A", "W"):
        raise InvalidProfile(f"chargingRateUnit is {unit!s:.40}; it must be A or W")
    start = _moment(schedule, "startSchedule")
    if kind is ProfileKind.RECURRING and (recurrency is None or start is None):
        missing = "recurrencyKind" if recurrency is None else "startSchedule"
        raise InvalidProfile(f"a Recurring profile needs {missing}; add it")
    return ChargingProfile(
        profile_id=payload["chargingProfileId"],
        stack_level=payload["stackLevel"],
        purpose=_word(Purpose, payload["chargingProfilePurpose"], "chargingProfilePurpose"),
        kind=kind,
        unit=unit,
        periods=_periods(schedule["chargingSchedulePeriod"]),
        duration=_amount(schedule.get("duration"), "duration"),
        start_schedule=None if kind is ProfileKind.RELATIVE else start,
        recurrency=None
        if recurrency is None or kind is not ProfileKind.RECURRING
        else _word(Recurrency, recurrency, "recurrencyKind"),
        valid_from=_moment(payload, "validFrom"),
        valid_to=_moment(payload, "validTo"),
        transaction_id=payload.get("transactionId"),
        min_charging_rate=_amount(schedule.get("minChargingRate"), "minChargingRate"),
    )


def payload_of(profile: ChargingProfile) -> dict[str, Any]:
    """``csChargingProfiles`` as it goes over the wire, without what is not given."""
    schedule = {
        "duration": None if profile.duration is None else int(profile.duration),
        "startSchedule": _text(profile.start_schedule),
        "chargingRateUnit": profile.unit,
        "chargingSchedulePeriod": [
            _given(
                startPeriod=int(period.start),
                limit=period.limit,
                numberPhases=period.number_phases,
            )
            for period in profile.periods
        ],
        "minChargingRate": profile.min_charging_rate,
    }
    return _given(
        chargingProfileId=profile.profile_id,
        transactionId=profile.transaction_id,
        stackLevel=profile.stack_level,
        chargingProfilePurpose=profile.purpose.value,
        chargingProfileKind=profile.kind.value,
        recurrencyKind=None if profile.recurrency is None else profile.recurrency.value,
        validFrom=_text(profile.valid_from),
        validTo=_text(profile.valid_to),
        chargingSchedule=_given(**schedule),
    )


def _periods(payload: list[Mapping[str, Any]]) -> tuple[Period, ...]:
    if not payload:
        raise InvalidProfile("chargingSchedulePeriod is empty; give at least one period")
    periods: list[Period] = []
    for place, fields in enumerate(payload):
        name = f"chargingSchedulePeriod[{place}]"
        start = _amount(fields["startPeriod"], f"{name}.startPeriod")
        limit = _amount(fields["limit"], f"{name}.limit")
        phases = fields.get("numberPhases")
        if phases not in (None, 1, 2, 3):
            raise InvalidProfile(f"{name}.numberPhases is {phases!s:.40}; it must be 1, 2 or 3")
        if not periods and start != 0:
            raise InvalidProfile(f"{name}.startPeriod is {start:g}; the first must be 0")
        if periods and start <= periods[-1].start:
            raise InvalidProfile(
                f"{name}.startPeriod is {start:g}, not after {periods[-1].start:g} before it"
            )
        periods.append(Period(start, limit, phases))
    return tuple(periods)


def _word(words: type[E], value: str, name: str) -> E:
    """One of the words of a list; a tolerated message may have another one."""
    try:
        return words(value)
    except ValueError:
        raise InvalidProfile(
            f"{name} is {value!s:.40}; it must be one of {', '.join(words)}"
        ) from None


def _amount(value: Any, name: str) -> Any:
    """A number as a float; None stays None."""
    if value is None:
        return None
    if not 0 <= value <= GREATEST:  # false for NaN too
        raise InvalidProfile(f"{name} is {value!s:.40}; it must be from 0 to {GREATEST:g}")
    return float(value)


def _moment(payload: Mapping[str, Any], name: str) -> float | None:
    text = payload.get(name)
    if text is None:
        return None
    try:
        return unix_time(text)
    except ValueError as error:
        raise InvalidProfile(f"{name}: {error}") from None


def _text(unix: float | None) -> str | None:
    return None if unix is None else date_time(unix)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
