from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evtui.recording.format.manifest import Manifest
from evtui.recording.read.reader import RunFolder
from evtui.report import report
from evtui.report.compare import comparison, differing
from evtui.report.summary import summarise
from tests.recording.sample_run import record_sample
from tests.report.page_reader import Page


def with_inputs(folder: Path, seed: int, **inputs: object) -> Path:
    manifest = Manifest.load(folder / "manifest.json")
    assert manifest.scenario is not None
    manifest.seed = seed
    manifest.scenario.inputs = dict(inputs)
    manifest.save(folder / "manifest.json")
    return folder


@pytest.fixture(scope="module")
def runs(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The sample, and its first fifty seconds, in which nothing is detected."""
    there = tmp_path_factory.mktemp("runs")
    shutil.copytree(sample, there / "whole")
    record_sample(there / "half", seconds=50.0)
    return [
        with_inputs(there / "whole", 7, high_a=100.0, variant="seed"),
        with_inputs(there / "half", 8, high_a=50.0, variant="seed"),
    ]


def test_runs_stand_side_by_side(runs: list[Path]) -> None:
    page = report([RunFolder(folder) for folder in runs])
    read = Page(page)
    assert "2 runs compared" in read.text
    head = read.row("run")
    assert head == [
        *("run", "scenario", "what differs", "verdicts"),
        *("current-reversals can", "current-reversals ocpp", "false alarms", "energy", "peak"),
    ]
    whole, half = read.row("whole"), read.row("half")
    assert whole[1:6] == ["sample", "high_a 100seed 7", "✓ 1 of 1 met", "19.9 s", "21.1 s"]
    assert half[1:6] == ["sample", "high_a 50seed 8", "–", "not detected", "not detected"]
    assert whole[6] == half[6] == "0"
    assert whole[7].endswith(" Wh")
    assert whole[8].endswith(" A")


def test_their_currents_lie_over_each_other_and_each_has_its_section(runs: list[Path]) -> None:
    read = Page(report([RunFolder(folder) for folder in runs]))
    labels = read.values("aria-label")
    assert labels[0].startswith("Currents of 2 runs; peaks: whole ")
    assert len(labels) == 5
    assert {"#run-1", "#run-2"} <= set(read.values("href"))
    assert {"run-1", "run-2"} <= set(read.values("id"))


def test_folders_of_the_same_name_are_told_apart(sample: Path, tmp_path: Path) -> None:
    for parent in ("x", "y"):
        shutil.copytree(sample, tmp_path / parent / "run")
    folders = [RunFolder(tmp_path / parent / "run") for parent in ("x", "y")]
    read = Page(report(folders))
    assert read.row("x/run")
    assert read.row("y/run")
    assert str(tmp_path) not in read.text


def test_of_a_crowd_of_runs_the_first_are_drawn(sample: Path) -> None:
    summary = summarise(RunFolder(sample), "run", 100)
    text = "".join(comparison([summary] * 30))
    assert "The first 24 of 30." in text
    assert len(Page(text).rows) == 31


def test_only_what_differs_is_named() -> None:
    assert differing([{"a": 1, "b": 2.0}, {"a": 1, "b": 3.0}, {"a": 1}]) == [["b 2"], ["b 3"], []]
    assert differing([{"a": 1}, {"a": 1}]) == [[], []]


def test_a_run_without_a_manifest_is_compared_by_what_it_has(
    runs: list[Path], tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(runs[0], bare)
    (bare / "manifest.json").unlink()
    read = Page(report([RunFolder(runs[0]), RunFolder(bare)]))
    assert read.row("bare")[1] == "–"
    assert read.row("bare")[4] == "19.9 s"
