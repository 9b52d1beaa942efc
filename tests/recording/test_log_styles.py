"""Logs in every style in which candump shows frames."""

from __future__ import annotations

import bz2
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from evtui.recording.check.checking import check_folder
from evtui.recording.read.candump import LogStyle, log_style, logged_frame
from evtui.recording.read.reader import FolderError, RunFolder

STEPS = [0.0, 0.010203, 0.009991, 0.010008, 0.000412, 0.3, 0.010001, 0.009998, 0.0, 0.010002]
START = 1_654_209_822.714008
TIMES = [START + t for t in accumulate(STEPS)]
FRAMES = [
    "     123   [4]  DE AD BE EF",
    "12345678   [0] ",
    "     0A1   [8]  remote request",
    "     0A1   [0]  remote request",
    "20000004   [8]  00 01 00 00 00 00 00 00   ERRORFRAME",
    "     123   [3]  11 22 33                  '.\"3'",
    "     7FF   [8]  11 22 33 44 55 66 77 88   '.\"3DUfw.'",
    "     7FF   {9}  11 22 33 44 55 66 77 27   '.\"3DUfw''",
    "1FFFFFFF   [2]  01 27                     '.''",
    "     300   [2]  64 00",
]
SAID = [
    (0x123, False, "data", "deadbeef", 4),
    (0x12345678, True, "data", "", 0),
    (0x0A1, False, "remote", "", 8),
    (0x0A1, False, "remote", "", 0),
    (0x4, False, "error", "0001000000000000", 8),
    (0x123, False, "data", "112233", 3),
    (0x7FF, False, "data", "1122334455667788", 8),
    (0x7FF, False, "data", "1122334455667727", 8),
    (0x1FFFFFFF, True, "data", "0127", 2),
    (0x300, False, "data", "6400", 2),
]


def absolute(n: int) -> str:
    return f"({TIMES[n]:017.6f}) "


def date(n: int) -> str:
    return f"({datetime.fromtimestamp(TIMES[n], UTC):%Y-%m-%d %H:%M:%S.%f}) "


STAMPS: dict[str, Callable[[int], str]] = {
    "absolute": absolute,
    "date": date,
    "zero": lambda n: f"({TIMES[n] - START:010.6f}) ",
    "delta": lambda n: f"({STEPS[n]:010.6f}) ",
    "none": lambda n: "",
}
HEADS = {
    "plain": "  can0  ",
    "directions": "  can0  RX - -  ",
    "two buses": " vcan10  ",
    "coloured": "  \x1b[1;33mcan0\x1b[0m  ",
}


def write(path: Path, times: str, head: str) -> Path:
    lines = [f" {STAMPS[times](n)}{HEADS[head]}{frame}\n" for n, frame in enumerate(FRAMES)]
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize("times", STAMPS)
@pytest.mark.parametrize("turned", [False, True])
def test_a_byte_order_mark_costs_no_frame(tmp_path: Path, times: str, turned: bool) -> None:
    log = write(tmp_path / "shown.log", times, "plain")
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[::-1] if turned else lines))
    plain = list(RunFolder(log).frames())
    log.write_bytes(b"\xef\xbb\xbf" + log.read_bytes())
    assert list(RunFolder(log).frames()) == plain
    assert len(plain) == len(FRAMES)
    assert check_folder(log).sound


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda text: text.encode("utf-16"), "text in UTF-16, as PowerShell's > writes it; make a "
         "log of it with iconv -f UTF-16 'my can.log' > LOG"),
        (bz2.compress, "compressed; make a log of it with bunzip2 -k 'my can.log'"),
    ],
)  # fmt: skip
def test_what_only_holds_a_log_is_named_with_the_way_to_it(
    made: Callable[[Any], bytes], told: str, tmp_path: Path
) -> None:
    log = tmp_path / "my can.log"
    text = "(1.000000) can0 123#11\n"
    log.write_bytes(made(text.encode() if made is bz2.compress else text))
    with pytest.raises(FolderError) as caught:
        RunFolder(log)
    assert str(caught.value) == f"{log}: {told}"


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("times", STAMPS)
def test_every_frame_is_read_with_its_time(tmp_path: Path, times: str, head: str) -> None:
    log = write(tmp_path / "shown.log", times, head)
    run = RunFolder(log)
    rows = list(run.frames())
    assert [
        (row.arbitration_id, row.extended, row.kind, row.data_field.hex(), row.dlc) for row in rows
    ] == SAID
    expected = [0.0] * len(FRAMES) if times == "none" else [t - START for t in TIMES]
    assert [row.t_s for row in rows] == pytest.approx(expected, abs=2e-6)
    if times in ("absolute", "date"):
        assert [row.timestamp for row in rows] == pytest.approx(TIMES, abs=2e-6)
        assert run.start_utc == pytest.approx(START, abs=2e-6)
    assert {row.direction for row in rows} == {"R" if head == "directions" else ""}
    assert {row.bus for row in rows} == {"vcan10" if head == "two buses" else "can0"}
    assert check_folder(log).sound


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ("absolute", ""),
        ("date", "no time zone"),
        ("zero", "no date"),
        ("delta", "added up"),
        ("none", "candump -L"),
    ],
)
def test_what_the_times_of_a_style_are_not_is_said(tmp_path: Path, times: str, said: str) -> None:
    problems = RunFolder(write(tmp_path / "shown.log", times, "plain")).problems[1:]
    assert [said in problem for problem in problems] == ([True] if said else [])
    notes = [finding.text for finding in check_folder(tmp_path / "shown.log").findings[1:]]
    assert notes == problems


@pytest.mark.parametrize("period", [0.1, 0.01, 1.0])
def test_even_differences_are_not_taken_for_times(tmp_path: Path, period: float) -> None:
    log = tmp_path / "shown.log"
    lines = [f" ({period if n else 0:010.6f})  can0  300   [1]  00\n" for n in range(50)]
    log.write_text("".join(lines))
    assert log_style(log) == LogStyle(view=True, times="delta")
    run = RunFolder(log)
    assert run.t_end == pytest.approx(49 * period)
    assert all(b.t_s > a.t_s for a, b in pairwise(run.frames()))


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("[3]  00010010 00110100 11111111", "1234ff"),
        ("[3]  FF`34`12                  `.4.`", "1234ff"),
        ("[3]  11111111`00110100`00010010", "1234ff"),
    ],
)
def test_binary_digits_and_swapped_bytes_are_read(text: str, data: str) -> None:
    assert logged_frame(f"  can0  123   {text}".encode()).data.hex() == data


def test_what_candump_says_beside_frames_is_counted_by_kind(tmp_path: Path) -> None:
    log = tmp_path / "shown.log"
    log.write_text(
        " (000.000000)  can0  20000004   [8]  00 01 00 00 00 00 00 00   ERRORFRAME\n"
        "\tcontroller-problem{rx-overflow}\n"
        " (000.100000)  can0  123  [12]  11 22 33 44 55 66 77 88 99 AA BB CC\n"
        " (000.200000)  can0  123  [04]  11 22 33 44\n"
        "DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)\n"
        " (000.300000)  can0  123   [1]  11\n"
    )
    run = RunFolder(log)
    assert [row.kind for row in run.frames()] == ["error", "fd", "fd", "data"]
    assert run.problems[2:] == [
        "shown.log: explanations of error frames (candump -e): 1 skipped",
        "shown.log: notes of candump that it lost frames itself (DROPCOUNT): 1 skipped",
    ]
    assert check_folder(log).sound
