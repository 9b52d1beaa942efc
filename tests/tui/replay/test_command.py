"""``evtui replay`` where it needs no terminal."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evtui.cli import main
from evtui.recording.format.manifest import Manifest
from tests.patience import PATIENCE
from tests.recording.sample_run import record_sample

SCENARIO = """\
schema: evtui.scenario/1
id: short
title: A short one
steps:
  - wait: 2s
"""


def test_without_a_terminal_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_sample(tmp_path / "run", seconds=1.0)
    assert main(["replay", str(tmp_path / "run")]) == 2
    told = capsys.readouterr().err
    assert told.startswith("evtui: replay needs a terminal: standard input is not one")
    assert told.count("\n") == 1


@pytest.mark.parametrize("name", ["missing", "text.txt"])
def test_what_is_no_recording_is_named_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("hello\n")
    assert main(["replay", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"evtui: {tmp_path / name}")
    assert told.count("\n") == 1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two seconds in virtual time."""
    base = tmp_path_factory.mktemp("verify")
    (base / "short.yaml").write_text(SCENARIO)
    out = base / "run"
    assert main(["run", str(base / "short.yaml"), "--seed", "7", "--quiet", "--out", str(out)]) == 0
    return out


def test_a_run_made_again_is_identical(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(run), "--verify"]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("identical: signals.csv, ocpp.jsonl, can.log")
    assert "running short again with seed 7" in told.err


def test_of_a_run_that_was_killed_the_part_that_was_written_is_compared(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = tmp_path / "killed"
    shutil.copytree(run, killed)
    manifest = Manifest.load(killed / "manifest.json")
    manifest.status, manifest.files, manifest.t_end_s = "running", {}, None
    manifest.save(killed / "manifest.json")
    for name in ("signals.csv", "can.log", "ocpp.jsonl"):
        whole = (run / name).read_bytes()
        (killed / name).write_bytes(whole[: len(whole) * 2 // 3])
    assert main(["replay", str(killed), "--verify"]) == 0
    assert "s where it ends" in capsys.readouterr().out


def test_of_a_run_that_was_interrupted_the_part_before_that_is_compared(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted = tmp_path / "interrupted"
    shutil.copytree(run, interrupted)
    manifest = Manifest.load(interrupted / "manifest.json")
    manifest.status, manifest.interrupted = "interrupted", "SIGINT"
    manifest.interrupted_at_s = 1.2
    manifest.save(interrupted / "manifest.json")
    assert main(["replay", str(interrupted), "--verify"]) == 0
    assert capsys.readouterr().out.endswith(", up to 1.2 s where it was interrupted\n")


@pytest.mark.parametrize("name", ["signals.csv", "ocpp.jsonl", "can.log", "events.jsonl"])
def test_one_changed_byte_is_found_with_its_file_line_and_time(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(run, changed)
    lines = (changed / name).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2][:-3] + bytes([lines[2][-3] ^ 1]) + lines[2][-2:]
    (changed / name).write_bytes(b"".join(lines))
    assert main(["replay", str(changed), "--verify"]) == 1
    assert re.match(
        rf"different: {name} line 3 at \d+\.\d+ s: recorded .+, again .+", capsys.readouterr().out
    )


def test_a_run_in_real_time_is_said_to_be_not_reproducible(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    real = tmp_path / "real"
    shutil.copytree(run, real)
    manifest = Manifest.load(real / "manifest.json")
    manifest.reproducible = False
    manifest.save(real / "manifest.json")
    assert main(["replay", str(real), "--verify"]) == 1
    assert "a run made in real time is not reproducible" in capsys.readouterr().out


@pytest.mark.parametrize("gone", ["manifest.json", "scenario.yaml"])
def test_what_cannot_be_run_again_is_told_in_one_line(
    gone: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = tmp_path / "part"
    shutil.copytree(run, part)
    (part / gone).unlink()
    assert main(["replay", str(part), "--verify"]) == 2
    assert gone in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_comparison_that_is_ended_early_leaves_nothing_behind(
    number: signal.Signals, run: Path, tmp_path: Path
) -> None:
    folder, beside = tmp_path / "long", tmp_path / "beside"
    text = SCENARIO.replace("steps:", "steps:\n  - wait: 20h", 1)
    (tmp_path / "long.yaml").write_text(text)
    arguments = ["--duration", "1s", "--quiet", "--out", str(folder)]
    assert main(["run", str(tmp_path / "long.yaml"), *arguments]) == 0
    manifest = Manifest.load(folder / "manifest.json")
    manifest.duration_s = None
    manifest.save(folder / "manifest.json")
    beside.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "evtui", "replay", str(folder), "--verify"],
        env=os.environ | {"TMPDIR": str(beside)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while not list(beside.glob("*/again/signals.csv")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=PATIENCE) == 130
    assert list(beside.iterdir()) == []
