"""Holding profiles: replacing, clearing, forgetting (OCPP 1.6 sections 3.13.1, 5.5 and 5.16.3)."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.smart_charging import ChargingProfile, ProfileStore, Purpose, StoredProfile
from tests.smart_charging.profiles import any_profile, make

stored_profiles = st.lists(
    st.builds(StoredProfile, st.integers(0, 2), any_profile(), st.booleans()), max_size=12
)


def store(*profiles: StoredProfile) -> ProfileStore:
    """A store into which these were installed, one after the other."""
    installed = ProfileStore()
    for profile in profiles:
        installed.install(profile)
    return installed


def ids(profiles: ProfileStore, connector: int = 1) -> list[int]:
    """Ids of what applies to a connector, sorted."""
    return sorted(profile.profile_id for profile in profiles.for_connector(connector))


def at(connector: int, profile_id: int, *, bound: bool = True, **fields: Any) -> StoredProfile:
    """A stored profile."""
    return StoredProfile(connector, make(profile_id=profile_id, **fields), bound)


def test_a_profile_replaces_one_with_its_id_wherever_that_was() -> None:
    held = store(at(0, 1, stack_level=1), at(1, 1, stack_level=2))
    assert len(held) == 1
    assert held.for_connector(2) == []


def test_a_profile_replaces_one_with_its_purpose_and_stack_level_at_its_connector() -> None:
    held = store(at(1, 1, stack_level=1), at(1, 2, stack_level=1), at(2, 3, stack_level=1))
    assert ids(held, 1) == [2]
    assert ids(held, 2) == [3]


@settings(deadline=None)
@given(stored_profiles)
def test_no_two_profiles_share_an_id_or_a_place(profiles: list[StoredProfile]) -> None:
    held = store(*profiles)
    every = [profile for number in range(3) for profile in own(held, number)]
    assert len(every) == len(held)
    assert len({profile.profile_id for profile in every}) == len(held)


@settings(deadline=None)
@given(stored_profiles, st.builds(StoredProfile, st.integers(0, 2), any_profile()))
def test_there_is_room_exactly_if_installing_does_not_exceed_the_capacity(
    profiles: list[StoredProfile], new: StoredProfile
) -> None:
    held = store(*profiles)
    answers = {capacity: held.has_room_for(new, capacity) for capacity in range(15)}
    held.install(new)
    assert answers == {capacity: len(held) <= capacity for capacity in range(15)}


@settings(deadline=None)
@given(stored_profiles, st.integers(1, 20))
def test_clearing_by_id_removes_that_one_whatever_else_is_said(
    profiles: list[StoredProfile], profile_id: int
) -> None:
    held = store(*profiles)
    before = len(held)
    cleared = held.clear(profile_id, connector=7, purpose=Purpose.TX, stack_level=99)
    assert cleared in (0, 1)
    assert len(held) == before - cleared
    assert held.clear(profile_id) == 0


@settings(deadline=None)
@given(
    stored_profiles,
    st.none() | st.integers(0, 2),
    st.none() | st.sampled_from(Purpose),
    st.none() | st.integers(0, 3),
)
def test_clearing_removes_what_matches_all_criteria_and_nothing_else(
    profiles: list[StoredProfile],
    connector: int | None,
    purpose: Purpose | None,
    stack_level: int | None,
) -> None:
    held = store(*profiles)
    places = [(number, profile) for number in range(3) for profile in own(held, number)]
    matching = [
        profile
        for number, profile in places
        if connector in (None, number)
        and purpose in (None, profile.purpose)
        and stack_level in (None, profile.stack_level)
    ]
    assert held.clear(None, connector, purpose, stack_level) == len(matching)
    assert len(held) == len(places) - len(matching)


def test_the_end_of_a_transaction_removes_its_tx_profiles_only() -> None:
    held = store(
        at(1, 1, purpose=Purpose.TX),
        at(1, 2, purpose=Purpose.TX, stack_level=1, bound=False),
        at(2, 3, purpose=Purpose.TX),
        at(1, 4, purpose=Purpose.TX_DEFAULT),
    )
    assert held.end_transaction(1) == 1
    assert ids(held, 1) == [2, 4]
    assert ids(held, 2) == [3]


def test_a_default_of_the_connector_stands_in_for_that_of_connector_0() -> None:
    held = store(
        at(0, 1, stack_level=5),
        at(0, 2, purpose=Purpose.CHARGE_POINT_MAX),
        at(1, 3),
    )
    assert ids(held, 1) == [2, 3]
    assert ids(held, 2) == [1, 2]


def own(held: ProfileStore, connector: int) -> list[ChargingProfile]:
    """Profiles that were installed at this very connector."""
    shared = held.for_connector(99)  # a connector that has none of its own
    if connector == 0:
        return shared
    return [profile for profile in held.for_connector(connector) if profile not in shared]
