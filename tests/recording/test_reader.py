"""Reading a run folder back."""

from __future__ import annotations

import math
import shutil
import tracemalloc
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.events import CanFrame, Event, Mark, OcppMessage, Sample
from evtui.recording.format import layout
from evtui.recording.read.reader import FolderError, MomentKind, RunFolder
from tests.recording.reader_rig import (
    change_manifest,
    cut,
    drop_line,
    edit,
    kill,
    published,
    recorded,
)
from tests.recording.sample_run import START_UTC

KINDS: tuple[MomentKind, ...] = ("message", "frame", "alarm", "anomaly")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(folder, tmp_path / "run"))


def as_far_as_columns_go(event: Event) -> dict[str, object]:
    """What of an event a folder keeps: numbers to the decimals of their columns."""
    fields = msgspec.structs.asdict(event)
    decimals = 3 if isinstance(event, Sample) else 6
    kept = {
        name: round(value, decimals) if isinstance(value, float) else value
        for name, value in fields.items()
    }
    return kept | {"type": type(event).__name__, "t": round(event.t, 6)}


def test_every_event_comes_back_as_it_was_published(folder: Path) -> None:
    back = [as_far_as_columns_go(event) for event in RunFolder(folder).events()]
    assert back == [as_far_as_columns_go(event) for event in published()]


def test_a_sound_folder_has_no_problems(folder: Path) -> None:
    run = RunFolder(folder)
    assert run.problems == []
    assert run.start_utc == START_UTC
    assert run.manifest is not None
    assert run.manifest.seed == 7
    assert run.t_first == 0.0
    assert run.t_end == pytest.approx(max(event.t for event in published()))


@settings(max_examples=20)
@given(moments=st.lists(st.floats(-1, 121), max_size=4).map(sorted))
def test_windows_side_by_side_hold_every_event_once(folder: Path, moments: list[float]) -> None:
    run = RunFolder(folder)
    edges = [-math.inf, *moments, math.inf]
    parts = [event.seq for a, b in pairwise(edges) for event in run.events(a, b)]
    assert sorted(parts) == list(range(1, len(parts) + 1))
    for a, b in pairwise(edges):
        assert all(a <= event.t < b for event in run.events(a, b))


def test_rows_have_the_types_of_their_columns(folder: Path) -> None:
    run = RunFolder(folder)
    signal = next(run.signals(45.0))
    assert (signal.t_s, signal.station, signal.contactor) == (45.0, "CP1", True)
    assert (signal.active, signal.effect, signal.attack_ids) == (True, True, ("fluctuation-1",))
    assert next(run.signals()).reported_a is None
    frame = next(frame for frame in run.frames(40.0) if frame.arbitration_id == 0x210)
    assert (frame.kind, frame.direction, frame.bus) == ("data", "T", "CP1/can")
    message = next(run.messages(40.0))
    assert message.delivered is not None
    (attack,) = run.truth()
    assert attack.parameters == {"low_a": 0.0, "high_a": 100.0}
    assert [alarm.state for alarm in run.alarms()] == ["raised", "raised", "cleared"]


def test_an_error_frame_comes_once_though_it_stands_in_two_files(folder: Path) -> None:
    run = RunFolder(folder)
    errors = [event for event in run.events() if isinstance(event, CanFrame) and event.error]
    assert len(errors) == 1
    assert errors[0].data == bytes(8)
    assert errors[0] in list(run.other_events())


def test_a_message_delivered_otherwise_than_sent_has_both_payloads(own: Path) -> None:
    edit(own / layout.OCPP, '"delivered":{', '"delivered":{"payload":{"changed":1},')
    messages = [event for event in RunFolder(own).events() if isinstance(event, OcppMessage)]
    sent, delivered = messages[:2]
    assert (sent.phase, delivered.phase) == ("sent", "delivered")
    assert sent.payload == {"connectorId": 1, "idTag": "TAG1"}
    assert delivered.payload == {"changed": 1}
    assert delivered.cause == sent.seq


@pytest.mark.parametrize("kind", KINDS)
def test_stepping_meets_every_moment_in_both_directions(folder: Path, kind: MomentKind) -> None:
    run = RunFolder(folder)
    forward = [t for t in [run.next_time(kind, -1.0)] if t is not None]
    while (t := run.next_time(kind, forward[-1])) is not None:
        forward.append(t)
    backward = [t for t in [run.previous_time(kind, math.inf)] if t is not None]
    while (t := run.previous_time(kind, backward[-1])) is not None:
        backward.append(t)
    assert forward == backward[::-1]
    expected = {
        "message": {row.t for row in run.messages()},
        "frame": {row.t_s for row in run.frames()},
        "alarm": {row.t_s for row in run.alarms()},
        "anomaly": {40.002, 80.002, 83.002},
    }[kind]
    assert forward == sorted(expected)


def test_stepping_in_a_folder_without_files_finds_nothing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert {run.next_time(kind, 0.0) for kind in KINDS} == {None}
    assert {run.previous_time(kind, 9.0) for kind in KINDS} == {None}


def test_an_empty_folder_opens_and_says_so(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert list(run.events()) == []
    assert run.state_before(10.0) == []
    assert [*run.problems] == ["the folder is empty: nothing was recorded"]


@pytest.mark.parametrize(
    "name", [layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS, layout.EVENTS]
)
def test_the_other_files_are_read_where_one_is_missing(own: Path, name: str) -> None:
    everything = {event.seq for event in RunFolder(own).events()}
    (own / name).unlink()
    run = RunFolder(own)
    assert f"{name}: missing" in run.problems
    left = {event.seq for event in run.events()}
    assert len(left) > 100
    assert left <= everything | {0}


@pytest.mark.parametrize("broken", ["", "{", '{"schema": 1}', "[]"])
def test_a_broken_manifest_costs_nothing_but_the_manifest(own: Path, broken: str) -> None:
    whole = list(RunFolder(own).events())
    (own / layout.MANIFEST).write_text(broken, "utf-8")
    run = RunFolder(own)
    assert run.manifest is None
    assert run.start_utc == START_UTC
    assert any(line.startswith("manifest.json: broken: ") for line in run.problems)
    assert list(run.events()) == whole


@pytest.mark.parametrize("left", [layout.CAN_LABELS, layout.SIGNALS, layout.OCPP])
def test_the_start_is_found_in_any_file_that_says_both_times(own: Path, left: str) -> None:
    for path in own.iterdir():
        if path.name != left:
            path.unlink()
    assert RunFolder(own).start_utc == START_UTC


def test_a_manifest_of_another_version_is_read_and_told(own: Path) -> None:
    change_manifest(own, lambda fields: fields.update(schema="evtui.run/9"))
    run = RunFolder(own)
    assert any("schema 'evtui.run/9' is not known here" in line for line in run.problems)
    assert list(run.signals())


@pytest.mark.parametrize("size", [1, 2, 30, 200])
def test_a_killed_run_opens_with_its_whole_lines(own: Path, size: int) -> None:
    kill(own)
    before = [event.seq for event in RunFolder(own).events()]
    for name in (layout.SIGNALS, layout.OCPP, layout.CAN_LABELS, layout.EVENTS):
        cut(own / name, size)
    run = RunFolder(own)
    after = [event.seq for event in run.events() if event.seq]
    assert set(after) < set(before)
    assert (
        "the recording was never closed: it still runs, or its process was killed" in run.problems
    )
    assert any("the last line is torn and left out" in line for line in run.problems)


def test_frames_without_a_label_are_read_from_the_log(own: Path) -> None:
    whole = list(RunFolder(own).frames())
    cut(own / layout.CAN_LABELS, 100)
    frames = list(RunFolder(own).frames())
    assert len(frames) == len(whole)
    assert frames[:-3] == whole[:-3]
    assert frames[-1].seq == 0
    said = ("t_s", "arbitration_id", "data_field", "dlc", "direction", "kind", "bus", "station")
    for name in said:
        assert getattr(frames[-1], name) == getattr(whole[-1], name)


def test_a_label_that_cannot_be_read_leaves_its_frame_to_the_log(own: Path) -> None:
    row = drop_line(own / layout.CAN_LABELS, 500)
    edit(own / layout.CAN_LABELS, "\n", f"\n{row}")
    drop_line(own / layout.CAN_LABELS, 1)
    whole = len((own / layout.CAN_LOG).read_text("utf-8").splitlines())
    text = (own / layout.CAN_LABELS).read_text("utf-8").splitlines(keepends=True)
    text.insert(499, "no,row\n")
    (own / layout.CAN_LABELS).write_text("".join(text), "utf-8")
    run = RunFolder(own)
    assert len(list(run.frames())) == whole
    assert run.problems == ["can_labels.csv: lines that cannot be read: 1 skipped"]


def test_lines_that_cannot_be_read_are_counted_once(own: Path) -> None:
    lines = (own / layout.EVENTS).read_text("utf-8").splitlines(keepends=True)
    strange = [
        '{"event":"Teleport","seq":9000,"t":0.0,"source":"x"}\n',
        '{"event":"Mark","seq":9001,"t":0.0,"text":7}\n',
        '{"event":"CanFrame","seq":9002,"t":0.0,"data":null}\n',
        "\n",
        "\x00\x00\x00\n",
    ]
    (own / layout.EVENTS).write_text("".join(strange + lines), "utf-8")
    run = RunFolder(own)
    for _ in range(2):
        assert [event.seq for event in run.events()] == list(range(1, len(published()) + 1))
    assert run.problems == [
        "events.jsonl: Teleport events: 1 skipped",
        "events.jsonl: lines that cannot be read: 4 skipped",
    ]


def test_a_message_whose_delivery_makes_no_sense_is_skipped(own: Path) -> None:
    edit(own / layout.OCPP, '"delivered":{"t":', '"delivered":{"t":"soon","was":')
    run = RunFolder(own)
    assert len(list(run.messages())) == len(list(RunFolder(own).messages()))
    assert run.problems == ["ocpp.jsonl: lines that cannot be read: 1 skipped"]


def test_line_ends_of_another_system_make_no_difference(own: Path) -> None:
    whole = list(RunFolder(own).events())
    for name in (layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.CAN_LABELS, layout.ALARMS):
        data = (own / name).read_bytes()
        (own / name).write_bytes(data.replace(b"\n", b"\r\n"))
    run = RunFolder(own)
    assert run.problems == []
    assert list(run.events()) == whole


def test_text_from_a_peer_that_utf8_cannot_say_is_read(own: Path) -> None:
    edit(own / layout.OCPP, '"action":"RemoteStartTransaction"', '"action":"\\ud83dRemote"')
    assert any(row.action == "\ud83dRemote" for row in RunFolder(own).messages())


def test_a_table_without_a_column_that_has_to_be_there_is_left_out(own: Path) -> None:
    edit(own / layout.SIGNALS, "t_s,t_utc", "t_s,utc")
    run = RunFolder(own)
    assert list(run.signals()) == []
    assert run.problems == ["signals.csv: left out, it has no column t_utc"]


def test_a_folder_that_is_being_written_to_does_not_change_under_its_reader(own: Path) -> None:
    run = RunFolder(own)
    count = sum(1 for _ in run.events())
    with (own / layout.EVENTS).open("ab") as file:
        file.write(msgspec.json.encode(Mark(seq=99_999, t=500.0, text="later")) + b"\n")
    assert sum(1 for _ in run.events()) == count
    assert RunFolder(own).t_end == 500.0


def test_an_interrupted_run_says_when_and_why(tmp_path: Path) -> None:
    run = RunFolder(recorded(tmp_path / "run", 3.0, interrupted="SIGTERM"))
    assert run.problems == ["the run was interrupted at 3.000 s: SIGTERM"]


def test_a_window_out_of_a_long_run_costs_no_memory(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run", 900.0)
    assert sum(file.stat().st_size for file in path.iterdir()) > 3_500_000
    tracemalloc.start()
    try:
        seen = sum(1 for _ in RunFolder(path).events(800.0, 890.0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen > 2_000
    assert peak < 400_000


def test_what_is_no_run_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk\n", "utf-8")
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 100)
    for path, reason in {
        tmp_path: "not a run folder, there is no manifest.json, ",
        tmp_path / "notes.txt": "not a run folder, and not a CAN log either",
        tmp_path / "binary": "not a run folder, and not a CAN log either",
        tmp_path / "nowhere": "no such file or directory",
    }.items():
        with pytest.raises(FolderError) as refused:
            RunFolder(path)
        assert str(refused.value).startswith(f"{path}: {reason}")
        assert "\n" not in str(refused.value)


def test_wrong_times_in_the_middle_hide_no_other_row(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run")
    run = RunFolder(folder)
    frames, samples = (len(list(rows)) for rows in (run.frames(), run.signals()))
    (folder / layout.CAN_LABELS).unlink()
    for name, right, wrong in ((layout.CAN_LOG, "(17", "(07"), (layout.SIGNALS, "", "-")):
        lines = (folder / name).read_text().splitlines(keepends=True)
        middle = len(lines) // 2
        for number in range(middle - 5, middle + 5):
            lines[number] = lines[number].replace(right, wrong, 1)
        (folder / name).write_text("".join(lines))
    run = RunFolder(folder)
    assert len(list(run.frames())) == frames
    assert len(list(run.signals())) == samples
