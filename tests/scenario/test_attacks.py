"""Attacks by hand in a scenario: truth, labels, score, and how they end."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from evtui.events import AnomalyState, CanFrame, OcppMessage
from evtui.lab import Lab
from evtui.recording.check.checking import check_folder
from evtui.recording.format.layout import TRUTH
from evtui.recording.read.reader import RunFolder
from evtui.report.summary import summarise
from evtui.scenario.run.headless import Options, run_headless
from evtui.scenario.run.runner import Runner
from tests.scenario.files import minimal, plan_of
from tests.scenario.stage import Played, play_steps
from tests.scenario.test_headless import sums

CHARGE = "start, {wait_for: {status: Charging, timeout: 30s}}, {wait: 20s}"
LOW, HIGH = '{can: 0x210, data: "0A 00"}', '{can: 0x210, data: "64 00"}'
PAIRS = f"{{repeat: 10, do: [{LOW}, {{wait: 2s}}, {HIGH}, {{wait: 2s}}]}}"
INSIDE = f"[{CHARGE}, {{attack: spoof, layer: can, do: [{PAIRS}]}}, {{wait: 10s}}, stop]"
BEGIN, END = "{attack: spoof, layer: can}", "{end_attack: spoof}"
FROM_TO = f"[{CHARGE}, {BEGIN}, {PAIRS}, {END}, {{wait: 10s}}, stop]"
EXPECT = "expect: [{alarm: current-reversals, within: 40s}, {no_alarm_before: anomaly}]"


def truth_of(played: Played) -> list[str]:
    """When attacks by hand began and ended, in order."""
    return [state.change for state in said_of(played) if state.change != "step"]


def said_of(played: Played) -> list[AnomalyState]:
    """What was said of attacks by hand, in order."""
    return [state for state in played.of(AnomalyState) if state.by_hand]


def is_of_an_attack(played: Played, event: CanFrame | OcppMessage) -> bool:
    """True when what caused it is a step of an attack."""
    causes = {state.seq for state in played.of(AnomalyState) if state.active}
    return event.cause in causes


@pytest.fixture(scope="module", params=[INSIDE, FROM_TO], ids=["inside", "from-to"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Ten pairs of spoofed limits, recorded."""
    folder = tmp_path_factory.mktemp("spoof")
    plan = plan_of(minimal(request.param, EXPECT), folder)
    result = run_headless(plan, Options(folder=folder / "run"))
    assert result.exit_code == 0
    assert {alarm.attack_id for alarm in result.alarms} == {"spoof-1"}
    return RunFolder(folder / "run")


def test_ten_spoofed_pairs_are_an_attack_in_the_truth(run: RunFolder) -> None:
    (row,) = run.truth()
    assert (row.attack_id, row.type, row.layer) == ("spoof-1", "spoof", "can")
    assert row.variant == "by-hand"
    assert row.t_end is not None
    assert row.t_effect_end is not None
    assert row.t_end - row.t_start == pytest.approx(40, abs=0.1)
    assert row.t_effect_end - row.t_end == pytest.approx(1, abs=0.1)
    assert row.outcome == "safe"


def test_every_spoofed_frame_is_labelled_and_no_other(run: RunFolder) -> None:
    (row,) = run.truth()
    frames = list(run.frames())
    assert [frame.node for frame in frames if frame.attack] == ["scenario"] * 20
    assert all(frame.attack for frame in frames if frame.node == "scenario")
    for frame in frames:
        in_effect = row.t_start <= frame.t_s <= (row.t_effect_end or 0)
        assert (frame.effect, frame.attack_ids) == (in_effect, ("spoof-1",) * in_effect)


def test_signals_and_messages_name_the_attack_while_it_has_an_effect(run: RunFolder) -> None:
    (row,) = run.truth()
    inside = [each for each in run.signals() if row.t_start < each.t_s <= (row.t_effect_end or 0)]
    assert {each.attack_ids for each in inside} == {("spoof-1",)}
    assert sum(bool(each.attack_ids) for each in run.signals()) == len(inside)
    messages = [each for each in run.messages() if row.t_start <= each.t <= (row.t_end or 0)]
    assert {tuple(each.attack_ids) for each in messages} == {("spoof-1",)}


def test_the_alarm_is_a_hit_and_the_time_runs_from_the_first_change_of_current(
    run: RunFolder,
) -> None:
    (row,) = run.truth()
    raised = [alarm for alarm in run.alarms() if alarm.state == "raised"]
    assert raised
    for alarm in raised:
        assert alarm.attack_id == "spoof-1"
        assert alarm.time_to_detect_s == pytest.approx(alarm.t_s - row.t_start, abs=0.3)


def test_the_folder_agrees_with_itself(run: RunFolder) -> None:
    assert check_folder(run.path).findings == []


def test_the_same_attack_gives_the_same_bytes(tmp_path: Path) -> None:
    plan = plan_of(minimal(INSIDE, EXPECT), tmp_path)
    for name in ("a", "b"):
        run_headless(plan, Options(folder=tmp_path / name))
    assert sums(tmp_path / "a") == sums(tmp_path / "b")


# What belongs to it


@pytest.mark.parametrize(
    ("step", "action"),
    [
        ("{set_limit: 32 A}", "SetChargingProfile"),
        ("start", "RemoteStartTransaction"),
        ("{ocpp: Reset, with: {type: Soft}}", "Reset"),
        ("{ocpp: Heartbeat, from: charge_point}", "Heartbeat"),
        ("{command: station.charge}", "RemoteStartTransaction"),
    ],
)
@pytest.mark.parametrize(
    "steps", ["[{{attack: x, layer: ocpp, do: [{}]}}]", "[{{attack: x, layer: ocpp}}, {}]"]
)
def test_what_its_steps_send_is_its_doing(
    step: str, action: str, steps: str, tmp_path: Path
) -> None:
    played = play_steps(steps.format(step), tmp_path)
    assert played.steps.met
    assert is_of_an_attack(played, played.calls(action)[0])
    assert [state.change for state in said_of(played)].count("step") == 1


def test_what_stands_beside_an_attack_is_not_its_doing(tmp_path: Path) -> None:
    ours = f"[{{attack: spoof, layer: can, do: [{LOW}, {{wait: 2s}}, {LOW}]}}]"
    played = play_steps(f"[{{parallel: [{ours}, [{{wait: 1s}}, {HIGH}]]}}]", tmp_path)
    frames = played.frames("scenario")
    assert [frame.data[0] for frame in frames if is_of_an_attack(played, frame)] == [10, 10]
    assert len(frames) == 3


def test_what_comes_before_and_after_is_not_its_doing(tmp_path: Path) -> None:
    played = play_steps(f"[{HIGH}, {{attack: spoof, layer: can, do: [{LOW}]}}, {HIGH}]", tmp_path)
    frames = played.frames("scenario")
    assert [is_of_an_attack(played, frame) for frame in frames] == [False, True, False]


def test_a_step_has_the_step_of_the_scenario_as_its_cause(tmp_path: Path) -> None:
    played = play_steps(f"[{{attack: spoof, layer: can, do: [{LOW}]}}]", tmp_path)
    (frame,) = played.frames("scenario")
    events = {event.seq: event for event in played.events}
    step = events[frame.cause or 0]
    assert isinstance(step, AnomalyState)
    assert step.step_label == "CAN frame 210#0A00"
    assert getattr(events[step.cause or 0], "path", "") == "steps[0].do[0]"


# Several at once


def test_two_attacks_that_overlap_are_both_in_the_rows(tmp_path: Path) -> None:
    steps = (
        f"[{{attack: a, layer: can}}, {{wait: 2s}}, {{attack: b, layer: link, do: [{LOW}, "
        f"{{wait: 4s}}]}}, {{wait: 2s}}, {{end_attack: a}}, {{wait: 5s}}]"
    )
    run_headless(plan_of(minimal(steps), tmp_path), Options(folder=tmp_path / "run"))
    run = RunFolder(tmp_path / "run")
    assert [(row.attack_id, row.layer) for row in run.truth()] == [("a-1", "can"), ("b-2", "link")]
    seen = list(dict.fromkeys(each.attack_ids for each in run.signals()))
    assert seen == [(), ("a-1",), ("a-1", "b-2")]
    assert check_folder(run.path).findings == []


def test_an_attack_around_the_fluctuation_shares_its_rows_and_its_alarms(tmp_path: Path) -> None:
    inner = "{anomaly: repeated-current-fluctuation, duration: 40s}"
    plan = plan_of(minimal(f"[{{attack: campaign, layer: ocpp, do: [{inner}]}}]"), tmp_path)
    result = run_headless(plan, Options(folder=tmp_path / "run"))
    assert result.exit_code == 0
    run = RunFolder(tmp_path / "run")
    ids = ["campaign-1", "fluctuation-2"]
    assert [row.attack_id for row in run.truth()] == ids
    assert tuple(ids) in {each.attack_ids for each in run.signals()}
    # An alarm is told once, and counts for both.
    assert {alarm.attack_id for alarm in result.alarms} == {"fluctuation-2"}
    assert {alarm.attack_id for alarm in run.alarms() if alarm.state == "raised"} == {ids[1]}
    summary = summarise(run, "run", 100)
    reversals = [each for each in summary.detections if each.detector == "current-reversals"]
    assert [set(each.times) for each in reversals] == [set(ids), set(ids)]
    assert summary.false_alarms == 0
    assert check_folder(run.path).findings == []


def test_an_attack_of_a_name_that_is_on_fails(tmp_path: Path) -> None:
    played = play_steps("[{attack: a, layer: can}, {attack: a, layer: can}]", tmp_path)
    assert played.steps.found.endswith("attack a is on already")
    assert truth_of(played) == ["on", "off", "safe"]


# Its end


@pytest.mark.parametrize(
    "steps",
    [
        "[{attack: a, layer: can}, {wait: 1s}]",
        "[{attack: a, layer: can, do: [{wait: 1h}]}]",
        "[{attack: a, layer: can, do: [stop]}]",
        "[{attack: a, layer: can}, stop]",
        "[{parallel: [[{attack: a, layer: can, do: [{wait: 1h}]}], [{wait: 1s}, stop]]}]",
    ],
)
def test_an_attack_ends_with_the_run_however_that_ends(steps: str, tmp_path: Path) -> None:
    played = play_steps(steps, tmp_path, duration=5)
    assert truth_of(played) == ["on", "off", "safe"]
    cleanup = played.time_of("cleanup", "")
    off = next(state for state in played.of(AnomalyState) if state.change == "off")
    assert off.t <= cleanup


def test_the_cleanup_is_not_part_of_it(tmp_path: Path) -> None:
    played = play_steps("[{attack: a, layer: can}]", tmp_path, f"cleanup: [{HIGH}]")
    (frame,) = played.frames("scenario")
    assert not is_of_an_attack(played, frame)


def test_an_interrupted_run_ends_it(tmp_path: Path) -> None:
    async def soon(lab: Lab, runner: Runner) -> None:
        await asyncio.sleep(5)
        runner.interrupt("SIGINT")

    played = play_steps("[{attack: a, layer: can, do: [{wait: 1h}]}]", tmp_path, meanwhile=soon)
    assert truth_of(played) == ["on", "off", "safe"]


def test_all_clear_ends_it_and_the_steps_go_on(tmp_path: Path) -> None:
    steps = "[{attack: a, layer: can, do: [{command: lab.all_clear}, {wait: 5s}]}, {wait: 1s}]"
    played = play_steps(steps, tmp_path)
    assert played.steps.met
    assert truth_of(played) == ["on", "off", "safe"]
    assert said_of(played)[-1].t - said_of(played)[0].t < 1


def test_an_attack_in_a_repeat_is_a_new_one_each_time(tmp_path: Path) -> None:
    played = play_steps(f"[{{repeat: 3, do: [{{attack: a, layer: can, do: [{LOW}]}}]}}]", tmp_path)
    ids = [state.attack_id for state in played.of(AnomalyState) if state.change == "on"]
    assert ids == ["a-1", "a-2", "a-3"]
    assert truth_of(played).count("safe") == 3


# Its effect


def effect_of(played: Played) -> tuple[float, str]:
    """s that it lasted after the end, and the outcome."""
    off, over = said_of(played)[-2:]
    assert off.change == "off"
    return over.t - off.t, over.change


def test_an_effect_lasts_as_long_as_the_module_holds_another_limit(tmp_path: Path) -> None:
    attack = f"{CHARGE}, {{attack: a, layer: can, do: [{LOW}]}}, {{wait: 30s}}"
    played = play_steps(f"[{attack}, {{set_limit: 40 A}}, {{wait: 20s}}]", tmp_path)
    lasted, outcome = effect_of(played)
    assert outcome == "safe"
    assert 30 < lasted < 32  # the station has told the module another limit by then


def test_an_effect_ends_with_the_run_at_the_latest(tmp_path: Path) -> None:
    attack = f"{{attack: a, layer: can, do: [{LOW}]}}"
    played = play_steps(f"[{CHARGE}, {attack}, {{wait: 30s}}]", tmp_path)
    lasted, outcome = effect_of(played)
    assert outcome == "safe"  # the transaction was ended and the current is gone
    assert 30 < lasted < 42


@pytest.mark.parametrize("effect", ["0s", "300ms", "12s"])
def test_an_effect_that_is_declared_lasts_that_long(effect: str, tmp_path: Path) -> None:
    steps = f"[{{attack: a, layer: link, effect: {effect}, do: [{{wait: 1s}}]}}, {{wait: 20s}}]"
    played = play_steps(steps, tmp_path)
    seconds = {"0s": 0, "300ms": 0.3, "12s": 12}[effect]
    lasted, outcome = effect_of(played)
    assert lasted == pytest.approx(seconds, abs=1e-6)
    assert outcome == "safe"
    assert {state.parameters["effect_s"] for state in said_of(played)} == {seconds}


def test_the_truth_is_in_the_order_of_time(tmp_path: Path) -> None:
    run_headless(plan_of(minimal(FROM_TO), tmp_path), Options(folder=tmp_path / "run"))
    lines = (tmp_path / "run" / TRUTH).read_text().splitlines()
    assert len(lines) == 2
    (row,) = RunFolder(tmp_path / "run").truth()
    times = [row.t_start, row.t_end or 0, row.t_effect_end or 0]
    assert all(before < after for before, after in pairwise(times))
