"""``evtui check`` as a person or a script meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evtui.cli import main
from evtui.recording.format import layout
from tests.recording.reader_rig import cut, edit, kill, recorded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return recorded(tmp_path / "run", 20.0)


def test_a_sound_folder_is_one_answer_and_exit_code_0(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == f"{folder}: sound, complete up to 20.002 s"
    assert err == ""


def test_the_first_line_says_up_to_when_a_killed_run_can_be_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(folder)
    cut(folder / layout.SIGNALS, 10)
    assert main(["check", str(folder)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == (
        f"{folder}: not closed, trust it up to 19.900 s; the last event is at 20.002 s"
    )
    assert lines[-1] == f"  evtui check {folder} --repair closes it, and keeps what it cuts off"


def test_a_repair_says_what_it_did_and_then_all_is_well(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(folder)
    cut(folder / layout.SIGNALS, 10)
    assert main(["check", str(folder), "--repair"]) == 0
    out = capsys.readouterr().out
    assert "repaired: signals.csv: torn last line moved to signals.csv.torn\n" in out
    assert f"{folder}: sound, interrupted, complete up to 19.900 s" in out
    assert main(["check", str(folder), "--repair"]) == 0
    assert capsys.readouterr().out.startswith("nothing to repair\n")


def test_a_changed_folder_is_not_to_be_trusted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(folder / layout.OCPP, "TAG1", "TAG2")
    assert main(["check", str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{folder}: damaged, not to be trusted")
    assert "  error: ocpp.jsonl: was changed: its sha256 is not the one in the manifest" in out
    assert "--repair" not in out


def test_scripts_get_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kill(folder)
    assert main(["check", str(folder), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["status"], report["sound"], report["damaged"]) == ("running", False, False)
    assert report["findings"][0]["file"] == layout.MANIFEST
    assert report["repaired"] == []
    assert main(["check", str(folder), "--json", "--repair"]) == 0
    assert len(json.loads(capsys.readouterr().out)["repaired"]) == 1


def test_a_folder_that_is_being_written_to_is_not_repaired(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(folder)

    def write(seconds: float) -> None:
        with (folder / layout.EVENTS).open("a") as file:
            file.write("{")

    monkeypatch.setattr("time.sleep", write)
    before = (folder / layout.MANIFEST).read_bytes()
    assert main(["check", str(folder), "--repair"]) == 2
    assert "somebody is writing to it; end that before a repair" in capsys.readouterr().err
    assert (folder / layout.MANIFEST).read_bytes() == before


@pytest.mark.parametrize("name", ["nowhere", "notes", "notes/milk.txt"])
def test_what_is_no_run_folder_is_bad_input(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/milk.txt").write_text("milk\n", "utf-8")
    assert main(["check", str(tmp_path / name)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"evtui: {tmp_path / name}: ")
    assert err.count("\n") == 1


def test_the_help_explains_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--help"]) == 0
    out = capsys.readouterr().out
    assert "Exit codes: 0 sound" in out
    assert max(map(len, out.splitlines())) <= 80
