"""Where a recording goes, and that nothing that is there is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.recording.write.destination import new_folder, prepare_folder
from evtui.recording.write.folder import RecordingError


def test_a_folder_is_made_with_those_above_it_and_an_empty_one_will_do(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "b")
    prepare_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_with_something_in_it_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(RecordingError, match="there is something in it; name a new folder"):
        prepare_folder(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "precious"


@pytest.mark.parametrize(
    ("place", "problem"),
    [("file", "file exists"), ("file/below", "not a directory"), ("a\0b", "embedded null")],
)
def test_a_place_where_no_folder_can_be_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(RecordingError, match=problem) as refused:
        prepare_folder(Path(place))
    assert "name another folder" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_new_folder_says_when_and_what_and_is_never_one_that_is_there(tmp_path: Path) -> None:
    first = new_folder(tmp_path, "20260101T120000Z", "CP1")
    assert first == tmp_path / "20260101T120000Z-CP1"
    first.mkdir()
    second = new_folder(tmp_path, "20260101T120000Z", "CP1")
    assert second == tmp_path / "20260101T120000Z-CP1-2"
    second.mkdir()
    assert new_folder(tmp_path, "20260101T120000Z", "CP1").name.endswith("-3")


@given(identity=st.text(min_size=1, max_size=48))
def test_whatever_a_station_is_called_the_folder_is_below_its_parent(identity: str) -> None:
    folder = new_folder(Path("runs"), "20260101T120000Z", identity)
    assert folder.parent == Path("runs")
    assert folder.name.isascii()
    assert folder.name.startswith("20260101T120000Z-")
