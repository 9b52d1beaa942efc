"""Every combination of a matrix: its folder, the processes, one summary."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import pytest

from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.folder import RecordingError
from evtui.scenario.judge.results import MatrixResult, RunResult
from evtui.scenario.language.mistakes import ScenarioError
from evtui.scenario.run.headless import Options, StopFlag
from evtui.scenario.run.matrix import Combination, combinations_of, run_matrix
from tests.scenario.files import minimal, plan_of

MATRIX = """
inputs:
  seconds: {type: int, default: 1, min: 1}
  action: {type: string, default: Reset}
matrix: {seconds: [1, 20], action: [BootNotification, a/b]}
expect: [{note: x}]
""".replace("expect: [{note: x}]\n", "expect: [{message: '${action}'}]\n")


def combinations(folder: Path, more: str = MATRIX) -> list[Combination]:
    plan = plan_of(minimal("[{wait: '${seconds}s'}]", more), folder, seed=3)
    return combinations_of(plan, folder / "out")


GOOD = MATRIX.replace("a/b", "Heartbeat")


def run(some: Sequence[Combination], jobs: int = 1, stop: StopFlag | None = None) -> MatrixResult:
    out = some[0].folder.parent
    return run_matrix(some, Options(), out=out, jobs=jobs, stop=stop or StopFlag())


def test_every_combination_has_a_folder_that_says_which_it_is(tmp_path: Path) -> None:
    assert [(one.label, one.folder.name) for one in combinations(tmp_path, GOOD)] == [
        (label, label)
        for label in (
            "seconds=1,action=BootNotification",
            "seconds=1,action=Heartbeat",
            "seconds=20,action=BootNotification",
            "seconds=20,action=Heartbeat",
        )
    ]


def test_a_value_that_no_file_system_takes_is_spelt_otherwise(tmp_path: Path) -> None:
    more = "inputs: {tag: {type: string}}\nmatrix: {tag: [a/b, a:b, A_B, ..]}\n"
    plan = plan_of(minimal("[{note: '${tag}'}]", more), tmp_path)
    names = [one.folder.name for one in combinations_of(plan, tmp_path)]
    assert names == ["tag=a_b", "tag=a_b+", "tag=A_B++", "tag=.."]


def test_a_mistake_of_one_combination_shows_before_any_begins(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="a/b"):
        combinations(tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_are_run_and_summed_up(jobs: int, tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)
    seen: list[RunResult] = []
    result = run_matrix(
        some,
        Options(),
        out=tmp_path / "out",
        jobs=jobs,
        stop=StopFlag(),
        finished=seen.append,
    )
    assert [one.label for one in result.runs] == [one.label for one in some]
    assert sorted(one.label for one in seen) == sorted(one.label for one in some)
    assert [one.exit_code for one in result.runs] == [0, 1, 0, 0]
    assert result.exit_code == 1
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert summary["schema"] == "evtui.matrix/1"
    assert [one["label"] for one in summary["runs"]] == [one.label for one in some]
    assert summary["exit_code"] == 1
    for one in some:
        manifest = Manifest.load(one.folder / layout.MANIFEST)
        assert manifest.status == "complete"
        assert manifest.seed == 3


def test_processes_make_the_same_files_as_one_after_the_other(tmp_path: Path) -> None:
    for name, jobs in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        run(combinations(tmp_path / name, GOOD)[:2], jobs)
    for one in combinations(tmp_path / "a", GOOD)[:2]:
        for name in (layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.EVENTS):
            other = tmp_path / "b" / "out" / one.folder.name / name
            assert (one.folder / name).read_bytes() == other.read_bytes()


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_has_not_begun_when_it_is_stopped_is_not_run(jobs: int, tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)
    stop = StopFlag()
    out = tmp_path / "out"
    result = run_matrix(
        some,
        Options(),
        out=out,
        jobs=jobs,
        stop=stop,
        finished=lambda one: stop.request("SIGINT"),
    )
    assert result.exit_code == 130
    assert result.not_run
    assert len(result.runs) + len(result.not_run) == 4
    for one in result.runs:
        assert one.folder is not None
        status = Manifest.load(Path(one.folder) / layout.MANIFEST).status
        assert status == ("interrupted" if one.interrupted else "complete")
    assert json.loads((out / "summary.json").read_text("utf-8"))["not_run"] == result.not_run


def test_a_process_that_cannot_run_its_combination_is_told(tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)[:2]
    Path(some[0].scenario).unlink()
    result = run(some, 2)
    assert result.exit_code == 3
    assert all("no such file" in one.interrupted for one in result.runs)


def test_a_process_runs_one_combination_after_the_other(tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)
    seen: set[int | None] = set()

    def look(result: RunResult) -> None:
        seen.update(process.pid for process in multiprocessing.active_children())

    result = run_matrix(
        some, Options(), out=tmp_path / "out", jobs=2, stop=StopFlag(), finished=look
    )
    assert len(result.runs) == 4
    assert len(seen) == 2
    assert not multiprocessing.active_children()


def test_of_a_process_that_is_killed_one_run_is_lost(tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)
    told: list[RunResult] = []

    def kill_once(result: RunResult) -> None:
        if not told:
            for process in multiprocessing.active_children():
                process.kill()
        told.append(result)

    result = run_matrix(
        some, Options(), out=tmp_path / "out", jobs=2, stop=StopFlag(), finished=kill_once
    )
    lost = [one for one in result.runs if one.interrupted]
    assert [one.interrupted for one in lost] == ["its process ended with code -9"] * 2
    assert len(result.runs) == len(told) == 4
    assert result.exit_code == 3


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    some = combinations(tmp_path, GOOD)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").touch()
    with pytest.raises(RecordingError, match="there is something in it"):
        run(some)
