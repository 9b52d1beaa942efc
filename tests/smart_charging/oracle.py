"""What is allowed at one moment, worked out the long way round.

Knows nothing of change points, sorted stacks or water levels: it lists every occurrence of every
profile and looks which of them the moment is in.
"""

from __future__ import annotations

from collections.abc import Iterator

from evtui.smart_charging import ChargingProfile, OutletLimits, Period, Purpose, StoredProfile

__all__ = ["cap_at", "limit_at", "phases_at", "wanted_at", "watts_per_ampere"]

HORIZON = 20  # occurrences before and after; enough for the days that tests ask about


def limit_at(profile: ChargingProfile, moment: float, since: float) -> float | None:
    """The limit of a profile in its own unit, None where it has nothing to say."""
    period = _period_at(profile, moment, since)
    return None if period is None else period.limit


def _period_at(profile: ChargingProfile, moment: float, since: float) -> Period | None:
    if not _valid(profile, moment):
        return None
    for begin, end in _occurrences(profile, since):
        if begin <= moment < end:
            begun = [period for period in profile.periods if begin + period.start <= moment]
            return max(begun, key=lambda period: period.start)
    return None


def wanted_at(
    held: list[StoredProfile], outlet: OutletLimits, moment: float, since_of_cap: float
) -> float:
    """A of a connector before any cap of the charge point, where it charges since its start."""
    lead = _lead(held, outlet, moment)
    amperes = outlet.default_limit
    if lead is not None:
        period, unit = lead
        watts = watts_per_ampere(outlet, phases_at(held, outlet, moment, since_of_cap))
        amperes = period.limit if unit == "A" else _per(period.limit, watts)
    return min(amperes, outlet.rated_current)


def phases_at(
    held: list[StoredProfile], outlet: OutletLimits, moment: float, since_of_cap: float
) -> int | None:
    """Phases that a connector may use: as few as anything that is in force says."""
    if outlet.phases is None:
        return None
    lead, cap = _lead(held, outlet, moment), _cap(held, since_of_cap, moment)
    for phases in (1, 2):
        for voice in (lead, cap):
            if voice is not None and voice[0].number_phases == phases <= outlet.phases:
                return phases
    return outlet.phases


def watts_per_ampere(outlet: OutletLimits, phases: int | None) -> float:
    """W for each A on this many of its phases."""
    if outlet.phases is None or phases is None:
        return outlet.watts_per_ampere
    return outlet.watts_per_ampere / outlet.phases * phases


def _lead(
    held: list[StoredProfile], outlet: OutletLimits, moment: float
) -> tuple[Period, str] | None:
    since = moment if outlet.charging_since is None else outlet.charging_since
    voices = {
        (stored.profile.purpose is Purpose.TX, stored.connector > 0, stored.profile.stack_level): (
            period,
            stored.profile.unit,
        )
        for stored in held
        if stored.profile.purpose is not Purpose.CHARGE_POINT_MAX
        and stored.connector in (0, outlet.connector)
        and (period := _period_at(stored.profile, moment, since)) is not None
    }
    return voices[max(voices)] if voices else None


def cap_at(held: list[StoredProfile], since: float, moment: float) -> tuple[float, str] | None:
    """Limit and unit of the ChargePointMaxProfile that counts, None without one."""
    cap = _cap(held, since, moment)
    return None if cap is None else (cap[0].limit, cap[1])


def _cap(held: list[StoredProfile], since: float, moment: float) -> tuple[Period, str] | None:
    caps = {
        stored.profile.stack_level: (period, stored.profile.unit)
        for stored in held
        if stored.profile.purpose is Purpose.CHARGE_POINT_MAX
        and (period := _period_at(stored.profile, moment, since)) is not None
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
