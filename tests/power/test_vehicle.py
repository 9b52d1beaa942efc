"""The battery of the vehicle."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.power import Vehicle

percent = st.floats(0.0, 100.0)


def test_the_default_vehicle_is_a_75_kwh_car_at_400_v() -> None:
    car = Vehicle()
    voltages = [car.open_circuit_voltage(soc + 0.5) for soc in range(100)]
    assert car.capacity * sum(voltages) / 100 / 1_000 == pytest.approx(75, abs=2)
    assert 360 < min(voltages) < 400 < max(voltages) < 450


def test_the_default_vehicle_takes_the_rated_200_a_far_beyond_the_fluctuation() -> None:
    car = Vehicle()
    assert all(car.accepted_current(soc) == 200.0 for soc in range(0, 82))
    assert all(car.accepted_current(soc) > 100.0 for soc in range(82, 91))


def test_the_voltage_under_load_stays_at_that_of_a_full_battery_during_the_taper() -> None:
    car = Vehicle()
    full = car.open_circuit_voltage(100.0)
    for soc in range(83, 99):
        assert car.voltage(soc, car.accepted_current(soc)) == pytest.approx(full)


def test_a_battery_is_full_once_it_takes_less_than_a_twentieth_of_its_capacity() -> None:
    car = Vehicle()
    least = min(i for soc in range(9_000, 10_001) if (i := car.accepted_current(soc / 100)) > 0)
    assert least == pytest.approx(car.capacity / 20, rel=0.02)
    assert car.accepted_current(100.0) == 0.0


@given(percent, percent)
def test_a_fuller_battery_has_more_voltage_and_takes_no_more_current(a: float, b: float) -> None:
    low, high = sorted((a, b))
    car = Vehicle()
    assert car.open_circuit_voltage(low) <= car.open_circuit_voltage(high)
    assert car.accepted_current(low) >= car.accepted_current(high) >= 0.0


@given(percent, st.floats(0.0, 500.0), st.floats(0.0, 36_000.0))
def test_the_charge_stays_between_0_and_100(soc: float, current: float, dt: float) -> None:
    assert soc <= Vehicle().charged(soc, current, dt) <= 100.0


def test_one_capacity_in_ampere_hours_fills_an_empty_battery() -> None:
    car = Vehicle(capacity=60.0)
    assert car.charged(0.0, 30.0, 3_600.0) == pytest.approx(50.0)
    assert car.charged(50.0, 30.0, 3_600.0) == pytest.approx(100.0)


@pytest.mark.parametrize("soc", [-0.1, 100.1, math.nan])
def test_a_state_of_charge_outside_0_to_100_is_refused_with_its_value(soc: float) -> None:
    with pytest.raises(ValueError, match=str(soc)):
        Vehicle(soc=soc)


def test_impossible_batteries_are_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        Vehicle(capacity=0.0)
    with pytest.raises(ValueError, match="resistance"):
        Vehicle(resistance=0.0)
    with pytest.raises(ValueError, match="max_current"):
        Vehicle(max_current=math.nan)
    with pytest.raises(ValueError, match="cells"):
        Vehicle(cells=0)
