"""The scenarios that come with evtui."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from evtui.anomalies import anomaly_named
from evtui.config import Settings
from evtui.scenario.expectations.alarms import AlarmExpected, NoAlarmExpected
from evtui.scenario.expectations.validity import NoSchemaViolation
from evtui.scenario.language import Base
from evtui.scenario.language.loader import Plan, builtin, load
from evtui.scenario.run.headless import Options, run_headless
from evtui.scenario.steps.anomaly import AnomalyStep
from evtui.scenario.steps.flow import Parallel, Repeat

FOLDER = resources.files("evtui.scenario") / "builtin"
NAMES = sorted(
    file.name.removesuffix(".yaml") for file in FOLDER.iterdir() if file.name.endswith(".yaml")
)
TAKE_LONG = (
    set() if os.environ.get("EVTUI_FULL") else {"smart-charging-day", "normal-charging-car3"}
)
"""A day, and an hour and a half that cannot be cut short: too much for every run of the tests."""

VARIANTS = ("seed", "txprofile", "txdefault", "startstop")


def every_step(steps: list[Any]) -> Iterator[Any]:
    """Steps and those inside them."""
    for step in steps:
        yield step
        match step:
            case Repeat(do=inner):
                yield from every_step(inner)
            case Parallel(parallel=branches):
                for branch in branches:
                    yield from every_step(branch)


def anomalies(plan: Plan) -> list[AnomalyStep]:
    """The anomalies that a scenario switches on."""
    return [step for step in every_step(plan.scenario.steps) if isinstance(step, AnomalyStep)]


def expected(plan: Plan, kind: type[Any]) -> list[Any]:
    """Its expectations of a kind."""
    return [each for each in plan.scenario.expect if isinstance(each, kind)]


@pytest.fixture(params=NAMES)
def plan(request: pytest.FixtureRequest) -> Plan:
    """Each built-in scenario, with its defaults."""
    return load(request.param)


def test_they_are_listed_with_what_they_are_about() -> None:
    assert [each.id for each in builtin()] == NAMES
    assert {
        "normal-charging",
        "smart-charging-day",
        "repeated-current-fluctuation",
        "preset-comparison",
        *(f"fluctuation-{variant}" for variant in VARIANTS),
    } <= set(NAMES)


def test_each_is_called_like_its_file_and_says_what_happens(plan: Plan) -> None:
    assert plan.scenario.id == plan.source
    assert len(plan.scenario.title) <= 80
    assert len(plan.scenario.description) > 100


def test_each_input_is_described_and_bounded(plan: Plan) -> None:
    for name, spec in plan.scenario.inputs.items():
        assert spec.description, name
        if spec.type != "string":
            assert None not in (spec.min, spec.max), name
            assert spec.unit or spec.type == "duration" or name == "jitter", name


def test_each_expects_messages_to_be_valid_but_for_those_that_break_them(plan: Plan) -> None:
    breaks = any(step.anomaly in ("link-corrupt", "link-duplicate") for step in anomalies(plan))
    assert bool(expected(plan, NoSchemaViolation)) is not breaks


def test_an_attack_has_the_techniques_of_its_anomalies_and_normal_operation_none(
    plan: Plan,
) -> None:
    techniques = {t for step in anomalies(plan) for t in anomaly_named(step.anomaly).techniques}
    assert sorted(plan.scenario.technique) == sorted(techniques)


def test_no_alarm_is_expected_without_an_anomaly_or_before_it(plan: Plan) -> None:
    if "mistaken for an attack" in plan.scenario.title:
        assert expected(plan, AlarmExpected)
        return
    quiet = [each.no_alarm_before for each in expected(plan, NoAlarmExpected)]
    assert quiet == ["anomaly" if anomalies(plan) else "end"]


def test_a_fluctuation_expects_its_alarm_and_ends_with_a_tail(plan: Plan) -> None:
    if plan.source.startswith(("fluctuation-", "repeated-")):
        assert all(each.within <= 30.0 for each in expected(plan, AlarmExpected))
        assert expected(plan, AlarmExpected)
        assert not isinstance(plan.scenario.steps[-1], AnomalyStep)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_variant_has_a_scenario_of_its_own_and_can_be_asked_for(variant: str) -> None:
    own = load(f"fluctuation-{variant}")
    asked = load("repeated-current-fluctuation", {"variant": variant})
    assert [step.variant for step in (*anomalies(own), *anomalies(asked))] == [variant, variant]


def test_the_fluctuation_takes_its_duration_and_amplitude_from_outside() -> None:
    plan = load("repeated-current-fluctuation", {"low": "6 A", "high": "32"}, duration=3600.0)
    (anomaly,) = anomalies(plan)
    assert anomaly.duration == 3600.0
    assert (anomaly.parameters["low_a"], anomaly.parameters["high_a"]) == (6.0, 32.0)


def test_the_comparison_is_one_run_for_each_preset() -> None:
    runs = load("preset-comparison").combinations()
    assert [inputs["preset"] for inputs in runs] == ["seed", "dc", "ccs", "ac"]
    assert {inputs["high"] for inputs in runs} == {100.0}


@pytest.mark.parametrize(
    ("name", "file"), [("car1", "car1_dc_20210505.csv"), ("car3", "car3_dc_20190508.csv")]
)
def test_measured_sessions_come_with_their_licence(name: str, file: str) -> None:
    plan = load(f"normal-charging-{name}")
    assert plan.curve is not None
    assert plan.curve.origin == file
    assert plan.curve.voltage is not None
    assert plan.curve.state_of_charge is not None
    assert "MIT" in plan.scenario.licence
    assert "MIT License" in (FOLDER / "data" / "LICENSE").read_text("utf-8")


def test_the_day_is_24_hours_long() -> None:
    assert load("smart-charging-day").longest == pytest.approx(86_400.0, abs=200.0)


@pytest.mark.parametrize("name", sorted({*NAMES} - TAKE_LONG))
def test_each_meets_its_expectations(name: str) -> None:
    plan = load(name, duration=60.0)
    for inputs in plan.combinations():
        result = run_headless(load(name, inputs), Options())
        failed = [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met]
        assert (failed, result.interrupted) == ([], ""), inputs
        assert len(result.verdicts) == len(plan.scenario.expect) + 1


QUICK = {"normal-charging", "cooling-off", "meter-falsify", "bus-off", "can-set-limit"}
"""Those that the usual run of the tests takes."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.full)
        for name in NAMES
        if name not in ("smart-charging-day", "normal-charging-car3")
    ],
)
@pytest.mark.parametrize("protocol", ["infy", "advantics"])
def test_each_meets_them_whatever_protocol_somebody_has_set(name: str, protocol: Any) -> None:
    base = Base(Settings(port=0, protocol=protocol, modules=2))
    plan = load(name, duration=60.0, base=base)
    for inputs in plan.combinations():
        result = run_headless(load(name, inputs, base=base), Options())
        failed = [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met]
        assert (failed, result.interrupted) == ([], ""), inputs
