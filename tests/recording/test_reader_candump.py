"""Reading a CAN log that somebody else made."""

from __future__ import annotations

from pathlib import Path

import can
import pytest

from evtui.events import CanFrame
from evtui.recording.format import layout
from evtui.recording.read.candump import logged_frame
from evtui.recording.read.reader import FolderError, RunFolder
from evtui.tui.models.frames import FrameLine
from tests.recording.reader_rig import recorded

LOG = """\
(1500000000.000000) vcan0 123#DEADBEEF
(1500000000.250000) vcan0 12345678#
(1500000000.500000) vcan1 0A1#R8
(1500000000.500000) vcan1 0A1#R
(1500000000.750000) vcan0 20000080#0000000000000000
(1500000001.000000) vcan0 123##1DEADBEEFDEADBEEFDEADBEEF
(1500000001.500000) vcan0 123#11.22.33 T
(1500000001.750000) vcan0 7FF#1122334455667788_9 R
what is this
(1500000002.000000) vcan0 1FFFFFFF#01"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "capture.log"
    path.write_text(LOG, "utf-8")
    return path


def test_every_frame_of_a_foreign_log_is_read(log: Path) -> None:
    frames = [
        (
            row.t_s,
            row.bus,
            row.arbitration_id,
            row.extended,
            row.kind,
            row.data_field.hex(),
            row.dlc,
        )
        for row in RunFolder(log).frames()
    ]
    assert frames == [
        (0.0, "vcan0", 0x123, False, "data", "deadbeef", 4),
        (0.25, "vcan0", 0x12345678, True, "data", "", 0),
        (0.5, "vcan1", 0x0A1, False, "remote", "", 8),
        (0.5, "vcan1", 0x0A1, False, "remote", "", 0),
        (0.75, "vcan0", 0x80, False, "error", "0000000000000000", 8),
        (1.0, "vcan0", 0x123, False, "fd brs", "deadbeef" * 3, 12),
        (1.5, "vcan0", 0x123, False, "data", "112233", 3),
        (1.75, "vcan0", 0x7FF, False, "data", "1122334455667788", 8),
        (2.0, "vcan0", 0x1FFFFFFF, True, "data", "01", 1),
    ]


def test_time_begins_with_the_first_frame_and_nothing_is_known_of_truth(log: Path) -> None:
    run = RunFolder(log)
    assert (run.start_utc, run.t_first, run.t_end) == (1_500_000_000.0, 0.0, 2.0)
    assert run.manifest is None
    assert run.truth() == []
    assert run.alarms() == []
    assert list(run.messages()) == []
    assert not any(row.attack or row.seq or row.attack_ids for row in run.frames())


def test_what_is_left_out_is_said_before_anything_is_read(log: Path) -> None:
    run = RunFolder(log)
    expected = ["a CAN log alone: no OCPP messages, no current, no labels"]
    assert run.problems == expected
    events = list(run.events())
    assert len(events) == 9
    assert all(isinstance(event, CanFrame) for event in events)
    assert run.problems == [*expected, "capture.log: lines that cannot be read: 1 skipped"]


def test_stepping_through_a_foreign_log_never_stands_still(log: Path) -> None:
    run = RunFolder(log)
    t: float | None = -1.0
    times: list[float] = []
    while t is not None and (t := run.next_time("frame", t)) is not None:
        times.append(t)
    assert times == [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 1.75, 2.0]
    assert run.previous_time("frame", 0.25) == 0.0
    assert run.previous_time("frame", 0.0) is None


def test_frames_of_a_foreign_log_are_ours_only_where_it_is_said_and_their_lengths_fit(
    tmp_path: Path,
) -> None:
    log = tmp_path / "capture.log"
    frames = [
        "300#6400",
        "300#6400000000000000",
        "200#",
        "200#01",
        "301#6400",
        "210#R",
        "00000300#64",
    ]
    log.write_text("".join(f"({n}.000000) can0 {frame}\n" for n, frame in enumerate(frames)))
    names = [FrameLine(event).name for event in RunFolder(log).events() if type(event) is CanFrame]
    assert names == ["unknown"] * 5 + ["remote frame", "unknown"]
    events = RunFolder(log, decode=True).events()
    names = [FrameLine(event).name for event in events if type(event) is CanFrame]
    assert names[:3] == ["Current", "unknown", "StartCharging"]
    assert names[3:] == ["unknown", "unknown", "remote frame", "unknown"]


def test_a_log_written_by_python_can_is_read(tmp_path: Path) -> None:
    path = tmp_path / "python.log"
    messages = [
        can.Message(timestamp=1e9 + n / 8, arbitration_id=n, is_extended_id=False, data=[n] * n)
        for n in range(9)
    ]
    with can.CanutilsLogWriter(path, channel="vcan7") as writer:
        for message in messages:
            writer.on_message_received(message)
    frames = list(RunFolder(path).frames())
    assert [(row.t_s, row.arbitration_id, row.data_field) for row in frames] == [
        (n / 8, n, bytes([n] * n)) for n in range(9)
    ]


def test_the_log_of_a_run_folder_opens_without_the_folder(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", 20.0)
    alone = list(RunFolder(folder / layout.CAN_LOG).frames())
    whole = list(RunFolder(folder).frames())
    assert [row.data_field for row in alone] == [row.data_field for row in whole]
    assert [row.timestamp for row in alone] == [row.timestamp for row in whole]


def test_another_file_of_a_run_folder_is_no_log(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", 2.0)
    with pytest.raises(FolderError, match="not a CAN log either"):
        RunFolder(folder / layout.SIGNALS)


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("(1.0) can0 123##0", 0),
        ("(1.0) can0 123##3112233 T", 3),
        ("(1.0) can0 123##5" + "11" * 64, 1),
        (" (1.0)  can0  123  [12]  " + "11 " * 12, 0),
        (" (1.0)  can0  RX B E  123  [03]  11 22 33", 3),
        (" (1.0)  can0  TX - E  123  [00]", 2),
    ],
)
def test_a_frame_of_can_fd_keeps_its_flags(line: str, flags: int) -> None:
    assert logged_frame(line.encode()).fd_flags == flags


@pytest.mark.parametrize(
    "line",
    [
        "(1.0) can0 12#00",
        "(1.0) can0 1234#00",
        "(1.0) can0 123#0",
        "(1.0) can0 123#001122334455667788",
        "(1.0) can0 123##0" + "11" * 9,
        "(1.0) can0 123##",
        "(1.0)  can0  123  [12]  11",
        "(1.0)  can0  123  [04]  remote request",
        "(1.0) can0 123#GG",
        "1.0 can0 123#00",
        "(1.0) can0 123",
        "(1.0) can0 123#00 X",
        "(1.0) can0  123   [2]  00",
        "(1.0) can0  123   [1]  00 11",
        "(1.0) can0  123   [9]  00 11 22 33 44 55 66 77 88",
        "(1.0) can0  1234   [1]  00",
        "(1.0) can0  123   [1]  0G",
        "(2022-06-02 25:43:42.714008)  can1  700   [1]  01",
        "(yesterday)  can1  700   [1]  01",
        "(0000-00-00 00:00:00.0)  can1  700   [1]  01",
        "(253402300800.0) can0 123#00",
        f"({'9' * 400}.0) can0 123#00",
        f"({'9' * 400}.0)  can0  123   [1]  00",
        pytest.param("(1.0) can0  123   [8]" + " `00" * 1_000_000, id="long"),
    ],
)
def test_what_is_no_frame_is_refused(line: str) -> None:
    with pytest.raises(
        ValueError, match=r"frame|bytes? where the length is|hour must be|no time|year 0"
    ):
        logged_frame(line.encode())
