"""What is broken changes heat, current and contactor, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.power import (
    Faults,
    PowerStage,
    StageState,
    Vehicle,
    connector_derating,
    derating,
    input_share,
    preset,
)


def charging(kind: str = "dc", limit: float = 100.0, **faults: Any) -> PowerStage:
    """A stage that has charged a large battery for a minute when things break."""
    stage = PowerStage(preset(kind), Vehicle(capacity=2_000.0))
    stage.set_limit(limit)
    stage.start()
    run(stage, 60.0)
    stage.faults = Faults(**faults)
    return stage


def run(stage: PowerStage, seconds: float, dt: float = 0.1) -> StageState:
    for _ in range(round(seconds / dt)):
        state = stage.step(dt)
    return state


def test_a_sound_stage_tells_no_readings() -> None:
    stage = charging()
    told = [stage.state.readings]
    for faults in (Faults(fan=0.5), Faults()):
        stage.faults = faults
        told.append(stage.state.readings)
    assert [each is None for each in told] == [True, False, True]
    assert stage.faults == Faults()


@pytest.mark.parametrize(
    "faults",
    [
        {"fan": 1.1},
        {"fan": -0.1},
        {"contact": 0.0},
        {"sensor_bias": float("nan")},
        {"residual": -1.0},
        {"insulation": -5.0},
        {"supply": -0.1},
    ],
)
def test_impossible_faults_are_refused_with_their_value(faults: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=str(*faults.values())):
        Faults(**faults)


# Cooling


@pytest.mark.parametrize(
    ("limit", "at_80", "at_100"), [(200.0, (110, 140), (190, 230)), (100.0, (270, 310), (490, 570))]
)
def test_without_fans_it_takes_minutes_to_80_and_to_100_degrees(
    limit: float, at_80: tuple[float, float], at_100: tuple[float, float]
) -> None:
    stage = charging(limit=limit, fan=0.0)
    reached: dict[int, float] = {}
    for second in range(1, 1_200):
        temperature = run(stage, 1.0).temperature
        for mark in (80, 100):
            if temperature >= mark:
                reached.setdefault(mark, second)
    assert at_80[0] < reached[80] < at_80[1]
    assert at_100[0] < reached[100] < at_100[1]


def test_with_little_current_it_only_derates() -> None:
    stage = charging(limit=50.0, fan=0.0)
    state = run(stage, 7_200.0, dt=1.0)
    assert 80.0 < state.temperature < 100.0
    assert state.current == pytest.approx(50.0 * derating(state.temperature), rel=0.01)


def test_fans_that_turn_again_cool_it_in_minutes() -> None:
    stage = charging(limit=200.0, fan=0.0)
    run(stage, 200.0)
    stage.stop()
    stage.faults = Faults()
    hot = stage.state.temperature
    assert run(stage, 300.0).temperature < 25.0 + 0.35 * (hot - 25.0)


def test_an_ac_station_has_no_fans() -> None:
    with_fans, without = charging("ac"), charging("ac", fan=0.0)
    assert run(with_fans, 600.0).temperature == run(without, 600.0).temperature


# Contacts


@pytest.mark.parametrize(
    ("current", "milliohm", "degrees"),
    [(100.0, 0.5, 32.5), (200.0, 0.5, 55.0), (100.0, 3.0, 70.0), (32.0, 3.5, 30.4)],
)
def test_contacts_settle_at_what_their_losses_and_the_air_make(
    current: float, milliohm: float, degrees: float
) -> None:
    stage = charging(limit=current, contact=milliohm / 1000)
    readings = run(stage, 7_200.0, dt=1.0).readings
    assert readings is not None
    assert readings.connector == pytest.approx(degrees, abs=0.5)


def test_a_hot_connector_gives_less_until_heat_and_current_are_in_balance() -> None:
    stage = charging(contact=0.01)
    state = run(stage, 7_200.0, dt=1.0)
    assert state.readings is not None
    assert state.readings.connector is not None
    assert 80.0 < state.readings.connector < 90.0
    assert state.current == pytest.approx(100.0 * connector_derating(state.readings.connector))
    assert state.temperature == state.readings.connector


def test_contacts_that_are_sound_again_cool_and_are_forgotten() -> None:
    stage = charging(contact=0.02)
    run(stage, 100.0)
    stage.faults = Faults()
    assert run(stage, 60.0).readings is not None
    assert run(stage, 3_600.0, dt=1.0).readings is None


# Sensor


def test_the_controller_believes_its_sensor() -> None:
    stage = charging(sensor_bias=60.0)
    state = run(stage, 10.0)
    assert state.readings is not None
    measured = state.readings.temperature
    assert measured == pytest.approx(state.temperature + 60.0)
    assert state.current == pytest.approx(100.0 * derating(measured), rel=0.01)


# Contactor


@pytest.mark.parametrize("kind", ["seed", "dc", "ccs"])
def test_a_welded_contactor_stays_closed_and_lets_the_residual_current_pass(kind: str) -> None:
    stage = charging(kind, welded=True, residual=20.0)
    stage.stop()
    state = run(stage, 10.0)
    assert state.contactor
    assert state.current == pytest.approx(20.0, abs=0.01)
    stage.faults = Faults()
    state = run(stage, 5.0)
    assert (state.contactor, state.current, state.voltage) == (False, 0.0, 0.0)


def test_a_welded_contactor_carries_nothing_once_the_vehicle_is_gone() -> None:
    stage = charging(welded=True, residual=20.0)
    stage.stop()
    run(stage, 10.0)
    stage.unplug()
    assert run(stage, 1.0).current == 0.0


# Supply


@pytest.mark.parametrize(
    ("supply", "share"), [(1.2, 1.0), (0.8, 1.0), (0.72, 0.9), (0.65, 0.8125), (0.64, 0.0)]
)
def test_what_a_module_can_give_falls_with_the_mains_and_ends_at_65_per_cent(
    supply: float, share: float
) -> None:
    assert input_share(supply) == pytest.approx(share)


def test_less_mains_costs_a_dc_station_current_only_where_it_gives_nearly_all_it_can() -> None:
    assert run(charging(limit=100.0, supply=0.7), 5.0).current == pytest.approx(100.0)
    assert run(charging(limit=200.0, supply=0.7), 5.0).current == pytest.approx(175.0)
    assert run(charging(limit=100.0, supply=0.5), 5.0).current == 0.0


# The vehicle


@pytest.mark.parametrize("kind", ["dc", "ccs", "ac"])
def test_a_vehicle_that_hears_nothing_opens_its_contactor_and_wants_to_be_replugged(
    kind: str,
) -> None:
    stage = charging(kind, silent=True)
    state = stage.step(0.1)
    assert (state.current, state.contactor, state.phase) == (0.0, False, "idle")
    stage.faults = Faults()
    assert run(stage, 60.0).current == 0.0
    stage.stop()
    assert stage.step(0.1).phase == "vehicle gave up"
    vehicle = stage.unplug()
    assert vehicle is not None
    stage.plug(vehicle)
    stage.start()
    assert run(stage, 60.0).current > 30.0


@given(
    st.builds(
        Faults,
        fan=st.floats(0.0, 1.0),
        contact=st.none() | st.floats(1e-4, 0.2),
        sensor_bias=st.floats(-100.0, 150.0),
        welded=st.booleans(),
        residual=st.floats(0.0, 100.0),
        insulation=st.none() | st.floats(100.0, 1e6),
        supply=st.floats(0.4, 1.1),
        silent=st.booleans(),
    ),
    st.sampled_from(["seed", "dc", "ccs", "ac"]),
    st.booleans(),
)
def test_once_everything_is_sound_a_stopped_stage_is_at_0_a_within_10_s(
    faults: Faults, kind: str, stopped_before: bool
) -> None:
    stage = charging(kind)
    if stopped_before:
        stage.stop()
    stage.faults = faults
    state = run(stage, 20.0)
    assert 0.0 <= state.current <= 200.0
    stage.faults = Faults()
    stage.stop()
    state = run(stage, 10.0)
    assert (state.current, state.contactor) == (0.0, False)
