"""Which limit a stack of profiles allows at a moment (OCPP 1.6 sections 3.13.2 and 3.13.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from evtui.smart_charging.profile import ChargingProfile, Kind, Period, Purpose

__all__ = ["Allowance", "allowance"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """The limit now and when it may change.

    Attributes:
        limit: A.
        until: Unix time in s of the next moment at which any profile changes, or None.
    """

    limit: float
    until: float | None


def allowance(
    profiles: Iterable[ChargingProfile],
    now: float,
    charging_since: float | None,
    to_ampere: Callable[[float, str], float],
    default: float,
) -> Allowance:
    """The current a connector may draw.

    Of each purpose the profile with the highest stack level that has a period now leads; a
    TxProfile overrules a TxDefaultProfile; a ChargePointMaxProfile caps either.

    Args:
        profiles: those that apply to the connector: its own, and those of connector 0.
        now: Unix time, s.
        charging_since: Unix time in s at which the transaction started, None without one;
            relative schedules then count as just starting.
        to_ampere: converts a limit from its unit (``A`` or ``W``) to A.
        default: A while no TxProfile and no TxDefaultProfile applies.
    """
    leading: dict[Purpose, tuple[int, float]] = {}
    changes: list[float] = []
    for profile in profiles:
        period, change = _period_at(profile, now, charging_since)
        if change is not None:
            changes.append(change)
        if period is None:
            continue
        best = leading.get(profile.purpose)
        if best is None or profile.stack_level > best[0]:
            leading[profile.purpose] = (profile.stack_level, to_ampere(period.limit, profile.unit))
    limit = default
    for purpose in (Purpose.TX, Purpose.TX_DEFAULT):
        if purpose in leading:
            limit = leading[purpose][1]
            break
    if Purpose.CHARGE_POINT_MAX in leading:
        limit = min(limit, leading[Purpose.CHARGE_POINT_MAX][1])
    return Allowance(limit, min(changes, default=None))


def _period_at(
    profile: ChargingProfile, now: float, charging_since: float | None
) -> tuple[Period | None, float | None]:
    """The period in force and the next Unix time at which that answer may change."""
    if profile.valid_from is not None and now < profile.valid_from:
        return None, profile.valid_from
    if profile.valid_to is not None and now >= profile.valid_to:
        return None, None
    start = profile.start_schedule
    if start is None:
        start = now if charging_since is None else charging_since
    if now < start:
        return None, _earlier(start, profile.valid_to)
    again: float | None = None
    if profile.kind is Kind.RECURRING and profile.recurrency is not None:
        span = profile.recurrency.seconds
        start += ((now - start) // span) * span
        again = start + span
    elapsed = now - start
    if profile.duration is not None and elapsed >= profile.duration:
        return None, _earlier(again, profile.valid_to)
    current = profile.periods[0]
    following: float | None = None
    for period in profile.periods:
        if period.start > elapsed:
            following = start + period.start
            break
        current = period
    end = None if profile.duration is None else start + profile.duration
    if charging_since is None and profile.start_schedule is None:
        following = end = None  # the schedule has not begun to run
    return current, _earlier(following, end, again, profile.valid_to)


def _earlier(*moments: float | None) -> float | None:
    return min((moment for moment in moments if moment is not None), default=None)
