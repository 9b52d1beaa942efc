"""A run folder may come from anybody: something else than a file in the place of each file."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from evtui.cli.main import main
from evtui.recording.check.repairing import TORN_SUFFIX
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.scenario.language.loader import ScenarioError
from evtui.scenario.language.sources import curve_text
from tests.recording.reader_rig import cut, kill, recorded

SECRET = "(1.000000) can0 123#00\nnot yours and torn"


def _socket(path: Path, outside: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path, outside: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


KINDS: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "fifo": (lambda path, outside: os.mkfifo(path), "is a FIFO"),
    "link outside": (lambda path, outside: path.symlink_to(outside), "is a symbolic link"),
    "link inside": (lambda path, outside: path.symlink_to("other"), "is a symbolic link"),
    "link to a device": (lambda path, outside: path.symlink_to("/dev/zero"), "is a symbolic link"),
    "link to itself": (lambda path, outside: path.symlink_to(path.name), "is a symbolic link"),
    "directory": (lambda path, outside: path.mkdir(), "is a directory"),
    "socket": (_socket, "is a socket"),
    "endless": (_sparse, "is larger than "),
}

READ = (
    layout.MANIFEST,
    *(layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS),
    *(layout.ALARMS, layout.TRUTH, layout.EVENTS),
)
"""Files that every command reads."""


FULL = os.environ.get("EVTUI_FULL") == "1"


def pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Each file with a few kinds, and each kind with a few files; all with all where all is run."""
    return [
        (name, kind)
        for row, name in enumerate(names)
        for column, kind in enumerate(KINDS)
        if FULL or (row + column) % 3 == 0
    ]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = recorded(tmp_path_factory.mktemp("run") / "run", 5.0)
    (folder / layout.VEHICLE).write_text("t_s,current_a\n0,1\n", "utf-8")
    shutil.copy(folder / layout.SIGNALS, folder / "other")
    return folder


@pytest.fixture
def run(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("evtui.cli.check._SECOND_LOOK", 0.0)  # nobody writes there
    return Path(shutil.copytree(sound, tmp_path / "run"))


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "outside"
    path.write_text(SECRET, "utf-8")
    yield path
    assert path.read_text("utf-8") == SECRET
    assert {each.name for each in tmp_path.iterdir()} <= {"run", "outside", "out"}


def put(run: Path, name: str, kind: str, outside: Path) -> str:
    """Put something else in the place of a file; returns what is to be said of it."""
    make, told = KINDS[kind]
    (run / name).unlink(missing_ok=True)
    make(run / name, outside)
    return told


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "kind"), pairs(READ))
def test_a_check_says_what_is_in_the_place_of_a_file(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = put(run, name, kind, outside)
    assert main(["check", str(run)]) == 1
    said = [line for line in capsys.readouterr().out.splitlines() if f"error: {name}: " in line]
    assert told in said[0]
    assert "not yours" not in "".join(said)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "kind"), pairs(layout.FILES))
def test_a_repair_ends_before_it_begins(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "endless":
        return  # a large file is a regular one
    kill(run)
    torn = layout.OCPP if name != layout.OCPP else layout.EVENTS
    cut(run / torn, 3)
    told = put(run, name, kind, outside)
    before = (run / torn).read_bytes()
    assert main(["check", "--repair", str(run)]) == 2
    said = capsys.readouterr().err
    assert f"{run / name}: cannot be repaired: {told}" in said
    assert said.count("\n") == 1
    assert (run / torn).read_bytes() == before


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["link outside", "fifo", "directory", "socket"])
@pytest.mark.parametrize("suffix", [TORN_SUFFIX, ".new"])
def test_a_repair_writes_nothing_through_what_lies_beside(
    suffix: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(run)
    cut(run / layout.SIGNALS, 3)
    base = layout.MANIFEST if suffix == ".new" else layout.SIGNALS
    put(run, base + suffix, kind, outside)
    code = main(["check", "--repair", str(run)])
    # What has the name of our own passing file is no file of the user's, a folder apart.
    assert code == (0 if suffix == ".new" and kind != "directory" else 2)
    assert not (run / layout.MANIFEST).is_symlink()


@pytest.mark.parametrize("name", [layout.SIGNALS, layout.CAN_LOG, layout.SIGNALS + TORN_SUFFIX])
def test_a_repair_does_not_cut_a_file_that_has_another_name_outside(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kill(run)
    cut(run / layout.SIGNALS, 3)
    cut(run / layout.CAN_LOG, 3)
    if name.endswith(TORN_SUFFIX):
        (run / name).write_text("x")
    os.link(run / name, tmp_path / "name")
    before = (run / name).read_bytes()
    assert main(["check", "--repair", str(run)]) == 2
    assert f"{name}: cannot be repaired: has 2 names" in capsys.readouterr().err
    assert (tmp_path / "name").read_bytes() == before


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "kind"), pairs(READ))
def test_an_export_goes_on_with_what_is_there(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = put(run, name, kind, outside)
    table = {
        layout.OCPP: "ocpp",
        layout.ALARMS: "alarms",
        layout.TRUTH: "truth",
        layout.SIGNALS: "signals",
    }.get(name, "frames")
    code = main(["export", str(run), "--format", "csv", "--table", table, "--out", "-"])
    captured = capsys.readouterr()
    assert code in (0, 2)
    assert told in captured.err or "to export" in captured.err
    assert SECRET.splitlines()[1] not in captured.out


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "kind"), pairs(READ))
def test_a_replay_opens(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal it ends once everything has been opened."""
    put(run, name, kind, outside)
    assert main(["replay", str(run)]) == 2
    assert "replay needs a terminal" in capsys.readouterr().err


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [layout.MANIFEST, layout.SCENARIO, layout.VEHICLE])
def test_what_it_takes_to_run_again_is_read_from_regular_files_only(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = Manifest.load(run / layout.MANIFEST)
    manifest.files.pop(layout.SCENARIO, None)
    manifest.files[layout.VEHICLE] = manifest.files[layout.SIGNALS]
    manifest.redacted = ["id tags"]  # a scenario that was redacted has another hash
    manifest.save(run / layout.MANIFEST)
    told = put(run, name, kind, outside)
    assert main(["replay", "--verify", str(run)]) == 2
    said = capsys.readouterr().err
    assert said.removeprefix("running sample again with seed 7\n").count("\n") == 1
    if name != layout.MANIFEST:
        assert told in said


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "kind"),
    [(layout.SIGNALS, "fifo"), (layout.MANIFEST, "link to a device"), (layout.OCPP, "socket")],
)
def test_a_report_is_made_of_what_is_there(
    name: str, kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = put(run, name, kind, outside)
    assert main(["report", str(run)]) == 0
    assert f"{name}: cannot be read: {told}" in capsys.readouterr().err


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["link outside", "link inside", "fifo", "directory", "socket"])
def test_a_report_is_not_written_through_what_lies_in_the_folder(
    kind: str, run: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(run, "report.html", kind, outside)
    assert main(["report", str(run)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_report_makes_no_file_where_a_link_leads_nowhere(
    run: Path, tmp_path: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "report.html").symlink_to(tmp_path / "new")
    assert main(["report", str(run)]) == 2
    assert "which is not followed" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["fifo", "socket", "link to a device", "link to itself"])
@pytest.mark.parametrize("command", ["check", "replay", "report", "export"])
def test_what_is_named_must_be_a_folder_or_a_regular_file(
    command: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "odd"
    put(tmp_path, "odd", kind, tmp_path)
    more = ["--format", "csv", "--out", "-"] if command == "export" else []
    assert main([command, str(place), *more]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"evtui: {place}: ")
    assert said.count("\n") == 1


def test_a_link_below_the_folder_is_not_followed_either(
    run: Path, tmp_path: Path, outside: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "export").mkdir()
    (run / "export" / "can.asc").symlink_to(tmp_path / "new")
    target = str(run / "export" / "can.asc")
    assert main(["export", str(run), "--format", "asc", "--out", target, "--force"]) == 2
    assert "which is not followed" in capsys.readouterr().err


def test_an_export_does_not_write_through_a_link_with_the_name_of_its_passing_file(
    run: Path, outside: Path
) -> None:
    part = run / f".evtui-{os.getpid()}.part"
    part.symlink_to(outside)
    assert main(["export", str(run), "--format", "asc", "--out", str(run / "can.asc")]) == 0
    assert not part.is_symlink()


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "other"])
def test_the_session_of_a_run_folder_is_its_own_or_comes_with_evtui(
    name: str, run: Path, outside: Path
) -> None:
    (run / layout.VEHICLE).unlink()
    with pytest.raises(ScenarioError, match="no such recorded session"):
        curve_text(name, run, run / layout.VEHICLE)


def test_a_log_and_a_folder_may_be_named_by_a_link(run: Path, tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(run)
    (tmp_path / "log").symlink_to(run / layout.CAN_LOG)
    assert main(["check", str(tmp_path / "latest")]) == 0
    assert main(["export", str(tmp_path / "log"), "--format", "asc", "--out", "-"]) == 0
