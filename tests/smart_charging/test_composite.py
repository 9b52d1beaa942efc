"""Composite schedules and how they are told (OCPP 1.6 sections 5.7, 6.22 and 7.14)."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.ocpp16.validation import check
from evtui.smart_charging import CompositeSchedule, Period, StoredProfile, composite, conf_payload
from tests.smart_charging.station import at, cap, default, hold, outlet, span, tx


def ask(*profiles: StoredProfile, **asked: Any) -> CompositeSchedule:
    """An hour from Monday 12:00 of the only connector, unless ``asked`` says otherwise."""
    question: dict[str, Any] = {
        "outlets": [outlet(charging="Mon 12:00")],
        "connector": 1,
        "start": at("Mon 12:00"),
        "duration": span("1:00"),
        "unit": "A",
        "most_periods": 100,
    }
    return composite(hold(*profiles), **(question | asked))


def told(schedule: CompositeSchedule) -> list[tuple[int, float]]:
    """startPeriod and limit of every period of the answer."""
    periods = conf_payload(schedule)["chargingSchedule"]["chargingSchedulePeriod"]
    return [(period["startPeriod"], period["limit"]) for period in periods]


def of(*periods: tuple[float, float], unit: str = "A", lasts: float = 60.0) -> CompositeSchedule:
    """A composite schedule with these starts (s) and limits."""
    return CompositeSchedule(1, at("Mon 12:00"), lasts, unit, tuple(Period(*p) for p in periods))


def test_an_answer_is_what_the_schema_wants_and_names_no_start_schedule() -> None:
    three_phases = outlet(watts_per_ampere=690.0, phases=3)
    schedule = ask(default(16, rate=6.0), outlets=[three_phases], unit="W")
    answer = conf_payload(schedule)
    assert check("GetCompositeSchedule", "result", answer) is None
    assert answer == {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2026-01-05T12:00:00Z",
        "chargingSchedule": {
            "duration": 3600,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11040.0, "numberPhases": 3}],
            "minChargingRate": 4140.0,
        },
    }


def test_phases_that_change_are_a_period_of_their_own_and_never_more_than_allowed() -> None:
    def told(*periods: Period) -> list[tuple[int, float, int]]:
        schedule = CompositeSchedule(1, at("Mon 12:00"), 60.0, "A", periods)
        answer = conf_payload(schedule)
        assert check("GetCompositeSchedule", "result", answer) is None
        return [tuple(p.values()) for p in answer["chargingSchedule"]["chargingSchedulePeriod"]]

    assert told(Period(0, 16, 1), Period(10, 16, 3)) == [(0, 16, 1), (10, 16, 3)]
    assert told(Period(0, 16, 1), Period(9.5, 10, 3)) == [(0, 16, 1), (9, 10, 1), (10, 10, 3)]
    assert told(Period(0, 16, 3), Period(9.5, 16, 2)) == [(0, 16, 3), (9, 16, 2)]


def test_a_minimum_rate_in_watts_is_that_of_the_phases_in_use() -> None:
    three_phases = [outlet(watts_per_ampere=690.0, phases=3)]
    on_one = default(16, rate=6.0, phases=1)
    assert ask(on_one, outlets=three_phases, unit="W").min_charging_rate == 6 * 230
    assert ask(on_one, outlets=three_phases).min_charging_rate == 6


def test_a_dc_station_tells_no_phases() -> None:
    (period,) = conf_payload(ask())["chargingSchedule"]["chargingSchedulePeriod"]
    assert period == {"startPeriod": 0, "limit": 100.0}


def test_the_minimum_rate_is_that_of_the_leading_profile_and_none_of_the_station() -> None:
    profiles = [tx(30, rate=8.0), default(20, rate=6.0), cap(40, rate=10.0)]
    assert ask(*profiles).min_charging_rate == 8
    assert ask(*profiles, connector=0).min_charging_rate is None
    assert ask(cap(40, rate=10.0)).min_charging_rate is None


def test_a_limit_is_told_with_one_decimal_and_never_rounded_up() -> None:
    assert told(of((0, 15.99))) == [(0, 15.9)]
    assert told(of((0, 16.099999999999998))) == [(0, 16.1)]


def test_limits_that_look_the_same_are_told_once() -> None:
    assert told(of((0, 16.01), (10, 16.05), (20, 16.1))) == [(0, 16.0), (20, 16.1)]


def test_a_second_in_which_the_limit_changes_gets_the_lower_one() -> None:
    assert told(of((0, 16), (10.3, 10))) == [(0, 16), (10, 10)]
    assert told(of((0, 10), (10.3, 16))) == [(0, 10), (11, 16)]
    assert told(of((0, 16), (10.3, 0), (10.6, 16))) == [(0, 16), (10, 0), (11, 16)]
    assert told(of((0, 16), (0.5, 10))) == [(0, 10)]


def test_a_start_between_two_seconds_loses_nothing() -> None:
    schedule = ask(
        default({"0:00": 16, "0:30": 10}, begins="Mon 12:00"), start=at("Mon 12:00") + 0.37
    )
    assert schedule.duration == 3600
    assert schedule.periods == (Period(0, 16), Period(1799.63, 10))
    assert told(schedule) == [(0, 16), (1799, 10)]
    assert conf_payload(schedule)["scheduleStart"] == "2026-01-05T12:00:00.370000Z"


def test_too_many_periods_end_the_schedule_early_and_its_duration_says_so() -> None:
    profile = default({"0:00": 10, "0:10": 20, "0:20": 30, "0:30": 40})
    schedule = ask(profile, most_periods=3)
    assert schedule.periods == (Period(0, 10), Period(600, 20), Period(1200, 30))
    assert schedule.duration == 1800


def test_a_moment_has_a_schedule_too() -> None:
    schedule = ask(default(16), duration=0)
    assert (schedule.duration, schedule.periods) == (0, (Period(0, 16),))
    assert told(schedule) == [(0, 16)]


@pytest.mark.parametrize("duration", [10**18, 10**400])
def test_a_duration_beyond_all_reason_is_answered_at_once(duration: int) -> None:
    daily = default({"0:00": 10, "12:00": 20}, begins="Mon 00:00", repeats="Daily")
    assert len(ask(daily, duration=duration).periods) == 100
    equal = default({"0:00": 10, "12:00": 10}, begins="Mon 00:00", repeats="Daily")
    assert ask(equal, duration=duration).periods == (Period(0, 10),)
    assert told(ask(duration=duration)) == [(0, 100)]


@pytest.mark.parametrize(
    ("question", "reason"),
    [({"connector": 2}, "no connector 2"), ({"duration": -1}, "-1 s is negative")],
)
def test_a_question_that_has_no_answer_is_refused(question: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ask(**question)
