"""Every anomaly that comes with evtui, held against what all of them promise."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, get_args

import pytest

from evtui.anomalies import Anomaly, Need, Run, anomaly_named, describe, listed, targets
from evtui.anomalies.targets import Attempt, Target
from evtui.scenario.language import load
from evtui.scenario.language.place import Place, every_step
from evtui.scenario.run import Options, run_headless
from evtui.scenario.steps.anomaly import AnomalyStep
from evtui.testing import PROMISES, Planned, keep, random_parameters, run_trial

NAMES = [name for name, each in listed().items() if each.package == distribution("evtui").name]

FULL = bool(os.environ.get("EVTUI_FULL"))

HELD = [each for each in PROMISES if FULL or each not in ("safe ending", "nothing left")]
"""What the combinations below do not try as well."""

COMBINATIONS = 200
FULL_COMBINATIONS = 5_000
PORTIONS = 10
"""Into which the combinations are cut, for workers side by side."""

LONGEST = 30.0
"""s from the begin to all clear."""


def test_there_are_some_on_the_layer_that_evtui_began_with() -> None:
    assert "repeated-current-fluctuation" in NAMES


@pytest.mark.parametrize("promise", HELD)
@pytest.mark.parametrize("name", NAMES)
def test_each_keeps_what_all_promise(name: str, promise: str) -> None:
    keep(name, promise)


# Any of them, any parameters, any moments


def combinations(
    first: int, last: int
) -> Iterator[tuple[int, tuple[Planned, ...], dict[str, Any]]]:
    """One or two that may be together, at one connector or at one each, and the rest of a trial."""
    every = [*map(anomaly_named, NAMES)]
    for number in range(first, last):
        chance = random.Random(f"combination {number}")
        one = every[number % len(every)]
        connectors = 2 if chance.random() < 0.25 else 1
        others = [each for each in every if connectors == 2 or not each.claims & one.claims]
        other = chance.choice(others) if others and chance.random() < 0.8 else one
        together = {(one, 1): None, (other, connectors): None}
        planned = tuple(_planned(anomaly, place, chance) for anomaly, place in together)
        rest = {
            "connectors": connectors,
            "charging": chance.random() < 0.6,
            "seconds": chance.uniform(5.0, LONGEST),
            "preset": chance.choice(["seed", "dc"]),
            "seed": number,
        }
        yield number, planned, rest


def _planned(anomaly: type[Anomaly[Any]], connector: int, chance: random.Random) -> Planned:
    on = chance.uniform(0.0, LONGEST / 2)
    return Planned(
        anomaly=anomaly,
        connector=connector,
        parameters=random_parameters(anomaly, chance),
        on=on,
        off=on + chance.uniform(0.0, LONGEST) if chance.random() < 0.7 else None,
    )


def broken(first: int, last: int) -> list[str]:
    """A line for each thing that is left after a combination."""
    lines = []
    for number, planned, rest in combinations(first, last):
        trial = run_trial(*planned, **rest)
        what = " and ".join(f"{each.kind.name} {dict(each.parameters)}" for each in planned)
        lines += [f"{number}: {what}: {each}" for each in trial.left]
    return lines


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_ten_seconds_after_all_clear_everything_is_as_before(portion: int) -> None:
    each = COMBINATIONS // PORTIONS
    assert broken(portion * each, (portion + 1) * each) == []


@pytest.mark.full
@pytest.mark.skipif(not FULL, reason="thousands of them")
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_so_it_is_with_thousands_of_combinations(portion: int) -> None:
    each = FULL_COMBINATIONS // PORTIONS
    first = COMBINATIONS + portion * each
    assert broken(first, first + each) == []


TARGETS = [
    getattr(targets, name)
    for name in targets.__all__
    if name.endswith("Target") and name != Target.__name__
]


def test_there_is_a_target_for_each_need() -> None:
    assert len(TARGETS) == len(get_args(Need))


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.__name__)
def test_what_is_not_undone_is_found(
    target: type[Target[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(self: Target[Any], attempt: Attempt) -> None:
        """Leave it."""

    monkeypatch.setattr(target, "undo", forget)
    monkeypatch.setattr(target, "undo_leftovers", forget)
    monkeypatch.setattr(target, "left", lambda self: [])
    assert any(broken(number, number + 1) for number in range(COMBINATIONS))


# What one sees of them: tests/scenario/test_builtin.py runs the scenarios as they are


def failed(name: str, **inputs: Any) -> list[str]:
    """What is not met of a built-in scenario."""
    plan = load(name, inputs, duration=60.0)
    result = run_headless(plan, Options())
    return [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met]


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_scenario_of_its_name_that_switches_it_on(name: str) -> None:
    plan = load(name)
    steps = every_step(plan.scenario.steps, "", Place(plan.settings.id))
    assert name in {step.anomaly for _, step, _ in steps if isinstance(step, AnomalyStep)}


@pytest.mark.parametrize("name", NAMES)
def test_its_scenario_fails_when_it_does_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(self: Anomaly[Any], run: Run[Any]) -> None:
        """What the scenario says of its signature must not be true by itself."""

    monkeypatch.setattr(anomaly_named(name), "act", nothing)
    assert failed(name) != []


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("meter-falsify", {"factor": 1.0, "offset_w": 0.0}),
    ],
)
def test_its_scenario_fails_when_it_does_what_changes_nothing(
    name: str, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    anomaly = anomaly_named(name)
    read = anomaly.read
    monkeypatch.setattr(
        anomaly, "read", lambda given, base=None: read({**given, **parameters}, base)
    )
    assert failed(name) != []


@pytest.mark.parametrize("name", NAMES)
def test_the_step_in_its_explanation_is_done(name: str, tmp_path: Path) -> None:
    lab = json.dumps({"preset": "dc"} | describe(name).lab)
    head = f"schema: evtui.scenario/1\nid: example\ntitle: Example\nlab: {lab}\n"
    charge = "steps:\n- start\n- wait_for: {status: Charging, timeout: 1min}\n"
    file = tmp_path / "example.yaml"
    file.write_text(head + charge + describe(name).example, encoding="utf-8")
    result = run_headless(load(file), Options())
    assert [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met] == []
