"""The limit now and when it may change (OCPP 1.6 section 3.13)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evtui.smart_charging import Allowance, StoredProfile, allowance
from tests.smart_charging.station import at, cap, default, hold, outlet, tx


def ask(*profiles: StoredProfile, now: str = "Mon 12:00", charging: str | None = None) -> Allowance:
    """The allowance of the only connector of a station."""
    return allowance(hold(*profiles), [outlet(charging=charging)], 1, at(now))


def test_without_profiles_the_default_applies_for_ever() -> None:
    assert ask() == Allowance(100, None)


def test_a_limit_holds_until_the_next_period_the_end_or_the_next_occurrence() -> None:
    profile = default({"0:00": 10, "1:00": 20}, begins="Mon 12:00", lasts="2:00", repeats="Daily")
    assert ask(profile, now="Mon 12:00") == Allowance(10, at("Mon 13:00"))
    assert ask(profile, now="Mon 13:00") == Allowance(20, at("Mon 14:00"))
    assert ask(profile, now="Mon 14:00") == Allowance(100, at("Tue 12:00"))


def test_a_profile_that_would_overrule_the_leading_one_is_waited_for() -> None:
    assert ask(tx(10, since="Mon 13:00"), default(20)) == Allowance(20, at("Mon 13:00"))


def test_a_profile_that_the_leading_one_overrules_is_not_waited_for() -> None:
    later = default({"0:00": 10, "1:00": 20}, begins="Mon 12:00")
    assert ask(tx(30), later, charging="Mon 12:00") == Allowance(30, None)


def test_the_validity_ends_just_before_its_last_moment() -> None:
    profile = default(16, since="Mon 12:00", until="Mon 13:00")
    assert ask(profile, now="Mon 11:59:59") == Allowance(100, at("Mon 12:00"))
    assert ask(profile, now="Mon 12:59:59") == Allowance(16, at("Mon 13:00"))
    assert ask(profile, now="Mon 13:00") == Allowance(100, None)


def test_a_relative_schedule_stands_at_its_beginning_until_charging_starts() -> None:
    profile = default({"0:00": 10, "1:00": 20}, lasts="2:00")
    assert ask(profile) == Allowance(10, None)
    assert ask(profile, charging="Mon 11:00") == Allowance(20, at("Mon 13:00"))


def test_a_limit_in_watts_allows_nothing_while_there_is_no_voltage() -> None:
    unseen = [outlet(watts_per_ampere=0.0)]
    assert allowance(hold(default(8_000, unit="W")), unseen, 1, 0.0).limit == 0
    assert allowance(hold(cap(8_000, unit="W")), unseen, 1, 0.0).limit == 0
    assert allowance(hold(cap(20), default(30)), unseen, 1, 0.0).limit == 20


def test_only_connectors_with_a_transaction_share_and_the_one_that_asks() -> None:
    outlets = [outlet(1, "Mon 12:00"), outlet(2), outlet(3)]
    limits = [allowance(hold(cap(60)), outlets, n, at("Mon 12:00")).limit for n in (1, 2, 3)]
    assert limits == [60, 30, 30]


def test_what_one_connector_cannot_take_goes_to_the_others() -> None:
    outlets = [
        outlet(1, "Mon 12:00"),
        outlet(2, "Mon 12:00", rated_current=0.0),  # its vehicle gets nothing
        outlet(3, "Mon 12:00"),
    ]
    limits = [allowance(hold(cap(60)), outlets, n, at("Mon 12:00")).limit for n in (1, 2, 3)]
    assert limits == [30, 0, 30]


def test_a_share_waits_until_those_that_draw_too_much_have_let_it_go() -> None:
    noon = at("Mon 12:00")

    def limits(*drawing: float) -> list[float]:
        outlets = [outlet(n + 1, "Mon 12:00", drawing=a) for n, a in enumerate(drawing)]
        found = [allowance(hold(cap(32)), outlets, each.connector, noon) for each in outlets]
        assert [each.held_back for each in found] == [each.limit < 16 for each in found]
        return [each.limit for each in found]

    assert limits(31, 0) == [16, 1]
    assert limits(20, 0) == [16, 12]
    assert limits(16, 0) == [16, 16]
    assert limits(40, 0) == [16, 0]
    assert limits(31, 14) == [16, 14]  # what flows is not cut off for the other's sake
    assert limits(32, 32) == [16, 16]


@given(st.floats(0, 200), st.lists(st.floats(0, 200), min_size=1, max_size=4))
def test_no_limit_rises_beyond_what_the_others_leave(total: float, drawing: list[float]) -> None:
    outlets = [outlet(n + 1, "Mon 12:00", drawing=a) for n, a in enumerate(drawing)]
    for own in outlets:
        limit = allowance(hold(cap(total)), outlets, own.connector, at("Mon 12:00")).limit
        others = sum(drawing) - own.drawing
        assert limit <= max(own.drawing, total - others) + 1e-9


def test_who_only_waits_for_a_transaction_is_told_the_whole_share() -> None:
    outlets = [outlet(1, "Mon 12:00", drawing=60.0), outlet(2)]
    assert allowance(hold(cap(60)), outlets, 2, at("Mon 12:00")).limit == 30


def test_a_cap_in_watts_is_shared_in_watts() -> None:
    outlets = [outlet(1, "Mon 12:00"), outlet(2, "Mon 12:00", watts_per_ampere=800.0)]
    store = hold(cap(32_000, unit="W"))
    limits = [allowance(store, outlets, n, at("Mon 12:00")).limit for n in (1, 2)]
    assert limits == [40, 20]  # 16 kW each


def test_a_share_in_watts_waits_for_the_watts_that_others_still_draw_on_more_phases() -> None:
    noon, store = at("Mon 12:00"), hold(cap(11_040, unit="W"), tx(32, phases=1))

    def limits(drawing: float, on: int) -> list[float]:
        station = {"watts_per_ampere": 690.0, "phases": 3, "rated_current": 32.0}
        outlets = [
            outlet(1, "Mon 12:00", drawing=drawing, drawing_phases=on, **station),
            outlet(2, "Mon 12:00", **station),
        ]
        return [allowance(store, outlets, n, noon).limit for n in (1, 2)]

    # 5.52 kW each: 24 A on one phase, 8 A on three.
    assert limits(24, on=1) == [24, 8]
    assert limits(16, on=3) == [24, 0]  # 11.04 kW flow yet: they may flow on one phase too
    assert limits(12, on=3) == [24, 4]


def test_a_connector_hears_of_changes_at_the_one_it_shares_with() -> None:
    outlets = [outlet(1, "Mon 12:00"), outlet(2, "Mon 12:00")]
    store = hold(cap(60), tx({"0:00": 10, "1:00": 100}, connector=2))
    assert allowance(store, outlets, 1, at("Mon 12:00")) == Allowance(50, at("Mon 13:00"))
