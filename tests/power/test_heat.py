"""Heat in the power stage and what it costs in current."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.power import Cooling, PowerStage, Vehicle, derating, preset

DC = preset("dc")


def test_the_current_is_halved_linearly_from_80_to_100_degrees_and_ends_above() -> None:
    shares = [derating(t) for t in (20, 80, 85, 90, 95, 100, 100.1)]
    assert shares == [1, 1, 0.875, 0.75, 0.625, 0.5, 0]


def test_the_temperature_settles_at_losses_times_thermal_resistance() -> None:
    cooling = Cooling(efficiency=0.5, resistance=0.01, capacity=100.0)
    assert cooling.step(25.0, 2_000.0, 3_600.0) == pytest.approx(45.0)


@given(st.floats(-20.0, 100.0), st.floats(0.0, 100_000.0), st.integers(1, 50))
def test_the_temperature_does_not_depend_on_the_size_of_the_steps(
    temperature: float, power: float, parts: int
) -> None:
    small = temperature
    for _ in range(parts):
        small = DC.cooling.step(small, power, 60.0 / parts)
    assert small == pytest.approx(DC.cooling.step(temperature, power, 60.0), abs=1e-6)


@pytest.mark.parametrize(("limit", "hottest"), [(100.0, 40.0), (200.0, 55.0)])
def test_a_dc_station_never_derates_at_25_degrees_outside(limit: float, hottest: float) -> None:
    stage = PowerStage(DC, Vehicle())
    stage.set_limit(limit)
    stage.start()
    peak = max(stage.step(1.0).temperature for _ in range(3_600))
    assert 30.0 < peak < hottest


def test_a_hot_stage_gives_less_and_settles() -> None:
    bad_cooling = replace(DC, cooling=replace(DC.cooling, resistance=0.016))
    stage = PowerStage(bad_cooling, Vehicle(capacity=2_000.0))
    stage.set_limit(200.0)
    stage.start()
    assert max(stage.step(1.0).current for _ in range(60)) == 200.0
    for _ in range(3_600):
        state = stage.step(1.0)
    assert 80.0 < state.temperature < 100.0
    assert state.current == pytest.approx(200.0 * derating(state.temperature), rel=0.01)


@pytest.mark.parametrize(
    "change", [{"efficiency": 0.0}, {"efficiency": 1.01}, {"resistance": -1.0}, {"capacity": 0.0}]
)
def test_impossible_cooling_is_refused_with_its_value(change: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=str(*change.values())):
        replace(DC.cooling, **change)
