"""One run without a terminal: its result, its folder, and what can go wrong."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from evtui.events import CanFrame, Event, PartState, Sample, ScenarioState
from evtui.lab import Lab
from evtui.power import PowerStage
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.recorder import Recorder, RecordingError
from evtui.scenario.language.loader import Plan
from evtui.scenario.run.headless import Options, StopFlag, run_headless
from tests.scenario.files import minimal, plan_of

EXPECT = """expect:
  - alarm: current-reversals
    within: 30s
  - no_schema_violation: true
"""
REPEATED = (
    layout.SIGNALS,
    layout.OCPP,
    layout.CAN_LOG,
    layout.CAN_LABELS,
    layout.TRUTH,
    layout.ALARMS,
    layout.EVENTS,
    layout.METRICS,
    layout.SCENARIO,
    layout.README,
)


def fluctuation(folder: Path, duration: str = "30s", more: str = EXPECT) -> Plan:
    steps = f"[{{anomaly: repeated-current-fluctuation, duration: {duration}}}]"
    return plan_of(minimal(steps, more), folder)


def sums(folder: Path) -> dict[str, str]:
    """sha256 of every file that is the same each time."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in REPEATED}


def test_a_run_comes_to_a_result(tmp_path: Path) -> None:
    result = run_headless(fluctuation(tmp_path), Options())
    assert result.exit_code == 0
    assert [verdict.path for verdict in result.verdicts] == ["steps", "expect[0]", "expect[1]"]
    assert [alarm.view for alarm in result.alarms] == ["can", "ocpp"]
    assert result.alarms[0].attack_id == "fluctuation-1"
    assert result.alarms[0].time_to_detect_s == pytest.approx(16.0, abs=0.2)
    numbers = [number for alarm in result.alarms for number in (alarm.t_s, alarm.time_to_detect_s)]
    assert numbers == [number and round(number, 6) for number in numbers]
    assert result.messages > 50
    assert result.frames > 300
    assert result.energy_wh > 10
    assert 30 < result.t_end_s < 40
    assert result.factor > 1
    assert result.folder is None


def test_an_expectation_that_is_not_met_exits_with_one(tmp_path: Path) -> None:
    plan = plan_of(minimal(more="expect: [{message: Reset}]"), tmp_path)
    assert run_headless(plan, Options()).exit_code == 1


def test_a_note_of_the_scenario_is_no_violation_whatever_it_says(tmp_path: Path) -> None:
    steps = "[{note: nothing here breaks its schema}, {wait: 2s}]"
    plan = plan_of(minimal(steps, "expect: [no_schema_violation]"), tmp_path)
    assert run_headless(plan, Options()).exit_code == 0


def test_the_result_as_json_has_no_surprises(tmp_path: Path) -> None:
    values = msgspec.to_builtins(run_headless(plan_of(minimal(), tmp_path), Options()))
    assert values["exit_code"] == 0
    assert values["verdicts"][0]["met"] is True
    assert values["factor"] > 0
    assert values["t_end_s"] == round(values["t_end_s"], 6)


def test_the_folder_says_what_was_run_and_how(tmp_path: Path) -> None:
    plan = fluctuation(tmp_path)
    run_headless(plan, Options(folder=tmp_path / "run"))
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert (manifest.status, manifest.interrupted) == ("complete", "")
    assert (manifest.clock.mode, manifest.clock.speed) == ("virtual", "max")
    assert manifest.clock.start_utc == "2026-01-01T00:00:00.000Z"
    assert manifest.reproducible
    assert manifest.seed == 1
    assert manifest.scenario is not None
    assert manifest.scenario.sha256 == plan.sha256
    assert manifest.stations[0].power_stage["ramp"]["kind"] == "FirstOrder"
    assert manifest.stations[0].vehicle["soc_pct"] == 20
    assert manifest.buses["can0"].bitrate == 500_000
    assert manifest.detectors[0]["parameters"] == {"hysteresis_a": 8, "count": 4, "window_s": 60}
    assert (tmp_path / "run" / layout.SCENARIO).read_text("utf-8") == plan.text


def test_the_folder_says_nothing_about_the_machine_it_was_made_on(tmp_path: Path) -> None:
    run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path / "run"))
    settings = Manifest.load(tmp_path / "run" / layout.MANIFEST).settings
    assert {"preset", "meter_interval", "high_a", "csms", "seed"} <= settings.keys()
    assert settings.keys().isdisjoint({"record", "events", "theme", "fps", "mouse"})


def test_the_folder_says_how_to_run_the_same_again(tmp_path: Path) -> None:
    text = minimal(
        "[{wait: '${lead}'}]",
        "inputs: {lead: {type: duration, default: 1500ms}, full: {type: bool, default: true}}",
    )
    options = Options(folder=tmp_path / "run", duration=5.0, redact_id_tags=True)
    run_headless(plan_of(text, tmp_path), options)
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert manifest.scenario is not None
    assert manifest.scenario.options == [
        *("--set", "lead=1.5s", "--set", "full=true", "--duration", "5s", "--redact-id-tags")
    ]
    assert manifest.duration_s == 5
    assert "id tags" in manifest.redacted


def test_the_recording_begins_with_the_first_event(tmp_path: Path) -> None:
    seen: list[Event] = []
    run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path / "run", events=seen.append))
    first = (tmp_path / "run" / layout.EVENTS).read_text("utf-8").split("\n")[0]
    assert '"seq":1,' in first
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


def test_a_run_ends_at_its_duration_also_where_an_input_has_that_name(tmp_path: Path) -> None:
    text = minimal(
        "[{wait: 3s}, {wait: '${duration}'}]", "inputs: {duration: {type: duration, default: 1s}}"
    )
    plan = plan_of(text, tmp_path, duration=5.0)
    result = run_headless(plan, Options(duration=5.0, folder=tmp_path / "run"))
    assert plan.inputs["duration"] == 5.0
    assert 5.0 <= result.t_end_s < 8.0
    assert Manifest.load(tmp_path / "run" / layout.MANIFEST).duration_s == 5.0


def test_progress_and_narration_change_nothing(tmp_path: Path) -> None:
    plan = fluctuation(tmp_path)
    told: list[Any] = []
    shares: list[tuple[float, float, int]] = []
    run_headless(plan, Options(folder=tmp_path / "a"))
    run_headless(
        plan,
        Options(
            folder=tmp_path / "b",
            narrate=told.append,
            progress=lambda *share: shares.append(share),
        ),
    )
    assert sums(tmp_path / "a") == sums(tmp_path / "b")
    assert {type(event).__name__ for event in told} == {"ScenarioState", "Alarm"}
    assert shares[-1][0] > 30
    assert shares[-1][2] == 2


def test_a_paced_run_is_the_same_run(tmp_path: Path) -> None:
    plan = fluctuation(tmp_path, "20s", "")
    run_headless(plan, Options(folder=tmp_path / "a"))
    run_headless(plan, Options(folder=tmp_path / "b", speed=100.0))
    assert sums(tmp_path / "a") == sums(tmp_path / "b")
    assert Manifest.load(tmp_path / "b" / layout.MANIFEST).clock.speed == 100


RUN = """
import sys
from pathlib import Path
from evtui.scenario.run.headless import Options, run_headless
from evtui.scenario.language.loader import load

run_headless(load(Path(sys.argv[1]), seed=7), Options(folder=Path(sys.argv[2])))
"""


def test_the_same_scenario_and_seed_give_the_same_bytes_everywhere(tmp_path: Path) -> None:
    steps = """[start, {wait: 5s}, {set_limit: 40}, {wait: 3s}, stop, {parallel: [
      [{anomaly: repeated-current-fluctuation, with: {jitter: 0.3}, duration: 40s}],
      [{wait: 7s}, {can: 0x123, data: "01"}, {mark: here}]]}]"""
    (tmp_path / "file.yaml").write_text(minimal(steps, EXPECT), "utf-8")
    worlds = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
    ]
    found = []
    for number, world in enumerate(worlds):
        out = tmp_path / str(number)
        subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path / "file.yaml"), str(out)],
            env=os.environ | world,
            check=True,
        )
        found.append(sums(out))
    assert found[0] == found[1]


def test_another_seed_gives_another_run(tmp_path: Path) -> None:
    text = minimal("[{anomaly: repeated-current-fluctuation, with: {jitter: 0.5}, duration: 20s}]")
    for seed in (1, 2):
        run_headless(plan_of(text, tmp_path, seed=seed), Options(folder=tmp_path / str(seed)))
    assert sums(tmp_path / "1")[layout.SIGNALS] != sums(tmp_path / "2")[layout.SIGNALS]


def test_speed_one_is_the_real_clock_and_a_real_websocket(tmp_path: Path) -> None:
    plan = plan_of(minimal("[start, {wait_for: {status: Charging, timeout: 5s}}]"), tmp_path)
    result = run_headless(plan, Options(folder=tmp_path / "run", speed=1.0))
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert result.exit_code == 0
    assert (manifest.clock.mode, manifest.reproducible) == ("real", False)
    assert result.t_end_s == pytest.approx(result.wall_s, abs=2)


@pytest.mark.parametrize("speed", ["max", 20.0, 1.0])
@pytest.mark.parametrize("limits", [(20, 40, 60), (60, 40, 20), (40, 60, 20, 50, 30)])
def test_what_is_due_at_one_moment_happens_in_the_order_of_the_file_on_every_clock(
    limits: tuple[int, ...], speed: float | Literal["max"], tmp_path: Path
) -> None:
    branches = ", ".join(f"[{{wait: 0.5s}}, {{set_limit: {each} A}}]" for each in limits)
    plan = plan_of(minimal(f"[{{parallel: [{branches}]}}, {{wait: 0.1s}}]"), tmp_path)
    seen: list[Event] = []
    assert run_headless(plan, Options(speed=speed, events=seen.append)).exit_code == 0
    told = [
        event.data
        for event in seen
        if isinstance(event, CanFrame) and event.arbitration_id == 0x210
    ]
    asked = [limit.to_bytes(2, "little") for limit in limits]
    begin = told.index(asked[0])  # before it the limit without a profile, after it the cleanup
    assert told[begin : begin + len(asked)] == asked


# What can go wrong


def test_a_folder_with_something_in_it_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is something in it"):
        run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path))


def interrupting(at: float, stop: StopFlag) -> Any:
    """Progress that asks the run to end at a lab time in s."""

    def progress(t: float, longest: float, alarms: int) -> None:
        if t >= at:
            stop.request("SIGINT")

    return progress


def test_an_interrupted_run_ends_in_its_safe_state_and_its_folder_says_so(tmp_path: Path) -> None:
    stop = StopFlag()
    seen: list[Event] = []
    options = Options(
        folder=tmp_path / "run", stop=stop, progress=interrupting(15, stop), events=seen.append
    )
    result = run_headless(fluctuation(tmp_path, "1h"), options)
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert (result.exit_code, result.interrupted, result.verdicts) == (130, "SIGINT", [])
    assert (manifest.status, manifest.interrupted) == ("interrupted", "SIGINT")
    assert manifest.interrupted_at_s == pytest.approx(15, abs=0.01)
    assert manifest.files
    assert [e for e in seen if isinstance(e, Sample)][-1].current < 1.5
    assert [e for e in seen if isinstance(e, ScenarioState)][-1].change == "end"


def test_a_run_that_was_stopped_before_it_began_leaves_a_folder_too(tmp_path: Path) -> None:
    stop = StopFlag()
    stop.request("SIGTERM")
    result = run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path / "r", stop=stop))
    assert result.exit_code == 130
    assert Manifest.load(tmp_path / "r" / layout.MANIFEST).interrupted == "SIGTERM"


def test_a_part_that_crashes_ends_the_run_with_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(stage: PowerStage, dt: float) -> Any:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(PowerStage, "step", crash)
    result = run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path / "run"))
    manifest = Manifest.load(tmp_path / "run" / layout.MANIFEST)
    assert result.exit_code == 3
    assert result.interrupted.endswith("crashed: ZeroDivisionError: a defect")
    assert (manifest.status, manifest.interrupted) == ("interrupted", result.interrupted)


def test_a_lab_that_dies_ends_the_run_with_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(lab: Lab, stop: Any) -> None:
        raise OSError("no more sockets")

    monkeypatch.setattr(Lab, "run", die)
    result = run_headless(plan_of(minimal(), tmp_path), Options(folder=tmp_path / "run"))
    assert result.exit_code == 3
    assert result.interrupted == "the lab ended: OSError: no more sockets"
    assert Manifest.load(tmp_path / "run" / layout.MANIFEST).status == "interrupted"


@pytest.mark.parametrize(("trouble", "code"), [("stop", 3), ("continue", 0)])
def test_a_full_disk_stops_the_run_or_not_as_it_was_told(
    trouble: Any, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_at(recorder: Recorder, event: Event) -> None:
        on_event(recorder, event)
        if event.seq == 100:
            recorder._fail("disk full", "disk full")

    on_event = Recorder.on_event
    monkeypatch.setattr(Recorder, "on_event", fail_at)
    told: list[str] = []
    options = Options(folder=tmp_path / "run", record_trouble=trouble, trouble=told.append)
    result = run_headless(plan_of(minimal("[{wait: 1min}]"), tmp_path), options)
    assert result.exit_code == code
    assert len(told) == 1
    assert "disk full" in told[0]
    assert result.recording_failure == told[0]
    assert (result.t_end_s < 30) is (trouble == "stop")


def test_a_step_that_waits_is_no_lab_that_failed(tmp_path: Path) -> None:
    seen: list[Event] = []
    plan = plan_of(minimal("[{wait_for: {status: Faulted, timeout: 5s}}]"), tmp_path)
    assert run_headless(plan, Options(events=seen.append)).exit_code == 1
    assert {e.state for e in seen if isinstance(e, PartState)} == {"running", "stopped"}
