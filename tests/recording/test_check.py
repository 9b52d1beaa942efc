"""Whether a run folder can be trusted, and up to which time."""

from __future__ import annotations

import os
import random
import shutil
import tracemalloc
from pathlib import Path

import pytest

from evtui.recording.check.checking import Report, check_folder
from evtui.recording.format import layout
from evtui.recording.read.opening import FolderError
from evtui.recording.read.reader import RunFolder
from tests.recording.reader_rig import change_manifest, drop_line, edit, kill, recorded

GROWING = (
    *(layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS),
    *(layout.ALARMS, layout.EVENTS),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(folder, tmp_path / "run"))


def told(report: Report, severity: str = "") -> str:
    """What was found, a line each."""
    return "\n".join(
        f"{finding.severity}: {finding}"
        for finding in report.findings
        if finding.severity.startswith(severity)
    )


def real_time(folder: Path) -> Path:
    """Let the run say that it was made in real time."""
    change_manifest(folder, lambda fields: fields["clock"].update(mode="real", speed=1))
    return folder


def test_a_complete_folder_is_sound(folder: Path) -> None:
    report = check_folder(folder)
    assert told(report) == ""
    assert report.sound
    assert (report.status, report.t_first) == ("complete", 0.0)
    assert report.complete_to == report.t_end == pytest.approx(120.0, abs=0.01)
    assert report.rows[layout.SIGNALS] == 1200
    assert report.events > 3000


def test_an_interrupted_folder_that_was_closed_is_sound(tmp_path: Path) -> None:
    report = check_folder(recorded(tmp_path / "run", 60.0, interrupted="SIGTERM"))
    assert report.sound
    assert told(report) == "note: the run was interrupted at 60.000 s: SIGTERM"


@pytest.mark.parametrize("name", GROWING)
def test_every_line_that_is_taken_away_is_missed(own: Path, name: str) -> None:
    drop_line(own / name, 2)
    report = check_folder(own)
    assert report.damaged
    assert f"error: {name}: has" in told(report)
    if name != layout.CAN_LOG:
        assert "error: events are missing: " in told(report)
        assert report.complete_to < report.t_end


@pytest.mark.parametrize("name", [*GROWING, layout.TRUTH, layout.SCENARIO, layout.METRICS])
def test_a_single_changed_byte_is_found(own: Path, name: str) -> None:
    data = bytearray((own / name).read_bytes())
    place = data.rindex(b"0")
    data[place : place + 1] = b"1"
    (own / name).write_bytes(data)
    assert f"error: {name}: was changed: its sha256 is not the one in the manifest" in told(
        check_folder(own)
    )


@pytest.mark.parametrize("name", [*GROWING, layout.TRUTH, layout.SCENARIO, layout.README])
def test_a_file_that_is_gone_is_said_once(own: Path, name: str) -> None:
    (own / name).unlink()
    lines = [line for line in told(check_folder(own)).splitlines() if line.endswith("missing")]
    assert lines == [f"error: {name}: missing"]


@pytest.mark.parametrize("name", [layout.SCENARIO, layout.METRICS, layout.README])
def test_a_file_that_cannot_be_read_is_not_passed_over(own: Path, name: str) -> None:
    (own / name).unlink()
    (own / name).mkdir()
    assert f"{name}: cannot be read: is a directory" in told(check_folder(own), "error")


@pytest.mark.parametrize("name", [layout.SIGNALS, layout.ALARMS, layout.TRUTH])
@pytest.mark.parametrize(
    ("cell", "why"), [('"C"\rP1', "new-line character seen"), (f'"{"x" * (1 << 17)}x"', "field")]
)
def test_a_row_that_is_no_csv_is_named_and_the_others_are_read(
    own: Path, name: str, cell: str, why: str
) -> None:
    edit(own / name, ",CP1,", f",{cell},")
    report = check_folder(own)
    assert f"error: {name}:2: cannot be read: {why}" in told(report)
    assert "open the file" not in told(report)
    assert report.events > 3000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: [\n", "scenario.yaml:2: not valid YAML: "),
        (b"a: '***' string\n", "scenario.yaml:1: not valid YAML: "),
        (b"a: {schema: evtui.scenario/1}\n", "scenario.yaml: no scenario: "),
        (b"", "scenario.yaml: no scenario: "),
        (b"\xff\xfe\x00", "scenario.yaml: no text in UTF-8"),
    ],
)
def test_a_scenario_that_is_none_is_found(own: Path, text: bytes, why: str) -> None:
    (own / layout.SCENARIO).write_bytes(text)
    change_manifest(own, lambda fields: fields["files"].pop(layout.SCENARIO))
    assert told(check_folder(own)).startswith(f"error: {why}")


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("name", "told_so"), [(layout.README, True), (layout.README, False), (layout.CAN_LOG, False)]
)
def test_a_file_that_is_mostly_a_hole_holds_up_nobody(own: Path, name: str, told_so: bool) -> None:
    size = 60 << 30
    os.truncate(own / name, size)
    why = f"has {size} bytes, the manifest says"
    if told_so:
        change_manifest(own, lambda fields: fields["files"][name].update(bytes=size))
        why = "cannot be read: is larger than 64 MiB"
    assert f"error: {name}: {why}" in told(check_folder(own))


def test_a_killed_folder_says_up_to_when_it_is_complete(own: Path) -> None:
    real_time(kill(own))
    lines = (own / layout.SIGNALS).read_text("utf-8").splitlines(keepends=True)
    (own / layout.SIGNALS).write_text("".join(lines[:-1]) + lines[-1][:30], "utf-8")
    report = check_folder(own)
    assert (report.sound, report.damaged) == (False, False)
    assert report.complete_to == pytest.approx(119.9, abs=0.01)
    assert report.t_end == pytest.approx(120.0, abs=0.01)
    assert "incomplete: signals.csv: the last line is torn and left out (30 bytes)" in told(report)
    assert "the first of them number" in told(report)
    assert "complete up to 119.9" in told(report)
    assert "at most the last 0.25 s of wall time are lost, after 120.0" in told(report)


def test_events_missing_long_before_the_end_are_no_matter_of_a_kill(own: Path) -> None:
    real_time(kill(own))
    drop_line(own / layout.SIGNALS, 600)
    report = check_folder(own)
    assert report.damaged
    assert report.complete_to == pytest.approx(59.9, abs=0.2)


def test_a_run_killed_anywhere_in_a_write_is_never_called_damaged(
    folder: Path, tmp_path: Path
) -> None:
    # The recorder writes file after file: some have the last 50 ms, one is torn, some have not.
    chance = random.Random(7)
    for round_ in range(12):
        own = kill(Path(shutil.copytree(folder, tmp_path / str(round_))))
        torn = chance.randrange(len(GROWING))
        for name in GROWING[torn:]:
            lines = (own / name).read_bytes().splitlines(keepends=True)
            lost = chance.randrange(1, 4) if name != layout.ALARMS else 0
            kept = b"".join(lines[: len(lines) - lost])
            if name == GROWING[torn] and lost:
                kept += lines[-lost][: chance.randrange(len(lines[-lost]))]
            (own / name).write_bytes(kept)
        report = check_folder(own)
        assert not report.damaged, told(report)
        assert not report.sound
        assert report.complete_to > 118.0


def test_a_folder_that_grows_under_the_check_is_being_written_to(own: Path) -> None:
    kill(own)

    def write() -> None:
        with (own / layout.SIGNALS).open("a") as file:
            file.write("120.1")

    report = check_folder(own, wait=write)
    assert report.written_to
    assert "somebody is writing to it now" in told(report)
    assert not check_folder(recorded(own.parent / "other", 1.0), wait=write).written_to


def test_the_two_can_files_must_agree_row_by_row(own: Path) -> None:
    edit(own / layout.CAN_LOG, "300#0000 R", "300#0100 R")
    assert "error: can.log:1: says '(1767225600.100000) can0 300#0100 R', but " in told(
        check_folder(own)
    )


def test_many_findings_of_a_kind_are_summed_up(own: Path) -> None:
    text = (own / layout.CAN_LOG).read_text("utf-8")
    (own / layout.CAN_LOG).write_text(text.replace(" can0 ", " can1 "), "utf-8")
    lines = [line for line in told(check_folder(own)).splitlines() if "can.log" in line]
    assert len(lines) == 5
    assert "more lines that differ from can_labels.csv" in lines[-1]


def test_time_that_goes_back_is_found(own: Path) -> None:
    path = own / layout.SIGNALS
    row = drop_line(path, 300)
    with path.open("a") as file:
        file.write(row)
    assert "error: signals.csv:1201: time goes back from 120.000000 to 30.0" in told(
        check_folder(own)
    )


def test_a_number_that_stands_twice_is_found(own: Path) -> None:
    lines = (own / layout.EVENTS).read_text("utf-8").splitlines(keepends=True)
    (own / layout.EVENTS).write_text("".join([lines[0], *lines]), "utf-8")
    assert "error: events.jsonl:2: the number 1 stands twice" in told(check_folder(own))


def test_an_absurd_number_is_found_and_costs_nothing(own: Path) -> None:
    edit(own / layout.EVENTS, '"seq":1,', '"seq":900000000000000000,')
    assert "error: events.jsonl:1: the number 900000000000000000 cannot be" in told(
        check_folder(own)
    )


def test_an_event_of_a_newer_version_is_noted_and_counted(own: Path) -> None:
    edit(own / layout.EVENTS, '"event":"Mark"', '"event":"Milestone"')
    report = check_folder(own)
    assert "Milestone events are not known here" in told(report, "note")
    assert "events are missing" not in told(report)


def test_an_answer_without_its_call_is_found(own: Path) -> None:
    lines = (own / layout.OCPP).read_text("utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if '"MeterValues"' in line)
    drop_line(own / layout.OCPP, place)
    assert f"error: ocpp.jsonl:{place + 1}: the answer " in told(check_folder(own))


def test_a_call_without_its_answer_is_found(own: Path) -> None:
    lines = (own / layout.OCPP).read_text("utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if '"MeterValues"' in line)
    drop_line(own / layout.OCPP, place + 1)
    assert f"error: ocpp.jsonl:{place + 1}: MeterValues " in told(check_folder(own))


def test_a_call_that_was_open_at_the_end_is_no_fault(own: Path) -> None:
    kill(own)
    lines = (own / layout.OCPP).read_text("utf-8").splitlines(keepends=True)
    (own / layout.OCPP).write_text("".join(lines[:-1]), "utf-8")
    report = check_folder(own)
    assert not report.damaged
    assert "has no answer: it was open when the recording ended" in told(report, "note")


def test_a_hole_between_samples_is_told_with_its_times(own: Path) -> None:
    for _ in range(20):
        drop_line(own / layout.SIGNALS, 600)
    expected = "signals.csv:601: no sample of CP1/1 between 59.900 and 62.000 s"
    assert expected in told(check_folder(own), "error")
    assert expected in told(check_folder(real_time(own)), "note")


def test_truth_must_say_what_the_injector_said(own: Path) -> None:
    edit(own / layout.TRUTH, ",80.002", ",79.002")
    assert "error: truth.csv: fluctuation-1: does not say what its injector says" in told(
        check_folder(own)
    )


def test_alarms_must_say_what_the_scorer_said(own: Path) -> None:
    edit(own / layout.ALARMS, "fluctuation-1", "")
    assert "alarms.csv:2: says no attack, but the scorer in events.jsonl fluctuation-1" in told(
        check_folder(own), "error"
    )


def test_an_attack_that_ends_before_it_starts_is_found(own: Path) -> None:
    edit(own / layout.TRUTH, ",80.002", ",30.002")
    assert "truth.csv:2: fluctuation-1: ends at 30.002 s, before it starts" in told(
        check_folder(own), "error"
    )


def test_a_recording_that_was_switched_on_later_is_whole_from_there(own: Path) -> None:
    real_time(kill(own))
    lines = (own / layout.EVENTS).read_text("utf-8").splitlines(keepends=True)
    (own / layout.EVENTS).write_text("".join(lines[5:]), "utf-8")
    report = check_folder(own)
    assert "note: the recording begins with event 6" in told(report)
    assert not report.damaged


def test_a_column_that_is_missing_and_another_schema_are_told(own: Path) -> None:
    edit(own / layout.ALARMS, "t_s,", "t,")
    change_manifest(own, lambda fields: fields.update(schema="evtui.run/2"))
    errors = told(check_folder(own), "error")
    assert "alarms.csv: left out, it has no column t_s" in errors
    assert "manifest.json: schema 'evtui.run/2' is not known here" in errors


def test_a_folder_without_a_manifest_is_checked_as_far_as_it_goes(own: Path) -> None:
    (own / layout.MANIFEST).unlink()
    report = check_folder(own)
    assert told(report) == "error: manifest.json: missing"
    assert report.status == "unknown"


def test_an_empty_folder_is_a_finding(tmp_path: Path) -> None:
    report = check_folder(tmp_path)
    assert report.damaged
    assert report.events == 0
    assert told(report) == "error: the folder is empty: nothing was recorded"


def test_a_file_that_is_no_log_is_no_run_folder(own: Path) -> None:
    with pytest.raises(FolderError, match=r"signals\.csv: not a run folder, and not a CAN log"):
        check_folder(own / layout.SIGNALS)


def test_a_log_alone_is_checked_line_by_line(own: Path) -> None:
    log = own / layout.CAN_LOG
    report = check_folder(log)
    lines = log.read_text().splitlines()
    assert (report.status, report.sound, report.events) == ("log", True, len(lines))
    log.write_text("\n".join([*lines[:2], "(1.0) can0 300#12345", *lines[2:]]))
    report = check_folder(log)
    assert report.damaged
    assert report.events == len(lines)
    assert "error: can.log:3: cannot be read" in told(report)


def test_memory_does_not_grow_with_the_folder(tmp_path: Path) -> None:
    peaks = []
    for seconds in (60.0, 600.0):
        folder = recorded(tmp_path / str(seconds), seconds)
        tracemalloc.start()
        try:
            check_folder(folder)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert peaks[1] - peaks[0] < size / 4


def test_nothing_that_a_file_says_can_move_a_terminals_cursor(own: Path) -> None:
    kill(own)
    edit(own / layout.EVENTS, '"event":"Mark"', '"event":"M\\u001b[2J"')
    lines = (own / layout.OCPP).read_text("utf-8").splitlines(keepends=True)
    last = lines[-2].replace('"MeterValues"', '"M\\u001b[2J\\ud83d"')
    (own / layout.OCPP).write_text("".join([*lines[:-2], last]), "utf-8")
    report = check_folder(own)
    assert "M\\x1b[2J events are not known here" in told(report)
    assert "M\\x1b[2J\\ud83d 'm" in told(report)
    run = RunFolder(own)
    assert list(run.other_events())
    assert all(line.isprintable() for line in run.problems)
