"""``evtui anomalies``, and ``evtui run --anomaly``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from evtui.anomalies import Anomaly, Parameters, anomaly_named, names
from evtui.cli import main
from evtui.scenario.language import load, quick_scenario
from evtui.scenario.run import Options, run_headless
from evtui.schemas import SCHEMAS

FLUCTUATION = "repeated-current-fluctuation"

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def said(capsys: Output, *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    return capsys.readouterr().out


def refused(capsys: Output, *arguments: str) -> list[str]:
    assert main(arguments) == 2
    return capsys.readouterr().err.splitlines()


# evtui anomalies


def test_all_are_listed_layer_by_layer_with_severity_and_title(capsys: Output) -> None:
    lines = said(capsys, "anomalies").splitlines()
    assert lines[0].startswith("ocpp: ")
    row = next(line for line in lines if FLUCTUATION in line)
    assert row.split() == ["4", FLUCTUATION, "Repeated", "current", "fluctuation"]
    listed = [line.split()[1] for line in lines if line.startswith("  ")]
    assert sorted(listed) == sorted(names())
    layers = [anomaly_named(each).layer for each in listed]
    assert layers == sorted(layers, key=["ocpp", "link", "can", "physical"].index)


@pytest.mark.parametrize("name", names())
def test_one_is_explained_with_everything_that_it_declares(name: str, capsys: Output) -> None:
    anomaly = anomaly_named(name)
    told = " ".join(said(capsys, "anomalies", name).split())
    texts = (anomaly.title, anomaly.about, *anomaly.signature, *anomaly.references)
    for text in (*texts, anomaly.ends, anomaly.undone, *anomaly.techniques, *anomaly.needs):
        assert " ".join(text.split()) in told
    for each in anomaly.declared():
        assert f"{each.name} [" in told
        assert each.help in told
        assert each.kind.limits in told
    assert f"- anomaly: {name}" in told


def test_they_are_told_to_programs_as_the_schema_says(capsys: Output) -> None:
    schema = json.loads(said(capsys, "schema", "anomalies"))
    assert schema == SCHEMAS["anomalies"]()
    whole = json.loads(said(capsys, "anomalies", "--json"))
    Draft202012Validator(schema).validate(whole)
    assert whole["schema"] == "evtui.anomalies/1"
    assert {each["name"] for each in whole["anomalies"]} == {*names()}
    one = json.loads(said(capsys, "anomalies", FLUCTUATION, "--json"))
    assert one["anomalies"] == [each for each in whole["anomalies"] if each["name"] == FLUCTUATION]
    (high,) = (each for each in one["anomalies"][0]["parameters"] if each["name"] == "high_a")
    assert (high["unit"], high["range"], high["default"]) == ("A", "0 to 500 A", 100.0)
    assert high["value"] == {"type": "number", "minimum": 0, "maximum": 500}


@pytest.mark.parametrize("typed", ["fluctuation", "repeated-curent-fluctuation"])
def test_a_name_that_is_none_gets_the_nearest_one(typed: str, capsys: Output) -> None:
    (line,) = refused(capsys, "anomalies", typed)
    assert line.startswith(f"evtui: no anomaly '{typed}'; did you mean ")


@pytest.mark.parametrize(
    ("line", "kind", "values"),
    [
        ("evtui anomalies repeated", "plain", {FLUCTUATION}),
        ("evtui run --anomaly repeated", "plain", {FLUCTUATION}),
        (f"evtui run --anomaly {FLUCTUATION} --set h", "open", {"high_a="}),
        (
            f"evtui run --anomaly={FLUCTUATION} --set variant=tx",
            "plain",
            {"txprofile", "txdefault"},
        ),
        (f"evtui run --anomaly {FLUCTUATION} --set high_a=", "plain", set()),
        ("evtui run --anomaly nonsense --set h", "open", set()),
        ("evtui schema an", "plain", {"anomalies"}),
    ],
)
def test_names_parameters_and_their_values_are_completed(
    line: str,
    kind: str,
    values: set[str],
    capsys: Output,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("_EVTUI_COMPLETE", "bash_complete")
    with pytest.raises(SystemExit):
        main([])
    rows = [row.split("\t") for row in capsys.readouterr().out.splitlines() if row]
    assert {value for each, value, _ in rows if each == kind} == values


# evtui run --anomaly


def test_without_a_file_it_charges_injects_and_says_what_was_seen(capsys: Output) -> None:
    told = said(capsys, "run", "--anomaly", FLUCTUATION, "--seed", "3", "--json", "--out", "a")
    result = json.loads(told)
    assert (result["scenario"], result["seed"]) == (FLUCTUATION, 3)
    assert result["inputs"] == {"duration": 60.0}
    steps, effect, last = result["verdicts"]
    assert all(each["met"] for each in (steps, effect, last))
    assert effect["expectation"] == f"effect of {FLUCTUATION} seen, then safe"
    assert "calls of its making, current 0 to 100 A, before 100 A" in effect["found"]
    assert "safe after 2.1 s" in effect["found"]
    assert last["found"].startswith("0.0 A")
    assert main(["replay", "a", "--verify"]) == 0


@pytest.mark.parametrize("name", names())
def test_with_its_defaults_the_effect_of_each_is_seen(name: str) -> None:
    result = run_headless(load(quick_scenario(name, {})), Options())
    assert [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met] == []


def test_its_parameters_and_its_duration_are_given_like_inputs(capsys: Output) -> None:
    run = ("run", "--anomaly", FLUCTUATION, "--out", "a", "--quiet", "--duration", "20s")
    assert main([*run, "--set", "high_a=40", "--set", "wait_1_s=500ms"]) == 0
    text = Path("a/scenario.yaml").read_text("utf-8")
    assert "with: {high_a: 40, wait_1_s: 0.5}\n" in text
    header, row = Path("a/truth.csv").read_text("utf-8").splitlines()
    assert '""high_a"":40.0' in row
    t_start, t_end = (
        float(row.split(",")[header.split(",").index(n)]) for n in ("t_start", "t_end")
    )
    assert t_end - t_start == pytest.approx(20.0, abs=0.01)


def test_settings_of_a_file_hold_where_nothing_is_given(capsys: Output) -> None:
    Path("lab.toml").write_text("variant = 'startstop'\n[anomaly]\nhigh_a = 60\n")
    run = ("run", "--anomaly", FLUCTUATION, "--config", "lab.toml", "--out", "a", "--quiet")
    assert main([*run, "--set", "low_a=5"]) == 0
    row = Path("a/truth.csv").read_text("utf-8").splitlines()[1]
    assert '""low_a"":5.0,""high_a"":60.0' in row
    assert ",startstop," in row


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["high=3"], "--set high: repeated-current-fluctuation has no such parameter; did you "
         "mean high_a?"),
        (["high_a=700"], '--set high_a: expected a number from 0 to 500 A, got "700"'),
        (["variant=x"], '--set variant: expected one of seed, txprofile, txdefault, startstop, '
         'got "x"'),
        (["low_a=200"], "--set: low_a is 200 A, above high_a, 100 A"),
        (["low_a"], '--set: expected INPUT=VALUE, got "low_a"'),
    ],
)  # fmt: skip
def test_a_mistake_names_the_parameter_with_unit_and_range(
    given: list[str], told: str, capsys: Output
) -> None:
    options = [word for text in given for word in ("--set", text)]
    (line,) = refused(capsys, "run", "--anomaly", FLUCTUATION, *options)
    assert line == f"evtui: {told}"


def test_all_mistakes_are_told_at_once(capsys: Output) -> None:
    run = ("run", "--anomaly", FLUCTUATION)
    assert len(refused(capsys, *run, "--set", "high=3", "--set", "low_a=x")) == 2


def test_a_scenario_beside_it_and_a_name_that_is_none_are_refused(capsys: Output) -> None:
    (line,) = refused(capsys, "run", "normal-charging", "--anomaly", FLUCTUATION)
    assert "leave one out" in line
    (line,) = refused(capsys, "run", "--anomaly", "fluctuatoin-seed")
    assert line.startswith("evtui: --anomaly: no anomaly 'fluctuatoin-seed'")


def test_one_that_does_nothing_fails(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Anomaly[Parameters], run: object) -> None:
        """Neither charge nor limit."""

    monkeypatch.setattr(anomaly_named(FLUCTUATION), "act", nothing)
    # It ends by itself at once: the vehicle stops charging, since that is how it is undone.
    told = said(capsys, "run", "--anomaly", FLUCTUATION, "--out", "a", "--json", status=1)
    effect = json.loads(told)["verdicts"][1]
    assert not effect["met"]
    assert effect["found"].startswith("nothing was seen of it")


def test_a_run_imports_the_anomaly_that_it_has_on_and_asks_no_package_what_it_brings() -> None:
    program = (
        "import sys\nfrom evtui.cli import main\n"
        "run = ['run', '--anomaly', 'can-set-limit', '--duration', '9s', '--quiet', '--out', 'a']\n"
        "main(run)\n"
        "from evtui.attacks import LAYERS\n"
        "layers = tuple(f'evtui.anomalies.{each}.' for each in LAYERS)\n"
        "names = (each.rpartition('.')[2] for each in sys.modules if each.startswith(layers))\n"
        "print(sorted(each for each in names if not each.startswith('_')))\n"
        "print('importlib.metadata' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-2:] == [
        "['can_set_limit', 'repeated_current_fluctuation']",  # the latter is chosen at first
        "False",
    ]
