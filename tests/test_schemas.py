"""What evtui prints for programs conforms to the schemas that it prints."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from evtui.cli import main
from evtui.events import CanFrame, Event, Note
from evtui.recording.write.lines import event_line
from evtui.recording.write.redaction import Redactor
from evtui.schemas import EVENTS, SCHEMAS
from evtui.violations import Violation

SCENARIO = """\
schema: evtui.scenario/1
id: short
title: Short
lab: {preset: seed, meter_interval: 1s}
inputs: {high: {type: float, default: 100}}
steps:
  - mark: here
  - anomaly: repeated-current-fluctuation
    with: {cycles: 1}
  - {attack: by-me, layer: can, do: [{can: 0x210, data: "0A 00"}]}
  - ocpp: Reset
    with: {type: Hard}
  - wait: 5s
  - command: station.plug
expect:
  - no_alarm_before: end
"""

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@cache
def validator(name: str) -> Draft202012Validator:
    schema = SCHEMAS[name]()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def printed(capsys: Output, *arguments: str, status: int = 0) -> Any:
    assert main(arguments) == status
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_is_printed_with_the_name_that_documents_carry(
    name: str, capsys: Output
) -> None:
    schema = printed(capsys, "schema", name)
    assert schema == SCHEMAS[name]()
    assert schema["$id"].startswith("evtui.")
    assert schema["$id"].endswith("/1")


def test_without_a_name_it_is_that_of_scenarios(capsys: Output) -> None:
    assert printed(capsys, "schema")["$id"] == "evtui.scenario/1"


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "scenario"])
def test_every_field_is_described(name: str) -> None:
    for kind, definition in SCHEMAS[name]()["$defs"].items():
        assert definition["description"]
        for field, each in definition["properties"].items():
            told = field in ("event", "schema") or each.get("description")
            assert told or kind == "Input", (kind, field)


def test_a_run_prints_and_writes_what_the_schemas_say(capsys: Output) -> None:
    Path("short.yaml").write_text(SCENARIO, encoding="utf-8")
    run = ("run", "short.yaml", "--out", "a", "--quiet", "--json", "--events", "feed.jsonl")
    result = printed(capsys, *run)
    validator("run").validate(result)
    assert result["schema"] == "evtui.result/1"
    assert result["exit_code"] == 0

    seen = set()
    for file in (Path("feed.jsonl"), Path("a/events.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            event = json.loads(line)
            validator("events").validate(event)
            seen.add(event["event"])
    assert {"Feed", "OcppMessage", "CanFrame", "Sample", "AnomalyState", "Verdict"} <= seen
    assert len(seen) > 15

    report = printed(capsys, "check", "a", "--json")
    validator("check").validate(report)
    assert (report["schema"], report["sound"]) == ("evtui.check/1", True)


def test_a_matrix_is_a_list_of_such_results(capsys: Output) -> None:
    matrix = "matrix: {high: [6, 16]}\n"
    steps = "schema: evtui.scenario/1\nid: two\ntitle: Two\nsteps: [{wait: 1s}]\n"
    inputs = "inputs: {high: {type: float, default: 100}}\n"
    Path("two.yaml").write_text(steps + inputs + matrix, encoding="utf-8")
    result = printed(capsys, "run", "two.yaml", "--out", "m", "--quiet", "--json")
    validator("run").validate(result)
    assert result == json.loads(Path("m/summary.json").read_text("utf-8"))
    assert [run["schema"] for run in result["runs"]] == ["evtui.result/1"] * 2
    reports = printed(capsys, "check", "m", "--json")
    validator("check").validate(reports)
    assert len(reports) == 2


def test_scenarios_and_settings_are_told_as_their_schemas_say(capsys: Output) -> None:
    listing = printed(capsys, "scenarios", "--json")
    validator("scenarios").validate(listing)
    assert "fluctuation-seed" in {each["id"] for each in listing["scenarios"]}

    config = printed(capsys, "--port", "7", "config", "--json")
    validator("config").validate(config)
    assert config["settings"]["port"] == {"value": 7, "unit": "", "from": "flag --port"}
    assert config["settings"]["meter_interval"]["value"] == 1.0


def test_no_secret_is_in_the_settings(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVTUI_CSMS_PASSWORD", "hunter2")
    assert main(["--csms", "ws://me:letmein@host/{id}?key=sesame", "config", "--json"]) == 0
    told = capsys.readouterr().out
    assert "hunter2" not in told
    assert "letmein" not in told
    assert "sesame" not in told


@pytest.mark.parametrize("kind", EVENTS)
def test_every_type_of_event_conforms(kind: type[Event]) -> None:
    values: dict[str, Any] = {"station": "CP1", "url": "", "parameters": {}, "arguments": {}}
    made = {
        field.name: values.get(field.name, _some(field.type))
        for field in msgspec.inspect.type_info(kind).fields  # type: ignore[attr-defined]
        if field.required
    }
    line = json.loads(event_line(kind(**made), Redactor()))
    validator("events").validate(line)
    del line["seq"]
    assert not validator("events").is_valid(line)


def _some(kind: msgspec.inspect.Type) -> Any:
    """A value of a type."""
    match kind:
        case msgspec.inspect.Metadata():
            return _some(kind.type)
        case msgspec.inspect.LiteralType():
            return kind.values[0]
        case msgspec.inspect.UnionType():
            return None
        case msgspec.inspect.BoolType():
            return True
        case msgspec.inspect.IntType():
            return 1
        case msgspec.inspect.FloatType():
            return 1.5
        case msgspec.inspect.StrType():
            return "x"
        case msgspec.inspect.BytesType():
            return b"\xff"
        case msgspec.inspect.ListType():
            return []
        case msgspec.inspect.VarTupleType():
            return ()
        case msgspec.inspect.DictType():
            return {}
    raise AssertionError(kind)


def test_a_violation_and_the_data_of_a_frame_are_told_too() -> None:
    violation = Violation("FormationViolation", "no such field", ("a", "1"), "withheld")
    note = Note(level="info", text="x", violation=violation)
    frame = CanFrame(station="C", bus="b", node="n", arbitration_id=1, data=b"\xab")
    for event in (note, frame):
        validator("events").validate(json.loads(event_line(event, Redactor())))
    assert not validator("events").is_valid(
        json.loads(event_line(frame, Redactor())) | {"data": "not hexadecimal"}
    )
