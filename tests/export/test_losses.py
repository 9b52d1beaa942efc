"""The same log in each format, out and in again: what comes back, and what is said not to."""

from __future__ import annotations

from pathlib import Path

import can
import pytest

from evtui.cli.main import main
from evtui.export import FORMATS, export
from tests.export.losses import LOG, READ_BACK, round_trip, source


@pytest.mark.parametrize("name", READ_BACK)
def test_times_and_data_come_back_to_the_microsecond(name: str) -> None:
    kept = round_trip(name)
    assert kept.apart < 1.1e-6
    assert kept.identifiers
    assert kept.data


@pytest.mark.parametrize("name", READ_BACK)
def test_what_a_format_loses_is_what_it_says_it_does(name: str) -> None:
    kept, says = round_trip(name), FORMATS[name].loses
    assert ("direction" in says) == (kept.directions != "kept")
    assert ("bus" in says) == (not kept.buses)
    assert ("remote" in says) == (not kept.remote)
    assert ("error frames" in says) == (
        kept.errors != "kept" or kept.directions == "not of error frames"
    )
    assert ("CAN FD" in says) == (kept.fd != "kept")


@pytest.mark.parametrize("name", READ_BACK)
def test_how_many_frames_are_left_out_is_said_when_it_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "all.log"
    log.write_text(LOG)
    out = tmp_path / "out"
    assert main(["export", str(log), "--format", name, "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert f"{name} does not keep {FORMATS[name].loses}" in told
    missing = LOG.count("\n") - round_trip(name).frames
    left_out = told.partition("(left out: ")[2].partition(")")[0]
    assert sum(int(each.split()[0]) for each in left_out.split(", ") if each) == missing


def test_python_can_reads_the_trace_that_we_write(tmp_path: Path) -> None:
    log = source(tmp_path)
    export(log, "trc", tmp_path / "x.trc")
    with can.TRCReader(tmp_path / "x.trc") as reader:
        found = list(reader)
    rows = [row for row in log.frames() if row.kind != "error"]
    assert len(found) == len(rows)
    for message, row in zip(found, rows, strict=True):
        assert message.timestamp == pytest.approx(row.timestamp, abs=1e-5)
        assert (message.arbitration_id, message.is_extended_id) == (
            row.arbitration_id,
            row.extended,
        )
        assert bytes(message.data) == row.data_field
        assert message.is_fd == row.kind.startswith("fd")
        assert message.is_rx == (row.direction == "R")


def test_flags_of_can_fd_are_those_of_python_can_too(tmp_path: Path) -> None:
    log = source(tmp_path)
    readers = {"asc": can.ASCReader, "blf": can.BLFReader, "candump": can.CanutilsLogReader}
    for name, reader_class in readers.items():
        export(log, name, tmp_path / f"x.{name}")
        with reader_class(tmp_path / f"x.{name}") as reader:
            flags = [
                (message.bitrate_switch, message.error_state_indicator)
                for message in reader
                if message.is_fd and message.data
            ]
        rows = [row for row in log.frames() if row.kind.startswith("fd") and row.data_field]
        assert flags == [("brs" in row.kind, "esi" in row.kind) for row in rows], name
