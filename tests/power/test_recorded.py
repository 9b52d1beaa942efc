"""A vehicle that takes what a measured session shows."""

from __future__ import annotations

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.power import ChargingCurve, PowerStage, RecordedVehicle, StageState, Vehicle, preset
from evtui.power.curve import interpolate
from tests.power.sessions import CAR1, CAR3, session

TICK = 0.1

STAIRS = ChargingCurve(
    origin="stairs.csv",
    time=array("d", [0.0, 100.0, 200.0]),
    current=array("d", [50.0, 50.0, 80.0]),
    voltage=array("d", [400.0, 404.0, 410.0]),
    state_of_charge=array("d", [20.0, 30.0, 40.0]),
)
"""50 A for 100 s, then up to 80 A within another 100 s: 3.19 Ah."""


def connect(vehicle: RecordedVehicle, kind: str = "dc", limit: float = 200.0) -> PowerStage:
    """A stage that is told to charge ``vehicle`` and may give ``limit`` A."""
    stage = PowerStage(preset(kind), vehicle)
    stage.set_limit(limit)
    stage.start()
    return stage


def run(stage: PowerStage, seconds: float) -> list[StageState]:
    """The states of every 100 ms for ``seconds``."""
    return [stage.step(TICK) for _ in range(round(seconds / TICK))]


def charge_fully(stage: PowerStage) -> list[StageState]:
    """The states until the vehicle is full."""
    states = [stage.step(TICK)]
    while states[-1].phase != "full":
        states.append(stage.step(TICK))
    return states


def vehicle_at(stage: PowerStage) -> RecordedVehicle:
    """The recorded vehicle at the stage, where it is now."""
    vehicle = stage.vehicle
    assert isinstance(vehicle, RecordedVehicle)
    return vehicle


def energy(curve: ChargingCurve) -> float:
    """Wh that went into the battery by the recording itself."""
    assert curve.current
    assert curve.voltage
    rows = list(zip(curve.time, curve.current, curve.voltage, strict=True))
    return sum(
        (t1 - t0) * (i0 * v0 + i1 * v1) / 7200.0 for (t0, i0, v0), (t1, i1, v1) in pairwise(rows)
    )


# What it accepts


def test_the_current_follows_the_recording_from_the_moment_the_contactor_closes() -> None:
    states = run(connect(RecordedVehicle(STAIRS)), 200.0)
    closed = next(i for i, state in enumerate(states) if state.contactor)
    currents = [state.current for state in states[closed:]]
    assert currents[500] == pytest.approx(50.0)
    assert currents[1250] == pytest.approx(57.5, abs=0.1)
    assert currents[1750] == pytest.approx(72.5, abs=0.1)


def test_a_ccs_session_begins_the_recording_only_after_cable_check_and_precharge() -> None:
    stage = connect(RecordedVehicle(STAIRS), "ccs")
    run(stage, 10.0)
    assert vehicle_at(stage).elapsed == 0.0
    states = run(stage, 10.0)
    closed = sum(state.contactor for state in states)
    assert vehicle_at(stage).elapsed == pytest.approx(closed * TICK)


def test_after_the_recording_the_vehicle_is_full_and_the_contactor_opens() -> None:
    stage = connect(RecordedVehicle(STAIRS))
    last = charge_fully(stage)[-1]
    assert (last.current, last.contactor) == (0.0, False)
    assert vehicle_at(stage).elapsed == pytest.approx(200.0, abs=0.2)
    assert {state.phase for state in run(stage, 5.0)} == {"full"}


def test_a_pause_in_the_recording_passes_by_and_the_vehicle_is_not_full() -> None:
    paused = replace(
        STAIRS,
        time=array("d", [0.0, 10.0, 10.0, 30.0, 30.0, 40.0]),
        current=array("d", [50.0, 50.0, 0.0, 0.0, 50.0, 50.0]),
        voltage=None,
        state_of_charge=None,
    )
    states = run(connect(RecordedVehicle(paused)), 39.0)
    assert {state.phase for state in states} == {"charging"}
    assert states[200].current == 0.0
    assert states[380].current == 50.0


@given(st.lists(st.floats(0.0, 150.0), min_size=2, max_size=8), st.floats(0.0, 200.0))
def test_the_target_is_what_the_recording_accepts_now_or_the_limit(
    currents: list[float], limit: float
) -> None:
    times = [5.0 * row for row in range(len(currents))]
    stage = connect(RecordedVehicle(ChargingCurve(origin="any", time=times, current=currents)))
    stage.set_limit(limit)
    for tick, state in enumerate(run(stage, times[-1] - 1.0)):
        accepted = interpolate(times, currents, tick * TICK)
        assert state.target == pytest.approx(min(limit, accepted), abs=1e-6)


@pytest.mark.parametrize("file", [CAR1, CAR3])
@pytest.mark.parametrize("kind", ["dc", "ccs"])
def test_a_measured_session_delivers_its_energy_and_ends_at_its_state_of_charge(
    file: str, kind: str
) -> None:
    curve = session(file)
    stage = connect(RecordedVehicle(curve), kind)
    charge_fully(stage)
    assert stage.state.energy == pytest.approx(energy(curve), rel=0.01)
    assert curve.state_of_charge
    assert stage.state.soc == pytest.approx(curve.state_of_charge[-1], abs=0.2)


# Voltage and state of charge


def test_voltage_and_state_of_charge_follow_the_charge_delivered() -> None:
    stage = connect(RecordedVehicle(STAIRS), limit=25.0)
    state = run(stage, 200.0)[-1]
    # At half the current 200 s give what the recording gave in 100 s.
    assert state.soc == pytest.approx(30.0, abs=0.2)
    assert state.voltage == pytest.approx(404.0 - 25.0 * Vehicle().resistance, abs=0.1)


def test_the_recorded_voltage_shows_while_the_recorded_current_flows() -> None:
    state = run(connect(RecordedVehicle(STAIRS)), 100.0)[-1]
    assert state.voltage == pytest.approx(404.0, abs=0.1)


def test_what_was_not_recorded_is_modelled() -> None:
    bare = replace(STAIRS, voltage=None, state_of_charge=None)
    model = Vehicle(soc=60.0, capacity=50.0)
    stage = connect(RecordedVehicle(bare, model))
    state = run(stage, 100.0)[-1]
    assert state.soc == pytest.approx(60.0 + 100 * 50.0 * 100.0 / 3600.0 / 50.0, abs=0.1)
    assert state.voltage == pytest.approx(model.voltage(state.soc or 0.0, 50.0), abs=0.01)


@pytest.mark.parametrize("voltage", [True, False])
@pytest.mark.parametrize("state_of_charge", [True, False])
def test_a_recorded_power_is_what_flows(voltage: bool, state_of_charge: bool) -> None:
    curve = ChargingCurve(
        origin="power.csv",
        time=STAIRS.time,
        power=[20_000.0, 30_000.0, 30_000.0],
        voltage=STAIRS.voltage if voltage else None,
        state_of_charge=STAIRS.state_of_charge if state_of_charge else None,
    )
    stage = connect(RecordedVehicle(curve))
    assert run(stage, 150.0)[-1].power == pytest.approx(30_000.0, rel=0.01)
    charge_fully(stage)
    assert stage.state.energy == pytest.approx((25_000 + 30_000) * 100 / 3600, rel=0.02)


def test_an_ac_station_gives_no_more_than_its_limit_and_the_session_goes_on() -> None:
    stage = connect(RecordedVehicle(STAIRS), "ac", limit=32.0)
    states = run(stage, 60.0)
    assert states[-1].current == pytest.approx(32.0)
    assert states[-1].soc is None
    assert vehicle_at(stage).elapsed == pytest.approx(60.0)


# Pauses


@pytest.mark.parametrize("kind", ["seed", "dc", "ac"])
def test_a_limit_of_0_a_halts_the_recording(kind: str) -> None:
    stage = connect(RecordedVehicle(STAIRS), kind, limit=30.0)
    run(stage, 20.0)
    stage.set_limit(0.0)
    run(stage, 10.0)  # the pilot of an AC station may take 5 s
    halted = vehicle_at(stage).elapsed
    run(stage, 600.0)
    assert vehicle_at(stage).elapsed == halted
    stage.set_limit(30.0)
    assert run(stage, 20.0)[-1].current == pytest.approx(30.0, abs=0.1)
    assert vehicle_at(stage).elapsed == pytest.approx(halted + 20.0, abs=5.1)


def test_a_stop_halts_the_recording_and_a_start_goes_on_in_it() -> None:
    stage = connect(RecordedVehicle(STAIRS))
    run(stage, 20.0)
    stage.stop()
    run(stage, 300.0)
    assert vehicle_at(stage).elapsed == pytest.approx(20.0)
    stage.start()
    run(stage, 30.0)
    assert vehicle_at(stage).elapsed == pytest.approx(50.0)


def test_a_vehicle_plugged_in_again_goes_on_where_it_was() -> None:
    stage = connect(RecordedVehicle(STAIRS))
    run(stage, 120.0)
    before = stage.state
    car = stage.unplug()
    assert isinstance(car, RecordedVehicle)
    assert car.elapsed == pytest.approx(120.0)
    assert car.soc == before.soc
    stage.plug(car)
    stage.start()
    after = run(stage, 10.0)[-1]
    assert after.current == pytest.approx(50.0 + 30.0 * 30.0 / 100.0, abs=0.5)
    assert (after.soc or 0.0) > (before.soc or 0.0)
    charge_fully(stage)
    assert vehicle_at(stage).elapsed == pytest.approx(200.0, abs=0.2)


def test_a_vehicle_without_a_recorded_state_of_charge_keeps_its_modelled_one() -> None:
    stage = connect(RecordedVehicle(replace(STAIRS, state_of_charge=None), Vehicle(soc=50.0)))
    before = run(stage, 120.0)[-1].soc
    car = stage.unplug()
    assert car is not None
    assert car.soc == before
    assert car.soc > 50.0


def test_the_vehicle_that_arrived_is_left_as_it_was() -> None:
    car = RecordedVehicle(STAIRS)
    run(connect(car), 120.0)
    assert (car.elapsed, car.delivered, car.soc) == (0.0, 0.0, 20.0)


# For the record


def test_the_parameters_of_both_kinds_say_what_the_vehicle_is() -> None:
    modelled = Vehicle(soc=30.0).parameters()
    assert (modelled["kind"], modelled["soc_pct"], modelled["cells"]) == ("modelled", 30.0, 108)
    recorded = RecordedVehicle(replace(STAIRS, voltage=None)).parameters()
    assert recorded["kind"] == "recorded"
    assert (recorded["origin"], recorded["soc_pct"]) == ("stairs.csv", 20.0)
    assert (recorded["rows"], recorded["duration_s"]) == (3, 200.0)
    assert recorded["charge_ah"] == pytest.approx(3.194, abs=0.001)
    assert (recorded["voltage"], recorded["state_of_charge"]) == ("modelled", "recorded")
