"""Running a recorded scenario again, and finding the first difference."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path

import pytest

from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.linefile import LineFile
from evtui.scenario.run.comparing import Difference, VerifyError, compare
from evtui.scenario.run.headless import Options, StopFlag, run_headless
from evtui.scenario.run.verify import rerun
from tests.scenario.files import minimal, plan_of

STEPS = "[{anomaly: repeated-current-fluctuation, duration: 30s}, {wait: 5s}]"
EXPECT = "expect: [{alarm: any, within: 30s}]"


def record(folder: Path, steps: str = STEPS, more: str = EXPECT, **options: object) -> Path:
    """A run folder of a scenario."""
    plan = plan_of(minimal(steps, more), folder)
    run_headless(plan, Options(folder=folder / "run", **options))  # type: ignore[arg-type]
    return folder / "run"


def record_until(folder: Path, at: float, steps: str = STEPS) -> Path:
    """A run folder of a run that was interrupted at a lab time in s."""
    stop = StopFlag()

    def progress(t: float, longest: float, alarms: int) -> None:
        if t >= at:
            stop.request("SIGINT")

    return record(folder, steps, stop=stop, progress=progress)


def manifest_of(folder: Path) -> Manifest:
    return Manifest.load(folder / layout.MANIFEST)


def verify(folder: Path) -> Difference | None:
    """Run it again beside it and compare."""
    again = folder.with_name("again")
    rerun(manifest_of(folder), folder, again)
    found = compare(folder, again)
    return found.difference or found.renumbered


def edit(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Change a file line by line."""
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def test_a_run_is_the_same_again(tmp_path: Path) -> None:
    assert verify(record(tmp_path)) is None


def test_a_run_that_was_cut_short_by_its_duration_is_the_same_again(tmp_path: Path) -> None:
    assert verify(record(tmp_path, duration=12.0)) is None


def test_a_run_cut_short_whose_steps_an_earlier_build_called_done_is_the_same_again(
    tmp_path: Path,
) -> None:
    folder = record(tmp_path, "[{wait: 20s}, {note: never}]", duration=10.0)

    def as_before(lines: list[bytes]) -> list[bytes]:
        text = b"".join(lines).replace(b"no step fails before the cut", b"every step is done")
        return [text.replace(b"; 1 step not begun", b"")]

    edit(folder / layout.EVENTS, as_before)
    assert b"every step is done" in (folder / layout.EVENTS).read_bytes()
    assert verify(folder) is None
    edit(folder / layout.EVENTS, lambda lines: [b"".join(lines).replace(b"10.0 s, in", b"9 s, in")])
    difference = compare(folder, folder.with_name("again")).difference
    assert difference is not None
    assert "cut short after 9 s" in (difference.recorded or "")


def test_inputs_seed_and_hidden_id_tags_are_those_of_the_recording(tmp_path: Path) -> None:
    text = minimal(
        "[{start: '${tag}'}, {anomaly: repeated-current-fluctuation, duration: '${how_long}',"
        " with: {jitter: 0.5}}]",
        "inputs: {how_long: {type: duration, default: 5s}, tag: {type: string, default: A}}",
    )
    plan = plan_of(text, tmp_path, given={"how_long": "20s", "tag": "SECRET1"}, seed=9)
    run_headless(plan, Options(folder=tmp_path / "run", redact_id_tags=True))
    assert "SECRET1" not in (tmp_path / "run" / layout.OCPP).read_text("utf-8")
    assert verify(tmp_path / "run") is None


@pytest.mark.parametrize("name", [layout.SIGNALS, layout.CAN_LOG, layout.CAN_LABELS, layout.OCPP])
def test_one_byte_that_was_changed_is_found(name: str, tmp_path: Path) -> None:
    folder = record(tmp_path)

    def change(lines: list[bytes]) -> list[bytes]:
        middle = len(lines) // 2
        lines[middle] = lines[middle][:-2] + bytes([lines[middle][-2] ^ 1]) + b"\n"
        return lines

    edit(folder / name, change)
    middle = len((folder / name).read_bytes().splitlines()) // 2 + 1
    found = verify(folder)
    assert found is not None
    assert (found.file, found.line) == (name, middle)
    assert found.t is not None
    assert 0 < found.t < 40
    assert str(found).startswith(f"{name} line {middle} at {found.t:.6f} s: recorded ")


def test_the_first_difference_in_time_is_told_whatever_file_it_is_in(tmp_path: Path) -> None:
    folder = record(tmp_path)
    edit(folder / layout.SIGNALS, lambda lines: lines[:-3])
    edit(folder / layout.CAN_LOG, lambda lines: [*lines[:40], *lines[41:]])
    found = verify(folder)
    assert found is not None
    assert (found.file, found.line) == (layout.CAN_LOG, 41)


def test_lines_that_are_missing_at_the_end_are_found(tmp_path: Path) -> None:
    folder = record(tmp_path)
    edit(folder / layout.EVENTS, lambda lines: lines[:-1])
    found = verify(folder)
    assert found is not None
    assert found.recorded is None
    assert "recorded nothing, again" in str(found)


def test_a_row_of_the_truth_that_was_changed_is_found(tmp_path: Path) -> None:
    folder = record(tmp_path)
    edit(folder / layout.TRUTH, lambda lines: [lines[0], lines[1].replace(b"safe", b"failed")])
    found = verify(folder)
    assert found is not None
    assert found.file == layout.TRUTH


@pytest.mark.parametrize("at", [12.0, 33.0])
def test_of_an_interrupted_run_only_what_was_before_counts(at: float, tmp_path: Path) -> None:
    folder = record_until(tmp_path, at)
    assert manifest_of(folder).status == "interrupted"
    assert verify(folder) is None


def test_a_change_before_the_interruption_is_found(tmp_path: Path) -> None:
    folder = record_until(tmp_path, 12.0)
    edit(folder / layout.SIGNALS, lambda lines: [*lines[:50], *lines[51:]])
    assert verify(folder) is not None


def test_the_truth_of_an_interrupted_run_must_have_begun_the_same(tmp_path: Path) -> None:
    folder = record_until(tmp_path, 12.0)
    edit(folder / layout.TRUTH, lambda lines: [lines[0], lines[1].replace(b",seed,", b",dc,")])
    found = verify(folder)
    assert found is not None
    assert found.file == layout.TRUTH


@pytest.mark.parametrize("cell", [b'"C"\rP1', b'"' + b"x" * (1 << 17) + b'x"'])
def test_a_row_of_the_truth_that_is_no_csv_is_a_difference(cell: bytes, tmp_path: Path) -> None:
    folder = record_until(tmp_path, 12.0)
    edit(
        folder / layout.TRUTH, lambda lines: [lines[0], lines[1].replace(b",CP1,", b",%b," % cell)]
    )
    found = verify(folder)
    assert found is not None
    assert found.file == layout.TRUTH


def test_a_run_that_was_killed_is_compared_as_far_as_it_was_written(tmp_path: Path) -> None:
    folder = record(tmp_path)
    manifest = manifest_of(folder)
    manifest.status, manifest.files, manifest.t_end_s = "running", {}, None
    manifest.save(folder / layout.MANIFEST)
    edit(folder / layout.SIGNALS, lambda lines: [*lines[:100], lines[100][:20]])
    edit(folder / layout.OCPP, lambda lines: lines[:30])
    assert verify(folder) is None
    edit(folder / layout.OCPP, lambda lines: [*lines[:10], *lines[11:]])
    shutil.rmtree(folder.with_name("again"))
    found = verify(folder)
    assert found is not None
    assert (found.file, found.line) == (layout.OCPP, 11)


def test_a_run_in_real_time_is_said_to_be_not_reproducible(tmp_path: Path) -> None:
    folder = record(tmp_path, "[{note: x}]", "", speed=1.0)
    with pytest.raises(VerifyError, match="made in real time, so it is not reproducible"):
        verify(folder)


def test_a_recording_without_a_scenario_cannot_be_run_again(tmp_path: Path) -> None:
    folder = record(tmp_path)
    manifest = manifest_of(folder)
    manifest.scenario = None
    with pytest.raises(VerifyError, match="recorded without a scenario"):
        rerun(manifest, folder, tmp_path / "again")


def test_a_scenario_that_was_changed_since_is_told(tmp_path: Path) -> None:
    folder = record(tmp_path)
    with (folder / layout.SCENARIO).open("a") as file:
        file.write("# a remark\n")
    with pytest.raises(VerifyError, match=r"scenario\.yaml: changed since it was run"):
        verify(folder)


def test_a_scenario_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (folder / layout.SCENARIO).unlink()
    with pytest.raises(VerifyError, match="no such file"):
        verify(folder)


def test_a_recorded_file_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (folder / layout.CAN_LOG).unlink()
    with pytest.raises(VerifyError, match=r"can\.log"):
        verify(folder)


def test_a_recorded_session_goes_with_the_folder(tmp_path: Path) -> None:
    session = tmp_path / "session.csv"
    session.write_bytes(b"\xef\xbb\xbft_s,amps\r\n0,10\r\n20,50\r\n40,20\r\n")
    more = "lab: {vehicle: {curve: session.csv, current: amps}}"
    folder = record(tmp_path, "[start, {wait: 30s}, stop]", more)
    session.unlink()
    copy = folder / layout.VEHICLE
    assert copy.read_text("utf-8").split() == ["t_s,amps", "0,10", "20,50", "40,20"]
    info = manifest_of(folder).files[layout.VEHICLE]
    assert (info.rows, info.sha256) == (3, sha256(copy.read_bytes()).hexdigest())
    assert f"`{layout.VEHICLE}`" in (folder / layout.README).read_text("utf-8")
    assert verify(folder) is None


@pytest.mark.parametrize("text", ["t_s,amps\n0,10\n20,51\n", None])
def test_a_recorded_session_that_was_changed_is_told(text: str | None, tmp_path: Path) -> None:
    (tmp_path / "session.csv").write_text("t_s,amps\n0,10\n20,50\n", "utf-8")
    more = "lab: {vehicle: {curve: session.csv, current: amps}}"
    folder = record(tmp_path, "[{wait: 1s}]", more)
    copy = folder / layout.VEHICLE
    copy.unlink()
    if text is not None:
        copy.write_text(text, "utf-8")
    with pytest.raises(VerifyError, match=r"vehicle\.csv: (changed since|no such file)"):
        verify(folder)


@pytest.mark.parametrize("room", [40_000, 150_000])
def test_of_a_run_whose_disk_was_full_the_part_that_was_written_is_compared(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = LineFile.write, room

    def write_until_full(file: LineFile) -> None:
        nonlocal left
        left -= sum(map(len, file.lines))
        if left < 0:
            raise OSError(ENOSPC, "No space left on device")
        write(file)

    with monkeypatch.context() as full:
        full.setattr(LineFile, "write", write_until_full)
        folder = record(tmp_path, "[{anomaly: repeated-current-fluctuation, duration: 5min}]")
    assert manifest_of(folder).interrupted.startswith("recording stopped: ")
    assert manifest_of(folder).ragged
    assert verify(folder) is None


def test_a_column_that_only_one_of_the_two_has_is_no_difference_and_is_told(
    tmp_path: Path,
) -> None:
    folder = record(tmp_path)

    def more(lines: list[bytes]) -> list[bytes]:
        return [line.replace(b"\n", b",7\n" if n else b",lux\n") for n, line in enumerate(lines)]

    edit(folder / layout.SIGNALS, more)
    again = folder.with_name("again")
    rerun(manifest_of(folder), folder, again)
    found = compare(folder, again)
    assert found.difference is None
    assert found.apart == {layout.SIGNALS: ("lux",)}
    edit(folder / layout.SIGNALS, lambda lines: [*lines[:50], lines[50].replace(b",1,", b",2,", 1)])
    found = compare(folder, again)
    assert found.difference is not None
    assert (found.difference.file, found.difference.line) == (layout.SIGNALS, 51)


@pytest.mark.parametrize("name", [layout.SIGNALS, layout.TRUTH])
def test_a_table_that_lacks_a_column_is_different_in_its_first_line(
    name: str, tmp_path: Path
) -> None:
    folder = record(tmp_path)
    edit(folder / name, lambda lines: [lines[0].replace(b"t_", b"x_", 1), *lines[1:]])
    again = folder.with_name("again")
    rerun(manifest_of(folder), folder, again)
    difference = compare(folder, again).difference
    assert difference is not None
    assert (difference.file, difference.line, difference.t) == (name, 1, None)
