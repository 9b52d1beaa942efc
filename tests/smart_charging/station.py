"""Stations and profiles for tests, in words that one can check by head.

Moments are ``"Mon 12:00"`` in UTC, of the week that begins on 5 January 2026, or
``"2026-03-29 00:30"``; spans are ``"1:30"`` for an hour and a half, or s.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evtui.smart_charging import (
    ChargingProfile,
    OutletLimits,
    Period,
    ProfileKind,
    ProfileStore,
    Purpose,
    Recurrency,
    StoredProfile,
)

__all__ = ["at", "cap", "default", "hold", "outlet", "span", "tx"]

MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Limits = float | Mapping[str, float]
"""One limit for ever, or limits by the span after which they begin."""


def at(moment: str) -> float:
    """Unix time in s."""
    day, clock = moment.split()
    if day in DAYS:
        return MONDAY + DAYS.index(day) * 86_400 + span(clock)
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()


def span(text: str | float) -> float:
    """s of ``"1:30"``: hours and minutes, and seconds where there are any."""
    if not isinstance(text, str):
        return float(text)
    hours, minutes, *seconds = (float(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)


def tx(limits: Limits, connector: int = 1, **fields: Any) -> StoredProfile:
    """A TxProfile."""
    return _profile(Purpose.TX, connector, limits, **fields)


def default(limits: Limits, connector: int = 1, **fields: Any) -> StoredProfile:
    """A TxDefaultProfile; for all connectors with ``connector=0``."""
    return _profile(Purpose.TX_DEFAULT, connector, limits, **fields)


def cap(limits: Limits, **fields: Any) -> StoredProfile:
    """A ChargePointMaxProfile."""
    return _profile(Purpose.CHARGE_POINT_MAX, 0, limits, **fields)


def hold(*profiles: StoredProfile) -> ProfileStore:
    """A store with these, each under an id of its own."""
    store = ProfileStore()
    for profile in profiles:
        store.install(profile)
    assert len(store) == len(profiles), "a case must not replace its own profiles"
    return store


def outlet(connector: int = 1, charging: str | None = None, **fields: Any) -> OutletLimits:
    """A DC connector of 200 A at 400 V that offers 100 A while no profile applies."""
    station: dict[str, Any] = {
        "default_limit": 100.0,
        "rated_current": 200.0,
        "watts_per_ampere": 400.0,
        "charging_since": None if charging is None else at(charging),
    }
    return OutletLimits(connector=connector, **(station | fields))


def _profile(
    purpose: Purpose,
    connector: int,
    limits: Limits,
    *,
    level: int = 0,
    unit: str = "A",
    begins: str | None = None,
    lasts: str | float | None = None,
    repeats: str | None = None,
    since: str | None = None,
    until: str | None = None,
    phases: int | None = None,
    rate: float | None = None,
    kind: ProfileKind | None = None,
) -> StoredProfile:
    """A profile; without ``begins`` it is relative to the start of charging.

    Args:
        level: stackLevel.
        begins: startSchedule.
        lasts: duration.
        repeats: recurrencyKind.
        since: validFrom.
        until: validTo.
        rate: minChargingRate.
    """
    given = limits if isinstance(limits, Mapping) else {"0:00": limits}
    kind = kind or (
        ProfileKind.RECURRING
        if repeats
        else ProfileKind.ABSOLUTE
        if begins
        else ProfileKind.RELATIVE
    )
    number = 1000 * [*Purpose].index(purpose) + 100 * connector + level
    profile = ChargingProfile(
        profile_id=number,
        stack_level=level,
        purpose=purpose,
        kind=kind,
        unit=unit,
        periods=tuple(Period(span(start), float(limit), phases) for start, limit in given.items()),
        duration=None if lasts is None else span(lasts),
        start_schedule=None if begins is None else at(begins),
        recurrency=None if repeats is None else Recurrency(repeats),
        valid_from=None if since is None else at(since),
        valid_to=None if until is None else at(until),
        min_charging_rate=rate,
    )
    return StoredProfile(connector, profile)
