"""What holds for all profiles at every moment (OCPP 1.6 section 3.13.3)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.smart_charging import (
    ChargingProfile,
    CompositeSchedule,
    OutletLimits,
    Period,
    ProfileStore,
    StoredProfile,
    allowance,
    composite,
    conf_payload,
)
from evtui.smart_charging.timing import period_at
from tests.smart_charging import oracle
from tests.smart_charging.profiles import DAY, any_outlets, any_profile, moments, stored_profiles

spans = st.integers(0, 600) | st.integers(0, 4 * DAY)
units = st.sampled_from("AW")


def held_by(profiles: list[StoredProfile]) -> tuple[ProfileStore, list[StoredProfile]]:
    """A store, and what it holds after replacements, last installed first."""
    store = ProfileStore()
    kept: list[StoredProfile] = []
    for new in profiles:
        store.install(new)
        place = (new.connector, new.profile.purpose, new.profile.stack_level)
        kept = [
            old
            for old in kept
            if old.profile.profile_id != new.profile.profile_id
            and (old.connector, old.profile.purpose, old.profile.stack_level) != place
        ] + [new]
    return store, kept


def in_force(schedule: CompositeSchedule, moment: float) -> Period:
    """The period of a composite schedule at a moment (Unix time, s)."""
    return [p for p in schedule.periods if schedule.start + p.start <= moment][-1]


@settings(deadline=None, max_examples=200)
@given(stored_profiles, st.data(), moments)
def test_what_is_delivered_never_exceeds_any_limit_that_applies_and_wastes_none(
    profiles: list[StoredProfile], data: st.DataObject, now: float
) -> None:
    store, held = held_by(profiles)
    outlets = data.draw(any_outlets(now))
    charging = [outlet for outlet in outlets if outlet.charging_since is not None]
    allowed = {o.connector: allowance(store, outlets, o.connector, now) for o in charging}
    delivered = {connector: each.limit for connector, each in allowed.items()}
    since = min((o.charging_since for o in charging if o.charging_since is not None), default=now)
    wanted = {o.connector: oracle.wanted_at(held, o, now, since) for o in charging}
    for outlet in charging:
        phases = oracle.phases_at(held, outlet, now, since)
        assert allowed[outlet.connector].phases == phases
        assert 0 <= delivered[outlet.connector] <= wanted[outlet.connector]
        assert delivered[outlet.connector] <= outlet.rated_current
    cap = oracle.cap_at(held, since, now)
    if cap is None:
        assert delivered == wanted
        return
    limit, unit = cap

    def drawn(outlet: OutletLimits) -> float:
        amperes, phases = delivered[outlet.connector], allowed[outlet.connector].phases
        return amperes * (1 if unit == "A" else oracle.watts_per_ampere(outlet, phases))

    if unit == "W":  # who sees no voltage cannot keep to watts, and gets nothing
        blind = [outlet for outlet in charging if outlet.watts_per_ampere == 0]
        assert all(delivered[outlet.connector] == 0 for outlet in blind)
        charging = [outlet for outlet in charging if outlet not in blind]
    total = sum(drawn(outlet) for outlet in charging)
    assert total <= limit + 1e-9
    short = [o for o in charging if delivered[o.connector] < wanted[o.connector] - 1e-9]
    if short:
        assert total == pytest.approx(limit)
        least = min(drawn(outlet) for outlet in short)
        assert all(drawn(outlet) <= least + 1e-9 for outlet in charging)  # nobody is favoured


@settings(deadline=None, max_examples=60)
@given(stored_profiles, st.data(), moments, spans, units, st.floats(0, 1))
def test_the_composite_schedule_is_the_allowance_at_every_moment(
    profiles: list[StoredProfile],
    data: st.DataObject,
    start: float,
    duration: int,
    unit: str,
    share: float,
) -> None:
    store, _ = held_by(profiles)
    outlets = data.draw(any_outlets(start))
    asked = outlets[0]
    if asked.charging_since is None:  # laid out as if a transaction began now
        asked = replace(asked, charging_since=start)
    schedule = composite(
        store, outlets, 1, start=start, duration=duration, unit=unit, most_periods=1_000
    )
    edges = {start + period.start for period in schedule.periods}
    later = {start + share * duration, start + duration - 0.5, *(edge + 0.5 for edge in edges)}
    for moment in edges | {m for m in later if start <= m < start + duration}:
        near = [edge for edge in edges if 0 < abs(edge - moment) < 1e-5]
        if not near:  # edges are told to the microsecond
            allowed = allowance(store, [asked, outlets[1]], 1, moment + 2e-6)
            period = in_force(schedule, moment)
            watts = oracle.watts_per_ampere(asked, allowed.phases)
            assert period.number_phases == allowed.phases
            assert period.limit == pytest.approx(allowed.limit * (watts if unit == "W" else 1))


@settings(deadline=None, max_examples=60)
@given(stored_profiles, st.data(), moments, spans, units, st.integers(0, 2), st.integers(1, 5))
def test_a_composite_schedule_is_well_formed(
    profiles: list[StoredProfile],
    data: st.DataObject,
    start: float,
    duration: int,
    unit: str,
    connector: int,
    most: int,
) -> None:
    store, _ = held_by(profiles)
    schedule = composite(
        store,
        data.draw(any_outlets(start)),
        connector,
        start=start,
        duration=duration,
        unit=unit,
        most_periods=most,
    )
    assert 1 <= len(schedule.periods) <= most
    assert schedule.periods[0].start == 0
    assert schedule.duration == duration or len(schedule.periods) == most
    for period, following in pairwise(schedule.periods):
        assert period.start < following.start < schedule.duration
        assert (period.limit, period.number_phases) != (following.limit, following.number_phases)
    payload = conf_payload(schedule)["chargingSchedule"]
    told = payload["chargingSchedulePeriod"]
    assert told[0]["startPeriod"] == 0
    for before, after in pairwise(told):
        assert before["startPeriod"] < after["startPeriod"]
        assert after != before | {"startPeriod": after["startPeriod"]}
    for period in schedule.periods:  # the wire never promises more than is allowed
        at = [each for each in told if each["startPeriod"] <= period.start][-1]
        assert at["limit"] <= period.limit + 1e-6
        assert at.get("numberPhases", 0) <= (period.number_phases or 0)


@settings(deadline=None, max_examples=60)
@given(stored_profiles, st.data(), moments, spans, units)
def test_the_station_s_schedule_is_the_sum_and_never_above_its_cap(
    profiles: list[StoredProfile], data: st.DataObject, start: float, duration: int, unit: str
) -> None:
    store, held = held_by(profiles)
    outlets = [
        replace(outlet, watts_per_ampere=2.0, phases=None, charging_since=start)
        for outlet in data.draw(any_outlets(start))
    ]

    def ask(connector: int) -> CompositeSchedule:
        return composite(
            store, outlets, connector, start=start, duration=duration, unit=unit, most_periods=999
        )

    station, parts = ask(0), [ask(1), ask(2)]
    for period in station.periods:
        moment = start + period.start
        assert period.limit == pytest.approx(sum(in_force(part, moment).limit for part in parts))
        cap = oracle.cap_at(held, start, moment + 2e-6)
        if cap is not None:
            factor = {"AA": 1.0, "WW": 1.0, "AW": 2.0, "WA": 0.5}[cap[1] + unit]
            assert period.limit <= cap[0] * factor + 1e-9


@settings(deadline=None, max_examples=60)
@given(any_profile(), moments, st.integers(0, 3 * DAY))
def test_walking_from_change_to_change_agrees_with_the_long_way_round(
    profile: ChargingProfile, now: float, lasted: int
) -> None:
    since = now - lasted
    for _ in range(8):
        period, until = period_at(profile, now, since)
        assert (None if period is None else period.limit) == oracle.limit_at(profile, now, since)
        if until is None:
            break
        assert until > now
        between = (now + until) / 2
        assert period_at(profile, between, since) == (period, until)
        now = until
