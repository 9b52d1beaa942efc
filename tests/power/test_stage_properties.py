"""What holds for every sequence of commands that a power stage can be given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.power import PRESETS, CcsSession, PowerStage, Preset, StageState, Vehicle

ROUNDING = 1e-6


@dataclass(frozen=True)
class Start:
    """Begin to charge."""


@dataclass(frozen=True)
class Stop:
    """End charging."""


@dataclass(frozen=True)
class Replug:
    """Unplug what is there or plug in a vehicle at ``soc`` per cent."""

    soc: float


@dataclass(frozen=True)
class Limit:
    """Allow ``amperes`` A."""

    amperes: float


@dataclass(frozen=True)
class Wait:
    """Let ``steps`` steps of ``dt`` s pass."""

    steps: int
    dt: float


@dataclass(frozen=True)
class Switch:
    """Become the preset called ``name``."""

    name: str


@dataclass(frozen=True)
class Phases:
    """Switch ``count`` phases on."""

    count: int


Command = Start | Stop | Replug | Limit | Wait | Switch | Phases

waits = st.builds(Wait, steps=st.integers(1, 60), dt=st.sampled_from([0.05, 0.1, 0.5]))
commands: st.SearchStrategy[Command] = st.one_of(
    st.just(Start()),
    st.just(Stop()),
    st.builds(Replug, soc=st.floats(0.0, 100.0)),
    st.builds(Limit, amperes=st.floats(0.0, 300.0)),
    st.builds(Phases, count=st.integers(1, 3)),
    waits,
    waits,
)
programs = st.lists(commands, max_size=25)
switching_programs = st.lists(st.one_of(commands, st.builds(Switch, st.sampled_from([*PRESETS]))))

# A cable check short enough to be passed often in a random program.
presets = st.sampled_from(
    [
        *PRESETS.values(),
        Preset(
            name="ccs",
            ramp=PRESETS["ccs"].ramp,
            cooling=PRESETS["ccs"].cooling,
            session=CcsSession(cable_check=1.0, replug=False, patience=3),
        ),
    ]
)


@dataclass(frozen=True)
class Step:
    """One step of a stage: the preset it had, the state before and after, and the length."""

    preset: Preset
    before: StageState
    after: StageState
    dt: float


def execute(preset: Preset, program: list[Command]) -> Iterator[Step]:
    """Give ``program`` to a stage that begins to charge; every step that it makes."""
    stage = PowerStage(preset, Vehicle())
    stage.start()
    for command in program:
        match command:
            case Start():
                stage.start()
            case Stop():
                stage.stop()
            case Replug(soc):
                if stage.unplug() is None:
                    stage.plug(Vehicle(soc=soc))
            case Limit(amperes):
                stage.set_limit(amperes)
            case Phases(count):
                stage.use_phases(count)
            case Switch(name):
                current = stage.state.current
                stage.switch(PRESETS[name])
                assert stage.state.current <= current
            case Wait(steps, dt):
                for _ in range(steps):
                    before = stage.state
                    yield Step(stage.preset, before, stage.step(dt), dt)


@given(presets, switching_programs)
def test_the_current_is_above_its_target_only_while_it_falls_at_the_rate_of_the_preset(
    preset: Preset, program: list[Command]
) -> None:
    for step in execute(preset, program):
        target = step.after.target
        falling = step.preset.ramp.step(step.before.current, target, step.dt)
        assert step.after.current <= max(target, falling) + ROUNDING


@given(presets, programs)
def test_the_target_is_never_above_the_limit_but_for_the_5_s_that_ac_may_take(
    preset: Preset, program: list[Command]
) -> None:
    allowed = 0.0 if preset.ac is None else preset.ac.pilot_interval
    too_high = 0.0
    for step in execute(preset, program):
        too_high = too_high + step.dt if step.after.target > step.after.limit else 0.0
        assert too_high <= allowed + ROUNDING


@given(presets, switching_programs)
def test_the_current_never_moves_faster_than_the_preset_lets_it(
    preset: Preset, program: list[Command]
) -> None:
    for step in execute(preset, program):
        fastest_rise = step.preset.ramp.step(
            step.before.current, max(step.preset.rated_current, step.before.current), step.dt
        )
        fastest_fall = step.preset.ramp.step(step.before.current, 0.0, step.dt)
        if not step.after.contactor:
            fastest_fall = min(fastest_fall, step.before.current - 0.1)
        assert fastest_fall - ROUNDING <= step.after.current <= fastest_rise + ROUNDING


@given(presets, switching_programs)
def test_current_and_charge_stay_in_their_ranges(preset: Preset, program: list[Command]) -> None:
    for step in execute(preset, program):
        state = step.after
        assert state.current >= 0.0
        assert 0.0 <= state.target <= step.preset.rated_current
        assert state.soc is None or 0.0 <= state.soc <= 100.0
        assert 25.0 - ROUNDING <= state.temperature < 75.0


@given(presets, switching_programs)
def test_no_current_flows_while_the_contactor_is_open(
    preset: Preset, program: list[Command]
) -> None:
    for step in execute(preset, program):
        state = step.after
        assert state.contactor == (state.phase in ("charging", "stopping"))
        assert state.contactor or state.current == state.power == 0.0


@given(presets, switching_programs)
def test_power_is_the_product_of_what_the_state_says(
    preset: Preset, program: list[Command]
) -> None:
    for step in execute(preset, program):
        state, ac = step.after, step.preset.ac
        assert (state.phases is None) == (ac is None)
        factor = 1.0 if ac is None else (state.phases or 0) * ac.power_factor
        assert state.power == pytest.approx(state.voltage * state.current * factor)


@given(presets, programs)
def test_no_phase_is_switched_under_current(preset: Preset, program: list[Command]) -> None:
    for step in execute(preset, program):
        if step.before.phases != step.after.phases:
            assert step.before.current <= 0.1


@given(presets, switching_programs)
def test_the_energy_register_never_falls_and_is_the_integral_of_the_power(
    preset: Preset, program: list[Command]
) -> None:
    integral = 0.0
    for step in execute(preset, program):
        integral += (step.before.power + step.after.power) / 2 * step.dt / 3_600
        assert step.after.energy >= step.before.energy
        assert step.after.energy == pytest.approx(integral)


@given(programs)
def test_a_ccs_contactor_closes_only_after_12_s_of_cable_check(program: list[Command]) -> None:
    checked = 0.0
    for step in execute(PRESETS["ccs"], program):
        if step.after.contactor and not step.before.contactor:
            assert checked >= 12.0 - ROUNDING
        if step.after.phase == "cable check":
            checked += step.dt
        elif step.after.phase != "precharge":
            checked = 0.0


@settings(max_examples=25)
@given(presets, switching_programs)
def test_the_same_commands_give_the_same_states(preset: Preset, program: list[Command]) -> None:
    assert list(execute(preset, program)) == list(execute(preset, program))
