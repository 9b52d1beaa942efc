"""Charging profiles and stations by chance."""

from __future__ import annotations

from hypothesis import strategies as st

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

__all__ = ["DAY", "any_outlets", "any_profile", "any_store", "moments", "stored_profiles"]

DAY = 86_400

# Around a few days, so that schedules, validities and questions meet often; some of them on
# tenths of a second, which floats do not hold exactly.
moments = st.one_of(
    st.integers(-2 * DAY, 8 * DAY).map(float),
    st.integers(0, 200).map(float),
    st.integers(0, 2_000).map(lambda tenths: tenths / 10),
)


@st.composite
def any_profile(draw: st.DrawFn, purpose: Purpose | None = None) -> ChargingProfile:
    """A profile that :func:`profile_from_payload` could have read."""
    span = st.integers(0, 300) | st.integers(0, 2 * DAY)
    kind = draw(st.sampled_from(ProfileKind))
    starts = {0, *draw(st.lists(span, max_size=3))}
    begins = kind is ProfileKind.RECURRING or (kind is ProfileKind.ABSOLUTE and draw(st.booleans()))
    phases = st.sampled_from([None, 1, 2, 3])
    return ChargingProfile(
        profile_id=draw(st.integers(1, 20)),
        stack_level=draw(st.integers(0, 3)),
        purpose=purpose or draw(st.sampled_from(Purpose)),
        kind=kind,
        unit=draw(st.sampled_from("AW")),
        periods=tuple(
            Period(float(start), float(draw(st.integers(0, 200))), draw(phases))
            for start in sorted(starts)
        ),
        duration=draw(st.none() | span.map(float)),
        start_schedule=draw(moments) if begins else None,
        recurrency=draw(st.sampled_from(Recurrency)) if kind is ProfileKind.RECURRING else None,
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
        transaction_id=draw(st.none() | st.integers(1, 9)),
        min_charging_rate=draw(st.none() | st.integers(0, 20).map(float)),
    )


@st.composite
def stored_profile(draw: st.DrawFn) -> StoredProfile:
    """A profile at a connector where its purpose may be (section 3.13.1)."""
    profile = draw(any_profile())
    if profile.purpose is Purpose.CHARGE_POINT_MAX:
        return StoredProfile(0, profile)
    if profile.purpose is Purpose.TX_DEFAULT:
        return StoredProfile(draw(st.integers(0, 2)), profile)
    return StoredProfile(draw(st.integers(1, 2)), profile, draw(st.booleans()))


stored_profiles = st.lists(stored_profile(), max_size=5)


@st.composite
def any_store(draw: st.DrawFn) -> ProfileStore:
    """A store for two connectors."""
    store = ProfileStore()
    for stored in draw(stored_profiles):
        store.install(stored)
    return store


@st.composite
def any_outlets(draw: st.DrawFn, now: float) -> list[OutletLimits]:
    """Two connectors at ``now``, each with a transaction or without, AC or DC."""
    supply = [draw(st.sampled_from([None, 1, 2, 3])) for _ in range(2)]
    return [
        OutletLimits(
            connector=number,
            default_limit=draw(st.sampled_from([0.0, 16.0, 100.0])),
            rated_current=draw(st.sampled_from([0.0, 32.0, 150.0])),
            watts_per_ampere=draw(st.sampled_from([0.0, 1.0, 3.0])) * (phases or 1),
            phases=phases,
            charging_since=draw(
                st.none() | st.integers(0, 3 * DAY).map(lambda lasted: now - lasted)
            ),
        )
        for number, phases in enumerate(supply, 1)
    ]
