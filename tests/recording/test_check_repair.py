"""Repairing a run folder without losing anything of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evtui.recording.check.checking import check_folder
from evtui.recording.check.repairing import TORN_SUFFIX, repair
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from tests.recording.folders import hashes
from tests.recording.reader_rig import cut, drop_line, edit, kill, recorded


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("run") / "run", 30.0)


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "run"))


def test_a_killed_folder_is_sound_after_a_repair(own: Path) -> None:
    kill(own)
    cut(own / layout.SIGNALS, 25)
    cut(own / layout.CAN_LABELS, 100)
    before = check_folder(own)
    assert not before.sound
    done = repair(own)
    assert done == [
        "can_labels.csv: torn last line moved to can_labels.csv.torn",
        "signals.csv: torn last line moved to signals.csv.torn",
        "can.log: lines without their partner moved to can.log.torn",
        f"manifest.json: closed as interrupted, complete up to {before.complete_to:.3f} s",
    ]
    after = check_folder(own)
    assert after.sound, after.findings
    assert after.status == "interrupted"
    manifest = Manifest.load(own / layout.MANIFEST)
    assert manifest.interrupted == "the recording was never closed"
    assert manifest.interrupted_at_s == after.complete_to
    assert manifest.t_end_s == after.t_end
    assert manifest.files[layout.SIGNALS].rows == after.rows[layout.SIGNALS]


def test_what_is_cut_off_is_kept_beside(own: Path) -> None:
    kill(own)
    whole = {path.name: path.read_bytes() for path in own.iterdir()}
    for name in (layout.SIGNALS, layout.OCPP, layout.CAN_LABELS):
        cut(own / name, 60)
    torn = {path.name: path.read_bytes() for path in own.iterdir()}
    repair(own)
    for name in (layout.SIGNALS, layout.OCPP, layout.CAN_LABELS, layout.CAN_LOG):
        kept = (own / name).read_bytes()
        assert kept == b"" or kept.endswith(b"\n")
        assert whole[name].startswith(kept)
        assert kept + (own / (name + TORN_SUFFIX)).read_bytes() == torn[name]


def test_a_second_repair_has_nothing_to_do(own: Path) -> None:
    kill(own)
    cut(own / layout.EVENTS, 10)
    assert repair(own)
    before = hashes(own) | {"manifest": str((own / layout.MANIFEST).read_bytes())}
    assert repair(own) == []
    assert hashes(own) | {"manifest": str((own / layout.MANIFEST).read_bytes())} == before


def test_a_sound_folder_is_left_alone(own: Path) -> None:
    before = {path.name: path.read_bytes() for path in own.iterdir()}
    assert repair(own) == []
    assert {path.name: path.read_bytes() for path in own.iterdir()} == before


def test_a_repair_does_not_hide_a_change(own: Path) -> None:
    edit(own / layout.OCPP, "TAG1", "TAG2")
    cut(own / layout.EVENTS, 10)
    repair(own)
    report = check_folder(own)
    assert report.damaged
    assert [finding.file for finding in report.findings if finding.severity == "error"] == [
        layout.OCPP
    ]


def test_frames_that_miss_their_partner_in_the_middle_are_not_cut_at_the_end(own: Path) -> None:
    kill(own)
    drop_line(own / layout.CAN_LOG, 50)
    labels = (own / layout.CAN_LABELS).read_bytes()
    repair(own)
    assert (own / layout.CAN_LABELS).read_bytes() == labels
    assert check_folder(own).damaged


def test_lines_are_saved_even_where_the_manifest_is_lost(own: Path) -> None:
    (own / layout.MANIFEST).unlink()
    cut(own / layout.OCPP, 10)
    assert repair(own) == ["ocpp.jsonl: torn last line moved to ocpp.jsonl.torn"]
    assert not (own / layout.MANIFEST).exists()
