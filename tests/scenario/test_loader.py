"""Loading a scenario: what the plan holds, and where scenarios come from."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evtui.config import Settings
from evtui.power import VEHICLES, RecordedVehicle, Vehicle
from evtui.scenario.expectations.alarms import NoAlarmExpected
from evtui.scenario.expectations.validity import NoSchemaViolation
from evtui.scenario.language.length import longest
from evtui.scenario.language.loader import Plan, ScenarioError, builtin, load
from evtui.scenario.language.model import Duration
from evtui.scenario.steps.anomaly import AnomalyStep
from evtui.scenario.steps.can import Can
from evtui.scenario.steps.charging import SetLimitStep, Start
from evtui.scenario.steps.flow import Parallel, Repeat
from evtui.scenario.steps.notes import MarkStep, NoteStep
from evtui.scenario.steps.ocpp import Ocpp, with_transaction
from evtui.scenario.steps.vehicle import Plug, Unplug
from evtui.scenario.steps.wait import Awaited, Wait, WaitFor
from tests.scenario.files import EVERYTHING, TEXT, minimal, mistake_in, plan_of


@pytest.fixture
def plan() -> Plan:
    """Of the scenario with everything in it."""
    return load(EVERYTHING)


def test_steps_are_typed_with_their_inputs_in(plan: Plan) -> None:
    steps = plan.scenario.steps
    assert steps[0] == Plug(plug=None)
    assert steps[1] == Wait(wait=Duration(1))
    assert steps[2] == WaitFor(wait_for=Awaited(status="Preparing", timeout=Duration(10)))
    assert steps[3] == Start(start="TAG1")
    assert isinstance(steps[5], SetLimitStep)
    assert (steps[5].set_limit, steps[5].purpose) == (100.0, "TxProfile")
    assert isinstance(steps[6], Ocpp)
    assert steps[6].answer == "Accepted"
    assert steps[7] == Can(can=0x210, data="64 00")
    assert steps[8] == NoteStep(note="high 100, wait 120s, literal ${x}")
    assert steps[9] == MarkStep(mark="2")
    assert steps[-1] == Unplug(unplug=None)


def test_steps_inside_repeat_and_parallel_are_typed_too(plan: Plan) -> None:
    repeat = plan.scenario.steps[11]
    assert isinstance(repeat, Repeat)
    assert repeat.repeat == 2
    wait, parallel = repeat.do
    assert wait == Wait(wait=Duration(0.5))
    assert isinstance(parallel, Parallel)
    assert [len(branch) for branch in parallel.parallel] == [2, 1]
    assert parallel.parallel[1] == [Wait(wait=Duration(2))]


def test_parameters_of_an_anomaly_come_on_top_of_the_defaults(plan: Plan) -> None:
    anomaly = plan.scenario.steps[10]
    assert isinstance(anomaly, AnomalyStep)
    parameters = anomaly.all_parameters(plan.settings)
    assert (parameters.high_a, parameters.low_a, parameters.waits[0]) == (100.0, 0.0, 120.0)


def test_expectations_are_typed(plan: Plan) -> None:
    expect = plan.scenario.expect
    assert expect[1] == NoAlarmExpected(no_alarm_before="anomaly")
    assert expect[2] == NoAlarmExpected(no_alarm_before=Duration(3))
    assert expect[-1] == NoSchemaViolation(no_schema_violation=True)
    assert expect[8].energy.between == (0.0, 1000.0)


def test_the_settings_are_the_defaults_with_what_the_lab_section_says(plan: Plan) -> None:
    said = {"preset": "dc", "strict": True, "meter_interval": 5.0, "heartbeat_interval": 30}
    assert asdict(plan.settings) == asdict(Settings()) | said | {"port": 0, "soc": 30.0}
    assert load(EVERYTHING, seed=7).settings.seed == 7


def test_the_simulated_clock_starts_when_the_scenario_says(plan: Plan, tmp_path: Path) -> None:
    assert datetime.fromtimestamp(plan.start_utc, UTC).isoformat() == "2026-03-01T08:00:00+00:00"
    fixed = plan_of(minimal(), tmp_path).start_utc
    assert datetime.fromtimestamp(fixed, UTC).isoformat() == "2026-01-01T00:00:00+00:00"


def test_inputs_are_the_defaults_and_what_was_given() -> None:
    plan = load(EVERYTHING, {"low": "5 A", "n": 3}, duration=60)
    assert plan.inputs == {"low": 5.0, "high": 100.0, "duration": 60.0, "n": 3, "tag": "TAG1"}
    assert {type(value) for value in plan.inputs.values()} == {float, int, str}
    assert plan.scenario.description == "All kinds, from 5 A.\n"


def test_an_input_called_duration_that_is_given_is_not_set_by_the_duration() -> None:
    assert load(EVERYTHING, {"duration": "5s"}, duration=60).inputs["duration"] == 5.0


def test_a_duration_is_ignored_by_a_scenario_without_such_an_input(tmp_path: Path) -> None:
    assert plan_of(minimal(), tmp_path, duration=60).inputs == {}


def test_the_longest_a_run_can_take_counts_waits_timeouts_and_anomalies(tmp_path: Path) -> None:
    steps = """
  - wait: 1s
  - wait_for: {status: Charging, timeout: 20s}
  - repeat: 3
    do:
      - wait: 100s
      - parallel: [[wait: 1000s], [wait: 500s, plug]]
  - {anomaly: repeated-current-fluctuation, duration: 40s}
  - {anomaly: repeated-current-fluctuation, with: {cycles: 10, jitter: 0.5}}
  - {anomaly: repeated-current-fluctuation, with: {cycles: 2}, variant: txprofile}
"""
    plan = plan_of(minimal(steps), tmp_path)
    anomalies = [40 + 10, 10 * 8 * 1.5 + 10, 2 * 8 + 60 + 10]
    assert plan.longest == 1 + 20 + 3 * (100 + 1000) + sum(anomalies)
    assert longest(plan.scenario.steps[:1], plan.settings) == 1


def test_a_plan_says_where_it_comes_from(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (plan.name, plan.source, plan.folder) == (
        str(EVERYTHING),
        "everything.yaml",
        EVERYTHING.parent,
    )
    assert plan.text == TEXT
    assert plan.sha256 == hashlib.sha256(EVERYTHING.read_bytes()).hexdigest()
    monkeypatch.chdir(EVERYTHING.parent)
    assert load("everything.yaml").name == str(EVERYTHING)


def test_every_step_has_its_line(plan: Plan) -> None:
    lines = TEXT.split("\n")
    for path in ("steps[0]", "steps[6].with", "steps[11].do[1].parallel[1][0]", "expect[8]"):
        assert path in plan.lines
    assert "repeat:" in lines[plan.lines["steps[11]"] - 1]


def test_a_worker_process_can_take_a_plan_or_load_it_again(plan: Plan) -> None:
    assert pickle.loads(pickle.dumps(plan)) == plan
    for inputs in plan.combinations():
        assert load(plan.name, inputs).inputs == inputs


def test_the_matrix_gives_every_combination(plan: Plan) -> None:
    combinations = plan.combinations()
    assert [(each["high"], each["tag"]) for each in combinations] == [
        (50.0, "TAG1"),
        (50.0, "TAG2"),
        (100.0, "TAG1"),
        (100.0, "TAG2"),
    ]
    assert all(each["duration"] == 120.0 for each in combinations)


def test_a_given_input_takes_its_axis_out_of_the_matrix() -> None:
    combinations = load(EVERYTHING, {"high": "80"}).combinations()
    assert [(each["high"], each["tag"]) for each in combinations] == [
        (80.0, "TAG1"),
        (80.0, "TAG2"),
    ]


def test_without_a_matrix_there_is_one_combination(tmp_path: Path) -> None:
    assert plan_of(minimal(), tmp_path).combinations() == [{}]


def test_an_input_without_default_may_come_from_the_matrix(tmp_path: Path) -> None:
    more = "inputs: {x: {type: int}}\nmatrix: {x: [3, 4]}\n"
    assert plan_of(minimal(more=more), tmp_path).combinations() == [{"x": 3}, {"x": 4}]


def test_the_vehicle_is_new_each_time(plan: Plan, tmp_path: Path) -> None:
    assert plan.vehicle == Vehicle(soc=30.0, max_current=150.0)
    (tmp_path / "curve.csv").write_text("t,i\n0,10\n60,20\n")
    lab = "lab: {vehicle: {curve: curve.csv, time: t, current: i}}\n"
    recorded = plan_of(minimal(more=lab), tmp_path)
    assert isinstance(recorded.vehicle, RecordedVehicle)
    assert recorded.vehicle is not recorded.vehicle
    assert pickle.loads(pickle.dumps(recorded)) == recorded


def test_a_session_that_comes_with_evtui_needs_no_file(tmp_path: Path) -> None:
    name = next(plan.scenario.lab.vehicle for plan in map(load, NAMES) if plan.curve is not None)
    assert name is not None
    lab = f"lab: {{vehicle: {{curve: {name.curve}, time: {name.time}, current: {name.current}}}}}\n"
    assert plan_of(minimal(more=lab), tmp_path).curve is not None


NAMES = [each.id for each in builtin()]


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_scenario_is_found_by_its_name(name: str) -> None:
    plan = load(name)
    assert (plan.name, plan.source, plan.folder, plan.scenario.id) == (name, name, None, name)


def test_a_file_does_not_take_the_place_of_a_built_in_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = NAMES[0]
    (tmp_path / name).write_text(minimal())
    (tmp_path / f"{name}.yaml").write_text(minimal())
    assert load(name).folder is None
    assert load(f"./{name}").scenario.id == "least"
    assert load(f"{name}.yaml").scenario.id == "least"
    assert load(Path(name)).scenario.id == "least"


def test_a_file_that_is_not_there_names_the_built_in_one_somebody_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yml").write_text(minimal())
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "scenario.yaml").write_text(minimal())
    for given, expected in {
        "normal-chargin": "normal-chargin: no built-in scenario; did you mean normal-charging?",
        "Normal-Charging.yaml": "no such file; did you mean normal-charging?",
        "mine": "no built-in scenario; for the file write ./mine.yml",
        "empty": "empty: no built-in scenario, but a folder",
        "run": "no built-in scenario; for what was run there: ./run/scenario.yaml",
        "zzz.yaml": "no such file; evtui scenarios lists the built-in ones",
        "": "an empty name: no built-in scenario",
    }.items():
        with pytest.raises(ScenarioError) as caught:
            load(given)
        assert expected in str(caught.value)


def test_text_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    text = "﻿" + minimal("[{wait: 1x}]").replace("\n", "\r\n")
    assert mistake_in(text, tmp_path).startswith("file.yaml:4: steps[0].wait: ")


def test_the_running_transaction_is_put_where_the_payload_asks_for_it() -> None:
    payload = {"transactionId": "running", "a": [{"transactionId": "running"}, {"b": "running"}]}
    assert with_transaction(payload, 7) == {
        "transactionId": 7,
        "a": [{"transactionId": 7}, {"b": "running"}],
    }


FIVE_MISTAKES = [
    (
        "id: a b\ntitle: ''\ntechnique: [T1, 5]\nlicense: MIT\nsteps: [plug]\n",
        [
            "2: id",
            "3: title",
            "4: technique[1]",
            "5: license: unknown field; did you mean licence?",
        ],
    ),
    (
        "id: a\ntitle: A\nlab:\n  preset: dcc\n  connectors: 99\n  strict: 5\n"
        "  vehicle: {soc: x, cells: many, corve: a}\n  start: never\nsteps: [plug]\n",
        [
            "5: lab.preset",
            "6: lab.connectors",
            "7: lab.strict",
            "8: lab.vehicle.soc",
            "8: lab.vehicle.cells",
            "8: lab.vehicle.corve",
            "9: lab.start",
        ],
    ),
    (
        "id: a\ntitle: A\nsteps:\n- wait: 5x\n- wiat: 5s\n- note: on\n- {can: 0x999, data: 6x}\n"
        "- wait_for: {status: Charged, timeot: 3s}\n- {set_limit: 5 kW, purpose: Tx}\n",
        [
            "5: steps[0].wait",
            "6: steps[1].wiat",
            "7: steps[2].note",
            "8: steps[3].can",
            "8: steps[3].data",
            "9: steps[4].wait_for.timeot: unknown field; did you mean timeout?",
            "10: steps[5].set_limit",
            "10: steps[5].purpose",
        ],
    ),
    (
        "id: a\ntitle: A\nsteps:\n- repeat: 0\n  do:\n  - wait: 1x\n  - command: anomaly.strt\n"
        "- parallel:\n  - - plgu\n  - - ocpp: Rest\n  branches: 3\n",
        [
            "5: steps[0].repeat",
            "7: steps[0].do[0].wait",
            "8: steps[0].do[1].command",
            "10: steps[1].parallel[0][0]",
            "11: steps[1].parallel[1][0].ocpp",
            "12: steps[1].branches",
        ],
    ),
    (
        "id: a\ntitle: A\nsteps:\n- attack: a\n  layer: bus\n  do: [{wait: 5x}]\n"
        "- {attack: b, layer: cam}\n- end_attack: b\n- {attack: 5, layer: can}\n- end_attack: c\n",
        [
            "6: steps[0].layer",
            "7: steps[0].do[0].wait",
            "8: steps[1].layer",
            "10: steps[3].attack",
            "11: steps[4].end_attack",
        ],
    ),
    (
        "id: a\ntitle: A\nsteps: [plug]\nexpect:\n- alarm: any\n- order: [Boot, 5]\n"
        "- current: {between: [5 V, x], measure: top}\n- energy: {between: [9, 1]}\n"
        "cleanup:\n- plgu\n",
        [
            "6: expect[0]: within is missing",
            "7: expect[1].order[1]",
            "8: expect[2].current.between[0]",
            "8: expect[2].current.between[1]",
            "8: expect[2].current.measure",
            "9: expect[3].energy.between",
            "11: cleanup[0]",
        ],
    ),
    (
        "id: a\ntitle: A\ninputs:\n  n: {type: int, default: x}\n  m: {type: float, mix: 3}\n"
        "  d: {type: duration, default: 5s}\n  s: {type: string}\nmatrix: {n: [1, 2], q: [1]}\n"
        "steps:\n- wait: ${n}s\n- set_limit: ${m}\n- wait: ${x}\n- wait: ${d}\n- note: ${s} ${n}\n",
        [
            "5: inputs.n.default",
            "6: inputs.m.mix",
            "8: inputs.s: has no default",
            "9: matrix.q: no such input",
            "13: steps[2].wait: ${x}: no such input",
        ],
    ),
    (
        "id: a\nid: b\ntitle: yes\nsteps:\n- wait: 1:30\n- can: 99999999999999999999\n- wait: .nan",
        ['3: duplicate key "id"', "4: title", "6: steps[0]", "7: steps[1]", "8: steps[2]"],
    ),
]


@pytest.mark.parametrize(("text", "told"), FIVE_MISTAKES)
def test_every_mistake_of_the_file_is_told_once_with_its_line(
    text: str, told: list[str], tmp_path: Path
) -> None:
    lines = mistake_in(f"schema: evtui.scenario/1\n{text}", tmp_path).split("\n")
    for line, expected in zip(lines, told, strict=True):
        assert line.startswith(f"file.yaml:{expected}")


def test_of_a_thousand_mistakes_the_first_are_told_and_the_others_are_counted(
    tmp_path: Path,
) -> None:
    lines = mistake_in(minimal("[" + "{wait: 5x}, " * 1000 + "plug]"), tmp_path).split("\n")
    assert len(lines) == 21
    assert lines[0].startswith("file.yaml:4: steps[0].wait")
    assert lines[-1] == "file.yaml: and 980 mistakes more"


def test_what_was_given_beside_the_file_comes_first(tmp_path: Path) -> None:
    text = minimal("[{wait: 5x}]", "inputs: {n: {type: int, default: 1}}\n")
    given = {"n": "x", "m": "1"}
    lines = mistake_in(text, tmp_path, given=given).split("\n")
    assert [line.split(":")[0] for line in lines] == ["--set m", "--set n", "file.yaml"]


def test_a_user_s_own_settings_change_no_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "evtui" / "config.toml"
    config.parent.mkdir()
    config.write_text('preset = "ac"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path))
    assert plan_of(minimal(), tmp_path).settings == Settings(port=0)


@pytest.mark.parametrize("vehicle", ["zoe", "{model: zoe, soc: 50}"])
def test_a_vehicle_can_be_a_named_one(tmp_path: Path, vehicle: str) -> None:
    file = tmp_path / "named.yaml"
    file.write_text(
        "schema: evtui.scenario/1\nid: named\ntitle: Named\nsteps: [{wait: 1s}]\n"
        f"lab: {{vehicle: {vehicle}}}\n",
        encoding="utf-8",
    )
    model = load(file).model
    assert (model.name, model.ramp) == ("zoe", VEHICLES["zoe"].ramp)
    assert model.soc == (20.0 if vehicle == "zoe" else 50.0)


def test_settings_that_do_not_go_together_are_told_with_their_place_and_all_else(
    tmp_path: Path,
) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "schema: evtui.scenario/1\nid: a\nlab: {preset: ac, protocol: infy}\nsteps: [start]\n"
    )
    with pytest.raises(ScenarioError) as caught:
        load(file)
    told = "\n".join(caught.value.mistakes)
    assert "s.yaml:3: lab.preset: expected seed, dc, ccs with protocol infy" in told
    assert "title" in told


def test_an_input_that_is_none_of_its_choices_is_told_whatever_comes_of_it() -> None:
    with pytest.raises(ScenarioError) as caught:
        load("can-protocols", {"protocol": "foo"})
    assert any('"foo"' in line and "protocol" in line for line in caught.value.mistakes)
