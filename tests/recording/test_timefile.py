"""Files in order of time, and finding a moment in them."""

from __future__ import annotations

import json
import math
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.recording.read.timefile import Stamp, TimeFile, candump_stamp, csv_stamp, json_stamp

Line = Callable[[float, int], str]

FORMS: dict[str, tuple[Line, Stamp, str]] = {
    "csv": (lambda t, n: f"{t:.3f},row {n}", csv_stamp(), "t_s,text"),
    "named column": (lambda t, n: f'"{"a," * (n % 3)}",{t:.3f},{n}', csv_stamp(1), "text,t_s,n"),
    "jsonl": (lambda t, n: json.dumps({"x": {"t": -1}, "n": "é" * n, "t": t}), json_stamp, ""),
    "candump": (lambda t, n: f"({t:.3f}) can0 {n % 2048:03X}#00", candump_stamp, ""),
}

times = st.lists(st.integers(0, 500).map(lambda tenths: tenths / 10), max_size=60).map(sorted)
moments = st.one_of(st.integers(-5, 505).map(lambda tenths: tenths / 10), st.floats(-1, 51))
forms = st.sampled_from(sorted(FORMS))


def write(form: str, stamps: list[float], ending: str = "\n", torn: str = "") -> Path:
    line, _, header = FORMS[form]
    lines = [header] * bool(header) + [line(t, n) for n, t in enumerate(stamps)]
    text = "".join(line + ending for line in lines) + torn
    with tempfile.NamedTemporaryFile("wb", delete=False) as file:
        file.write(text.encode())
    return Path(file.name)


def opened(form: str, path: Path, *, keep_torn: bool = False) -> TimeFile:
    _, stamp, header = FORMS[form]
    return TimeFile(path, stamp, header=bool(header), keep_torn=keep_torn)


@given(form=forms, stamps=times, t=moments, ending=st.sampled_from(["\n", "\r\n"]))
def test_bisecting_finds_the_same_lines_as_reading_them_all(
    form: str, stamps: list[float], t: float, ending: str
) -> None:
    path = write(form, stamps, ending)
    try:
        file = opened(form, path)
        line, stamp, _ = FORMS[form]
        expected = [line(at, n).encode() for n, at in enumerate(stamps) if at >= t]
        assert [text for _, text in file.lines_from(t)] == expected
        assert file.next(t) == min((at for at in stamps if at > t), default=None)
        assert file.previous(t) == max((at for at in stamps if at < t), default=None)
        assert file.first() == (stamps[0] if stamps else None)
        assert file.last() == (stamps[-1] if stamps else None)
        assert all(stamp(text) is not None for _, text in file.lines())
    finally:
        path.unlink()


@given(form=forms, stamps=times, t=moments, junk=st.sets(st.integers(0, 59)))
def test_lines_without_a_time_do_not_lead_astray(
    form: str, stamps: list[float], t: float, junk: set[int]
) -> None:
    path = write(form, stamps)
    try:
        lines = path.read_bytes().splitlines(keepends=True)
        for place in sorted(junk, reverse=True):
            lines.insert(1 + place % (len(lines) or 1), b"\x00 no line of this file\n")
        path.write_bytes(b"".join(lines))
        file = opened(form, path)
        stamp = FORMS[form][1]
        found = [at for _, text in file.lines_from(t) if (at := stamp(text)) is not None]
        assert found == [at for at in stamps if at >= t]
        assert file.previous(t) == max((at for at in stamps if at < t), default=None)
    finally:
        path.unlink()


@given(form=forms, stamps=times, size=st.integers(1, 200))
def test_a_file_cut_anywhere_keeps_its_whole_lines(
    form: str, stamps: list[float], size: int
) -> None:
    path = write(form, stamps)
    try:
        data = path.read_bytes()[:-size]
        path.write_bytes(data)
        file = opened(form, path)
        whole = data[: data.rfind(b"\n") + 1]
        header = bool(FORMS[form][2])
        assert [text for _, text in file.lines()] == whole.splitlines()[header:]
        assert file.torn == len(data) - len(whole)
    finally:
        path.unlink()


def test_a_last_line_without_a_line_end_counts_where_files_are_edited_by_hand() -> None:
    path = write("candump", [1.0], torn="(2.0) can0 300#00")
    try:
        assert opened("candump", path).last() == 1.0
        assert opened("candump", path, keep_torn=True).last() == 2.0
    finally:
        path.unlink()


def test_what_is_appended_after_opening_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("(1.0) can0 300#00\n(2.0) can0 30", "utf-8")
    file = TimeFile(path, candump_stamp)
    with path.open("a") as more:
        more.write("0#00\n(3.0) can0 300#00\n")
    assert file.last() == 1.0
    assert [offset for offset, _ in file.lines()] == [0]


def test_a_time_is_found_with_a_logarithmic_number_of_looks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"({n}.0) can0 300#0000\n" for n in range(50_000)), "utf-8")
    looks = 0

    def stamp(line: bytes) -> float | None:
        nonlocal looks
        looks += 1
        return candump_stamp(line)

    file = TimeFile(path, stamp)
    _, line = next(file.lines_from(31_234.5))
    assert line.startswith(b"(31235.0)")
    assert looks <= math.log2(file.size) + 1


def test_a_window_of_a_big_file_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "signals.csv"
    with path.open("w", encoding="utf-8") as text:
        text.write("t_s,what\n")
        text.writelines(f"{n / 10:.6f},{'x' * 80}\n" for n in range(200_000))
    assert path.stat().st_size > 18_000_000
    tracemalloc.start()
    try:
        file = TimeFile(path, csv_stamp(), header=True)
        lines = file.lines_from(15_000.0)
        window = sum(1 for _ in zip(range(10_000), lines, strict=False))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert window == 10_000
    assert peak < 200_000


@pytest.mark.parametrize(
    "line",
    [b"", b"nan,1", b"x,1", b'{"t": "1.0"}', b'{"t": 1.0', b"[" * 100_000, b"(x) can0 1#", b"\xff"],
)
def test_what_has_no_time_has_no_stamp(line: bytes) -> None:
    assert csv_stamp()(line) is None
    assert json_stamp(line) is None
    assert candump_stamp(line) is None


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TimeFile(tmp_path / "none", json_stamp)
