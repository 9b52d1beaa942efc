"""How a run ends: cut short, interrupted, cancelled, and always cleaned up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from evtui.events import AnomalyState, Note, Sample, Verdict
from evtui.lab import Lab
from evtui.scenario.run.runner import Runner
from tests.scenario.files import minimal, plan_of
from tests.scenario.stage import Played, play, play_steps

FLUCTUATION = "{anomaly: repeated-current-fluctuation, duration: 1h}"


def is_at_rest(played: Played) -> bool:
    """No anomaly, no transaction, no limit of the scenario."""
    changes = [s.change for s in played.of(AnomalyState) if s.change in ("on", "safe", "failed")]
    last = played.of(Sample)[-1]
    return changes[-1:] != ["on"] and last.transaction_id is None and last.current < 1.5


def test_a_duration_cuts_the_steps_short_and_that_is_no_failure(tmp_path: Path) -> None:
    played = play_steps(f"[{FLUCTUATION}]", tmp_path, duration=30.0)
    assert played.outcome is not None
    assert played.outcome.ended == pytest.approx(30)
    assert played.steps.met
    assert played.steps.found.startswith("cut short after 30.0 s, in steps[0]: ")
    assert is_at_rest(played)


def test_of_steps_that_were_cut_short_none_is_said_to_be_done(tmp_path: Path) -> None:
    steps = f"[start, {FLUCTUATION}, {{wait: 1s}}, {{note: never}}]"
    told = play_steps(steps, tmp_path, duration=30.0).steps
    assert told.expectation == "no step fails before the cut"
    assert told.found.endswith("; 2 steps not begun")


def test_a_duration_that_ends_before_the_first_step_is_not_met(tmp_path: Path) -> None:
    played = play_steps("[{note: x}]", tmp_path, duration=0.05)
    assert (played.steps.met, played.steps.found) == (
        False,
        "cut short after 0.1 s, before the first",
    )


def test_a_run_goes_on_until_its_duration_when_the_steps_end_earlier(tmp_path: Path) -> None:
    played = play_steps("[start]", tmp_path, duration=60.0)
    assert played.outcome is not None
    assert played.outcome.ended == pytest.approx(60)
    assert played.steps.found == "1 step in 60.0 s"
    assert len(played.calls("MeterValues")) > 50


def test_a_duration_that_is_as_long_as_the_steps_is_not_cut_short(tmp_path: Path) -> None:
    played = play_steps("[{wait: 2s}]", tmp_path, duration=10.0)
    assert played.steps.found == "1 step in 10.0 s"


def test_the_cleanup_is_done_when_a_step_fails(tmp_path: Path) -> None:
    played = play_steps(
        "[start, {wait_for: {status: Faulted, timeout: 1s}}]",
        tmp_path,
        "cleanup: [{note: cleaning}, stop, {note: clean}]",
    )
    assert not played.steps.met
    assert played.notes[-2:] == ["cleaning", "clean"]


def test_a_step_of_the_cleanup_that_fails_does_not_keep_the_next_from_being_done(
    tmp_path: Path,
) -> None:
    played = play_steps("[{wait: 1s}]", tmp_path, "cleanup: [stop, {note: clean}]")
    assert played.steps.met
    warning, clean = [note for note in played.of(Note) if note.source == "scenario"]
    assert warning.text.startswith("cleanup[0]: remote stop: no transaction runs")
    assert (warning.level, clean.text) == ("warning", "clean")


def test_what_the_cleanup_does_is_not_judged(tmp_path: Path) -> None:
    expect = """expect:
      - no_message: StopTransaction
      - current: {between: [90, 100], measure: last}
      - status: Charging
    """
    played = play_steps("[start, {wait: 10s}]", tmp_path, expect)
    assert played.outcome is not None
    assert played.outcome.met
    assert played.calls("StopTransaction")


def test_what_the_last_step_has_caused_is_judged(tmp_path: Path) -> None:
    expect = "expect: [{message: Heartbeat, count: 1}, {message: StopTransaction}]"
    steps = "[start, stop, {ocpp: TriggerMessage, with: {requestedMessage: Heartbeat}}]"
    played = play_steps(steps, tmp_path, expect)
    assert [verdict.met for verdict in played.of(Verdict)] == [True, True, True]


def test_a_transaction_that_the_scenario_leaves_behind_is_ended(tmp_path: Path) -> None:
    played = play_steps("[start, {wait: 10s}]", tmp_path)
    assert played.calls("StopTransaction")[0].payload["reason"] == "Remote"
    assert played.states[-1] == ("end", "")


def test_a_start_that_waits_for_a_vehicle_is_given_up(tmp_path: Path) -> None:
    played = play_steps("[unplug, start, {wait: 1s}]", tmp_path)
    assert any("start given up" in note for note in played.notes)


def test_expectations_are_judged_although_a_step_failed(tmp_path: Path) -> None:
    played = play_steps("[stop]", tmp_path, "expect: [{message: BootNotification}]")
    assert [verdict.met for verdict in played.of(Verdict)] == [False, True]
    assert played.outcome is not None
    assert not played.outcome.met


def test_a_station_that_is_never_accepted_fails_the_run_and_is_named(tmp_path: Path) -> None:
    async def stay_away(lab: Lab, runner: Runner) -> None:
        await lab._supervisor.stop("csms")

    played = play_steps("[start]", tmp_path, meanwhile=stay_away)
    assert played.steps.found == (
        "wait for the lab: CP1 is not accepted by the central system after 30 s: "
        "cannot connect: the central system does not listen"
    )


def test_a_module_that_is_missing_fails_the_run_and_is_named(tmp_path: Path) -> None:
    async def take_it_away(lab: Lab, runner: Runner) -> None:
        await asyncio.sleep(0.05)
        await lab._supervisor.stop("CP1/module")

    played = play_steps("[start]", tmp_path, meanwhile=take_it_away)
    assert "the charger module of CP1 does not report after 30 s" in played.steps.found


def test_a_station_that_goes_away_fails_the_step_that_needs_it(tmp_path: Path) -> None:
    async def cut(lab: Lab, runner: Runner) -> None:
        await asyncio.sleep(5)
        await lab._supervisor.stop("csms")

    played = play_steps("[{wait: 10s}, start]", tmp_path, meanwhile=cut)
    assert played.steps.found.startswith("steps[1]: remote start: CP1 is not connected: ")


def test_an_interrupted_run_is_cleaned_up_and_not_judged(tmp_path: Path) -> None:
    async def interrupt(lab: Lab, runner: Runner) -> None:
        await asyncio.sleep(20)
        runner.interrupt("SIGINT")

    played = play_steps(f"[{FLUCTUATION}]", tmp_path, meanwhile=interrupt)
    assert played.outcome is not None
    assert played.outcome.interrupted == "SIGINT"
    assert played.outcome.interrupted_at == pytest.approx(20)
    assert played.outcome.verdicts == ()
    assert not played.outcome.met
    assert is_at_rest(played)
    assert played.states[-1] == ("end", "")


def test_a_run_interrupted_before_it_begins_does_nothing(tmp_path: Path) -> None:
    async def interrupt(lab: Lab, runner: Runner) -> None:
        runner.interrupt("SIGTERM")

    played = play_steps("[start]", tmp_path, meanwhile=interrupt)
    assert not played.calls("RemoteStartTransaction")
    assert played.states[-1] == ("end", "")


def test_a_cancelled_run_is_cleaned_up(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    async def cancel(lab: Lab, runner: Runner) -> None:
        await asyncio.sleep(20)
        main = next(t for t in asyncio.all_tasks() if "main" in repr(t.get_coro()))
        main.cancel()

    plan = plan_of(minimal(f"[{FLUCTUATION}]", "cleanup: [{note: clean}]"), tmp_path)
    seen: list[str] = []

    async def watch(lab: Lab, runner: Runner) -> None:
        lab.stream.subscribe(lambda event: seen.append(getattr(event, "change", "")))
        await cancel(lab, runner)

    with pytest.raises(asyncio.CancelledError):
        play(plan, meanwhile=watch)
    assert seen.index("cleanup") < seen.index("safe") < seen.index("end")
