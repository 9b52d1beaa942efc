"""Every kind of mistake in a scenario, told in one line with its place and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.scenario.files import WAIT, changed, minimal, mistake_in, plan_of

STEPS = {
    "wait: 5x": 'steps[1].wait: expected a duration such as 90, 500ms, 1m or 1h30m, got "5x"',
    "wait: -5s": "finite and not negative",
    "wait: .inf": "steps[1].wait: expected a finite number, got .inf",
    "wait: 169h": "at most 168h",
    "wait:": "got nothing",
    "wait: 1:30": "steps[1].wait: 1:30 is a number in YAML 1.1 but not in YAML 1.2; write 1m30s",
    "wait: ${lwo}": "steps[1].wait: ${lwo}: no such input; did you mean low?",
    "wait: ${low} A": "steps[1].wait: expected a duration",
    "wiat: 5s": 'steps[1].wiat: no step "wiat"; did you mean wait?',
    "{wait: 5s, note: x}": "steps[1].note: a step is of one kind, got wait and note; write two",
    "{wait: 5s, foo: x}": "steps[1].foo: unknown field; known: wait",
    "wait": "steps[1]: wait needs a value: wait: ...",
    "wait 2s": 'steps[1]: no step "wait 2s"; did you mean "wait: 2s", with a colon and a space?',
    "set_limit:32 A": 'did you mean "set_limit: 32 A", with a colon and a space?',
    "plgu": 'steps[1]: no step "plgu"; did you mean plug?',
    "5": "steps[1]: expected a step such as plug, got 5",
    "{}": "steps[1]: expected a step: plug, unplug, wait",
    "plug: true": "steps[1].plug: expected nothing, got true",
    "plug: {station: CP1, connector: 2}": "a mapping; station and connector stand beside it",
    "plug: {connector: 2}": "got a mapping; connector stands beside it",
    "start: 5": "steps[1].start: expected text, got 5; put it in quotes",
    f"start: {'x' * 21}": "steps[1].start: expected 1 to 20 printable ASCII characters",
    "set_limit: 5 kW": "steps[1].set_limit: expected a current such as 32 or 32 A",
    "set_limit: 3.33": "steps[1].set_limit: expected tenths of an A",
    "{set_limit: 5, purpose: Tx}": "expected TxProfile, TxDefaultProfile or ChargePointMaxProfile",
    "{set_limit: 5, stack_level: -1}": "stack_level: expected a whole number of at least 0",
    "ocpp: RemoteStart": 'no OCPP 1.6 action "RemoteStart"; did you mean RemoteStartTransaction?',
    "ocpp: RemoteStopTransaction": '"transactionId" is a required property',
    "{ocpp: RemoteStopTransaction, with: {transactionId: x}}": 'transactionId: "x" is not of',
    "{ocpp: Heartbeat, with: [1]}": "steps[1].with: expected a mapping, got a list of 1",
    "can: 0x800": "expected an id up to 0x7ff (11 bits, or extended: true), got 0x800",
    "{can: 0x20000000, extended: true}": "expected an id up to 0x1fffffff (29 bits)",
    "can: -1": "steps[1].can: expected a whole number of at least 0, got -1",
    "can: '0x210'": 'steps[1].can: expected a whole number, got "0x210"; write it without quotes',
    "{can: 1, data: 6400}": "steps[1].data: expected text, got 6400; put it in quotes",
    "{can: 1, data: 6x}": 'steps[1].data: expected hexadecimal bytes such as "64 00", got "6x"',
    "{can: 1, data: 00 11 22 33 44 55 66 77 88}": "expected at most 8 bytes, got 9",
    "anomaly: flood": 'steps[1].anomaly: expected an anomaly, got "flood"',
    "anomaly: repeated-current-fluctuation": "steps[1].anomaly: would never end: give it a",
    "{anomaly: repeated-current-fluctuation, duration: 0s}": "duration: expected more than 0s",
    "{anomaly: repeated-current-fluctuation, variant: seeed, duration: 1s}": "did you mean seed?",
    "attack: a": "steps[1]: layer is missing",
    "{attack: a, layer: bus}": 'steps[1].layer: expected ocpp, link, can or physical, got "bus"',
    "{attack: a;b, layer: can}": "expected at most 40 letters, digits, dots, _ and -, got 'a;b'",
    "{attack: '=A1', layer: can}": "steps[1].attack: expected at most 40 letters",
    "{attack: a, layer: can, effect: 5x}": "steps[1].effect: expected a duration",
    "{attack: a, layer: can, do: }": "steps[1].do: expected a list, got nothing",
    "{attack: a, layer: can, do: []}": "steps[1].do: expected a list of at least one step",
    "{attack: a, layer: can, do: [{wiat: 1s}]}": "steps[1].do[0].wiat: no step",
    "{attack: a, layer: can, do: [{can: 4096}]}": "steps[1].do[0].can: expected an id up to 0x7ff",
    "{attack: a, layer: can, do: [{end_attack: a}]}": "steps[1].do[0].end_attack: no attack",
    "end_attack: a": 'steps[1].end_attack: no attack "a" goes on here; there is none',
    "parallel: [[{attack: spoof, layer: can}], [{end_attack: spof}]]": "did you mean spoof?",
    "repeat: 3": "steps[1]: do is missing",
    "{repeat: 0, do: [plug]}": "steps[1].repeat: expected a whole number of at least 1, got 0",
    "{repeat: 2.5, do: [plug]}": "steps[1].repeat: expected a whole number, got 2.5",
    "{repeat: 2, do: []}": "steps[1].do: expected a list of at least one step",
    "{repeat: 2, do: [{wait: 1x}]}": "steps[1].do[0].wait: expected a duration",
    "{repeat: 1000, do: [{wait: 100h}]}": "steps: expected at most 30 days in all, got 4166.7",
    "{repeat: 10000000, do: [note: x]}": "steps: expected at most 1,000,000 steps in all",
    "parallel: []": "steps[1].parallel: expected at least one list of steps",
    "parallel: [[]]": "steps[1].parallel[0]: expected a list of at least one step",
    "parallel: [[{can: 9999}]]": "steps[1].parallel[0][0].can: expected an id",
    "note: 5": "steps[1].note: expected text, got 5; put it in quotes",
    "note: on": "steps[1].note: on is true or false in YAML 1.1 but not in YAML 1.2",
    "note: ' '": "steps[1].note: expected a text",
    "mark: ''": "steps[1].mark: expected a text",
    "command: anomaly.strt": "did you mean anomaly.start?",
    "command: view.pause": 'expected a command of the lab, got "view.pause"',
    "{command: anomaly.start, with: {x: 1}}": "steps[1].with.x: no such argument; it takes",
    "{command: anomaly.set, with: {low: 1}}": "steps[1].with.low: no such parameter; did you mean",
    "{command: anomaly.start, station: CP1, connector: 1, with: {connector: 2}}": (
        "with.connector: got 2 and 1 beside the command; leave one out"
    ),
    "{command: anomaly.start, with: {station: CP2}}": 'with.station: expected "CP1", got "CP2"',
}

WAITED = {
    "status: Charging": "steps[1].wait_for: timeout is missing",
    "timeout: 3s": "expected one of status, message and alarm, got none",
    "status: Charging, alarm: any, timeout: 3s": "got status and alarm",
    "status: Chargin, timeout: 3s": 'wait_for.status: expected a status of OCPP 1.6, got "Charg',
    "message: Rset, timeout: 3s": 'wait_for.message: no OCPP 1.6 action "Rset"; did you mean Reset',
    "alarm: current-reversal, timeout: 3s": "did you mean current-reversals?",
    "status: Charging, with: {a: 1}, timeout: 3s": "with: expected only together with message",
    "status: Charging, view: can, timeout: 3s": "view: expected only together with alarm",
    "status: Charging, timeot: 3s": "wait_for.timeot: unknown field; did you mean timeout?",
}

PARAMETERS = {
    "higha: 3": "steps[1].with.higha: no such parameter; did you mean high_a?",
    "high_a: 600": "steps[1].with.high_a: expected a number from 0 to 500 A, got 600",
    "low_a: 200": "steps[1].with.low_a: low_a is 200 A, above high_a, 100 A",
    "low_a: 20 A": 'steps[1].with.low_a: expected a number from 0 to 500 A, got "20 A"',
    "low_a: 150, high_a: 200, jitter: 2": "with.jitter: expected a number from 0 to 0.9, got 2",
    "low_a: -1, jitter: 2": "steps[1].with.low_a: expected a number from 0 to 500 A, got -1",
    "wait_1_s: 0": "steps[1].with.wait_1_s: expected a duration such as",
}

ELSEWHERE = [
    ("schema: evtui.scenario/1\n", "", "schema is missing; the first line of a scenario is"),
    ("scenario/1", "scenario/9", ':1: schema: expected evtui.scenario/1, got "evtui.scenario/9"'),
    ("id: everything", "id: a/b", ":2: id: expected at most 64 letters"),
    ("title: Everything once\n", "", ":1: title is missing"),
    ("Everything once", "''", "title: expected one line of text"),
    ("steps:", "stesp:", "stesp: unknown field; did you mean steps?"),
    ("[T0806]", "T0806", 'technique: expected a list, got "T0806"'),
    ("[T0806]", "[Brute]", "technique[0]: expected an id of MITRE ATT&CK for ICS such as T0806"),
    ("type: float", "type: flot", "inputs.low.type: expected int, float, string, bool or duration"),
    ("min: 0,", "mini: 0,", "inputs.low.mini: unknown field; did you mean min?"),
    ("min: 0,", "min: x,", 'inputs.low.min: expected a number in A, got "x"'),
    ("min: 0,", "min: 600,", "inputs.low.min: expected at most what stands in max"),
    ("min: 0,", "min: 1,", "inputs.low.default: expected a number in A, at least 1, at most 500"),
    ("default: 100 A", "default: 100 kW", "inputs.high.default: expected a number in A, at most 5"),
    ("default: 2min", "default: 2x", "inputs.duration.default: expected a duration"),
    ("duration, default: 2min", "int, default: 2", "inputs.duration.type: expected duration,"),
    ("default: 0, ", "", "inputs.low: has no default; give one with --set low=VALUE"),
    ("[TAG1, TAG2]}", "[]}", "inputs.tag.choices: expected at least one"),
    ("[TAG1, TAG2]}", "[1]}", "inputs.tag.choices[0]: expected text, got 1"),
    ("[TAG1, TAG2]}", "[TAG2]}", 'inputs.tag.default: expected TAG2, got "TAG1"'),
    ("[TAG1, TAG2]}", "[TAG1], min: a}", "inputs.tag.min: only for numbers and durations"),
    ("  n: {", "  n n: {", "inputs.n n: expected a name of letters"),
    ("preset: dc", "preset: dcc", 'lab.preset: expected seed, dc, ccs or ac, got "dcc"; did you'),
    ("preset: dc", "presett: dc", "lab.presett: unknown field; did you mean preset?"),
    ("strict: true", "strict: 1", "lab.strict: expected true or false, got 1"),
    ("strict: true", "strict: yes", "lab.strict: yes is true or false in YAML 1.1"),
    ("strict: true", "id: ' '", "lab.id: expected 1 to 48 printable characters, not blank"),
    ("strict: true", f"id_tag: {'x' * 21}", "lab.id_tag: expected 1 to 20 printable ASCII"),
    ("_interval: 5s", "_interval: 10ms", "lab.meter_interval: expected a dur"),
    ("_interval: 30s", "_interval: 1500ms", 'in whole seconds from 1 to 86400 s, got "1500ms"'),
    ("2026-03-01T08:00:00Z", "soon", "lab.start: expected a moment from 1970 to 2099 such as"),
    ("2026-03-01T08:00:00Z", "9999-12-31T23:59:59Z", "lab.start: expected a moment"),
    ("soc: 30 %", "soc: 130 %", "lab.vehicle.soc: expected a share"),
    ("max_current_a: 150 A", "capacity_ah: -1", "lab.vehicle.capacity_ah: capacity (Ah) must be"),
    ("max_current_a: 150 A", "cells: 0", "lab.vehicle.cells: cells in series must be"),
    ("max_current_a: 150 A", "current: i", "lab.vehicle.current: a column, so expected only with"),
    ("max_current_a: 150 A", "unit: {time: ms}", "lab.vehicle.unit: of columns, so expected only"),
    ("max_current_a: 150 A", "curve: no.csv", "lab.vehicle.curve: no.csv: no such file; those tha"),
    ("max_current_a: 150 A", "curve: .", "lab.vehicle.curve: .: is a directory"),
    ("within: 60s", "within: 60x", "expect[0].within: expected a duration"),
    ("current-reversals", "edges", 'expect[0].alarm: expected a detector, got "edges"'),
    ("view: can", "view: cam", 'expect[0].view: expected can or ocpp, got "cam"; did you mean can'),
    ("no_alarm_before: anomaly", "no_alarm_before: 5x", "expected anomaly, end or a duration such"),
    ("message: SetC", "message: StC", "expect[3].message: no OCPP 1.6 action"),
    ("no_message: Reset", "no_message: Rset", "expect[4].no_message: no OCPP 1.6 action"),
    ("[StartTransaction, ", "[StrtTransaction, ", "expect[5].order[0]: no OCPP 1.6 action"),
    ("[StartTransaction, StopTransaction]", "[]", "expect[5].order: expected at least one action"),
    ("- status: Charging", "- status: On_", "expect[6].status: expected a status of OCPP 1.6"),
    ("[0 A, 120]", "[120]", "expect[7].current.between: expected a list of 2, got a list of 1"),
    ("[0 A, 120]", "[120, 1 A]", "between: expected the lower bound first, got 120 and 1 A"),
    ("[0 A, 120]", "[x, 120]", "expect[7].current.between[0]: expected a current"),
    ("from: 1s", "from: 2min", "expect[7].current.from: expected at most what stands in to"),
    ("[0, 1 kWh]", "[0, 1 MWh]", "expect[8].energy.between[1]: expected an energy"),
    ("- no_schema_violation", "- no_schema_violation: false", "expected true, got false"),
    ("- no_schema_violation", "- no_alarm", '"no_alarm"; did you mean no_alarm_before?'),
    ("- no_schema_violation", "- no_schema", 'no expectation "no_schema"; did you mean no_schema_'),
    ("- command: lab.all_clear", "- 5", "cleanup[0]: expected a step"),
    ("  high: [50, 100 A]", "  hihg: [50]", "matrix.hihg: no such input; did you mean high?"),
    ("[50, 100 A]", "[50, 50 A]", "matrix.high[1]: 50 stands there twice"),
    ("[50, 100 A]", "[50, 501]", "matrix.high[1]: expected a number in A, at most 500, got 501"),
    ("[50, 100 A]", "50", "matrix.high: expected a list, got 50"),
    ("[50, 100 A]", "[]", "matrix.high: expected at least one value"),
    ("[50, 100 A]", str([*range(501)]), "expected at most 1,000 combinations, got 1,002"),
]


@pytest.mark.parametrize(("step", "part"), STEPS.items())
def test_a_step_that_cannot_be_done_is_told_with_its_line(
    step: str, part: str, tmp_path: Path
) -> None:
    text = changed(WAIT, f"  - {step}\n")
    found = mistake_in(text, tmp_path)
    assert found.startswith("file.yaml:")
    assert part in found
    if "steps[1]" in found:
        assert found.startswith("file.yaml:22: ")


@pytest.mark.parametrize(("awaited", "part"), WAITED.items())
def test_what_cannot_be_waited_for_is_told(awaited: str, part: str, tmp_path: Path) -> None:
    found = mistake_in(changed(WAIT, f"  - wait_for: {{{awaited}}}\n"), tmp_path)
    assert found.startswith("file.yaml:22: steps[1].wait_for")
    assert part in found


@pytest.mark.parametrize(("parameters", "part"), PARAMETERS.items())
def test_a_parameter_the_anomaly_refuses_is_told(
    parameters: str, part: str, tmp_path: Path
) -> None:
    step = f"{{anomaly: repeated-current-fluctuation, with: {{cycles: 1, {parameters}}}}}"
    assert part in mistake_in(changed(WAIT, f"  - {step}\n"), tmp_path)


@pytest.mark.parametrize(("old", "new", "part"), ELSEWHERE)
def test_a_mistake_outside_the_steps_is_told(old: str, new: str, part: str, tmp_path: Path) -> None:
    assert part in mistake_in(changed(old, new), tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"given": {"lwo": "1"}}, "--set lwo: no such input; did you mean low?"),
        ({"given": {"low": "1 kA"}}, "--set low: expected a number in A, at least 0, at most 500,"),
        ({"given": {"duration": "5x"}}, "--set duration: expected a duration such as 90"),
        ({"given": {"tag": "TAG3"}}, '--set tag: expected TAG1 or TAG2, got "TAG3"'),
        ({"duration": -1.0}, "--set duration: expected a duration"),
        ({"seed": -1}, "--seed: expected an integer from 0 to 2^63-1, got -1"),
    ],
)
def test_what_is_given_wrongly_is_told_without_a_line(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    assert mistake_in(changed("id: e", "id: e"), tmp_path, **options).startswith(message)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            "power: p",
            "curve.csv:2: column 'p': expected a number of -1000 to 1000 kW, got '7360'; if",
        ),
        ("power: p, unit: {power: V}", "unit: power: expected kW or W or MW, got 'V'"),
        ("power: p, unit: {watts: W}", "unit: expected time or power, got 'watts'"),
        (
            "current: p, voltage: u",
            "curve.csv: 0 s after charging began 12 V and 4,000.0 A leave -",
        ),
    ],
)
def test_a_curve_in_another_unit_is_told_with_a_way_out(
    columns: str, told: str, tmp_path: Path
) -> None:
    power = 4000 if "current" in columns else 7360
    (tmp_path / "curve.csv").write_text(f"t,p,u\n0,{power},12\n60,{power},12\n")
    lab = f"lab:\n  vehicle:\n    {{curve: curve.csv, time: t, {columns}}}\n"
    found = mistake_in(minimal(more=lab), tmp_path)
    assert found.startswith(f"file.yaml:7: lab.vehicle.curve: {told}")


def test_a_curve_that_cannot_be_read_is_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("t,i\n0,ten\n")
    lab = "lab:\n  vehicle:\n    {curve: curve.csv, time: t, current: i}\n"
    found = mistake_in(minimal(more=lab), tmp_path)
    assert found.startswith("file.yaml:7: lab.vehicle.curve: curve.csv:2: column 'i': ")


def test_the_library_that_decodes_may_word_its_errors_as_it_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert = msgspec.convert

    def in_other_words(*arguments: Any, **options: Any) -> Any:
        try:
            return convert(*arguments, **options)
        except msgspec.ValidationError:
            raise msgspec.ValidationError("nope") from None

    monkeypatch.setattr(msgspec, "convert", in_other_words)
    for step, told in {
        "can: -1": "steps[1].can: expected a whole number of at least 0, got -1",
        "start: 5": "steps[1].start: expected text, got 5; put it in quotes",
        "wait: soon": "steps[1].wait: expected a duration such as",
        "{ocpp: Heartbeat, with: [1]}": "steps[1].with: expected a mapping, got a list of 1",
        "{attack: a, layer: can, do: }": "steps[1].do: expected a list, got nothing",
    }.items():
        assert told in mistake_in(changed(WAIT, f"  - {step}\n"), tmp_path)
    short = minimal(more="expect: [{current: {between: [1]}}]")
    assert "between: expected a list of 2, got a list of 1" in mistake_in(short, tmp_path)


@pytest.mark.parametrize(
    "step",
    [
        "{can: 0x1FFFFFFF, extended: true, data: ffffffffffffffff}",
        "{anomaly: repeated-current-fluctuation, with: {low_a: 150, high_a: 200, cycles: 3}}",
        "{anomaly: repeated-current-fluctuation, duration: 168h}",
        "{command: anomaly.set, with: {low_a: 10, station: CP1}}",
        "{ocpp: StatusNotification, from: charge_point, with: {connectorId: 1, errorCode: NoError,"
        " status: Available, timestamp: 2026-01-01T00:00:00Z}}",
        "set_limit: 0.3 A",
        "start:",
        "stop",
    ],
)
def test_what_can_be_done_is_taken(step: str, tmp_path: Path) -> None:
    assert plan_of(changed(WAIT, f"  - {step}\n"), tmp_path).scenario.steps[1] is not None
