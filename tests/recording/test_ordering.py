"""Logs whose frames do not stand in order of time."""

from __future__ import annotations

import gc
import random
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from evtui.cli import main
from evtui.export import export
from evtui.recording.check.checking import check_folder
from evtui.recording.read import ordering
from evtui.recording.read.reader import RunFolder

START = 1_597_294_762.0
FRAMES = 1200
EVEN = [START + n / 100 for n in range(FRAMES)]


def log_of(path: Path, frames: Iterable[tuple[float, str]]) -> Path:
    """Each frame says in its data which line it stands on."""
    lines = (f"({t:.6f}) {bus} 300#{n:08X}\n" for n, (t, bus) in enumerate(frames))
    path.write_text("".join(lines))
    return path


def opened(tmp_path: Path, stamps: Iterable[float], bus: str = "can0") -> RunFolder:
    return RunFolder(log_of(tmp_path / "capture.log", ((t, bus) for t in stamps)))


def order(run: RunFolder) -> list[int]:
    return [int.from_bytes(row.data_field) for row in run.frames()]


def told(run: RunFolder) -> list[str]:
    return run.problems[1:]


def assert_it_plays(run: RunFolder) -> None:
    """Every frame is there, in windows too, and time never goes back."""
    rows = list(run.frames())
    times = [row.t_s for row in rows]
    assert times == sorted(times)
    assert times[0] == run.t_first == 0.0
    assert times[-1] == run.t_end
    steps = [n * 0.5 for n in range(int(run.t_end * 2) + 2)]
    assert [row for t in steps for row in run.frames(t, t + 0.5)] == rows
    assert sorted(order(run)) == list(range(len(rows)))


def test_a_log_in_order_is_read_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = opened(tmp_path, EVEN)
    assert order(run) == list(range(FRAMES))
    assert told(run) == []
    assert list(tmp_path.iterdir()) == [run.path]


@pytest.mark.parametrize(
    ("by", "places"),
    [(6.2, (500,)), (-6.2, (800,)), (3.0, (500, 700)), (-3.0, (500, 501, 502)), (0.25, (10,))],
)
def test_a_few_frames_with_a_time_of_their_own_are_sorted_and_counted(
    tmp_path: Path, by: float, places: tuple[int, ...]
) -> None:
    stamps = [t + by * (n in places) for n, t in enumerate(EVEN)]
    run = opened(tmp_path, stamps)
    assert_it_plays(run)
    assert order(run) == sorted(range(FRAMES), key=stamps.__getitem__)
    assert [row.timestamp for row in run.frames()] == pytest.approx(sorted(stamps), abs=1e-6)
    number = "1 frame" if len(places) == 1 else f"{len(places)} frames"
    (line,) = told(run)
    farthest = re.fullmatch(
        rf"capture\.log: {number} out of order of time, by (.*) s at most: sorted", line
    )
    assert farthest is not None
    assert float(farthest[1]) == pytest.approx(abs(by), abs=0.05)


@pytest.mark.parametrize("slower", [1, 10, 100])
@pytest.mark.parametrize(("at", "by"), [(600, -10.0), (600, -0.5), (20, -100.0), (1100, -3600.0)])
def test_a_clock_that_was_set_back_begins_a_segment(
    tmp_path: Path, at: int, by: float, slower: int
) -> None:
    by *= slower
    stamps = [START + n * slower / 100 + by * (n >= at) for n in range(FRAMES)]
    run = opened(tmp_path, stamps)
    assert_it_plays(run)
    assert order(run) == list(range(FRAMES))
    assert run.t_end == pytest.approx((FRAMES - 2) * slower / 100)
    assert [row.timestamp for row in run.frames()] == pytest.approx(stamps, abs=1e-6)
    (line,) = told(run)
    assert line.startswith(f"capture.log: line {at + 1}: time jumps back by ")
    # The times of day are those of the clock that was set.
    assert run.start_utc + run.t_end == pytest.approx(stamps[-1], abs=1e-5)


def test_a_log_that_begins_in_1970_draws_no_time_line_of_decades(tmp_path: Path) -> None:
    run = opened(tmp_path, [t - START if n < 100 else t for n, t in enumerate(EVEN)])
    assert_it_plays(run)
    assert run.t_end == pytest.approx((FRAMES - 2) / 100)
    assert run.start_utc == pytest.approx(START + 0.01, abs=1e-5)
    assert "line 101: time jumps ahead by 18,487 days" in told(run)[0]


def test_a_clock_that_falls_to_1970_does_not_take_the_dates_with_it(tmp_path: Path) -> None:
    run = opened(tmp_path, [t if n < 600 else t - START for n, t in enumerate(EVEN)])
    assert_it_plays(run)
    assert run.start_utc == START


@pytest.mark.parametrize("strange", [0.0, 4_294_967_295.0, START - 3600.0, START + 86_400.0])
def test_frames_with_a_senseless_time_stay_where_they_stand(tmp_path: Path, strange: float) -> None:
    run = opened(tmp_path, [strange if n % 100 == 50 else t for n, t in enumerate(EVEN)])
    assert_it_plays(run)
    assert order(run) == list(range(FRAMES))
    assert told(run) == [
        "capture.log: 12 frames with a time far from all others: out of order, kept in their place"
    ]


def test_silence_of_a_night_is_no_clock_that_was_set(tmp_path: Path) -> None:
    run = opened(tmp_path, [t + 43_200.0 * (n > 500) for n, t in enumerate(EVEN)])
    assert run.t_end == pytest.approx(43_200.0 + (FRAMES - 1) / 100)
    assert told(run) == []


def test_two_interfaces_are_merged_by_time(tmp_path: Path) -> None:
    frames = [(t, "can0") for t in EVEN] + [(t + 0.005, "can1") for t in EVEN]
    run = RunFolder(log_of(tmp_path / "capture.log", frames))
    assert_it_plays(run)
    assert [row.bus for row in run.frames()] == ["can0", "can1"] * FRAMES
    assert "out of order of time" in told(run)[0]


@pytest.mark.parametrize("seed", range(5))
def test_frames_that_arrive_a_little_late_are_sorted(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    frames = [(t + chance.uniform(0.0, 0.05), f"can{chance.randrange(3)}") for t in EVEN]
    run = RunFolder(log_of(tmp_path / "capture.log", frames))
    assert_it_plays(run)
    assert order(run) == sorted(range(FRAMES), key=lambda n: frames[n][0])


def test_a_big_log_is_sorted_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_CHUNK", 100)
    stamps = EVEN[600:] + EVEN[:600]
    frames = [(t, "can1" if n < 600 else "can0") for n, t in enumerate(stamps)]
    run = RunFolder(log_of(tmp_path / "capture.log", frames))
    assert_it_plays(run)
    assert order(run) == sorted(range(FRAMES), key=stamps.__getitem__)


def test_lines_that_are_no_frames_are_still_counted_in_a_log_that_was_sorted(
    tmp_path: Path,
) -> None:
    log = log_of(tmp_path / "capture.log", ((t, "can0") for t in (*EVEN[5:], *EVEN[:5])))
    lines = log.read_text().splitlines()
    log.write_text("\n".join(["# mine", *lines[:9], "and mine", *lines[9:], "(1.0) can0 123##011"]))
    run = RunFolder(log)
    assert (run.t_first, run.t_end) == (0.0, (FRAMES - 2) / 100)
    assert len(list(run.frames())) == FRAMES + 1
    assert "capture.log: lines that cannot be read: 2 skipped" in run.problems


@pytest.mark.parametrize("stamp", ["9" * 400 + ".0", "99999999999999999.5", "253402300800.0"])
@pytest.mark.parametrize("frame", ["can0 300#0000", " can0  300   [2]  00 00"])
def test_a_time_behind_every_calendar_is_no_time(tmp_path: Path, stamp: str, frame: str) -> None:
    log = tmp_path / "capture.log"
    lines = [f"({'0' if n % 2 else stamp}) {frame}\n" for n in range(5)]
    log.write_text("".join(lines))
    run = RunFolder(log)
    assert [row.timestamp for row in run.frames()] == [0.0, 0.0]
    assert "capture.log: lines that cannot be read: 3 skipped" in run.problems
    assert check_folder(log).damaged
    assert export(run, "asc", tmp_path / "out.asc").rows == 2


def test_a_log_of_a_thousand_clocks_ends_somewhere(tmp_path: Path) -> None:
    stamps = [START * (1 + n // 12 % 2) + n for n in range(30_000)]
    run = opened(tmp_path, stamps)
    assert sorted(order(run)) == list(range(30_000))
    assert told(run)[-1].endswith("more times")


def test_the_sorted_copy_goes_with_its_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    run = opened(tmp_path, reversed(EVEN[:10]))
    assert list(place.iterdir())
    assert len(order(run)) == 10
    del run
    gc.collect()
    assert not list(place.iterdir())


Stamps = Callable[[], list[float]]
KINDS: dict[str, list[float]] = {
    "one ahead": [t + 6.2 * (n == 500) for n, t in enumerate(EVEN)],
    "first two swapped": [EVEN[1], EVEN[0], *EVEN[2:]],
    "set back": [t - 10 * (n >= 600) for n, t in enumerate(EVEN)],
    "from 1970": [t - START if n < 100 else t for n, t in enumerate(EVEN)],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["asc", "blf", "trc"])
def test_an_export_of_it_never_goes_back_and_is_as_long_as_the_log(
    tmp_path: Path, kind: str, name: str
) -> None:
    can = pytest.importorskip("can")
    run = opened(tmp_path, KINDS[kind])
    out = tmp_path / f"out.{name}"
    done = export(run, name, out)
    options = {"relative_timestamp": False} if name == "asc" else {}
    with can.LogReader(out, **options) as reader:
        messages = list(reader)
    times = [message.timestamp for message in messages]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(run.t_end, abs=1e-4)
    assert done.rows == len(messages) == check_folder(run.path).events == FRAMES
    assert done.span == run.t_end == check_folder(run.path).t_end
    assert [int.from_bytes(bytes(message.data)) for message in messages] == order(run)


def test_check_says_what_replay_and_report_say(tmp_path: Path) -> None:
    run = opened(tmp_path, KINDS["set back"])
    report = check_folder(run.path)
    assert report.sound
    assert [str(finding) for finding in report.findings] == run.problems
    assert (report.t_first, report.t_end) == (run.t_first, run.t_end)


@pytest.mark.parametrize("command", ["check", "export"])
def test_a_terminal_is_told_how_many_lines_of_a_long_log_have_been_read(
    command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = tmp_path / "long.log"
    # Every second frame is older than the one before it, so the log has to be put in order first.
    stamps = (1_700_000_000 + number / 1000 - number % 2 / 2 for number in range(20_001))
    log.write_text("".join(f"({stamp:.6f}) can0 300#6400\n" for stamp in stamps))
    more = [] if command == "check" else ["--format", "candump", "--out", str(tmp_path / "out.log")]
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main([command, str(log), *more]) == 0
    told = capsys.readouterr().err
    assert "\r\x1b[2Kreading long.log: 10,000 lines" in told
    assert "\r\x1b[2Kreading long.log: 20,000 lines\r\x1b[2K" in told
