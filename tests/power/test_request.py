"""What a car asks for: its ramp, and that it is the one that was measured."""

from __future__ import annotations

from math import isnan
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.config import VEHICLE_NAMES
from evtui.power import VEHICLES, PowerStage, RequestRamp, Vehicle, preset
from evtui.power.request import VehicleRequest
from tests.power import ccs_sessions
from tests.power.ccs_sessions import CARS, measure
from tests.power.swings import swing

NAMED = {name: vehicle for name, vehicle in VEHICLES.items() if vehicle.ramp is not None}


def run(stage: PowerStage, seconds: float) -> list[float]:
    return [stage.step(0.1).current for _ in range(round(seconds / 0.1))]


def stage_with(vehicle: Vehicle, kind: str = "dc", limit: float = 100.0) -> PowerStage:
    stage = PowerStage(preset(kind), vehicle)
    stage.set_limit(limit)
    stage.start()
    return stage


def car(**ramp: float) -> Vehicle:
    return Vehicle(ramp=RequestRamp(**({"rise": 10.0, "fall": 50.0} | ramp)))


# The ramp


def test_a_current_rises_as_the_car_asks_and_falls_as_the_station_must() -> None:
    stage = stage_with(car())
    assert run(stage, 5.0)[-1] == pytest.approx(50.0, abs=2.0)
    assert run(stage, 6.0)[-1] == 100.0
    stage.set_limit(0.0)
    assert run(stage, 1.1)[-1] == 0.0
    stage.set_limit(100.0)
    assert run(stage, 2.0)[-1] == 50.0  # by the station's ramp: the car still asked for 45 A


def test_a_lagging_car_still_asks_for_all_of_it_when_a_limit_is_soon_back() -> None:
    stage = stage_with(car(lag=5.0))
    run(stage, 12.0)
    stage.set_limit(0.0)
    run(stage, 3.0)
    stage.set_limit(100.0)
    assert run(stage, 4.1)[-1] == 100.0  # by the station's 25 A/s


def test_what_it_asks_for_too_much_flows_only_where_the_station_has_it() -> None:
    full = replace(car(overshoot=0.1), max_current=50.0)
    assert max(run(stage_with(full), 20.0)) == pytest.approx(55.0, abs=0.5)
    assert run(stage_with(full), 20.0)[-1] == 50.0
    assert max(run(stage_with(full, limit=50.0), 20.0)) == 50.0


def test_a_new_session_begins_with_its_delay_from_0() -> None:
    stage = stage_with(car(delay=2.0))
    assert max(run(stage, 2.0)) == 0.0
    run(stage, 10.0)
    stage.stop()
    run(stage, 5.0)
    stage.start()
    assert max(run(stage, 2.0)) == 0.0
    assert run(stage, 3.0)[-1] > 20.0


def test_the_battery_has_no_ramp() -> None:
    assert VEHICLES["battery"] == Vehicle()
    assert run(stage_with(Vehicle()), 4.1)[-1] == 100.0


def test_an_ac_car_follows_the_pilot_by_its_charger_alone() -> None:
    ramped, usual = (run(stage_with(each, "ac", 32.0), 20.0) for each in (car(), Vehicle()))
    assert ramped == usual


@given(
    st.builds(
        RequestRamp,
        rise=st.floats(0.1, 200.0),
        fall=st.floats(0.1, 200.0),
        lag=st.floats(0.0, 10.0),
        overshoot=st.floats(0.0, 0.2),
        delay=st.floats(0.0, 5.0),
    ),
    st.lists(st.floats(0.0, 500.0), min_size=1, max_size=50),
)
def test_a_request_moves_no_faster_than_its_ramp_and_within_what_is_wanted(
    ramp: RequestRamp, wanted: list[float]
) -> None:
    request, before = VehicleRequest(ramp), 0.0
    for amperes in wanted:
        asked = request.step(amperes, 0.1)
        assert -ramp.fall * 0.1 - 1e-9 <= asked - before <= ramp.rise * 0.1 + 1e-9
        assert 0.0 <= asked <= max(wanted) * (1.0 + ramp.overshoot) + 1e-9
        before = asked


@pytest.mark.parametrize("name", ["rise", "fall", "lag", "overshoot", "delay"])
def test_impossible_ramps_are_refused_with_their_value(name: str) -> None:
    with pytest.raises(ValueError, match=r"-1\.0"):
        car(**{name: -1.0})


# The cars


def test_the_settings_know_every_vehicle() -> None:
    assert tuple(VEHICLES) == VEHICLE_NAMES
    assert {*CARS} == {*NAMED}


@pytest.mark.parametrize("name", NAMED)
def test_a_car_has_the_ramp_that_was_measured(name: str) -> None:
    found, vehicle = measure(name), NAMED[name]
    assert vehicle.ramp is not None
    falls = sorted(fall for each in CARS if (fall := measure(each).fall) is not None)
    usual = mean(falls[len(falls) // 2 - 1 : len(falls) // 2 + 1])
    assert vehicle.cells == found.cells
    assert vehicle.ramp.rise == pytest.approx(found.rise, rel=0.02)
    assert vehicle.ramp.fall == pytest.approx(found.fall or usual, rel=0.01)
    assert vehicle.ramp.delay == pytest.approx(found.delay, abs=0.05)
    assert vehicle.ramp.overshoot == pytest.approx(found.overshoot, abs=0.002)


def test_the_slow_rise_of_the_measured_current_is_the_supply_s_and_not_the_cars() -> None:
    same = [measure(name) for name in CARS if name not in ("zoe", "ioniq5")]
    # The Ioniq's session ends at 3.6 A, and the Zoe's is at another supply.
    assert {round(each.supply, -1) for each in same} == {160.0}
    assert {each.cells > 150 for each in same} == {True, False}
    assert min(each.waits for each in same) > 25.0
    assert max(each.asks / each.rise for each in same) < 4.0
    assert measure("zoe").supply > 700.0


def test_excerpts_hold_every_row_that_is_measured() -> None:
    for name in CARS:
        rows = ccs_sessions._rows(name)
        assert 30 < len(rows) < 150
        assert not any(isnan(row.asked) for row in rows if row.phase == "CurrentDemand")


def test_a_slow_car_makes_the_fluctuation_harmless_and_a_quick_one_does_not() -> None:
    swings = {name: swing(VEHICLES[name], "dc", "txprofile", 8.0) for name in VEHICLES}
    assert swings["battery"] == 100.0
    assert swings["polestar2"] < 40.0 < swings["ev6"] < 60.0
    assert swings["model-3"] == 100.0
