from __future__ import annotations

import os
import shutil
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
        "evtui: trc does not keep remote and error frames, node names and attack labels "
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
