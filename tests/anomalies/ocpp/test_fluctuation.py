from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.anomalies.ocpp.fluctuation import (
    MAX_CURRENT,
    MAX_WAIT,
    MIN_WAIT,
    FluctuationParameters,
    steps,
)
from evtui.commands.anomaly import PERIOD_FACTOR
from evtui.config import VARIANTS, Variant

WAIT = st.floats(MIN_WAIT, MAX_WAIT)
CURRENT = st.floats(0, MAX_CURRENT)
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def parameter_sets(draw: st.DrawFn) -> FluctuationParameters:
    low, high = sorted((draw(CURRENT), draw(CURRENT)))
    return FluctuationParameters(
        low=low,
        high=high,
        waits=(draw(WAIT), draw(WAIT), draw(WAIT), draw(WAIT)),
        cycles=draw(st.integers(0, 1000)),
        jitter=draw(st.floats(0, 0.9)),
    )


PARAMETERS = parameter_sets()


def test_the_seed_is_the_seed_to_the_letter() -> None:
    plan = steps("seed", FluctuationParameters())
    assert [(step.label, step.wait) for step in plan] == [
        ("SetChargingProfile 0 A", 2.0),
        ("SetChargingProfile 100 A", 1.0),
        ("RemoteStartTransaction", 2.0),
        ("RemoteStopTransaction", 3.0),
    ]


@pytest.mark.parametrize(
    ("variant", "actions"),
    [
        ("seed", ["profile_low", "profile_high", "remote_start", "remote_stop"]),
        ("txdefault", ["profile_low", "profile_high", "remote_start", "remote_stop"]),
        ("txprofile", ["profile_low", "profile_high"]),
        ("startstop", ["remote_start", "remote_stop"]),
    ],
)
def test_each_variant_sends_what_it_says_in_its_order(variant: Variant, actions: list[str]) -> None:
    assert [step.action for step in steps(variant, FluctuationParameters())] == actions


@given(st.sampled_from(VARIANTS), PARAMETERS)
def test_a_cycle_of_every_variant_lasts_the_period(
    variant: Variant, parameters: FluctuationParameters
) -> None:
    plan = steps(variant, parameters)
    assert sum(step.wait for step in plan) == pytest.approx(parameters.period)


@given(PARAMETERS)
def test_a_shorter_variant_keeps_the_moments_of_the_seed(parameters: FluctuationParameters) -> None:
    first, second, third, _ = parameters.waits
    assert steps("txprofile", parameters)[0].wait == first
    assert steps("txprofile", parameters)[1].wait >= second
    assert steps("startstop", parameters)[0].wait == third


@given(PARAMETERS, st.floats(0.01, 100))
def test_scaling_keeps_the_shape_or_changes_nothing(
    parameters: FluctuationParameters, factor: float
) -> None:
    scaled = parameters.scaled(factor)
    if scaled != parameters:
        assert scaled.waits == pytest.approx(
            tuple(wait * factor for wait in parameters.waits), abs=1e-8
        )
        assert replace(scaled, waits=parameters.waits) == parameters


@given(PARAMETERS, st.lists(st.sampled_from((PERIOD_FACTOR, 1 / PERIOD_FACTOR)), max_size=60))
def test_no_number_of_key_presses_leaves_the_range_of_a_wait(
    parameters: FluctuationParameters, factors: list[float]
) -> None:
    for factor in factors:
        parameters = parameters.scaled(factor)
    assert all(MIN_WAIT <= wait <= MAX_WAIT for wait in parameters.waits)


def test_shorter_and_longer_undo_each_other() -> None:
    start = FluctuationParameters()
    there = start
    for _ in range(8):
        there = there.scaled(PERIOD_FACTOR)
    assert there.period == pytest.approx(8 * PERIOD_FACTOR**8)
    for _ in range(8):
        there = there.scaled(1 / PERIOD_FACTOR)
    assert there.waits == pytest.approx(start.waits, abs=1e-6)


@given(PARAMETERS, st.lists(st.tuples(st.booleans(), st.floats(-1e3, 1e3)), max_size=20))
def test_no_number_of_key_presses_leaves_the_range_of_the_limits(
    parameters: FluctuationParameters, presses: list[tuple[bool, float]]
) -> None:
    for high, delta in presses:
        parameters = parameters.with_high(delta) if high else parameters.with_low(delta)
        assert 0 <= parameters.low <= parameters.high <= MAX_CURRENT


def test_the_limits_stop_at_each_other() -> None:
    parameters = FluctuationParameters(low=20, high=30)
    assert parameters.with_high(-50).high == 20
    assert parameters.with_low(50).low == 30
    assert parameters.with_low(-50).low == 0
    assert parameters.with_high(1000).high == MAX_CURRENT


@given(PARAMETERS)
def test_the_numbers_of_a_form_are_the_parameters(parameters: FluctuationParameters) -> None:
    numbers = parameters.as_numbers()
    assert FluctuationParameters().updated(numbers) == parameters
    as_typed = {name: repr(value) for name, value in numbers.items()}
    assert FluctuationParameters().updated(as_typed) == parameters


def test_what_is_not_named_stays() -> None:
    updated = FluctuationParameters().updated({"wait_3_s": "2.5", "cycles": 3.0})
    assert updated == FluctuationParameters(waits=(2.0, 1.0, 2.5, 3.0), cycles=3)
    assert isinstance(updated.cycles, int)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ({"high": 3}, "no parameter 'high'; there are low_a, high_a, wait_1_s"),
        ({"low_a": "much"}, "low_a is 'much'; a number is needed"),
        ({"low_a": None}, "low_a is None; a number is needed"),
        ({"high_a": 10**400}, "a number is needed"),
        ({"low_a": -1}, "low is -1 A; 0 to 500 A are possible"),
        ({"high_a": 501}, "high is 501 A; 0 to 500 A are possible"),
        ({"high_a": "nan"}, "high is nan A; 0 to 500 A are possible"),
        ({"low_a": 50, "high_a": 40}, "low is 50 A, above high, 40 A"),
        ({"wait_1_s": 0}, "wait 1 is 0 s; 0.05 to 3600 s are possible"),
        ({"wait_4_s": "inf"}, "wait 4 is inf s; 0.05 to 3600 s are possible"),
        ({"wait_2_s": "nan"}, "wait 2 is nan s; 0.05 to 3600 s are possible"),
        ({"cycles": -1}, "cycles is -1; 0 (endless) or a whole number is needed"),
        ({"cycles": 2.5}, "cycles is 2.5; 0 (endless) or a whole number is needed"),
        ({"cycles": "inf"}, "cycles is inf; 0 (endless) or a whole number is needed"),
        ({"cycles": "nan"}, "cycles is nan; 0 (endless) or a whole number is needed"),
        ({"jitter": 0.91}, "jitter is 0.91; 0 to 0.9 are possible"),
        ({"jitter": "nan"}, "jitter is nan; 0 to 0.9 are possible"),
    ],
)
def test_a_bad_number_is_named_in_one_line(numbers: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is checked below
        FluctuationParameters().updated(numbers)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.dictionaries(st.sampled_from(sorted(FluctuationParameters().as_numbers())), ANY_NUMBER))
def test_any_numbers_give_parameters_in_range_or_a_value_error(numbers: dict[str, float]) -> None:
    try:
        parameters = FluctuationParameters().updated(numbers)
    except ValueError:
        return
    assert 0 <= parameters.low <= parameters.high <= MAX_CURRENT
    assert all(MIN_WAIT <= wait <= MAX_WAIT for wait in parameters.waits)
    assert math.isfinite(parameters.period)
