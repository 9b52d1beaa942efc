"""The runner: steps in their order, and what each does to the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from evtui.events import AnomalyState, Mark, Note, Order, Sample, ScenarioState
from tests.scenario.stage import play_steps

CHARGE = "start, {wait_for: {status: Charging, timeout: 5s}}"


def test_steps_begin_when_the_station_is_accepted_and_its_module_reports(tmp_path: Path) -> None:
    played = play_steps("[start]", tmp_path)
    boot = played.calls("BootNotification")[0]
    first = played.of(ScenarioState)[2]
    assert first.path == "steps[0]"
    assert boot.seq < first.seq
    assert played.frames("module")[0].seq < first.seq
    assert played.steps.met


def test_every_step_says_where_it_is_and_how_long_it_takes(tmp_path: Path) -> None:
    played = play_steps("[{wait: 2s}, {wait_for: {status: Finishing, timeout: 1min}}]", tmp_path)
    begin, ready, wait, step, waiting, *_ = played.of(ScenarioState)
    assert (begin.change, begin.label, begin.steps) == ("begin", "Least", 2)
    assert (ready.change, ready.label) == ("waiting", "wait for the lab")
    assert (wait.change, wait.path, wait.step, wait.label) == ("step", "steps[0]", 1, "wait 2 s")
    assert wait.until == pytest.approx(wait.t + 2)
    assert wait.ends == pytest.approx(wait.t + 62)
    assert (step.change, step.step) == ("step", 2)
    assert (waiting.change, waiting.label) == ("waiting", "wait for status Finishing")
    assert waiting.until == pytest.approx(waiting.t + 60)


def test_a_run_ends_with_cleanup_and_end(tmp_path: Path) -> None:
    played = play_steps("[{wait: 1s}]", tmp_path)
    assert played.states[-2:] == [("cleanup", ""), ("end", "")]
    assert played.of(ScenarioState)[-1].detail == "all 1 met"


def test_what_a_step_sends_has_the_step_as_its_cause(tmp_path: Path) -> None:
    played = play_steps("[start]", tmp_path)
    step = next(s for s in played.of(ScenarioState) if s.path == "steps[0]")
    assert played.calls("RemoteStartTransaction")[0].cause == step.seq


# Waiting


def test_a_wait_lasts_as_long_as_it_says(tmp_path: Path) -> None:
    played = play_steps("[{wait: 2500ms}, {note: x}]", tmp_path)
    waited = played.time_of("step", "steps[1]") - played.time_of("step", "steps[0]")
    assert waited == pytest.approx(2.5)


def test_a_status_that_is_there_already_is_not_waited_for(tmp_path: Path) -> None:
    played = play_steps("[{wait_for: {status: Preparing, timeout: 5s}}]", tmp_path)
    assert ("waiting", "steps[0]") not in played.states
    assert played.steps.met


def test_a_status_is_waited_for_until_the_event_that_brings_it(tmp_path: Path) -> None:
    played = play_steps(f"[{CHARGE}, {{note: now}}]", tmp_path)
    charging = next(s for s in played.of(Sample) if s.status == "Charging")
    assert played.time_of("step", "steps[2]") == pytest.approx(charging.t, abs=1e-6)


def test_a_message_that_the_step_before_has_caused_is_not_missed(tmp_path: Path) -> None:
    steps = "[start, {wait_for: {message: StartTransaction, timeout: 5s}}]"
    assert play_steps(steps, tmp_path).steps.met


def test_two_waits_find_two_messages_of_the_same_moment(tmp_path: Path) -> None:
    steps = """[start,
      {wait_for: {message: RemoteStartTransaction, timeout: 5s}},
      {wait_for: {message: StartTransaction, timeout: 5s}}]"""
    assert play_steps(steps, tmp_path).steps.met


def test_a_message_that_went_by_before_does_not_count(tmp_path: Path) -> None:
    steps = "[start, {wait: 3s}, {wait_for: {message: StartTransaction, timeout: 5s}}]"
    played = play_steps(steps, tmp_path)
    assert played.steps.found == (
        "steps[2]: wait for message StartTransaction: no message StartTransaction in 5 s"
    )


def test_a_message_is_waited_for_with_its_fields(tmp_path: Path) -> None:
    steps = """[start, {wait: 2s}, {wait_for: {message: StatusNotification,
      with: {status: Finishing}, timeout: 30s}}]"""
    played = play_steps(f"[parallel: [{steps}, [{{wait: 9s}}, stop]]]", tmp_path)
    assert played.steps.met


def test_an_alarm_that_is_still_raised_is_not_waited_for(tmp_path: Path) -> None:
    steps = """[{anomaly: repeated-current-fluctuation, duration: 25s},
      {wait_for: {alarm: any, timeout: 1s}}]"""
    played = play_steps(steps, tmp_path)
    assert played.steps.met
    assert ("waiting", "steps[1]") not in played.states


def test_an_alarm_of_the_other_view_is_waited_for(tmp_path: Path) -> None:
    steps = """[parallel: [
      [{anomaly: repeated-current-fluctuation, duration: 25s}],
      [{wait_for: {alarm: current-reversals, view: ocpp, timeout: 25s}}, {note: there}]]]"""
    played = play_steps(steps, tmp_path)
    alarms = [note for note in played.of(Note) if note.text == "there"]
    assert played.steps.met
    assert alarms[0].t == pytest.approx(21.1, abs=0.2)


def test_what_is_waited_for_and_does_not_come_fails_the_run(tmp_path: Path) -> None:
    played = play_steps("[{wait_for: {status: Charging, timeout: 5s}}, {note: x}]", tmp_path)
    assert not played.steps.met
    assert played.steps.found == (
        "steps[0]: wait for status Charging: no status Charging in 5 s; the connector is Preparing"
    )
    assert "x" not in played.notes
    assert ("failed", "steps[0]") in played.states


# Doing


def test_plugging_twice_is_plugging_once(tmp_path: Path) -> None:
    played = play_steps("[plug, unplug, unplug, plug]", tmp_path)
    assert played.orders == ["station.plug", "station.plug"]


def test_a_stop_is_done_when_the_transaction_has_ended(tmp_path: Path) -> None:
    played = play_steps(f"[{CHARGE}, stop, start]", tmp_path)
    assert played.steps.met
    stopped = played.calls("StopTransaction")[0]
    assert stopped.seq < played.calls("RemoteStartTransaction")[1].seq


def test_a_stop_right_after_a_start_waits_for_the_transaction_to_open(tmp_path: Path) -> None:
    assert play_steps("[start, stop]", tmp_path).steps.met


def test_a_stop_without_a_transaction_fails(tmp_path: Path) -> None:
    assert play_steps("[stop]", tmp_path).steps.found == (
        "steps[0]: remote stop: no transaction runs: the connector is Preparing"
    )


def test_a_start_that_is_rejected_fails(tmp_path: Path) -> None:
    assert play_steps("[start, start]", tmp_path).steps.found.startswith(
        "steps[1]: remote start: RemoteStartTransaction was answered Rejected"
    )


def test_a_start_has_the_id_tag_that_it_is_given(tmp_path: Path) -> None:
    played = play_steps("[start: TAG7]", tmp_path)
    assert played.calls("StartTransaction")[0].payload["idTag"] == "TAG7"


@pytest.mark.parametrize("purpose", ["TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"])
def test_a_limit_holds_and_is_cleared_afterwards(purpose: str, tmp_path: Path) -> None:
    steps = f"[{CHARGE}, {{set_limit: 40 A, purpose: {purpose}}}, {{wait: 5s}}]"
    played = play_steps(steps, tmp_path, "expect: [current: {between: [39, 41], measure: last}]")
    assert played.outcome is not None
    assert played.outcome.met
    cleared = [call.payload["id"] for call in played.calls("ClearChargingProfile")]
    assert cleared == [1001]
    assert played.of(Sample)[-1].limit != 40


def test_limits_of_different_purposes_do_not_replace_each_other(tmp_path: Path) -> None:
    steps = f"""[{CHARGE}, {{set_limit: 30, purpose: ChargePointMaxProfile}}, {{set_limit: 60}},
      {{set_limit: 50}}, {{wait: 5s}}]"""
    played = play_steps(steps, tmp_path, "expect: [current: {between: [29, 31], measure: last}]")
    assert played.outcome is not None
    assert played.outcome.met
    ids = [
        call.payload["csChargingProfiles"]["chargingProfileId"]
        for call in played.calls("SetChargingProfile")
    ]
    assert ids == [1001, 1002, 1002]


def test_the_limits_of_a_scenario_are_none_of_the_anomaly(tmp_path: Path) -> None:
    steps = """[{set_limit: 50, stack_level: 1},
      {anomaly: repeated-current-fluctuation, duration: 9s}, start, {wait: 5s}]"""
    played = play_steps(steps, tmp_path, "expect: [current: {between: [49, 51], measure: last}]")
    assert played.outcome is not None
    assert played.outcome.met


def test_any_call_can_be_made_and_its_answer_held_against_the_expected(tmp_path: Path) -> None:
    steps = """[{ocpp: ChangeConfiguration, with: {key: HeartbeatInterval, value: "30"},
      answer: Accepted}, {ocpp: UnlockConnector, with: {connectorId: 9}, answer: Unlocked}]"""
    assert play_steps(steps, tmp_path).steps.found == (
        "steps[1]: UnlockConnector from the central system: answered NotSupported, not Unlocked"
    )


def test_a_callerror_is_an_answer_too(tmp_path: Path) -> None:
    steps = """[{ocpp: SetChargingProfile, answer: PropertyConstraintViolation, with: {
      connectorId: 9, csChargingProfiles: {chargingProfileId: 1, stackLevel: 0,
      chargingProfilePurpose: TxDefaultProfile, chargingProfileKind: Relative,
      chargingSchedule: {chargingRateUnit: A,
      chargingSchedulePeriod: [{startPeriod: 0, limit: 6}]}}}}]"""
    assert play_steps(steps, tmp_path).steps.met


def test_the_running_transaction_stands_for_its_id(tmp_path: Path) -> None:
    steps = "[start, {ocpp: RemoteStopTransaction, with: {transactionId: running}}]"
    played = play_steps(steps, tmp_path)
    assert played.steps.met
    assert played.calls("RemoteStopTransaction")[0].payload == {"transactionId": 1}


def test_the_charge_point_makes_a_call_after_what_it_has_to_say(tmp_path: Path) -> None:
    steps = """[start, {ocpp: DataTransfer, with: {vendorId: evtui}, from: charge_point,
      answer: UnknownVendorId}]"""
    played = play_steps(steps, tmp_path)
    assert played.steps.met
    transfer = played.calls("DataTransfer")[0]
    assert transfer.sender == "charge_point"
    assert played.calls("StartTransaction")[0].seq < transfer.seq


def test_an_answer_to_the_charge_point_can_be_a_refusal(tmp_path: Path) -> None:
    steps = """[{ocpp: LogStatusNotification, with: {status: Idle}, from: charge_point,
      answer: NotSupported}]"""
    assert play_steps(steps, tmp_path).steps.met


def test_a_frame_is_done_when_it_has_passed_on_the_bus(tmp_path: Path) -> None:
    steps = "[{can: 0x210, data: 32 00}, {can: 0x18FF50E5, extended: true}]"
    played = play_steps(steps, tmp_path)
    sent = [(f.arbitration_id, f.extended, f.data) for f in played.frames("scenario")]
    assert sent == [(0x210, False, b"\x32\x00"), (0x18FF50E5, True, b"")]
    after = next(s for s in played.of(ScenarioState) if s.path == "steps[1]")
    assert played.frames("scenario")[0].seq < after.seq


def test_notes_and_marks_are_events(tmp_path: Path) -> None:
    played = play_steps("[{note: half way}, {mark: here}]", tmp_path)
    assert "half way" in played.notes
    assert [mark.text for mark in played.of(Mark)] == ["here"]


def test_a_command_is_given_and_recorded(tmp_path: Path) -> None:
    played = play_steps("[{command: station.preset}]", tmp_path)
    assert played.orders == ["station.preset"]


def test_a_command_that_cannot_be_done_fails(tmp_path: Path) -> None:
    played = play_steps("[{command: anomaly.start}, {command: anomaly.start}]", tmp_path)
    already = "repeated-current-fluctuation is running already"
    assert played.steps.found == f"steps[1]: command anomaly.start: {already}"
    assert [order.done for order in played.of(Order)] == [True, False]


# The anomaly


def test_an_anomaly_runs_for_its_duration_and_to_its_safe_state(tmp_path: Path) -> None:
    steps = "[{anomaly: repeated-current-fluctuation, variant: startstop, duration: 20s}]"
    played = play_steps(steps, tmp_path)
    changes = {state.change: state for state in played.of(AnomalyState)}
    assert changes["off"].t - changes["on"].t == pytest.approx(20)
    assert changes["on"].variant == "startstop"
    assert changes["safe"].seq < played.steps.seq


def test_an_anomaly_ends_with_its_cycles(tmp_path: Path) -> None:
    steps = "[{anomaly: repeated-current-fluctuation, with: {cycles: 2, high_a: 50}}]"
    played = play_steps(steps, tmp_path)
    off = next(state for state in played.of(AnomalyState) if state.change == "off")
    assert played.steps.met
    assert (off.cycle, off.parameters["high_a"]) == (2, 50)


def test_the_parameters_of_one_anomaly_are_not_those_of_the_next(tmp_path: Path) -> None:
    steps = """[{anomaly: repeated-current-fluctuation, variant: txdefault, duration: 9s,
      with: {high_a: 50}}, {anomaly: repeated-current-fluctuation, duration: 9s}]"""
    played = play_steps(steps, tmp_path)
    on = [state for state in played.of(AnomalyState) if state.change == "on"]
    assert [(state.variant, state.parameters["high_a"]) for state in on] == [
        ("txdefault", 50),
        ("seed", 100),
    ]


def test_an_anomaly_that_gives_up_by_itself_fails_the_step(tmp_path: Path) -> None:
    steps = """[unplug,
      {anomaly: repeated-current-fluctuation, variant: txprofile, duration: 90s}]"""
    found = play_steps(steps, tmp_path).steps.found
    assert "it ended by itself in cycle 0: txprofile needs a transaction" in found


# Steps made of others


def test_steps_are_repeated(tmp_path: Path) -> None:
    played = play_steps("[{repeat: 3, do: [{wait: 1s}, {note: tick}]}]", tmp_path)
    assert played.notes.count("tick") == 3
    rounds = [s.detail for s in played.of(ScenarioState) if s.path == "steps[0].do[1]"]
    assert rounds == ["1 of 3", "2 of 3", "3 of 3"]


def test_lists_run_side_by_side_until_all_are_done(tmp_path: Path) -> None:
    steps = """[{parallel: [[{wait: 1s}, {note: one}], [{wait: 3s}, {note: three}]]},
      {note: after}]"""
    played = play_steps(steps, tmp_path)
    times = {note.text: round(note.t - 0.11, 1) for note in played.of(Note)}
    assert (times["one"], times["three"], times["after"]) == (1, 3, 3)
    assert ("step", "steps[0].parallel[1][1]") in played.states


def test_a_list_that_fails_ends_the_others(tmp_path: Path) -> None:
    steps = "[{parallel: [[{wait: 1h}], [{wait: 1s}, stop], [{wait: 2h}]]}]"
    played = play_steps(steps, tmp_path)
    assert played.steps.found.startswith("steps[0].parallel[1][1]: remote stop: ")
    assert played.outcome is not None
    assert played.outcome.ended < 10
