"""The JSON Schema of scenario files, and the commands that print what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evtui.cli import main
from evtui.commands import LabCommand, by_name, lab_commands
from evtui.config import Settings
from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.language.checks import check_steps
from evtui.scenario.language.decoding import decode_steps
from evtui.scenario.language.document import parse
from evtui.scenario.language.loader import builtin
from evtui.scenario.language.mistakes import Mistakes
from evtui.scenario.language.model import Scenario
from evtui.scenario.language.schema import json_schema
from evtui.scenario.language.sources import read_builtin
from evtui.scenario.steps import STEPS
from tests.scenario.files import TEXT, WAIT, changed, minimal, plan_of
from tests.scenario.test_broken_files import BROKEN

NAMES = [each.id for each in builtin()]
SCHEMA = json_schema()


def conforms(text: str) -> bool:
    """True when a file with this text conforms to the schema."""
    return bool(Draft202012Validator(SCHEMA).is_valid(parse(text, "f.yaml").data))


def test_the_schema_is_one_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("name", NAMES)
def test_every_built_in_scenario_conforms(name: str) -> None:
    assert conforms(read_builtin(name).text)


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        minimal(),
        minimal("[{attack: a, layer: can}, {end_attack: a}, {wait: 1s}]"),
        minimal(
            "[{attack: a, layer: link, effect: 5s, do: [{attack: b, layer: can, do: [plug]}, "
            "{wait: 1s}]}]"
        ),
        minimal(
            "[plug, start, {stop: }, unplug, {repeat: 2, do: [plug]}, {wait: 1.5h}, {wait: 1h30m}, "
            "{wait: 90}]"
        ),
        minimal(
            "[{repeat: '${n}', do: [{wait: '${n}s'}]}]", "inputs: {n: {type: int, default: 1}}"
        ),
    ],
)
def test_what_loads_conforms(text: str, tmp_path: Path) -> None:
    assert plan_of(text, tmp_path).longest > 0
    assert conforms(text)


@pytest.mark.parametrize(
    "name",
    [
        "bad type",
        "unknown key",
        "wrong unit",
        "endless wait for",
        "wrong schema version",
    ],
)
def test_a_mistake_that_a_schema_can_see_is_seen(name: str) -> None:
    text, _ = BROKEN[name]
    assert isinstance(text, str)
    assert not conforms(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (WAIT, "  - wiat: 1s\n"),
        (WAIT, "  - wait: -1s\n"),
        (WAIT, "  - wait\n"),
        (WAIT, "  - {wait: 1s, note: x}\n"),
        (WAIT, "  - plug: true\n"),
        (WAIT, "  - {repeat: 0, do: [plug]}\n"),
        (WAIT, "  - {repeat: 2, do: [{wait: 5x}]}\n"),
        (WAIT, "  - parallel: [[{wait: 5x}]]\n"),
        (WAIT, "  - {anomaly: repeated-current-fluctuation, with: {high_a: 5 A}}\n"),
        ("preset: dc", "preset: dcc"),
        ("strict: true", "strict: 1"),
        ("soc: 30 %", "soc: 130"),
        ("type: float", "type: flot"),
        ("view: can", "view: cam"),
        ("no_alarm_before: anomaly", "no_alarm_before: never"),
        ("[0 A, 120]", "[120]"),
        ("[0, 1 kWh]", "[0, 1 MWh]"),
        ("[T0806]", "T0806"),
        ("title: Everything once\n", ""),
        ("high: [50, 100 A]", "high: 50"),
    ],
)
def test_a_wrong_value_does_not_conform(old: str, new: str) -> None:
    assert not conforms(changed(old, new))


def test_every_kind_and_every_option_is_in_the_schema_with_a_description() -> None:
    definitions: dict[str, Any] = SCHEMA["$defs"]
    for name, kind in {**STEPS, **EXPECTATIONS}.items():
        definition = definitions[kind.__name__]
        assert name in definition["required"]
        assert definition["description"].endswith(".")
    described = definitions["Awaited"]["properties"]["with"]["description"]
    assert described == "values its payload must have."
    assert {*SCHEMA["properties"]} == {*Scenario.__struct_encode_fields__}
    assert "`" not in json.dumps(SCHEMA)


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_the_command_lists_the_built_in_scenarios_with_their_inputs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scenarios"]) == 0
    printed = capsys.readouterr().out
    for scenario in builtin():
        assert f"{scenario.id}\n  {scenario.title}\n" in printed
    assert "high [100 A]" in printed
    assert "duration [5min]" in printed
    assert max(map(len, printed.split("\n"))) <= 80


def test_the_command_prints_a_built_in_scenario_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scenarios", "repeated-current-fluctuation"]) == 0
    assert capsys.readouterr().out == read_builtin("repeated-current-fluctuation").text


def test_the_command_names_the_nearest_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenarios", "normal-chargin"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "evtui: normal-chargin: no built-in scenario; did you mean normal-charging?\n"
    )


VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 3, 12.5, 501, 1e12),
    *("", "CP1", "1s", "-1s", "1m", "txprofile", "can", "a b", "x" * 50, "é", [], {}),
)
"""One of each sort that an argument may be, good or not."""

NEEDED = {"attack.begin": {"name": "a", "layer": "can"}}
"""Arguments without which a command is not given, by its name."""


def loads(step: dict[str, Any]) -> bool:
    mistakes = Mistakes("f.yaml", {})
    steps = decode_steps([step], "steps", mistakes)
    check_steps(steps, "steps", Settings(), mistakes)
    return not len(mistakes)


@pytest.mark.parametrize("name", [*(each.name for each in lab_commands()), "anomaly.strat"])
def test_a_command_conforms_where_the_loader_takes_it(name: str) -> None:
    command = by_name.get(name)
    known = command.arguments if isinstance(command, LabCommand) else ()
    needed = NEEDED.get(name, {})
    steps: list[dict[str, Any]] = [{"command": name}, {"command": name, "with": needed}]
    steps += [
        {"command": name, "with": needed | {argument: value}}
        for argument in (*(each.name for each in known), "nothing_such")
        for value in VALUES
    ]
    schema = Draft202012Validator({"$defs": SCHEMA["$defs"], **SCHEMA["$defs"]["CommandStep"]})
    taken = {json.dumps(each) for each in steps if loads(each)}
    conforming = {json.dumps(each) for each in steps if schema.is_valid(each)}
    assert taken - conforming == set()
    of_this_lab = {each for each in conforming if "station" in each or "connector" in each}
    assert conforming - taken - of_this_lab == set()
    assert bool(taken) == (name in by_name and by_name[name].aim != "peer")


def test_every_argument_of_a_command_may_be_an_input() -> None:
    for command in lab_commands():
        arguments = {each.name: "${n}" for each in command.arguments}
        text = minimal(json.dumps([{"command": command.name, "with": arguments}]))
        assert conforms(text) == (command.aim != "peer")
    assert conforms(minimal("[{command: '${n}', with: {low_a: '${n}'}}]"))
