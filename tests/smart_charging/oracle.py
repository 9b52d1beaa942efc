"""What is allowed at one moment, worked out the long way round.

Knows nothing of change points, sorted stacks or water levels: it lists every occurrence of every
profile and looks which of them the moment is in.
"""

from __future__ import annotations

from collections.abc import Iterator

from evtui.smart_charging import ChargingProfile, Outlet, Purpose, StoredProfile

__all__ = ["cap_at", "limit_at", "wanted_at"]

HORIZON = 20  # occurrences before and after; enough for the days that tests ask about


def limit_at(profile: ChargingProfile, moment: float, since: float) -> float | None:
    """The limit of a profile in its own unit, None where it has nothing to say."""
    if not _valid(profile, moment):
        return None
    for begin, end in _occurrences(profile, since):
        if begin <= moment < end:
            begun = [period for period in profile.periods if begin + period.start <= moment]
            return max(begun, key=lambda period: period.start).limit
    return None


def wanted_at(held: list[StoredProfile], outlet: Outlet, moment: float) -> float:
    """A of a connector before any cap of the charge point, where it charges since its start."""
    since = moment if outlet.charging_since is None else outlet.charging_since
    voices = {
        (stored.profile.purpose is Purpose.TX, stored.connector > 0, stored.profile.stack_level): (
            limit,
            stored.profile.unit,
        )
        for stored in held
        if stored.profile.purpose is not Purpose.CHARGE_POINT_MAX
        and stored.connector in (0, outlet.connector)
        and (limit := limit_at(stored.profile, moment, since)) is not None
    }
    amperes = outlet.default_limit
    if voices:
        limit, unit = voices[max(voices)]
        amperes = limit if unit == "A" else _per(limit, outlet.watts_per_ampere)
    return min(amperes, outlet.rated_current)


def cap_at(held: list[StoredProfile], since: float, moment: float) -> tuple[float, str] | None:
    """Limit and unit of the ChargePointMaxProfile that counts, None without one."""
    caps = {
        stored.profile.stack_level: (limit, stored.profile.unit)
        for stored in held
        if stored.profile.purpose is Purpose.CHARGE_POINT_MAX
        and (limit := limit_at(stored.profile, moment, since)) is not None
    }
    return caps[max(caps)] if caps else None


def _valid(profile: ChargingProfile, moment: float) -> bool:
    after = profile.valid_from is None or moment >= profile.valid_from
    return after and (profile.valid_to is None or moment < profile.valid_to)


def _occurrences(profile: ChargingProfile, since: float) -> Iterator[tuple[float, float]]:
    first = since if profile.start_schedule is None else profile.start_schedule
    lasts = float("inf") if profile.duration is None else profile.duration
    if profile.recurrency is None:
        yield first, first + lasts
        return
    day = {"Daily": 24, "Weekly": 7 * 24}[profile.recurrency.value] * 3600
    for number in range(HORIZON):
        begin = first + number * day
        yield begin, min(begin + lasts, begin + day)


def _per(watts: float, watts_per_ampere: float) -> float:
    return watts / watts_per_ampere if watts_per_ampere else 0.0
