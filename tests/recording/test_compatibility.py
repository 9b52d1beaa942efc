"""Run folders of earlier builds, and of builds to come: the rule of ``evtui.run/1``.

``data/run-2026-11-23`` and so on were recorded by the builds of these days.  Up to 2026-11-30 a
CAN frame took as long as with the most stuff bits that it might have had, and of two nodes that
began at one moment the first one called won, not the lower identifier; so the times of frames, and
of what follows on them, are some hundredths of a millisecond later there, and two frames may stand
the other way round.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from evtui.cli import main
from evtui.recording.check.checking import check_folder, describe_file
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.read.reader import RunFolder
from evtui.scenario.run.comparing import compare
from evtui.scenario.run.verify import rerun
from tests.recording.folders import rows, sequence_numbers
from tests.recording.reader_rig import change_manifest, recorded

DATA = Path(__file__).parent / "data"
EARLIER = ("run-2026-11-23", "run-2026-11-30", "run-2026-12-01")
WORST_CASE_LENGTHS = EARLIER[:2]
TABLES = (layout.SIGNALS, layout.CAN_LABELS, layout.TRUTH, layout.ALARMS)


@pytest.fixture(params=EARLIER)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy, since commands may write beside what they read."""
    return Path(shutil.copytree(DATA / request.param, tmp_path / request.param))


def test_an_earlier_folder_is_sound(earlier: Path) -> None:
    report = check_folder(earlier)
    assert report.findings == []
    assert (report.status, report.complete_to) == ("complete", 3.65)
    assert report.rows[layout.SIGNALS] == 37


def test_an_earlier_folder_replays_every_event(earlier: Path) -> None:
    run = RunFolder(earlier)
    numbers = [event.seq for event in run.events()]
    assert numbers == sorted(set(numbers))
    assert numbers == sequence_numbers(earlier)
    assert run.problems == []
    assert [alarm.attack_id for alarm in run.alarms()] == ["fluctuation-1"]
    assert [attack.outcome for attack in run.truth()] == ["safe"]


def test_an_earlier_folder_is_reported_and_exported(
    earlier: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(earlier)]) == 0
    assert main(["export", str(earlier), "--all"]) == 0
    said = capsys.readouterr().err
    assert "not known" not in said
    for table, file in {"signals": layout.SIGNALS, "truth": layout.TRUTH}.items():
        exported = rows(earlier / "export", f"{table}.csv")
        assert len(exported) == len(rows(earlier, file))
        assert exported[-1].keys() >= rows(earlier, file)[-1].keys()


def test_the_scenario_of_an_earlier_folder_writes_the_same_messages_and_frames_again(
    earlier: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    rerun(Manifest.load(earlier / layout.MANIFEST), earlier, again)
    for name in (layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS, layout.TRUTH, layout.ALARMS):
        if earlier.name in WORST_CASE_LENGTHS:
            assert in_hundredths(again / name) == in_hundredths(earlier / name), name
        else:
            assert (again / name).read_bytes() == (earlier / name).read_bytes(), name


def in_hundredths(path: Path) -> list[str]:
    """Lines with times in hundredths of a second and without numbers of events, in order."""
    text = re.sub(r"(\d+\.\d\d)\d{4}\b", r"\1", path.read_text("utf-8"))
    text = re.sub(r"(T[\d:]+\.\d\d)\dZ", r"\1Z", text)
    text = re.sub(r'"(seq|cause)":\d+', r'"\1":0', text)
    lines = text.splitlines()
    if path.name == layout.CAN_LABELS:  # ..., time, number, cause
        lines = [re.sub(r",\d+,\d*$", ",,", line) for line in lines]
    elif path.name == layout.ALARMS:
        lines = [line.rpartition(",")[0] for line in lines]
    return sorted(lines)


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("run-2026-11-23", r"different: ocpp\.jsonl line 7 at 0\.110150 s"),
        ("run-2026-11-30", r"different: ocpp\.jsonl line 7 at 0\.110150 s"),
        ("run-2026-12-01", "identical: signals.csv, ocpp.jsonl, can.log"),
    ],
)
def test_an_earlier_folder_is_run_again_and_compared(
    name: str, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["replay", str(DATA / name), "--verify"])
    assert re.match(verdict, capsys.readouterr().out)


def test_where_more_than_numbers_differs_the_first_such_line_is_told(tmp_path: Path) -> None:
    earlier = DATA / EARLIER[-1]
    again = tmp_path / "again"
    rerun(Manifest.load(earlier / layout.MANIFEST), earlier, again)
    with (again / layout.SIGNALS).open("a", encoding="utf-8") as file:
        file.write("9,no row\n")
    difference = compare(earlier, again).difference
    assert difference is not None
    assert (difference.file, difference.again) == (layout.SIGNALS, "9,no row")


@pytest.mark.parametrize(
    ("status", "why", "ragged"),
    [
        ("interrupted", "recording stopped: signals.csv: No space left on device", True),
        ("interrupted", "SIGTERM", False),
        ("complete", "", False),
        ("running", "", True),
    ],
)
def test_an_earlier_manifest_says_in_words_that_the_recording_failed(
    status: str, why: str, ragged: bool, earlier: Path
) -> None:
    change_manifest(earlier, lambda fields: fields.update(status=status, interrupted=why))
    assert Manifest.load(earlier / layout.MANIFEST).ragged is ragged


# A folder of a build to come


def rewrite(folder: Path, name: str, change: Callable[[list[list[str]]], None]) -> None:
    """Let ``change`` do something to the rows of a CSV file, header included."""
    with (folder / name).open(newline="", encoding="utf-8") as file:
        table = list(csv.reader(file))
    change(table)
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(table)


def close_anew(folder: Path) -> None:
    """Bring rows, sizes and hashes in the manifest up with the files."""
    files = {
        path.name: msgspec.structs.asdict(describe_file(path))
        for path in folder.iterdir()
        if path.name != layout.MANIFEST
    }
    change_manifest(folder, lambda fields: fields.update(files=files))


def with_more_columns(table: list[list[str]]) -> None:
    """A column in front, one at the end, and the others the other way round."""
    for number, row in enumerate(table):
        row[:] = [
            "x_kpa" if number == 0 else f"{number}",
            *reversed(row),
            "humidity_pct" if number == 0 else 'damp, "very"',
        ]


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("present") / "run", 60.0)


@pytest.fixture
def future(present: Path, tmp_path: Path) -> Path:
    """What a later minor version of the format may write."""
    folder = Path(shutil.copytree(present, tmp_path / "future"))
    for name in TABLES:
        rewrite(folder, name, with_more_columns)
    lines = [json.loads(line) for line in (folder / layout.OCPP).read_text("utf-8").splitlines()]
    for line in lines:
        line["evse"] = {"id": 1}
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    (folder / layout.OCPP).write_text(text, "utf-8")
    last = max(sequence_numbers(folder))
    end = RunFolder(present).t_end
    with (folder / layout.EVENTS).open("a", encoding="utf-8") as file:
        head = {"seq": last + 1, "t": end}
        file.write(json.dumps({"event": "Weather", **head, "humidity": 80}) + "\n")
        head = {"seq": last + 2, "t": end}
        file.write(json.dumps({"event": "Mark", **head, "text": "m", "colour": "red"}) + "\n")
    change_manifest(
        folder, lambda fields: fields.update(schema="evtui.run/1.3", weather={"station": "N1"})
    )
    close_anew(folder)
    return folder


def test_a_folder_with_more_in_it_is_sound_and_what_is_not_known_is_told(future: Path) -> None:
    report = check_folder(future)
    assert report.sound
    told = [f"{finding.severity}: {finding}" for finding in report.findings]
    left_out = "columns that are not known here are left out: x_kpa, humidity_pct"
    assert [line for line in told if ".csv" in line] == [
        f"note: {name}: {left_out}"
        for name in (layout.CAN_LABELS, layout.SIGNALS, layout.ALARMS, layout.TRUTH)
    ]
    assert any("Weather events are not known here" in line for line in told)
    later = "note: manifest.json: schema 'evtui.run/1.3' is later than 'evtui.run/1'"
    assert any(line.startswith(later) for line in told)
    assert len(told) == 6


def test_a_folder_with_more_in_it_is_read_as_one_without(future: Path, present: Path) -> None:
    run, as_now = RunFolder(future), RunFolder(present)
    assert list(run.signals()) == list(as_now.signals())
    assert list(run.frames(10.0, 30.0)) == list(as_now.frames(10.0, 30.0))
    assert run.alarms() == as_now.alarms()
    assert run.truth() == as_now.truth()
    assert list(run.messages()) == list(as_now.messages())
    events = list(run.events())
    assert events[:-1] == list(as_now.events())
    assert events[-1].source == ""


def test_an_export_says_which_columns_it_leaves_out(
    future: Path, present: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (future, present):
        assert main(["export", str(folder), "--format", "csv", "--table", "signals", "--out",
                     str(folder / "x.csv")]) == 0  # fmt: skip
    said = capsys.readouterr().err.splitlines()
    line = "evtui: signals.csv: columns that are not known here are left out: x_kpa, humidity_pct"
    assert said.count(line) == 1
    assert (future / "x.csv").read_bytes() == (present / "x.csv").read_bytes()


def test_a_folder_with_more_in_it_is_repaired_like_any_other(future: Path) -> None:
    with (future / layout.CAN_LOG).open("ab") as file:
        file.write(b"(1767225699.000000) can0 300#0000 R\n")
    assert main(["check", str(future), "--repair"]) == 0
    assert check_folder(future).sound
    assert (future / "can.log.torn").read_bytes().startswith(b"(1767225699")


def test_names_of_columns_are_told_in_part_and_command_nothing(present: Path) -> None:
    folder = Path(shutil.copytree(present, present.with_name("hostile")))

    def many(table: list[list[str]]) -> None:
        for number, row in enumerate(table):
            row += [f"\x1b[31m{'x' * 100}{each}" if number == 0 else "" for each in range(30)]

    rewrite(folder, layout.SIGNALS, many)
    (line,) = RunFolder(folder).problems
    assert line.endswith(" and 25 more")
    assert "\x1b" not in line
    assert len(line) < 400


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("t_s,t_utc", "it has no column station, connector, detector, view, state and 4 more"),
        ("t_s,t_s", "it has no column t_utc, station, connector, detector, view and 5 more"),
        ('"t_s,', "it has no column t_s, t_utc, station, connector, detector and 6 more"),
        ("{all},t_s", "it has the column t_s more than once"),
    ],
)  # fmt: skip
def test_a_table_that_lacks_a_column_is_left_out_in_one_line(
    header: str, why: str, future: Path, present: Path
) -> None:
    path = future / layout.ALARMS
    columns = (present / layout.ALARMS).read_text("utf-8").splitlines()[0]
    path.write_text(header.replace("{all}", columns) + "\n", "utf-8")
    run = RunFolder(future)
    assert run.alarms() == []
    assert [line for line in run.problems if "alarms" in line] == [f"alarms.csv: left out, {why}"]
