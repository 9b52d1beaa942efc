"""What the power stage does when told to."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from msgspec.structs import replace

from evtui.power import CcsSession, Phase, PowerStage, Preset, StageState, Vehicle, preset

TICK = 0.1
SEED, DC, CCS, AC = (preset(name) for name in ("seed", "dc", "ccs", "ac"))


def run(stage: PowerStage, seconds: float) -> list[StageState]:
    """The states of every 100 ms for ``seconds``."""
    return [stage.step(TICK) for _ in range(round(seconds / TICK))]


def charging(kind: Preset, seconds: float = 60.0) -> PowerStage:
    """A stage that was started ``seconds`` ago with the default vehicle."""
    stage = PowerStage(kind, Vehicle())
    stage.start()
    run(stage, seconds)
    return stage


def phases(states: list[StageState]) -> list[Phase]:
    """The phases gone through, in order."""
    return [s.phase for i, s in enumerate(states) if i == 0 or states[i - 1].phase != s.phase]


# seed


def test_the_seed_reaches_98_8_a_two_seconds_after_a_start() -> None:
    stage = PowerStage(SEED, Vehicle())
    stage.start()
    assert round(run(stage, 2.0)[-1].current, 1) == 98.8


def test_the_seed_cycle_of_8_s_has_a_mean_of_25_a_and_repeats_exactly() -> None:
    stage = PowerStage(SEED, Vehicle())
    cycles = []
    for _ in range(3):
        stage.set_limit(0.0)
        states = run(stage, 2.0)
        stage.set_limit(100.0)
        states += run(stage, 1.0)
        stage.start()
        states += run(stage, 2.0)
        stage.stop()
        states += run(stage, 3.0)
        cycles.append([s.current for s in states])
    for cycle in cycles:
        assert max(cycle) == pytest.approx(98.85, abs=0.01)
        assert sum(cycle) / 80 == pytest.approx(25.0, abs=0.1)
    assert cycles[2] == pytest.approx(cycles[1], abs=1e-3)


# dc


def test_a_dc_station_rises_at_25_and_falls_at_100_a_a_second() -> None:
    stage = PowerStage(DC, Vehicle())
    stage.start()
    assert [round(s.current, 6) for s in run(stage, 4.0)][9::10] == [25, 50, 75, 100]
    stage.stop()
    assert [round(s.current, 6) for s in run(stage, 1.0)][::3] == [90, 60, 30, 0]


def test_the_contactor_opens_only_once_the_current_has_fallen() -> None:
    stage = charging(DC)
    stage.stop()
    states = run(stage, 3.0)
    assert phases(states) == ["stopping", "idle"]
    assert all(s.contactor == (s.phase == "stopping") for s in states)
    assert all(s.current > 0.1 for s in states if s.phase == "stopping" and s.current)
    assert states[-1].voltage == 0.0


def test_a_limit_of_0_a_pauses_without_ending_the_session() -> None:
    stage = charging(DC)
    stage.set_limit(0.0)
    paused = run(stage, 5.0)[-1]
    assert (paused.current, paused.phase, paused.running) == (0.0, "charging", True)
    stage.set_limit(50.0)
    assert run(stage, 5.0)[-1].current == 50.0


def test_a_start_while_stopping_takes_the_current_up_from_where_it_is() -> None:
    stage = charging(DC)
    stage.stop()
    falling = run(stage, 0.5)[-1].current
    stage.start()
    assert stage.step(TICK).current == pytest.approx(falling + 2.5)


def test_the_station_offers_its_default_until_a_limit_is_set_and_never_above_its_rating() -> None:
    stage = charging(DC)
    assert (stage.limit, stage.state.current) == (100.0, 100.0)
    stage.set_limit(1_000.0)
    assert run(stage, 20.0)[-1].current == 200.0


def test_a_vehicle_that_takes_less_than_the_limit_sets_the_current() -> None:
    stage = PowerStage(DC, Vehicle(max_current=60.0))
    stage.start()
    assert run(stage, 5.0)[-1].current == 60.0


def test_a_full_vehicle_takes_no_more() -> None:
    stage = PowerStage(DC, Vehicle(soc=98.8))
    stage.start()
    for _ in range(3_600):
        state = stage.step(1.0)
    assert (state.phase, state.current, state.contactor) == ("full", 0.0, False)
    assert state.soc is not None
    assert 99.0 < state.soc < 100.0


# ccs


def test_a_ccs_session_waits_for_cable_check_and_precharge_before_current_flows() -> None:
    stage = PowerStage(CCS, Vehicle())
    assert stage.step(TICK).phase == "idle"
    stage.start()
    states = run(stage, 20.0)
    assert phases(states) == ["cable check", "precharge", "charging"]
    waiting = [s for s in states if s.phase != "charging"]
    assert 12.0 + 1.5 < len(waiting) * TICK < 12.0 + 2.5
    assert all(s.current == 0.0 and not s.contactor for s in waiting)
    assert states[-1].current == 100.0


def test_precharge_follows_to_the_voltage_of_the_battery_at_200_v_a_second() -> None:
    stage = PowerStage(CCS, Vehicle())
    stage.start()
    precharge = [s.voltage for s in run(stage, 20.0) if s.phase == "precharge"]
    assert [b - a for a, b in pairwise(precharge)] == pytest.approx([20.0] * (len(precharge) - 1))
    battery = Vehicle().open_circuit_voltage(20.0)
    assert battery - 20.0 <= precharge[-1] < battery


def test_a_stopped_ccs_vehicle_wants_to_be_replugged_before_it_charges_again() -> None:
    stage = charging(CCS)
    stage.stop()
    assert phases(run(stage, 3.0)) == ["stopping", "wants replug"]
    stage.start()
    refused = run(stage, 60.0)
    assert phases(refused) == ["wants replug"]
    assert max(s.current for s in refused) == 0.0
    car = stage.unplug()
    assert car is not None
    stage.plug(car)
    stage.start()
    assert run(stage, 60.0)[-1].phase == "charging"


def test_a_stop_during_the_cable_check_asks_for_a_replug_too() -> None:
    stage = charging(CCS, seconds=5.0)
    stage.stop()
    assert stage.step(TICK).phase == "wants replug"


def test_a_stop_without_a_session_asks_for_no_replug() -> None:
    stage = PowerStage(CCS)
    stage.start()
    stage.stop()
    stage.plug(Vehicle())
    stage.stop()
    stage.start()
    assert run(stage, 20.0)[-1].phase == "charging"


def test_without_the_replug_rule_each_start_waits_for_the_cable_check_again() -> None:
    stage = charging(replace(CCS, session=CcsSession(replug=False)))
    stage.stop()
    assert run(stage, 3.0)[-1].phase == "idle"
    stage.start()
    assert phases(run(stage, 20.0)) == ["cable check", "precharge", "charging"]


def fluctuate(stage: PowerStage, low: float, times: int) -> list[StageState]:
    """``times`` swings of the limit from 100 A to ``low`` and back, 5 s each way."""
    states = []
    for _ in range(times):
        for limit in (low, 100.0):
            stage.set_limit(limit)
            states += run(stage, 5.0)
    return states


def test_a_ccs_vehicle_gives_up_at_the_tenth_interruption_of_its_current() -> None:
    stage = charging(CCS)
    assert fluctuate(stage, low=0.0, times=9)[-1].current == 100.0
    state = fluctuate(stage, low=0.0, times=1)[-1]
    assert (state.phase, state.current, state.contactor) == ("vehicle gave up", 0.0, False)
    assert state.running


def test_a_vehicle_that_gave_up_charges_again_once_replugged() -> None:
    stage = charging(CCS)
    fluctuate(stage, low=0.0, times=10)
    stage.unplug()
    stage.plug(Vehicle())
    stage.start()
    assert run(stage, 20.0)[-1].phase == "charging"


def test_a_vehicle_puts_up_with_a_current_that_swings_without_ending() -> None:
    assert fluctuate(charging(CCS), low=6.0, times=12)[-1].phase == "charging"


def test_a_patient_vehicle_never_gives_up() -> None:
    patient = replace(CCS, session=CcsSession(patience=None))
    assert fluctuate(charging(patient), low=0.0, times=12)[-1].phase == "charging"


# ac


def test_ac_power_counts_all_phases_and_the_state_of_charge_is_not_told() -> None:
    state = charging(AC).state
    assert (state.current, state.voltage, state.soc) == (32.0, 230.0, None)
    assert state.power == pytest.approx(230.0 * 32.0 * 3 * 0.98)


def test_an_ac_vehicle_still_gets_its_charge() -> None:
    stage = charging(AC, seconds=0.1)
    for _ in range(3_600):
        stage.step(1.0)
    car = stage.vehicle
    assert car is not None
    # An hour at 21.6 kW and 90 % efficiency into some 75 kWh.
    assert car.soc == pytest.approx(20 + 100 * 21.6 * 0.9 / 75, abs=1.5)


def test_an_ac_limit_changes_at_most_every_5_s() -> None:
    stage = charging(AC)
    targets = []
    for i in range(60):
        stage.set_limit(10.0 + i % 20)
        targets += [s.target for s in run(stage, 1.0)]
    changes = [i for i in range(1, len(targets)) if targets[i] != targets[i - 1]]
    assert len(changes) >= 10
    assert min(b - a for a, b in pairwise(changes)) * TICK >= 5.0


def test_an_ac_limit_below_6_a_pauses() -> None:
    stage = charging(AC)
    stage.set_limit(5.9)
    assert run(stage, 10.0)[-1].current == 0.0
    stage.set_limit(6.0)
    assert run(stage, 10.0)[-1].current == 6.0


def test_an_ac_start_gives_the_limit_at_once_even_soon_after_a_change() -> None:
    stage = charging(AC)
    stage.set_limit(10.0)
    run(stage, 1.0)
    stage.stop()
    run(stage, 3.0)
    stage.set_limit(16.0)
    stage.start()
    assert stage.step(TICK).target == 16.0


# plugging


def test_without_a_vehicle_no_current_flows_and_a_start_waits_for_one() -> None:
    stage = PowerStage(SEED)
    stage.start()
    waiting = run(stage, 5.0)[-1]
    assert (waiting.phase, waiting.current, waiting.soc) == ("unplugged", 0.0, None)
    stage.plug(Vehicle())
    assert run(stage, 5.0)[-1].current > 99.0


@pytest.mark.parametrize("kind", [SEED, DC, CCS, AC])
def test_unplugging_under_current_ends_it_at_once(kind: Preset) -> None:
    stage = charging(kind)
    assert stage.state.current > 30.0
    stage.unplug()
    state = stage.state
    assert (state.current, state.power, state.contactor) == (0.0, 0.0, False)
    assert (state.phase, state.running) == ("unplugged", False)


def test_a_vehicle_leaves_with_the_charge_it_got() -> None:
    stage = charging(DC, seconds=600.0)
    car = stage.unplug()
    assert car is not None
    assert car == replace(Vehicle(), soc=car.soc)
    assert car.soc > 28.0
    assert stage.unplug() is None


def test_a_replugged_vehicle_does_not_charge_before_it_is_started() -> None:
    stage = charging(DC)
    stage.unplug()
    stage.plug(Vehicle())
    assert run(stage, 5.0)[-1].phase == "idle"


def test_a_second_vehicle_at_the_same_connector_is_refused() -> None:
    with pytest.raises(ValueError, match="already"):
        charging(DC).plug(Vehicle())


# switching


@pytest.mark.parametrize("kind", [DC, CCS])
def test_switching_between_dc_presets_goes_on_without_interruption(kind: Preset) -> None:
    stage = charging(SEED)
    stage.switch(kind)
    states = run(stage, 20.0)
    assert phases(states) == ["charging"]
    assert min(s.current for s in states) > 99.0


@pytest.mark.parametrize(("old", "new", "settled"), [(DC, AC, 32.0), (AC, DC, 100.0)])
def test_switching_between_ac_and_dc_begins_again_at_0_a(
    old: Preset, new: Preset, settled: float
) -> None:
    stage = charging(old)
    stage.switch(new)
    state = stage.state
    assert (state.current, state.contactor, state.phase) == (0.0, False, "idle")
    assert run(stage, 10.0)[-1].current == settled


def test_switching_forgets_that_the_vehicle_gave_up() -> None:
    stage = charging(CCS)
    fluctuate(stage, low=0.0, times=10)
    stage.switch(DC)
    assert run(stage, 10.0)[-1].current == 100.0


def test_switching_out_of_a_cable_check_to_dc_starts_at_once() -> None:
    stage = charging(CCS, seconds=5.0)
    stage.switch(DC)
    assert stage.step(TICK).current == 2.5


# what is refused


@pytest.mark.parametrize("limit", [-0.1, math.nan, math.inf, -math.inf])
def test_an_impossible_limit_is_refused_with_its_value_and_changes_nothing(limit: float) -> None:
    stage = charging(DC)
    before = stage.state
    with pytest.raises(ValueError, match=str(limit)):
        stage.set_limit(limit)
    assert stage.state == before


@pytest.mark.parametrize("dt", [0.0, -0.1, math.nan, math.inf])
def test_an_impossible_step_is_refused_with_its_value_and_changes_nothing(dt: float) -> None:
    stage = charging(DC)
    before = stage.state
    with pytest.raises(ValueError, match=str(dt)):
        stage.step(dt)
    assert stage.state == before


# trip


@pytest.mark.parametrize("kind", [SEED, DC, CCS, AC], ids=lambda kind: kind.name)
def test_a_trip_ends_the_current_at_once_and_it_takes_a_start_to_charge_again(kind: Preset) -> None:
    stage = charging(kind)
    assert stage.state.current > 10
    tripped = stage.trip()
    assert (tripped.current, tripped.contactor, tripped.running) == (0.0, False, False)
    assert {state.current for state in run(stage, 5.0)} == {0.0}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_ac_stage_gives_its_current_on_the_phases_that_are_switched_on(count: int) -> None:
    stage = PowerStage(AC, Vehicle())
    stage.use_phases(count)
    stage.set_limit(10.0)
    stage.start()
    state = run(stage, 10.0)[-1]
    assert (state.current, state.phases) == (10.0, count)
    assert state.power == pytest.approx(10.0 * 230.0 * count * 0.98)


def test_phases_are_switched_without_current_and_charging_goes_on() -> None:
    stage = charging(AC)
    stage.use_phases(1)
    states = run(stage, 30.0)
    (moved,) = [i for i, (a, b) in enumerate(pairwise(states), 1) if a.phases != b.phases]
    assert states[moved - 1].current == 0.0
    assert moved * TICK <= 32.0 / 16.0 + 2 * TICK  # as soon as the current has fallen
    assert all(s.phases == 3 for s in states[:moved])
    assert all(s.phases == 1 and s.contactor for s in states[moved:])
    assert (states[-1].current, states[-1].phase) == (32.0, "charging")
    assert states[-1].power == pytest.approx(230.0 * 32.0 * 0.98)
    integral = sum((a.power + b.power) / 2 * TICK for a, b in pairwise(states)) / 3600
    assert states[-1].energy - states[0].energy == pytest.approx(integral)


def test_phases_are_switched_at_once_where_no_current_flows() -> None:
    stage = PowerStage(AC)
    stage.use_phases(2)
    assert stage.step(TICK).phases == 2
    stage.plug(Vehicle())
    stage.use_phases(1)
    stage.use_phases(3)  # a change of mind
    assert stage.step(TICK).phases == 3


def test_a_change_of_mind_before_the_current_has_fallen_moves_no_contactor() -> None:
    stage = charging(AC)
    stage.use_phases(1)
    assert run(stage, 0.5)[-1].current > 6.0
    stage.use_phases(3)
    states = run(stage, 20.0)
    assert {s.phases for s in states} == {3}
    assert states[-1].current == 32.0


def test_there_are_no_more_phases_than_the_supply_has_and_none_at_a_dc_station() -> None:
    stage = PowerStage(AC, Vehicle())
    stage.use_phases(7)
    assert stage.step(TICK).phases == 3
    with pytest.raises(ValueError, match="phases"):
        stage.use_phases(0)
    dc = charging(DC)
    before = dc.state
    dc.use_phases(1)
    after = dc.step(TICK)
    assert after.phases is None
    assert after.current == before.current


def test_another_outlet_begins_with_all_its_phases() -> None:
    stage = charging(AC)
    stage.use_phases(1)
    stage.switch(DC)
    stage.switch(AC)
    assert stage.step(TICK).phases == 3


def test_a_vehicle_on_one_phase_takes_no_more_current_than_its_charger_can() -> None:
    weak = Vehicle(max_current=20.0)  # some 7 kW
    shares = []
    for count in (1, 3):
        stage = PowerStage(AC, weak)
        stage.use_phases(count)
        stage.start()
        shares.append(run(stage, 20.0)[-1].current)
    assert shares[0] == pytest.approx(min(32.0, 3 * shares[1]), rel=0.01)
