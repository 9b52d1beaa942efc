"""Which limit a stack of profiles allows (OCPP 1.6 sections 3.13.1 to 3.13.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.smart_charging import (
    Allowance,
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    Recurrency,
    allowance,
)
from tests.smart_charging.profiles import DAY, amperes, any_profile, make, moments

DEFAULT = 100.0

stacks = st.lists(any_profile(), max_size=4)
charging = st.none() | st.integers(0, 3 * DAY).map(float)  # s that it has lasted


def ask(profiles: list[ChargingProfile], now: float = 0.0, since: float | None = None) -> Allowance:
    """The allowance at ``now`` of a connector that charges since ``since``."""
    return allowance(profiles, now, since, amperes, DEFAULT)


def steps(profile: ChargingProfile, since: float) -> tuple[tuple[float, float], ...]:
    """Moments at which the limit changes and the limit from then on, for ten changes."""
    seen = []
    now = since
    for _ in range(10):
        allowed = ask([profile], now, since)
        seen.append((now, allowed.limit))
        if allowed.until is None:
            break
        now = allowed.until
    return tuple(seen)


def test_without_profiles_the_default_applies_for_ever() -> None:
    assert ask([]) == Allowance(DEFAULT, None)


def test_periods_follow_each_other_and_the_last_one_stays() -> None:
    profile = make(periods=(Period(0, 10), Period(5, 20), Period(9, 30)))
    assert steps(profile, since=1000) == ((1000, 10), (1005, 20), (1009, 30))


def test_periods_beyond_the_duration_are_not_executed() -> None:
    profile = make(periods=(Period(0, 10), Period(5, 20), Period(9, 30)), duration=7)
    assert steps(profile, since=0) == ((0, 10), (5, 20), (7, DEFAULT))


def test_a_relative_schedule_stands_at_its_beginning_until_charging_starts() -> None:
    profile = make(periods=(Period(0, 10), Period(5, 20)))
    assert ask([profile], now=777) == Allowance(10, None)


def test_an_absolute_schedule_runs_whether_anybody_charges_or_not() -> None:
    profile = make(kind=Kind.ABSOLUTE, start_schedule=50.0, periods=(Period(0, 10), Period(5, 20)))
    assert ask([profile], now=0) == Allowance(DEFAULT, 50)
    assert ask([profile], now=52, since=51) == Allowance(10, 55)
    assert ask([profile], now=60) == Allowance(20, None)


@pytest.mark.parametrize(
    ("recurrency", "span"), [(Recurrency.DAILY, DAY), (Recurrency.WEEKLY, 7 * DAY)]
)
def test_a_recurring_schedule_begins_anew_and_leaves_gaps_to_others(
    recurrency: Recurrency, span: float
) -> None:
    profile = make(
        kind=Kind.RECURRING,
        recurrency=recurrency,
        start_schedule=-3.0 * span,
        periods=(Period(0, 10), Period(60, 20)),
        duration=100.0,
    )
    assert steps(profile, since=0)[:6] == (
        (0, 10),
        (60, 20),
        (100, DEFAULT),
        (span, 10),
        (span + 60, 20),
        (span + 100, DEFAULT),
    )


def test_periods_longer_than_the_recurrence_are_cut_off_by_it() -> None:
    profile = make(
        kind=Kind.RECURRING,
        recurrency=Recurrency.DAILY,
        start_schedule=0.0,
        periods=(Period(0, 10), Period(DAY + 10, 20)),
        duration=2.0 * DAY,
    )
    assert {limit for _, limit in steps(profile, since=0)} == {10}


def test_a_recurring_schedule_does_not_run_before_its_start() -> None:
    profile = make(kind=Kind.RECURRING, recurrency=Recurrency.DAILY, start_schedule=500.0)
    assert ask([profile], now=499) == Allowance(DEFAULT, 500)


def test_a_profile_is_valid_from_and_until_just_before_to() -> None:
    profile = make(16, valid_from=10.0, valid_to=20.0)
    assert ask([profile], 9.9) == Allowance(DEFAULT, 10)
    assert ask([profile], 10) == Allowance(16, 20)
    assert ask([profile], 19.9) == Allowance(16, 20)
    assert ask([profile], 20) == Allowance(DEFAULT, None)


def test_when_the_upper_profile_ends_the_lower_one_leads_again() -> None:
    lower = make(10, stack_level=1)
    upper = make(30, stack_level=2, duration=60.0)
    assert ask([upper, lower], 59, since=0) == Allowance(30, 60)
    assert ask([upper, lower], 60, since=0) == Allowance(10, None)


def test_watts_count_as_amperes() -> None:
    assert ask([make(8000, unit="W")]).limit == 20


@settings(deadline=None)
@given(stacks, any_profile(Purpose.CHARGE_POINT_MAX), moments, charging)
def test_the_limit_is_never_above_the_leading_charge_point_max_profile(
    profiles: list[ChargingProfile], cap: ChargingProfile, now: float, lasted: float | None
) -> None:
    since = None if lasted is None else now - lasted
    others = [p for p in profiles if p.purpose is not Purpose.CHARGE_POINT_MAX]
    alone = allowance([cap], now, since, amperes, float("inf")).limit
    assert ask([*others, cap], now, since).limit == min(alone, ask(others, now, since).limit)


@pytest.mark.parametrize("top", [make(7, stack_level=99), make(7, Purpose.TX)], ids=["stack", "tx"])
@settings(deadline=None)
@given(stacks, moments, charging)
def test_the_highest_stack_level_and_a_tx_profile_lead_whatever_else_is_there(
    top: ChargingProfile, profiles: list[ChargingProfile], now: float, lasted: float | None
) -> None:
    since = None if lasted is None else now - lasted
    others = [replace(p, purpose=Purpose.TX_DEFAULT) for p in profiles]
    assert ask([*others, top], now, since).limit == 7


@settings(deadline=None)
@given(stacks, moments, charging)
def test_the_order_in_which_different_profiles_are_given_does_not_matter(
    profiles: list[ChargingProfile], now: float, lasted: float | None
) -> None:
    since = None if lasted is None else now - lasted
    unique = {(p.purpose, p.stack_level): p for p in profiles}
    assert ask([*unique.values()], now, since) == ask([*unique.values()][::-1], now, since)


@settings(deadline=None)
@given(stacks, moments, charging, st.floats(0, 1, exclude_max=True))
def test_until_lies_ahead_and_nothing_changes_before(
    profiles: list[ChargingProfile], now: float, lasted: float | None, share: float
) -> None:
    since = None if lasted is None else now - lasted
    allowed = ask(profiles, now, since)
    assert allowed.until is None or allowed.until > now
    end = now + 30 * DAY if allowed.until is None else allowed.until
    for part in (share, 0.01, 0.5, 0.99, 1 - 1e-9):
        later = now + part * (end - now)
        if later < end:
            assert ask(profiles, later, since).limit == allowed.limit


@settings(deadline=None)
@given(any_profile(), moments, moments)
def test_walking_from_until_to_until_agrees_with_the_long_way_round(
    profile: ChargingProfile, now: float, since: float
) -> None:
    # A limit of its own for each period, so that none can pass for another.
    periods = tuple(Period(p.start, float(n)) for n, p in enumerate(profile.periods))
    numbered = replace(profile, purpose=Purpose.TX, unit="A", periods=periods)
    for _ in range(5):
        allowed = ask([numbered], now, since)
        assert allowed.limit == oracle(numbered, now, since)
        if allowed.until is None:
            assert allowed.limit == oracle(numbered, now + 1000 * DAY, since)
            return
        assert allowed.limit == oracle(numbered, (now + allowed.until) / 2, since)
        now = allowed.until


def oracle(profile: ChargingProfile, now: float, since: float) -> float:
    """The limit at a moment, worked out the long way round."""
    if profile.valid_from is not None and now < profile.valid_from:
        return DEFAULT
    if profile.valid_to is not None and now >= profile.valid_to:
        return DEFAULT
    elapsed = now - (since if profile.start_schedule is None else profile.start_schedule)
    if elapsed < 0:
        return DEFAULT
    if profile.recurrency is not None:
        elapsed %= profile.recurrency.seconds
    if profile.duration is not None and elapsed >= profile.duration:
        return DEFAULT
    return next(p.limit for p in reversed(profile.periods) if p.start <= elapsed)
