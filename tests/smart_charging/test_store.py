"""Holding profiles: replacing, clearing, forgetting (OCPP 1.6 sections 3.13.1, 5.5 and 5.16.3)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.smart_charging import (
    ChargingProfile,
    InvalidProfile,
    Period,
    ProfileKind,
    ProfileStore,
    Purpose,
    StoredProfile,
)
from tests.smart_charging.profiles import any_store


def store(*profiles: StoredProfile) -> ProfileStore:
    """A store into which these were installed, one after the other."""
    installed = ProfileStore()
    for profile in profiles:
        installed.install(profile)
    return installed


def ids(profiles: ProfileStore, connector: int = 1) -> list[int]:
    """Ids of what applies to a connector, the one that overrules the others first."""
    return [profile.profile_id for profile in profiles.for_connector(connector)]


def at(connector: int, profile_id: int, *, bound: bool = True, **fields: Any) -> StoredProfile:
    """A stored profile that always applies: a TxDefaultProfile of 16 A."""
    defaults: dict[str, Any] = {
        "stack_level": 0,
        "purpose": Purpose.TX_DEFAULT,
        "kind": ProfileKind.RELATIVE,
        "unit": "A",
        "periods": (Period(0.0, 16.0),),
    }
    profile = ChargingProfile(profile_id=profile_id, **(defaults | fields))
    return StoredProfile(connector, profile, bound)


simple_profiles = st.builds(
    lambda connector, profile_id, level, purpose, bound: at(
        0 if purpose is Purpose.CHARGE_POINT_MAX else connector,
        profile_id,
        bound=bound,
        stack_level=level,
        purpose=purpose if connector else Purpose.TX_DEFAULT,
    ),
    st.integers(0, 2),
    st.integers(1, 20),
    st.integers(0, 3),
    st.sampled_from(Purpose),
    st.booleans(),
)
several_profiles = st.lists(simple_profiles, max_size=12)


def places(held: ProfileStore) -> set[tuple[int, int]]:
    """Connector and id of everything that is held, whatever its purpose."""
    shared = {p.profile_id for p in held.for_connector(0)}
    found = {(0, number) for number in shared}
    found |= {(0, profile.profile_id) for profile in held.for_charge_point()}
    for connector in (1, 2):
        own = {p.profile_id for p in held.for_connector(connector)} - shared
        found |= {(connector, number) for number in own}
    return found


def test_a_profile_replaces_one_with_its_id_wherever_that_was() -> None:
    held = store(at(0, 1, stack_level=1), at(1, 1, stack_level=2))
    assert len(held) == 1
    assert held.for_connector(2) == []


def test_a_profile_replaces_one_with_its_purpose_and_stack_level_at_its_connector() -> None:
    held = store(at(1, 1, stack_level=1), at(1, 2, stack_level=1), at(2, 3, stack_level=1))
    assert ids(held, 1) == [2]
    assert ids(held, 2) == [3]


@settings(deadline=None)
@given(several_profiles)
def test_no_two_profiles_share_an_id(profiles: list[StoredProfile]) -> None:
    held = store(*profiles)
    assert len(places(held)) == len(held)
    assert len({profile_id for _, profile_id in places(held)}) == len(held)


@settings(deadline=None)
@given(several_profiles, simple_profiles)
def test_there_is_room_exactly_if_installing_does_not_exceed_the_capacity(
    profiles: list[StoredProfile], new: StoredProfile
) -> None:
    held = store(*profiles)
    answers = {capacity: held.has_room_for(new, capacity) for capacity in range(15)}
    held.install(new)
    assert answers == {capacity: len(held) <= capacity for capacity in range(15)}


@settings(deadline=None)
@given(several_profiles, st.integers(1, 20))
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
    several_profiles,
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
    before = places(held)
    newest = {(s.connector, s.profile.profile_id): s.profile for s in profiles}
    matching = {
        (number, profile_id)
        for number, profile_id in before
        if connector in (None, number)
        and purpose in (None, newest[number, profile_id].purpose)
        and stack_level in (None, newest[number, profile_id].stack_level)
    }
    assert held.clear(None, connector, purpose, stack_level) == len(matching)
    assert places(held) == before - matching


def test_the_end_of_a_transaction_removes_its_tx_profiles_only() -> None:
    held = store(
        at(1, 1, purpose=Purpose.TX),
        at(1, 2, purpose=Purpose.TX, stack_level=1, bound=False),
        at(2, 3, purpose=Purpose.TX),
        at(1, 4),
    )
    assert held.end_transaction(1) == 1
    assert ids(held, 1) == [2, 4]
    assert ids(held, 2) == [3]


def test_what_overrules_the_others_comes_first() -> None:
    held = store(
        at(0, 1, stack_level=5),
        at(0, 2, stack_level=6),
        at(1, 3, stack_level=0),
        at(1, 4, stack_level=1),
        at(1, 5, stack_level=0, purpose=Purpose.TX),
        at(2, 6, stack_level=9, purpose=Purpose.TX),
        at(0, 7, stack_level=0, purpose=Purpose.CHARGE_POINT_MAX),
        at(0, 8, stack_level=1, purpose=Purpose.CHARGE_POINT_MAX),
    )
    assert ids(held, 1) == [5, 4, 3, 2, 1]
    assert ids(held, 2) == [6, 2, 1]
    assert [profile.profile_id for profile in held.for_charge_point()] == [8, 7]


def test_a_limit_may_depend_on_a_voltage_only_while_one_is_in_watts() -> None:
    held = store(at(1, 1), at(1, 2, stack_level=1, unit="W"))
    assert held.has_watts
    held.clear(2)
    assert not held.has_watts


@settings(deadline=None, max_examples=30)
@given(any_store(), any_store())
def test_what_was_exported_is_held_again_after_a_reboot(
    held: ProfileStore, other: ProfileStore
) -> None:
    rows = json.loads(json.dumps(held.export()))
    for connector in (1, 2):
        held.end_transaction(connector)  # a reboot ends them, and their profiles go with them
    other.restore(rows)
    assert len(other) == len(held)
    assert other.for_charge_point() == held.for_charge_point()
    for connector in (0, 1, 2):
        assert other.for_connector(connector) == held.for_connector(connector)
        assert other.end_transaction(connector) == 0  # and none ends with a later one


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"connectorId": 1},
        {"connectorId": 1, "csChargingProfiles": None},
        {"connectorId": 1, "csChargingProfiles": {"chargingProfileId": 1}},
        "nonsense",
    ],
    ids=str,
)
def test_a_damaged_export_is_refused_in_one_line_and_changes_nothing(damaged: Any) -> None:
    held = store(at(1, 1))
    with pytest.raises(InvalidProfile, match="stored profile 1 cannot be read: "):
        held.restore([*store(at(2, 2)).export(), damaged])
    assert ids(held) == [1]


def test_a_damaged_number_in_an_export_is_named() -> None:
    rows = store(at(1, 1)).export()
    rows[0]["csChargingProfiles"]["chargingSchedule"]["duration"] = -5
    with pytest.raises(InvalidProfile, match="duration is -5"):
        ProfileStore().restore(rows)
