"""Steps and expectations at other stations and connectors than the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from evtui.config import Settings
from evtui.events import AnomalyState, CanFrame, Mark, Note, OcppMessage, ScenarioState, Verdict
from evtui.power import Vehicle
from evtui.recording.format.manifest import Manifest
from evtui.scenario.expectations.alarms import AlarmExpected, NoAlarmExpected
from evtui.scenario.expectations.current import EnergyExpected, EnergyRange
from evtui.scenario.expectations.messages import MessageExpected, NoMessageExpected
from evtui.scenario.expectations.status import StatusExpected
from evtui.scenario.judge.judge import Judge
from evtui.scenario.judge.junit import junit_xml
from evtui.scenario.language.model import WattHours
from evtui.scenario.language.place import Place
from evtui.scenario.run.headless import Options, run_headless
from evtui.scenario.steps.vehicle import Plug
from tests.scenario.events import alarm, anomaly, call, result, sample, seconds, status
from tests.scenario.files import minimal, mistake_in, plan_of
from tests.scenario.stage import Played, play_steps

LAB = "lab: {preset: dc, stations: 2, connectors: 2}\n"
FAR = "station: CP2, connector: 2"
CHARGE = f"{{start: , {FAR}}}, {{wait_for: {{status: Charging, timeout: 9s}}, {FAR}}}"
TWO = Settings(stations=2, connectors=2)


def play_far(steps: str, folder: Path, more: str = "") -> Played:
    return play_steps(steps, folder, LAB + more)


def sent(played: Played, action: str) -> list[tuple[str, int | None]]:
    """Station and connector of each call of an action."""
    return [(each.station, each.connector) for each in played.calls(action)]


# Where a step acts


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Plug(plug=None), Place("CP2", 2)),
        (Plug(plug=None, connector=1), Place("CP2", 1)),
        (Plug(plug=None, station="CP3"), Place("CP3")),
        (Plug(plug=None, station="CP3", connector=4), Place("CP3", 4)),
    ],
)
def test_a_step_is_where_the_one_around_it_is_unless_it_says_otherwise(
    step: Plug, expected: Place
) -> None:
    assert Place("CP2", 2).of(step) == expected


def test_steps_act_at_the_station_and_connector_that_they_name(tmp_path: Path) -> None:
    steps = f"""[{CHARGE}, {{set_limit: 20, {FAR}}}, {{can: 0x210, data: "0A 00", {FAR}}},
      {{note: here, {FAR}}}, {{mark: there, {FAR}}}, {{command: station.charge, {FAR}}}]"""
    played = play_far(steps, tmp_path)
    assert played.steps.met, played.steps.found
    for action in ("RemoteStartTransaction", "StartTransaction", "SetChargingProfile"):
        assert sent(played, action) == [("CP2", 2)]
    assert {each.station for each in played.of(CanFrame) if each.node == "scenario"} == {"CP2"}
    assert [each.station for each in played.of(Note) if each.text == "here"] == ["CP2"]
    assert [each.station for each in played.of(Mark)] == ["CP2"]
    assert [each.station for each in played.calls("StopTransaction")] == ["CP2"]


def test_steps_inside_others_are_where_those_are(tmp_path: Path) -> None:
    steps = """[{parallel: [[start], [{wait: 2s}, {start: , connector: 1}]], station: CP2,
      connector: 2}, {repeat: 1, do: [start], connector: 2}, start]"""
    played = play_far(steps, tmp_path)
    assert sent(played, "RemoteStartTransaction") == [
        ("CP2", 2),
        ("CP2", 1),
        ("CP1", 2),
        ("CP1", 1),
    ]


def test_a_step_says_where_it_is_unless_that_is_the_first_place(tmp_path: Path) -> None:
    played = play_far(f"[{CHARGE}, {{wait: 1s, connector: 2}}, {{plug: , station: CP2}}]", tmp_path)
    states = [each for each in played.of(ScenarioState) if each.change == "step"]
    assert [each.label for each in states] == [
        "CP2 connector 2: remote start",
        "CP2 connector 2: wait for status Charging",
        "connector 2: wait 1 s",
        "CP2: plug in",
    ]
    assert [(each.station, each.connector) for each in states] == [
        ("CP2", 2),
        ("CP2", 2),
        (msgspec.UNSET, 2),
        ("CP2", msgspec.UNSET),
    ]


def test_a_mark_by_command_is_of_the_station_that_is_named(tmp_path: Path) -> None:
    mark = "command: lab.mark, with: {text: x"
    inside = f"{{parallel: [[{{{mark}}}}}], [{{wait: 1s}}]], station: CP2}}"
    steps = f"[{{{mark}}}}}, {{{mark}}}, station: CP1}}, {inside}, {{{mark}, station: CP2}}}}]"
    played = play_far(steps, tmp_path)
    assert [each.station for each in played.of(Mark)] == ["", "CP1", "CP2", "CP2"]
    twice = f"[{{{mark}, station: CP1}}, station: CP2}}]"
    wrong = mistake_in(minimal(twice, LAB), tmp_path)
    assert 'got "CP1" and "CP2" beside the command' in wrong


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (f"[{{note: x}}, {{wait: 1s}}, {{parallel: [[start]], {FAR}}}]", ("CP2", 2)),
        (f"[{{anomaly: repeated-current-fluctuation, duration: 9s}}, {CHARGE}]", ("CP1", 1)),
        ("[{wait: 1s, station: CP2}]", ("CP1", 1)),
    ],
)
def test_the_first_place_of_a_scenario_is_where_something_happens_first(
    steps: str, expected: tuple[str, int], tmp_path: Path
) -> None:
    assert plan_of(minimal(steps, LAB), tmp_path).first_place == expected


def test_a_place_may_come_from_an_input(tmp_path: Path) -> None:
    more = LAB + "inputs: {at: {type: string, default: CP2}, n: {type: int, default: 2}}\n"
    plan = plan_of(minimal("[{plug: , station: '${at}', connector: '${n}'}]", more), tmp_path)
    assert plan.scenario.steps == [Plug(plug=None, station="CP2", connector=2)]


def test_a_failure_names_the_connector_that_is_meant(tmp_path: Path) -> None:
    steps = f"[start, {{wait_for: {{status: Charging, timeout: 1s}}, {FAR}}}]"
    assert play_far(steps, tmp_path).steps.found == (
        "steps[1]: CP2 connector 2: wait for status Charging: no status Charging in 1 s; "
        "the connector is Preparing"
    )


def test_a_message_is_waited_for_at_the_connector_that_its_transaction_is_at(
    tmp_path: Path,
) -> None:
    steps = f"""[start, {CHARGE}, {{parallel: [
      [{{wait_for: {{message: StopTransaction, timeout: 9s}}, {FAR}}}, {{note: far}}],
      [{{wait_for: {{message: StopTransaction, timeout: 9s}}}}, {{note: near}}],
      [{{wait: 1s}}, stop, {{wait: 1s}}, {{stop: , {FAR}}}]]}}]"""
    played = play_far(steps, tmp_path)
    assert played.steps.met, played.steps.found
    ends = [each.station for each in played.calls("StopTransaction")]
    told = [each for each in played.of(Note) if each.text in ("near", "far")]
    assert ends == ["CP1", "CP2"]
    assert [each.text for each in told] == ["near", "far"]
    assert told[1].t - told[0].t == pytest.approx(1.0, abs=0.2)


def test_the_cleanup_ends_what_was_begun_wherever_that_was(tmp_path: Path) -> None:
    steps = f"[{CHARGE}, {{set_limit: 20, {FAR}}}, {{set_limit: 25, station: CP2}}, start]"
    played = play_far(steps, tmp_path)
    assert sorted(each.station for each in played.calls("StopTransaction")) == ["CP1", "CP2"]
    ids = [
        c.payload["csChargingProfiles"]["chargingProfileId"]
        for c in played.calls("SetChargingProfile")
    ]
    assert len({*ids}) == 2
    cleared = [(c.station, c.payload["id"]) for c in played.calls("ClearChargingProfile")]
    assert cleared == [("CP2", each) for each in ids]


def test_an_anomaly_is_at_the_connector_that_is_named_and_found_there(tmp_path: Path) -> None:
    steps = f"[{{anomaly: repeated-current-fluctuation, duration: 40s, {FAR}}}]"
    more = (
        f"expect: [{{alarm: any, within: 30s, {FAR}}}, {{no_alarm_before: end, connector: 1}},"
        " {no_alarm_before: end, station: CP1}]\n"
    )
    played = play_far(steps, tmp_path, more)
    begun = [each for each in played.of(AnomalyState) if each.change == "on"]
    assert [(each.station, each.connector) for each in begun] == [("CP2", 2)]
    assert [each.met for each in played.of(Verdict)] == [True] * 4


def test_anomalies_side_by_side_end_each_in_its_own_time(tmp_path: Path) -> None:
    name = "repeated-current-fluctuation"
    steps = f"""[{{parallel: [[{{anomaly: {name}, with: {{cycles: 1}}}}],
      [{{anomaly: {name}, with: {{cycles: 2}}, {FAR}}}],
      [{{anomaly: {name}, with: {{cycles: 3}}, connector: 2}}]]}}]"""
    played = play_far(steps, tmp_path)
    assert played.steps.met, played.steps.found
    ends = [(e.station, e.connector) for e in played.of(AnomalyState) if e.change == "off"]
    assert ends == [("CP1", 1), ("CP2", 2), ("CP1", 2)]


def test_a_step_of_an_attack_belongs_to_it_wherever_it_acts(tmp_path: Path) -> None:
    steps = f"""[{{attack: inside, layer: can, do: [{{can: 0x200, {FAR}}}]}},
      {{attack: open, layer: can, connector: 2}}, {{can: 0x201, station: CP2}},
      {{end_attack: open, connector: 2}}]"""
    played = play_far(steps, tmp_path)
    assert played.steps.met, played.steps.found
    acts = [each for each in played.of(AnomalyState) if each.change == "step"]
    assert [(each.anomaly, each.connector, each.step_label) for each in acts] == [
        ("inside", 1, "CP2 connector 2: CAN frame 200#"),
        ("open", 2, "CP2: CAN frame 201#"),
    ]


# Mistakes


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("{plug: , station: CP9}", 'station: no station "CP9": the lab has CP1, CP2, as lab.st'),
        ("{plug: , station: 2}", "station: expected text, got 2; put it in quotes"),
        ("{plug: , connector: 3}", "connector: no connector 3: each station of the lab has conn"),
        ("{plug: , connector: 0}", "connector: expected a whole number of at least 1, got 0"),
        ("{repeat: 1, connector: 3, do: [plug]}", "steps[0].connector: no connector 3"),
        (
            "{command: station.plug, with: {station: CP3}}",
            'with.station: expected "CP1" or "CP2", got "CP3"',
        ),
        (
            "{parallel: [[{attack: a, layer: can}], [{end_attack: a, connector: 2}]]}",
            'end_attack: no attack "a" goes on here; there is none',
        ),
    ],
)
def test_a_place_that_the_lab_has_not_is_told_with_those_it_has(
    step: str, told: str, tmp_path: Path
) -> None:
    (line,) = mistake_in(minimal(f"[{step}]", LAB), tmp_path).split("\n")
    assert told in line


def test_a_lab_of_one_connector_says_so(tmp_path: Path) -> None:
    assert mistake_in(minimal("[{plug: , connector: 2}]"), tmp_path) == (
        "file.yaml:4: steps[0].connector: no connector 2: each station of the lab has "
        "connector 1, as lab.connectors says"
    )
    more = "expect: [{status: Charging, station: CP2}]\n"
    assert "file.yaml:5: expect[0].station: no station" in mistake_in(minimal(more=more), tmp_path)


def test_there_is_a_limit_to_the_stations_of_a_lab(tmp_path: Path) -> None:
    more = "lab: {stations: 99}\n"
    assert "lab.stations: expected an integer from 1 to 20, got 99" in mistake_in(
        minimal(more=more), tmp_path
    )


# What an expectation looks at


def judged(expected: Any, *events: Any) -> bool:
    judge = Judge([expected], 0.0, TWO)
    for event in events:
        judge.see(event)
    return judge.judge()[0].met


def at(event: Any, station: str = "CP1", connector: int | None = None) -> Any:
    """The same event elsewhere."""
    place = {"station": station} | ({} if connector is None else {"connector": connector})
    return msgspec.structs.replace(event, **place)


def test_what_is_to_happen_is_looked_for_at_the_first_station_unless_another_is_named() -> None:
    far = at(status(1, "Charging"), "CP2", 2)
    assert not judged(StatusExpected(status="Charging"), far)
    assert judged(StatusExpected(status="Charging", station="CP2"), far)
    assert judged(StatusExpected(status="Charging", station="CP2", connector=2), far)
    assert not judged(StatusExpected(status="Charging", station="CP2", connector=1), far)
    assert judged(StatusExpected(status="Charging"), at(status(1, "Charging"), "CP1", 2))


def test_what_must_not_happen_must_not_happen_anywhere_unless_a_place_is_named() -> None:
    far = at(alarm(5), "CP2", 2)
    assert not judged(NoAlarmExpected(no_alarm_before="end"), far)
    assert not judged(NoAlarmExpected(no_alarm_before="end", connector=2), far)
    assert judged(NoAlarmExpected(no_alarm_before="end", connector=1), far)
    assert judged(NoAlarmExpected(no_alarm_before="end", station="CP1"), far)


def test_an_alarm_is_timed_from_the_anomaly_at_its_own_connector() -> None:
    expected = AlarmExpected(alarm="any", within=seconds(5), connector=2)
    events = anomaly(1), at(anomaly(50), connector=2), at(alarm(54), connector=2)
    assert judged(expected, *events)


def test_energy_is_that_of_the_connector_that_is_named() -> None:
    events = [at(sample(t, energy=10.0 * t), connector=n) for t in (0, 1) for n in (1, 2)]
    ten = EnergyRange(between=(WattHours(9), WattHours(11)))
    assert judged(EnergyExpected(energy=ten, connector=2), *events)
    assert not judged(EnergyExpected(energy=ten), *events)


def test_a_call_is_of_the_connector_that_it_names_or_whose_transaction_it_names() -> None:
    def transaction(number: int, connector: int) -> list[OcppMessage]:
        start = at(call(1, "StartTransaction", uid=f"{number}"), connector=connector)
        start = msgspec.structs.replace(start, sender="charge_point")
        return [start, result(1, start, {"transactionId": number})]

    stop = call(2, "StopTransaction", {"transactionId": 7}, sender="charge_point")
    events = [*transaction(6, 1), *transaction(7, 2), stop]
    assert judged(MessageExpected(message="StopTransaction", connector=2), *events)
    assert not judged(MessageExpected(message="StopTransaction", connector=1), *events)
    assert judged(NoMessageExpected(no_message="StopTransaction", connector=1), *events)


def test_a_call_about_no_connector_counts_for_what_must_not_happen() -> None:
    reset = call(1, "Reset")
    assert not judged(NoMessageExpected(no_message="Reset", connector=2), reset)
    assert not judged(MessageExpected(message="Reset", connector=2), reset)


# What is written down


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A run in which the far connector charges, and its folder."""
    folder = tmp_path_factory.mktemp("places")
    lab = LAB.replace("}", ", vehicle: {soc: 30 %, cells: 90}}")
    more = f"{lab}expect: [{{status: Charging, {FAR}}}, {{status: Faulted, connector: 2}}]\n"
    plan = plan_of(minimal(f"[{CHARGE}]", more), folder)
    return run_headless(plan, Options(folder=folder / "run"))


def test_a_verdict_names_the_place_in_words_and_as_data(recorded: Any) -> None:
    _, far, near = msgspec.to_builtins(recorded)["verdicts"]
    assert (far["expectation"], far["station"], far["connector"]) == (
        "CP2 connector 2: status Charging",
        "CP2",
        2,
    )
    assert (near["expectation"], near["connector"]) == ("connector 2: status Faulted", 2)
    assert "station" not in near
    assert b'name="expect[0]: CP2 connector 2: status Charging"' in junit_xml([recorded])
    metrics = msgspec.json.decode((Path(recorded.folder) / "metrics.json").read_bytes())
    assert metrics["verdicts"][1]["station"] == "CP2"


def test_the_manifest_has_the_vehicle_of_each_connector(recorded: Any) -> None:
    first, second = Manifest.load(Path(recorded.folder) / "manifest.json").stations
    assert first.vehicle["cells"] == 90
    assert first.at_connectors["2"]["cells"] != 90
    assert list(second.at_connectors) == ["1", "2"]


def test_with_at_every_one_like_it_stands_at_each_connector(tmp_path: Path) -> None:
    spec = "lab: {stations: 2, vehicle: {soc: 30 %, cells: 90, at: every}}\n"
    plan = plan_of(minimal(more=spec), tmp_path)
    far = plan.vehicle_at("CP2", 1)
    assert isinstance(far, Vehicle)
    assert (far.cells, far.soc) == (90, 30)
    assert (
        plan_of(minimal(more=spec.replace(", at: every", "")), tmp_path).vehicle_at("CP2", 1)
        is None
    )
