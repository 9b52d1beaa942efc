from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.anomalies import anomaly_named
from evtui.anomalies.ocpp.repeated_current_fluctuation import (
    FluctuationParameters,
    RepeatedCurrentFluctuation,
    plan,
)
from evtui.commands.anomaly import PERIOD_FACTOR
from evtui.config import VARIANTS, Variant, limits
from tests.anomalies.model_station import Bench
from tests.virtual_loop import run_virtual

MIN_WAIT, MAX_WAIT = limits("waits_s")
MAX_CURRENT = limits("high_a")[1]

WAIT = st.floats(MIN_WAIT, MAX_WAIT)
CURRENT = st.floats(0, MAX_CURRENT)
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)

fluctuation = RepeatedCurrentFluctuation


@st.composite
def parameter_sets(draw: st.DrawFn) -> FluctuationParameters:
    low, high = sorted((draw(CURRENT), draw(CURRENT)))
    return FluctuationParameters(
        variant=draw(st.sampled_from(VARIANTS)),
        low_a=low,
        high_a=high,
        wait_1_s=draw(WAIT),
        wait_2_s=draw(WAIT),
        wait_3_s=draw(WAIT),
        wait_4_s=draw(WAIT),
        cycles=draw(st.integers(0, 1000)),
        jitter=draw(st.floats(0, 0.9)),
    )


PARAMETERS = parameter_sets()


def planned(parameters: FluctuationParameters) -> list[tuple[str, float]]:
    """What a cycle does, and the waits after it."""

    async def look() -> list[tuple[str, float]]:
        run = Bench(**fluctuation.values(parameters)).injector.run
        return [(step.label, step.wait) for step in plan(parameters, run.central_system)]

    return run_virtual(look())


def test_it_is_found_by_its_name_and_declares_all_that_one_must() -> None:
    assert anomaly_named("repeated-current-fluctuation") is fluctuation
    fluctuation.check_declaration()


def test_the_seed_is_the_seed_to_the_letter() -> None:
    assert planned(FluctuationParameters()) == [
        ("SetChargingProfile 0 A", 2.0),
        ("SetChargingProfile 100 A", 1.0),
        ("RemoteStartTransaction", 2.0),
        ("RemoteStopTransaction", 3.0),
    ]


LOW, HIGH = "SetChargingProfile 0 A", "SetChargingProfile 100 A"
START, STOP = "RemoteStartTransaction", "RemoteStopTransaction"


@pytest.mark.parametrize(
    ("variant", "actions"),
    [
        ("seed", [LOW, HIGH, START, STOP]),
        ("txdefault", [LOW, HIGH, START, STOP]),
        ("txprofile", [LOW, HIGH]),
        ("startstop", [START, STOP]),
    ],
)
def test_each_variant_sends_what_it_says_in_its_order(variant: Variant, actions: list[str]) -> None:
    parameters = FluctuationParameters(variant=variant)
    assert [label for label, _ in planned(parameters)] == actions
    assert fluctuation.cycle_of(parameters).steps == len(actions)


@given(PARAMETERS)
def test_a_cycle_of_every_variant_lasts_the_period(parameters: FluctuationParameters) -> None:
    period = fluctuation.cycle_of(parameters).period
    assert sum(wait for _, wait in planned(parameters)) == pytest.approx(period)


@given(PARAMETERS)
def test_a_shorter_variant_keeps_the_moments_of_the_seed(parameters: FluctuationParameters) -> None:
    first, second, third, _ = parameters.waits
    in_limits = planned(fluctuation.read({"variant": "txprofile"}, parameters))
    assert in_limits[0][1] == first
    assert in_limits[1][1] >= second
    assert planned(fluctuation.read({"variant": "startstop"}, parameters))[0][1] == third


@given(PARAMETERS, st.floats(0.01, 100))
def test_scaling_keeps_the_shape_or_is_refused(
    parameters: FluctuationParameters, factor: float
) -> None:
    wanted = [round(wait * factor, 9) for wait in parameters.waits]
    if not MIN_WAIT <= min(wanted) <= max(wanted) <= MAX_WAIT:
        with pytest.raises(ValueError, match=r"from 0\.05 to 3600 s"):
            fluctuation.paced(parameters, factor)
        return
    scaled = fluctuation.paced(parameters, factor)
    assert scaled.waits == pytest.approx(
        tuple(wait * factor for wait in parameters.waits), abs=1e-8
    )
    waits = {f"wait_{n}_s": wait for n, wait in enumerate(parameters.waits, 1)}
    assert fluctuation.read(waits, scaled) == parameters


def test_shorter_and_longer_undo_each_other() -> None:
    start = there = FluctuationParameters()
    for _ in range(8):
        there = fluctuation.paced(there, PERIOD_FACTOR)
    assert sum(there.waits) == pytest.approx(8 * PERIOD_FACTOR**8)
    for _ in range(8):
        there = fluctuation.paced(there, 1 / PERIOD_FACTOR)
    assert there.waits == pytest.approx(start.waits, abs=1e-6)


@given(PARAMETERS, st.lists(st.tuples(st.booleans(), st.sampled_from((-1, 1))), max_size=80))
def test_no_number_of_key_presses_leaves_the_range_of_the_limits(
    parameters: FluctuationParameters, presses: list[tuple[bool, int]]
) -> None:
    for high, direction in presses:
        knob = fluctuation.strength if high else fluctuation.floor
        parameters = fluctuation.turned_up(parameters, knob, direction)
        assert 0 <= parameters.low_a <= parameters.high_a <= MAX_CURRENT


def test_the_variant_key_goes_round() -> None:
    parameters, seen = FluctuationParameters(), []
    for _ in VARIANTS:
        parameters, name = fluctuation.next_choice(parameters)
        seen.append(name)
    assert seen == [*VARIANTS[1:], VARIANTS[0]]


@given(PARAMETERS)
def test_what_truth_and_forms_carry_are_the_parameters(parameters: FluctuationParameters) -> None:
    assert fluctuation.read(fluctuation.values(parameters)) == parameters


def test_what_is_not_named_stays() -> None:
    base = FluctuationParameters(high_a=40.0)
    updated = fluctuation.read({"wait_3_s": "2.5", "cycles": 3}, base)
    assert updated == FluctuationParameters(high_a=40.0, wait_3_s=2.5, cycles=3)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"high": 3}, "high: no such parameter; did you mean high_a?"),
        ({"low_a": "much"}, 'low_a: expected a number from 0 to 500 A, got "much"'),
        ({"high_a": 10**400}, "high_a: expected a number from 0 to 500 A, got a huge number"),
        ({"low_a": -1}, "low_a: expected a number from 0 to 500 A, got -1"),
        ({"high_a": math.nan}, "high_a: expected a number from 0 to 500 A, got nan"),
        ({"low_a": 50, "high_a": 40}, "low_a is 50 A, above high_a, 40 A"),
        ({"wait_1_s": 0}, "from 0.05 to 3600 s, got 0"),
        ({"wait_4_s": math.inf}, "from 0.05 to 3600 s, got inf"),
        ({"cycles": -1}, "cycles: expected an integer from 0 to"),
        ({"cycles": 2.5}, "cycles: expected an integer from 0 to"),
        ({"jitter": 0.91}, "jitter: expected a number from 0 to 0.9, got 0.91"),
        ({"variant": "sed"}, 'got "sed"; did you mean seed?'),
    ],
)
def test_a_bad_value_is_named_in_one_line(given: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is checked below
        fluctuation.read(given)
    assert text in str(raised.value)
    assert "\n" not in str(raised.value)


NUMBERS = [each.name for each in fluctuation.declared() if each.name != "variant"]


@given(st.dictionaries(st.sampled_from(NUMBERS), ANY_NUMBER))
def test_any_numbers_give_parameters_in_range_or_a_value_error(given: dict[str, Any]) -> None:
    try:
        parameters = fluctuation.read(given)
    except ValueError:
        return
    assert 0 <= parameters.low_a <= parameters.high_a <= MAX_CURRENT
    assert all(MIN_WAIT <= wait <= MAX_WAIT for wait in parameters.waits)
