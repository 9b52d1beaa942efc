from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from evtui.export import export
from evtui.export.labelled import Label
from evtui.recording.read.reader import RunFolder
from tests.export.reading import candump, table


def exported(folder: Path, name: str, tmp_path: Path, label: Label = "attack") -> Path:
    tmp_path.mkdir(exist_ok=True)
    out = tmp_path / f"{name}-{label}.csv"
    export(RunFolder(folder), name, out, label=label)
    return out


def test_can_train_and_test_is_the_first_columns_of_the_folders_labels(
    mixed: Path, sample: Path, tmp_path: Path
) -> None:
    def data_and_errors(lines: Iterable[str]) -> list[str]:
        return [line for line in lines if line.split(",")[1] != "123"]  # a remote frame has no data

    for folder in (mixed, sample):
        with (folder / "can_labels.csv").open(newline="") as file:
            expected = [",".join(row[:4]) for row in csv.reader(file)]
        out = exported(folder, "can-train-and-test", tmp_path / folder.parent.name)
        assert data_and_errors(out.read_text().splitlines()) == data_and_errors(expected)


def test_can_train_and_test_has_four_columns_and_plain_hexadecimal(
    mixed: Path, tmp_path: Path
) -> None:
    lines = exported(mixed, "can-train-and-test", tmp_path).read_text().splitlines()
    assert lines == [
        "timestamp,arbitration_id,data_field,attack",
        "1767225600.100123,300,6400,0",
        "1767225600.200001,210,2000,0",
        "1767225600.300000,1806E5F4,0001020304050607,0",
        "1767225600.400000,123,,0",
        "1767225600.500000,20000080,0000000000000000,0",
        "1767225602.000000,210,0000,1",
        "1767225602.100000,300,0000,0",
        "1767225604.000000,200,,0",
    ]


def test_hcrl_has_twelve_columns_and_marks_injected_frames_with_t(
    mixed: Path, tmp_path: Path
) -> None:
    with exported(mixed, "hcrl", tmp_path).open(newline="") as file:
        rows = list(csv.reader(file))
    assert {len(row) for row in rows} == {12}
    assert [row[-1] for row in rows] == ["R", "R", "R", "R", "R", "T", "R", "R"]
    assert rows[0] == ["1767225600.100123", "0300", "2", "64", "00", *[""] * 6, "R"]
    assert rows[2][1:11] == ["1806e5f4", "8", "00", "01", "02", "03", "04", "05", "06", "07"]
    assert rows[3][1:4] == ["0123", "4", ""]
    assert rows[7][2:4] == ["0", ""]


def test_a_label_of_the_effect_marks_genuine_frames_too(mixed: Path, tmp_path: Path) -> None:
    rows = table(exported(mixed, "can-train-and-test", tmp_path, "effect"))
    assert [row["attack"] for row in rows] == list("00000110")
    hcrl = exported(mixed, "hcrl", tmp_path, "effect").read_text().splitlines()
    assert "".join(line[-1] for line in hcrl) == "RRRRRTTR"


def test_every_frame_is_there_in_order(sample: Path, tmp_path: Path) -> None:
    logged = [line.timestamp for line in candump(sample)]
    rows = table(exported(sample, "can-train-and-test", tmp_path))
    assert [float(row["timestamp"]) for row in rows] == logged
