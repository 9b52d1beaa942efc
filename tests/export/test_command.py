from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from evtui.cli import main
from evtui.cli.export import FORMATS, LABELS, TABLES
from evtui.export import FORMATS as KNOWN_FORMATS
from evtui.export import TABLES as KNOWN_TABLES
from evtui.export.labelled import LABELS as KNOWN_LABELS


def test_the_command_offers_what_there_is() -> None:
    assert tuple(KNOWN_FORMATS) == FORMATS
    assert tuple(KNOWN_TABLES) == TABLES
    assert KNOWN_LABELS == LABELS


def test_it_says_how_much_it_wrote_and_what_the_format_loses(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.trc"
    assert main(["export", str(sample), "--format", "trc", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "evtui: trc does not keep error frames, node names and attack labels "
        "(left out: 1 error frame)",
        f"1,211 frames, 119.9 s -> {out}",
    ]


def test_text_formats_can_go_to_standard_output(
    sample: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name, format_ in KNOWN_FORMATS.items():
        if not format_.text:
            continue
        out = tmp_path / name
        assert main(["export", str(sample), "--format", name, "--out", str(out)]) == 0
        capfdbinary.readouterr()
        assert main(["export", str(sample), "--format", name, "--out", "-"]) == 0
        said = capfdbinary.readouterr()
        assert said.out == out.read_bytes()
        assert said.err.endswith(b" s -> standard output\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--format", "xls", "--out", "x"], "--format: expected one of asc, blf, "),
        (["--format", "asc"], "--out is missing. See evtui export --help."),
        (["--out", "x"], "--format is missing: one of asc, blf, "),
        (["--all", "--format", "asc"], "leave --format, --table out"),
        (["--all", "--out", "-"], "--all writes many files; give --out a folder"),
        (["--format", "blf", "--out", "-"], "blf is binary; give --out a file name instead of -"),
        (["--format", "asc", "--out", "x", "--table", "ocpp"], "asc holds frames only"),
        (["--format", "asc", "--out", "x", "--label", "effect"], "asc has no label column"),
        (["--format", "asc", "--out", "no/x"], "there is no folder "),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], problem: str, sample: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(sample), *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("evtui: ")
    assert problem in said.err
    assert said.err.count("\n") == 1
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "no"), "--format", "asc", "--out", "x"]) == 2
    assert f"evtui: {tmp_path / 'no'}: " in capsys.readouterr().err


def test_a_folder_with_missing_files_exports_what_is_there_and_says_what_is_not(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(sample, torn)
    for name in ("can_labels.csv", "manifest.json", "alarms.csv"):
        (torn / name).unlink()
    out = str(tmp_path / "x")
    assert main(["export", str(torn), "--format", "asc", "--out", out]) == 0
    said = capsys.readouterr().err
    assert "can_labels.csv" in said
    assert "1,212 frames" in said
    arguments = ["export", str(torn), "--format", "csv", "--table", "alarms", "--out", out]
    assert main([*arguments, "--force"]) == 2
    assert "has no alarms.csv, so no alarms to export" in capsys.readouterr().err


def test_a_log_alone_has_frames_only(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "alone.log"
    shutil.copy(sample / "can.log", log)
    out = str(tmp_path / "x")
    assert main(["export", str(log), "--format", "hcrl", "--out", out]) == 0
    assert main(["export", str(log), "--format", "open-ocpp-trace", "--out", f"{out}2"]) == 2
    assert "is a CAN log alone and has no messages" in capsys.readouterr().err


def test_an_effect_label_and_a_table_reach_the_file(sample: Path, tmp_path: Path) -> None:
    labelled, signals = tmp_path / "labelled", tmp_path / "signals"
    arguments = ["export", str(sample), "--format"]
    assert (
        main([*arguments, "can-train-and-test", "--label", "effect", "--out", str(labelled)]) == 0
    )
    assert labelled.read_text().count(",1\n") > 400
    assert main([*arguments, "csv", "--table", "signals", "--out", str(signals)]) == 0
    assert signals.read_text().startswith("t_s,t_utc,station,connector,current_a,")


def test_everything_is_written_at_once(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(sample, folder)
    assert main(["export", str(folder), "--all"]) == 0
    written = {path.name.partition(".") for path in (folder / "export").iterdir()}
    there = {
        name for name, each in KNOWN_FORMATS.items() if not each.needs or find_spec(each.needs)
    }
    assert {f".{suffix}" for _, _, suffix in written} == {
        KNOWN_FORMATS[name].suffix for name in there
    }
    assert {table for table, _, suffix in written if suffix == "csv"} == set(TABLES)
    for name in ("asc", "candump", "hcrl"):
        out = tmp_path / name
        assert main(["export", str(folder), "--format", name, "--out", str(out)]) == 0
        whole = folder / "export" / f"frames{KNOWN_FORMATS[name].suffix}"
        assert whole.read_bytes() == out.read_bytes()
    assert main(["check", str(folder)]) == 0
    capsys.readouterr()
    assert main(["export", str(folder), "--all"]) == 2
    assert "exists; choose another name, or replace it with --force" in capsys.readouterr().err
    assert main(["export", str(folder), "--all", "--force"]) == 0


def test_of_a_log_alone_everything_is_its_frames(sample: Path, tmp_path: Path) -> None:
    log = tmp_path / "alone.log"
    shutil.copy(sample / "can.log", log)
    assert main(["export", str(log), "--all"]) == 0
    names = {path.name.split(".")[0] for path in (tmp_path / "alone.log.export").iterdir()}
    assert names == {"frames"}


def test_a_link_in_a_run_folder_is_no_place_for_everything(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    shutil.copytree(sample, folder)
    elsewhere.mkdir()
    (folder / "export").symlink_to(elsewhere)
    assert main(["export", str(folder), "--all"]) == 2
    assert "is a symbolic link, which is not followed" in capsys.readouterr().err
    assert list(elsewhere.iterdir()) == []


@pytest.fixture
def matrix(sample: Path, tmp_path: Path) -> Path:
    """A folder of two run folders, and of what else a matrix leaves there."""
    for name in ("high-50", "high-100"):
        shutil.copytree(sample, tmp_path / "matrix" / name)
    (tmp_path / "matrix" / "matrix.json").write_text("{}")
    (tmp_path / "matrix" / "notes").mkdir()
    return tmp_path / "matrix"


def test_a_folder_of_run_folders_stands_for_those_in_it(
    matrix: Path, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["--format", "csv", "--table", "alarms", "--out", str(out)]
    assert main(["export", str(matrix), *arguments]) == 0
    assert sorted(os.listdir(out)) == ["high-100.alarms.csv", "high-50.alarms.csv"]
    assert main(["export", str(matrix), "--all", "--out", str(tmp_path / "all")]) == 0
    assert sorted(os.listdir(tmp_path / "all")) == ["high-100", "high-50"]
    capsys.readouterr()
    assert main(["check", str(matrix), str(sample)]) == 0
    assert capsys.readouterr().out.endswith("3 of 3 sound\n")
    (matrix / "high-50" / "signals.csv").unlink()
    assert main(["check", str(matrix)]) == 1
    assert capsys.readouterr().out.endswith("1 of 2 sound\n")


def test_what_is_named_twice_is_taken_once(
    matrix: Path, sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "link"
    link.symlink_to(sample)
    one = matrix / "high-50"
    names = [str(matrix), str(sample), str(link), str(one), str(sample)]
    out = tmp_path / "out"
    more = ["--format", "csv", "--table", "alarms", "--out", str(out)]
    assert main(["export", *names, *more]) == 0
    assert len(os.listdir(out)) == 3
    said = capsys.readouterr().err
    for path in (link, one, sample):
        assert f"evtui: {path} is named more than once, and taken once\n" in said


def test_runs_of_the_same_name_do_not_overwrite_each_other(sample: Path, tmp_path: Path) -> None:
    for parent in ("a", "b"):
        shutil.copytree(sample, tmp_path / parent / "run")
    folders = [str(tmp_path / parent / "run") for parent in ("a", "b")]
    out = tmp_path / "out"
    assert main(["export", *folders, "--format", "hcrl", "--out", str(out)]) == 0
    assert sorted(os.listdir(out)) == ["b-run.hcrl.csv", "run.hcrl.csv"]


def test_a_report_of_a_matrix_compares_its_runs(matrix: Path) -> None:
    assert main(["report", str(matrix)]) == 0
    page = (matrix / "report.html").read_text()
    assert "high-50" in page
    assert "high-100" in page
