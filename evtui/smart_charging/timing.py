"""Which period of which profile is in force at a moment (OCPP 1.6 sections 3.13.2 and 5.16.4)."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor

import msgspec

from evtui.moments import earliest
from evtui.smart_charging.profile import ChargingProfile, Period

__all__ = ["Prevailing", "period_at", "prevailing"]


class Prevailing(msgspec.Struct, frozen=True):
    """What a stack of profiles says at a moment.

    Attributes:
        profile: the one that leads, None where none has a period.
        period: its period, None where none has one.
        until: Unix time in s of the next moment at which the answer may be another, or None.
    """

    profile: ChargingProfile | None
    period: Period | None
    until: float | None


def prevailing(
    stack: Iterable[ChargingProfile], now: float, charging_since: float | None
) -> Prevailing:
    """The first profile of ``stack`` that has a period at ``now``.

    A profile that is not valid yet or any more, has not begun, has ended or pauses until it
    recurs leaves the moment to those behind it (errata 3.43).

    Args:
        stack: the one that overrules all others first.
        now: Unix time, s.
        charging_since: see :func:`period_at`.
    """
    until: float | None = None
    for profile in stack:
        period, change = period_at(profile, now, charging_since)
        until = earliest(until, change)
        if period is not None:
            return Prevailing(profile, period, until)  # what is behind it does not show
    return Prevailing(None, None, until)


def period_at(
    profile: ChargingProfile, now: float, charging_since: float | None
) -> tuple[Period | None, float | None]:
    """The period in force and the next Unix time in s at which that answer may change.

    Each change lies after ``now``, rounding or not, so that one can step from one to the next.

    Args:
        now: Unix time, s.
        charging_since: Unix time in s at which charging started, from which schedules run that
            have no start of their own (section 7.13).  None when nobody charges: they then
            stand at their beginning.
    """
    if profile.valid_from is not None and now < profile.valid_from:
        return None, profile.valid_from
    if profile.valid_to is not None and now >= profile.valid_to:
        return None, None
    begin = charging_since if profile.start_schedule is None else profile.start_schedule
    if begin is None:
        return (None if profile.duration == 0 else profile.periods[0]), profile.valid_to
    if now < begin:
        return None, earliest(begin, profile.valid_to)
    again: float | None = None
    if profile.recurrency is not None:
        begin, again = _occurrence(begin, profile.recurrency.seconds, now)
    end = None if profile.duration is None else begin + profile.duration
    if end is not None and now >= end:
        return None, earliest(again, profile.valid_to)
    current, following = profile.periods[0], None
    for period in profile.periods:
        if begin + period.start > now:
            following = begin + period.start
            break
        current = period
    return current, earliest(following, end, again, profile.valid_to)


def _occurrence(first: float, span: float, now: float) -> tuple[float, float]:
    """Start of the occurrence that runs at ``now`` and of the next, which cuts it off (3.44)."""
    number = floor((now - first) / span)
    # A quotient of floats may be one off where ``now`` is the very start of an occurrence.
    while first + (number + 1) * span <= now:
        number += 1
    while first + number * span > now:
        number -= 1
    return first + number * span, first + (number + 1) * span
