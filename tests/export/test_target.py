from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from evtui.export import ExportError, export
from evtui.export.target import Borrowed, TargetError, new_file
from evtui.recording.format import FrameRow
from evtui.recording.read.reader import RunFolder


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    with pytest.raises(TargetError, match=r"x exists; .*--force"), new_file(path):
        pass
    assert path.read_text() == "mine"
    with new_file(path, force=True) as file:
        file.write(b"new")
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(TypeError), new_file(path, force=True) as file:
        file.writelines([b"half", "the rest"])  # type: ignore[list-item]
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]


def test_nothing_is_there_under_the_name_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with new_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    with new_file(tmp_path / "x"):
        pass
    usual = tmp_path / "usual"
    usual.touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("x", "usual")]
    assert modes[0] == modes[1]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "x"
    target.write_text("old")
    (tmp_path / "link").symlink_to(target)
    with new_file(tmp_path / "link", force=True) as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert target.read_text() == "new"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is a folder; give --out a file name in it"),
        ("no/such/x", "there is no folder .*no/such; make it first"),
        ("pipe", "is no regular file; use --out - for standard output"),
        ("x" * 300, "cannot write .*: file name too long"),
    ],
)
def test_what_cannot_be_written_is_named(name: str, problem: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TargetError, match=problem), new_file(tmp_path / name, force=True):
        pass
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_borrowed_stream_stays_open() -> None:
    stream = io.BytesIO()
    text = io.TextIOWrapper(Borrowed(stream))
    text.write("data")
    text.close()
    assert stream.getvalue() == b"data"


def test_a_borrowed_stream_that_failed_is_not_tried_again() -> None:
    class Broken(io.BytesIO):
        tries = 0

        def write(self, data: object, /) -> int:
            self.tries += 1
            raise BrokenPipeError

    stream = Broken()
    text = io.TextIOWrapper(Borrowed(stream), write_through=True)
    with pytest.raises(BrokenPipeError):
        text.write("data")
    text.write("more")
    text.close()
    assert stream.tries == 1


def test_an_export_that_fails_half_way_leaves_nothing(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RunFolder.frames

    def torn(self: RunFolder, *args: float) -> Iterator[FrameRow]:
        for place, frame in enumerate(whole(self, *args)):
            if place == 700:
                raise RuntimeError("half way")
            yield frame

    monkeypatch.setattr(RunFolder, "frames", torn)
    for name in ("asc", "blf", "trc", "csv", "parquet", "hcrl"):
        with pytest.raises(RuntimeError, match="half way"):
            export(RunFolder(sample), name, tmp_path / "x")
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["can.log", "manifest.json", "signals.csv"])
def test_not_even_force_replaces_what_was_recorded(name: str, sample: Path) -> None:
    before = (sample / name).read_bytes()
    with pytest.raises(ExportError, match="is part of the recording; choose another name"):
        export(RunFolder(sample), "hcrl", sample / name, force=True)
    assert (sample / name).read_bytes() == before


def test_a_log_alone_is_not_replaced_by_its_export(sample: Path, tmp_path: Path) -> None:
    log = tmp_path / "alone.log"
    log.write_bytes((sample / "can.log").read_bytes())
    with pytest.raises(ExportError, match="part of the recording"):
        export(RunFolder(log), "asc", log, force=True)
