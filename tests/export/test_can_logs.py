from __future__ import annotations

import base64
import csv
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import can
import pytest
from can.io.generic import MessageReader
from hypothesis import given
from hypothesis import strategies as st

from evtui.cli.main import main
from evtui.export import export
from evtui.export.channels import MOST_CHANNELS, ChannelNumbers, Names
from evtui.recording.read.reader import RunFolder
from tests.export.reading import candump

DBC = Path(__file__).parents[2] / "evtui/canbus/packs/seed/station.dbc"


ReadBack = Callable[[Path, Path], list[can.Message]]


def exported(folder: Path, name: str, out: Path) -> Path:
    export(RunFolder(folder), name, out)
    return out


def messages(reader: MessageReader) -> list[can.Message]:
    with reader:
        return list(reader)


def asc(folder: Path, tmp_path: Path) -> list[can.Message]:
    out = exported(folder, "asc", tmp_path / "x.asc")
    return messages(can.ASCReader(out, relative_timestamp=False))


def trc(folder: Path, tmp_path: Path) -> list[can.Message]:
    return messages(can.TRCReader(exported(folder, "trc", tmp_path / "x.trc")))


def blf(folder: Path, tmp_path: Path) -> list[can.Message]:
    return messages(can.BLFReader(exported(folder, "blf", tmp_path / "x.blf")))


@pytest.mark.parametrize("read_back", [asc, blf])
def test_python_can_reads_back_what_the_folder_says(
    read_back: ReadBack, sample: Path, tmp_path: Path
) -> None:
    logged = candump(sample)
    found = read_back(sample, tmp_path)
    assert len(found) == len(logged) > 1000
    for message, line in zip(found, logged, strict=True):
        assert message.timestamp == pytest.approx(line.timestamp, abs=2e-6)
        if message.is_error_frame:
            assert line.identifier == "20000088"
            continue
        assert f"{message.arbitration_id:03X}" == line.identifier
        assert bytes(message.data).hex().upper() == line.data
        assert ("R" if message.is_rx else "T") == line.direction


@pytest.mark.parametrize("read_back", [asc, blf])
def test_kinds_channels_and_directions_survive(
    read_back: ReadBack, mixed: Path, tmp_path: Path
) -> None:
    found = read_back(mixed, tmp_path)
    assert [message.channel for message in found] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert [message.is_extended_id for message in found if not message.is_error_frame] == [
        *(False, False, True, False, False, False, False)
    ]
    assert found[2].arbitration_id == 0x1806E5F4
    assert [place for place, message in enumerate(found) if message.is_remote_frame] == [3]
    assert found[3].dlc == 4
    assert [place for place, message in enumerate(found) if message.is_error_frame] == [4]
    assert [message.is_rx for message in found][:3] == [True, False, True]


def test_trc_leaves_error_frames_out_and_says_how_many(mixed: Path, tmp_path: Path) -> None:
    done = export(RunFolder(mixed), "trc", tmp_path / "x.trc")
    assert (done.rows, done.left_out) == (7, {"error frames": 1})
    with can.TRCReader(tmp_path / "x.trc") as reader:
        found = list(reader)
    data = [line for line in candump(mixed) if line.identifier not in ("20000080",)]
    for message, line in zip(found, data, strict=True):
        assert message.timestamp == pytest.approx(line.timestamp, abs=1e-3)
        assert message.is_remote_frame == line.data.startswith("R")
        assert message.is_remote_frame or bytes(message.data).hex().upper() == line.data


def test_no_file_names_a_path_of_this_machine(sample: Path, tmp_path: Path) -> None:
    assert str(tmp_path) not in exported(sample, "trc", tmp_path / "x.trc").read_text()


def test_python_cans_csv_holds_every_frame_with_its_data_in_base64(
    mixed: Path, tmp_path: Path
) -> None:
    with exported(mixed, "python-can-csv", tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    logged = candump(mixed)
    assert [float(row["timestamp"]) for row in rows] == [line.timestamp for line in logged]
    assert [row["extended"] for row in rows] == ["0", "0", "1", "0", "0", "0", "0", "0"]
    assert [row["remote"] for row in rows].index("1") == 3
    assert [row["error"] for row in rows].index("1") == 4
    assert base64.b64decode(rows[2]["data"]) == bytes(range(8))


def test_candumps_log_is_that_of_the_folder_without_directions(mixed: Path, tmp_path: Path) -> None:
    lines = exported(mixed, "candump", tmp_path / "x.log").read_text().splitlines()
    assert lines == [line[:-2] for line in (mixed / "can.log").read_text().splitlines()]
    assert not any(line.endswith((" R", " T")) for line in lines)


def test_ids_and_data_in_csv_are_no_decimal_numbers(mixed: Path, tmp_path: Path) -> None:
    with exported(mixed, "csv", tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (mixed / "can_labels.csv").open(newline="") as file:
        labels = list(csv.DictReader(file))
    assert len(rows) == len(labels)
    for row, label in zip(rows, labels, strict=True):
        assert row["arbitration_id"].startswith("0x")
        assert int(row["arbitration_id"], 16) == int(label["arbitration_id"], 16) & 0x1FFFFFFF
        assert row["data_field"] == (f"0x{label['data_field']}" if label["data_field"] else "")


def test_the_same_folder_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    for name in ("asc", "blf", "trc", "csv", "candump", "python-can-csv"):
        first = exported(sample, name, tmp_path / f"1.{name}").read_bytes()
        assert first == exported(sample, name, tmp_path / f"2.{name}").read_bytes()


def test_a_log_without_frames_gives_a_readable_file(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / "can.log").touch()
    for name, suffix in (("asc", "asc"), ("blf", "blf"), ("trc", "trc"), ("python-can-csv", "csv")):
        out = tmp_path / f"x.{suffix}"
        assert export(RunFolder(folder), name, out).rows == 0
        with can.LogReader(out) as reader:
            assert list(reader) == []


def test_a_foreign_log_keeps_its_channels(tmp_path: Path) -> None:
    log = tmp_path / "foreign.log"
    log.write_text("(100.500000) can3 123#11\n(100.600000) can1 18FEF100#2233\n")
    assert [message.channel for message in blf(log, tmp_path)] == [3, 1]


NAMED = ["can0", "vcan0", "any", "slcan0.5", "can3", "can99999999999999999999", "can65535"]


def log_of(names: Iterable[str], path: Path) -> Path:
    path.write_text(
        "".join(f"({100 + n / 1e3:.6f}) {name} 123#11\n" for n, name in enumerate(names))
    )
    return path


@pytest.mark.parametrize("read_back", [asc, blf, trc])
def test_buses_whose_names_end_alike_stay_apart(read_back: ReadBack, tmp_path: Path) -> None:
    log = log_of(NAMED, tmp_path / "x.log")
    channels = [int(str(message.channel)) for message in read_back(log, tmp_path)]
    # python-can writes the first channel as 1 into all three, and reads it from a .trc as 1.
    assert [channel - channels[0] for channel in channels] == [0, 1, 2, 5, 3, 4, 6]


def test_channels_that_do_not_tell_their_names_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(["can0", "vcan0", "can2", "any"], tmp_path / "x.log")
    assert main(["export", str(log), "--format", "asc", "--out", str(tmp_path / "x.asc")]) == 0
    told = "evtui: in asc, channel 2 is vcan0, channel 4 is any\n"
    assert told in capsys.readouterr().err


def test_candumps_log_keeps_the_names_that_an_interface_may_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = log_of(["can0", "vcan0", "any", "slcan0.5", "a/b", "x" * 16], tmp_path / "x.log")
    out = tmp_path / "out.log"
    assert main(["export", str(log), "--format", "candump", "--out", str(out)]) == 0
    names = [line.split()[1] for line in out.read_text().splitlines()]
    assert names == ["can0", "vcan0", "any", "slcan0.5", "can1", "can2"]
    told = f"evtui: in candump, can1 is a/b, can2 is {'x' * 16}\n"
    assert told in capsys.readouterr().err


def test_more_buses_than_a_format_has_channels_are_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.export.channels.MOST_CHANNELS", 3)
    log = log_of(["a", "b", "c", "d"], tmp_path / "x.log")
    out = tmp_path / "x.blf"
    assert main(["export", str(log), "--format", "blf", "--out", str(out)]) == 2
    assert capsys.readouterr().err == (
        f"evtui: {log} does not fit into blf: it has more than 3 buses\n"
    )
    assert not out.exists()


@given(st.lists(st.text(st.characters(codec="ascii"), max_size=20), unique=True, max_size=30))
def test_no_two_buses_share_a_channel_or_a_name(buses: list[str]) -> None:
    numbers, names = ChannelNumbers(None), Names(None)
    assert len({numbers[bus] for bus in buses}) == len({names[bus] for bus in buses}) == len(buses)
    assert all(0 <= numbers[bus] < MOST_CHANNELS for bus in buses)
    assert all(re.fullmatch(r"[^\s/:]{1,15}", names[bus]) for bus in buses)
    for bus in buses:
        assert names[bus] == bus or names.told[names[bus]] == bus


@pytest.mark.parametrize("name", ["python-can-csv", "can-train-and-test", "hcrl", "candump"])
def test_time_goes_on_in_every_format_where_a_clock_was_set_back(name: str, tmp_path: Path) -> None:
    log = tmp_path / "back.log"
    stamps = [5000 + n / 10 for n in range(30)] + [1000 + n / 10 for n in range(30)]
    log.write_text("".join(f"({t:.6f}) can0 123#11\n" for t in stamps))
    lines = exported(log, name, tmp_path / "x").read_text().splitlines()
    times = [
        float(line.split()[0].strip("()") if name == "candump" else line.split(",")[0])
        for line in lines
        if line[0] in "(0123456789"
    ]
    assert len(times) == 60
    assert times == sorted(times)
    assert times[-1] - times[0] < 10


def test_cantools_decodes_the_log_of_the_folder(sample: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cantools", "decode", "--single-line", str(DBC)],
        input=(sample / "can.log").read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    decoded = done.stdout.splitlines()
    assert len(decoded) == len(candump(sample))
    assert sum("Current(" in line for line in decoded) == 1200
    limits = [line for line in decoded if "SetLimit(" in line]
    assert limits[0].endswith("SetLimit(Limit: 0 A)")
