from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from evtui.cli import main
from evtui.cli.percent import PercentProgress


@pytest.fixture
def run(sample: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    shutil.copytree(sample, folder)
    return folder


def test_the_page_of_one_run_lies_in_its_folder(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(run)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("1 run, ")
    assert said.err.endswith(f" kB -> {run / 'report.html'}\n")
    assert (run / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_page_of_several_runs_lies_here(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(run, tmp_path / "other")
    assert main(["report", "run", "other"]) == 0
    assert (tmp_path / "report.html").exists()
    assert not (run / "report.html").exists()


def test_the_page_of_a_log_alone_lies_here(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(run / "can.log", tmp_path / "alone.log")
    assert main(["report", "alone.log"]) == 0
    assert (tmp_path / "report.html").exists()
    assert "evtui: alone.log: " in capsys.readouterr().err


def test_a_report_is_replaced_and_nothing_else_is(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run / "report.html"
    assert main(["report", str(run)]) == 0
    first = out.read_bytes()
    assert main(["report", str(run)]) == 0
    assert out.read_bytes() == first
    out.write_text("my notes")
    capsys.readouterr()
    assert main(["report", str(run)]) == 2
    assert "exists and is no report; choose another name with --out" in capsys.readouterr().err
    assert out.read_text() == "my notes"
    before = (run / "manifest.json").read_bytes()
    assert main(["report", str(run), "--out", str(run / "manifest.json")]) == 2
    assert (run / "manifest.json").read_bytes() == before


def test_the_page_can_go_to_standard_output(
    run: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["report", str(run), "--out", "-"]) == 0
    said = capfdbinary.readouterr()
    assert said.out.endswith(b"</html>\n")
    assert not (run / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "DIR... is missing"),
        (["nowhere"], "evtui: nowhere: "),
        (["run", "--out", "no/x.html"], "there is no folder no; make it first"),
        (["run", "--out", "run"], "run is a folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str],
    problem: str,
    run: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(run.parent)
    before = sorted(os.listdir(run))
    assert main(["report", *arguments]) == 2
    said = capsys.readouterr()
    assert problem in said.err
    assert said.err.count("\n") == 1
    assert sorted(os.listdir(run)) == before


def test_progress_is_shown_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = PercentProgress("report", 0.0, 10.0)
    silent(5.0)
    silent.close()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = PercentProgress("report", 0.0, 10.0)
    for t in (2.5, 2.5, 10.0):
        shown(t)
    shown.close()
    assert capsys.readouterr().err == "\r\x1b[2Kreport  25%\r\x1b[2Kreport 100%\r\x1b[2K"
