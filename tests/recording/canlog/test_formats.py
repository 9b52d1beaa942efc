"""Logs of other tools are read frame by frame."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evtui.recording.canlog import LogReading, format_of
from evtui.recording.canlog.asc import parse_date
from evtui.recording.check.checking import check_folder
from evtui.recording.read.candump import LoggedFrame
from evtui.recording.read.reader import FolderError, RunFolder
from tests.recording.canlog.samples import ASC, SAVVYCAN, TEXTS, TRC, Text

START = 1_795_000_000.0
"""18 November 2026, 11:06:40 UTC."""

FIVE = [
    LoggedFrame(0.1, "", 0x300, False, "data", b"\x64\0", 2, "R"),
    LoggedFrame(0.2, "", 0x18FF50E5, True, "data", bytes([1, 2, 3, 4, 5, 6, 7, 8]), 8, "T"),
    LoggedFrame(0.3, "", 0x123, False, "remote", b"", 4, "R"),
    LoggedFrame(0.4, "", 0x700, False, "data", bytes(range(12)), 12, "R", fd_flags=1),
    LoggedFrame(0.5, "", 0, False, "error", b"", 0, ""),
]


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """ASC logs have local times."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def read(path: Path) -> tuple[list[LoggedFrame], LogReading]:
    kind = format_of(path)
    assert kind is not None
    reading = LogReading()
    return [frame for _, frame in kind.frames(path, reading)], reading


def written(text: Text, folder: Path) -> Path:
    path = folder / text.name
    path.write_bytes(text.text.encode())
    return path


def comparable(frame: LoggedFrame, said: LoggedFrame, text: Text) -> LoggedFrame:
    """What is expected of a format: some have no directions, some no flags of CAN FD."""
    start = START if text.dated else 0.0
    assert frame.timestamp == pytest.approx(start + said.timestamp, abs=2e-6)
    direction = "" if frame.kind == "error" or not frame.direction else said.direction
    flags = said.fd_flags
    if text.name.endswith(".csv") and flags is not None:
        flags = 0
    return said._replace(
        timestamp=frame.timestamp, channel=text.bus, direction=direction, fd_flags=flags
    )


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_frame_of_a_log_is_read_as_it_was(text: Text, tmp_path: Path) -> None:
    frames, reading = read(written(text, tmp_path))
    assert reading.told() == []
    said = [FIVE[int(number)] for number in text.frames]
    assert len(frames) == len(said)
    for frame, expected in zip(frames, said, strict=True):
        assert frame == comparable(frame, expected, text)


def test_what_is_said_of_directions_is_kept_where_the_format_has_them(tmp_path: Path) -> None:
    for text in (ASC, TRC["1.1"], TRC["2.1"], SAVVYCAN):
        frames, _ = read(written(text, tmp_path))
        assert [frame.direction for frame in frames[:2]] == ["R", "T"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_log_is_replayed_checked_and_may_be_packed(text: Text, tmp_path: Path) -> None:
    path = written(text, tmp_path)
    packed = tmp_path / f"{text.name}.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    rows = [list(RunFolder(each).frames()) for each in (path, packed)]
    assert rows[0] == rows[1]
    said = [FIVE[int(number)] for number in text.frames]
    assert [row.arbitration_id for row in rows[0]] == [frame.arbitration_id for frame in said]
    assert [row.t_s for row in rows[0]] == sorted(row.t_s for row in rows[0])
    report = check_folder(path)
    assert (report.sound, report.events) == (True, len(text.frames))


def test_requests_to_send_are_no_frames_and_are_counted(tmp_path: Path) -> None:
    _, reading = read(written(ASC, tmp_path))
    assert reading.left_out == {"requests to send, which are no frames on the bus": 1}


def test_classic_frames_on_a_channel_of_can_fd_are_classic(tmp_path: Path) -> None:
    path = tmp_path / "mixed.asc"
    path.write_text(
        "base hex  timestamps absolute\n"
        "0.1 CANFD 1 Rx 300 0 0 2 2 64 00 100 90 200000 0 0 0 0 0\n"
        "0.2 CANFD 1 Rx 300 0 0 4 0 100 90 200010 0 0 0 0 0\n"
        "0.3 CANFD 1 Rx 300 0 0 0 0 100 90 301000 0 0 0 0 0\n"
    )
    frames, _ = read(path)
    assert [(frame.kind, frame.fd_flags, frame.dlc) for frame in frames] == [
        ("data", None, 2),
        ("remote", None, 4),
        ("data", 0, 0),
    ]


def test_the_flags_of_a_peak_trace_are_those_of_peak(tmp_path: Path) -> None:
    path = tmp_path / "fd.trc"
    rows = "".join(
        f"{n} {n}.0 {kind} 0100 Rx 1 0\n" for n, kind in enumerate(["FD", "FB", "FE", "BI"])
    )
    path.write_text(f";$FILEVERSION=2.0\n;$COLUMNS=N,O,T,I,d,l,D\n{rows}")
    frames, _ = read(path)
    assert [frame.fd_flags for frame in frames] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("said", "is_at"),
    [
        ("Wed Nov 18 11:06:40.000 am 2026", 0.0),
        ("Wed Nov 18 11:06:40.005 2026", 0.005),
        ("Mit Nov 18 11:06:40.5 pm 2026", 43_200.5),
        ("Sam Mär 18 11:06:40 2026", -245 * 86_400.0),
        ("Nov 18 12:06:40 am 2026", -39_600.0),
    ],
)
def test_dates_are_read_in_both_languages_and_both_clocks(said: str, is_at: float) -> None:
    assert parse_date(said) == pytest.approx(START + is_at)


@pytest.mark.parametrize(
    "said", ["", "yesterday", "Wed Nop 18 11:06:40 2026", "Wed Feb 30 1:00:00 2026"]
)
def test_what_is_no_date_leaves_times_without_one(said: str, tmp_path: Path) -> None:
    assert parse_date(said) is None
    path = tmp_path / "x.asc"
    path.write_text(f"date {said}\nbase hex timestamps absolute\n 1.5 1 300 Rx d 0\n")
    run = RunFolder(path)
    assert [row.timestamp for row in run.frames()] == [1.5]


REFUSED = {
    "asc": (
        "base hex  timestamps absolute\n0.1 1 300 Rx d 0\n{}\n",
        {
            "0.2 1 300 Rx d 2 64": "line 3: 1 byte where the length is 2",
            "0.2 1 3000 Rx d 0": "line 3: identifier 3000 does not fit into 11 bits",
            "0.2 1 3zz Rx d 0": "line 3: id '3zz' is no number to base 16",
            "0.2 1 300 Rx d 1 100": "line 3: a byte is above 255",
            "0.2 1 300 Rx q 1 10": "line 3: 'q' is neither d with a length nor r",
            "0.2 CANFD 1 Rx 300 1 0 9 11 " + "00 " * 11: "line 3: 11 bytes of data; there is no",
            "0.2 CANFD 1 Rx 300 1": "line 3: no BRS, ESI, length code and length",
            "9" * 400 + " 1 300 Rx d 0": "line 3: time ",
            "0.2 1 300 Rx d 1 " + "0" * 5000: "line 3: longer than 4096 bytes",
        },
    ),
    "trc": (
        ";$FILEVERSION=2.1\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n1 1.0 DT 1 0300 Rx - 0\n{}\n",
        {
            "2 2.0 XX 1 0300 Rx - 0": "line 4: type 'XX' is not known",
            "2 2.0 DT 1": "line 4: column d is missing",
            "2 2.0 FD 1 0300 Rx - 16": "line 4: data length code 16 is not below 16",
            "2 2.0 DT 1 0300 Rx - 2 00": "line 4: 1 byte where the length is 2",
            "2 2.0 DT 1 0300 left - 0": "line 4: direction 'left' is neither Rx nor Tx",
        },
    ),
    "csv": (
        "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2\n1,300,false,Rx,0,0\n{}\n",
        {
            "2,300": "line 3: 2 columns are too few",
            "2,300,maybe,Rx,0,0": "line 3: Extended 'maybe' is neither true nor false",
            "2,300,false,Rx,0,2,11": "line 3: 1 byte where the length is 2",
            "nan,300,false,Rx,0,0": "line 3: time 'nan' is no number, or in",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "line", "told"),
    [
        (suffix, line, told)
        for suffix, (_, cases) in REFUSED.items()
        for line, told in cases.items()
    ],
    ids=lambda value: value[:24],
)
def test_what_is_no_frame_is_refused_with_its_line(
    suffix: str, line: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / f"bad.{suffix}"
    path.write_text(REFUSED[suffix][0].format(line))
    run = RunFolder(path)
    assert len(list(run.frames())) == 1
    assert any(problem.startswith(f"bad.{suffix}: {told}") for problem in run.problems)
    report = check_folder(path)
    assert report.damaged
    found = next(each for each in report.findings if each.severity == "error")
    assert str(found).startswith(f"bad.{suffix}:{told.split()[1].rstrip(':')}: cannot be read: ")


def test_a_log_without_one_good_frame_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.asc"
    path.write_text("base hex timestamps absolute\n0.1 1 300 Rx d 9 1\n")
    with pytest.raises(FolderError) as refused:
        RunFolder(path)
    assert str(refused.value) == (
        f"{path}: line 2: 1 byte where the length is 8; no frame can be read"
    )


def test_a_text_without_a_head_is_read_by_its_name(tmp_path: Path) -> None:
    for name, line in (("x.asc", "0.1 1 300 Rx d 0\n"), ("x.trc", "1) 100 0300 0\n")):
        (tmp_path / name).write_text(line)
        assert [row.arbitration_id for row in RunFolder(tmp_path / name).frames()] == [0x300]
    (tmp_path / "x.asc").write_text("(1.0) can0 123#11\n")
    assert [row.arbitration_id for row in RunFolder(tmp_path / "x.asc").frames()] == [0x123]


def test_time_that_goes_back_makes_a_segment_whatever_the_format(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    rows = "".join(f"{1_000_000 * t},300,false,Rx,0,0\n" for t in (*range(100, 120), *range(20)))
    path.write_text(f"Time Stamp,ID,Extended,Dir,Bus,LEN,D1\n{rows}")
    run = RunFolder(path)
    times = [row.t_s for row in run.frames()]
    assert times == sorted(times)
    assert len(times) == 40
    assert any("set.csv: line 22: time jumps back by" in problem for problem in run.problems)


def test_buses_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "two.trc"
    path.write_text(
        ";$FILEVERSION=2.1\n;$COLUMNS=N,O,T,B,I,d,R,L,D\n"
        "1 1.0 DT 1 0300 Rx - 0\n2 2.0 DT 2 0300 Rx - 0\n3 3.0 DT 0 0300 Rx - 0\n"
    )
    assert [row.bus for row in RunFolder(path).frames()] == ["can0", "can1", "can"]


def test_the_length_of_a_remote_frame_may_be_missing_in_front_of_what_else_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "remote.asc"
    path.write_text(
        "base hex  timestamps absolute\n"
        "0.1 2 200 Tx r Length = 1704000 BitCount = 145 ID = 88888888x\n"
        "0.2 2 300 Rx r 8 Length = 1704000 BitCount = 145 ID = 88888888x\n"
    )
    frames, reading = read(path)
    assert reading.told() == []
    assert [(frame.kind, frame.dlc) for frame in frames] == [("remote", 0), ("remote", 8)]


def test_relatives_of_savvycan_call_the_length_dlc(tmp_path: Path) -> None:
    path = tmp_path / "older.csv"
    path.write_bytes(
        b"\xef\xbb\xbfTime Stamp,ID,Extended,Bus,DLC,D1,D2,D3,D4,D5,D6,D7,D8\r\n"
        b"2124377,3a0,0,1,8,ff,ff,c0,ff,ff,ff,ff,fd\r\n2124378,337,0,1,2,ff,1,0,0,0,0,0,0\r\n"
    )
    frames, reading = read(path)
    assert reading.told() == []
    assert [(frame.channel, frame.data.hex(), frame.direction) for frame in frames] == [
        ("can1", "ffffc0fffffffffd", ""),
        ("can1", "ff01", ""),
    ]


def test_a_file_that_only_its_name_makes_a_trace_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "other.trc"
    path.write_bytes(b"@ TEXT @ 3 @ 64 @\r26,641405\t1\t00000004\t112\t8\t00 20\r" * 500)
    with pytest.raises(FolderError, match="not a run folder, and not a CAN log either"):
        RunFolder(path)


def test_times_with_few_decimals_are_not_taken_for_those_between_frames(tmp_path: Path) -> None:
    path = tmp_path / "coarse.log"
    path.write_text("".join(f"({737 + n // 5 / 100:.2f}) RX0 2AD [1] 25\n" for n in range(100)))
    run = RunFolder(path)
    assert run.t_end == pytest.approx(0.19)
    assert "its times have no date (candump -tz): they count from its first frame" in run.problems


def test_a_counter_of_savvycan_that_was_written_as_a_negative_number_goes_on(
    tmp_path: Path,
) -> None:
    head = "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2\n"
    stamps = ("2147483647", "18446744071562067968", "18446744071797529302")
    log = tmp_path / "log.csv"
    log.write_text(head + "".join(f"{stamp},300,false,Rx,0,2,64,00,\n" for stamp in stamps))
    frames, reading = read(log)
    assert [frame.timestamp for frame in frames] == pytest.approx(
        [2147.483647, 2147.483648, 2382.944982]
    )
    assert not reading.unread


def test_a_log_that_is_empty_or_packed_twice_is_told_apart(tmp_path: Path) -> None:
    empty, twice = tmp_path / "empty.log", tmp_path / "twice.log.gz"
    empty.touch()
    twice.write_bytes(gzip.compress(gzip.compress(b"(1.5) can0 300#6400\n")))
    for path, why in ((empty, "is empty"), (twice, "packed twice by gzip")):
        with pytest.raises(FolderError, match=f"{path.name}: {why}"):
            RunFolder(path)


def test_check_tells_each_line_that_cannot_be_read_once(tmp_path: Path) -> None:
    log = tmp_path / "bad.csv"
    head = "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2\n"
    log.write_text(head + "1,300,false,Rx,0,2,64,00,\n2,ZZZ,false,Rx,0,2,64,00,\n")
    told = [each.text for each in check_folder(log).findings if "ZZZ" in each.text]
    assert len(told) == 1
