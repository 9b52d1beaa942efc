"""How a current moves to its target."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.power import FirstOrder, Ramp, Slew

amperes = st.floats(0.0, 500.0)
seconds = st.floats(0.001, 10.0)
ramps = st.one_of(
    st.builds(FirstOrder, share=st.floats(0.01, 1.0)),
    st.builds(Slew, rise=st.floats(0.1, 500.0), fall=st.floats(0.1, 500.0)),
)


def test_a_first_order_lag_moves_20_per_cent_of_the_way_every_100_ms() -> None:
    current, expected = 0.0, 0.0
    for _ in range(20):
        current = FirstOrder().step(current, 100.0, 0.1)
        expected += 0.2 * (100.0 - expected)
        assert current == pytest.approx(expected, abs=1e-9)
    assert round(current, 1) == 98.8


def test_a_first_order_lag_of_the_seed_has_a_time_constant_of_448_ms() -> None:
    assert FirstOrder().step(0.0, 1.0, 0.448) == pytest.approx(1 - math.exp(-1), abs=1e-3)


@given(amperes, amperes, st.floats(0.01, 2.0), st.integers(1, 20))
def test_a_first_order_lag_does_not_depend_on_the_size_of_the_steps(
    current: float, target: float, dt: float, parts: int
) -> None:
    small = current
    for _ in range(parts):
        small = FirstOrder().step(small, target, dt / parts)
    assert small == pytest.approx(FirstOrder().step(current, target, dt), abs=1e-6)


def test_a_slew_rises_and_falls_at_its_own_rates() -> None:
    slew = Slew(rise=25.0, fall=100.0)
    assert slew.step(0.0, 100.0, 0.1) == 2.5
    assert slew.step(100.0, 0.0, 0.1) == 90.0
    assert slew.step(99.0, 100.0, 1.0) == 100.0
    assert slew.step(1.0, 0.0, 1.0) == 0.0


@given(ramps, amperes, amperes, seconds)
def test_a_ramp_ends_between_where_it_was_and_its_target(
    ramp: Ramp, current: float, target: float, dt: float
) -> None:
    low, high = sorted((current, target))
    assert low - 1e-9 <= ramp.step(current, target, dt) <= high + 1e-9


@pytest.mark.parametrize("share", [0.0, -0.2, 1.5, math.nan])
def test_a_share_outside_its_range_is_refused_with_its_value(share: float) -> None:
    with pytest.raises(ValueError, match=str(share)):
        FirstOrder(share=share)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.inf, math.nan])
def test_a_rate_that_is_not_above_0_is_refused_with_its_value(rate: float) -> None:
    with pytest.raises(ValueError, match=str(rate)):
        Slew(rise=rate, fall=1.0)
    with pytest.raises(ValueError, match=str(rate)):
        Slew(rise=1.0, fall=rate)
