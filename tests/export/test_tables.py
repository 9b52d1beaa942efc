from __future__ import annotations

import builtins
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from evtui.export import TABLES, ExportError, export
from evtui.recording.format import layout
from evtui.recording.read.reader import RunFolder
from tests.export.reading import candump, table

FILES = {
    "signals": layout.SIGNALS,
    "alarms": layout.ALARMS,
    "truth": layout.TRUTH,
}


def parquet(folder: Path, name: str, tmp_path: Path) -> Any:
    out = tmp_path / f"{name}.parquet"
    export(RunFolder(folder), "parquet", out, table=name)
    return pq.read_table(out)


@pytest.mark.parametrize("name", sorted(FILES))
def test_csv_says_what_the_file_of_the_folder_says(name: str, sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    export(RunFolder(sample), "csv", out, table=name)
    found, expected = table(out), table(sample / FILES[name])
    assert len(found) == len(expected) > 0
    for row, original in zip(found, expected, strict=True):
        assert row.keys() == original.keys()
        for column, text in original.items():
            assert row[column] == text or float(row[column]) == float(text), column


def test_csv_of_messages_has_payloads_as_json(sample: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    export(RunFolder(sample), "csv", out, table="ocpp")
    lines = [json.loads(line) for line in (sample / layout.OCPP).read_text().splitlines()]
    rows = table(out)
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    limits = [json.loads(row["payload"]) for row in rows if row["action"] == "SetChargingProfile"]
    assert limits[0]["csChargingProfiles"]["limit"] == 0.0


def test_parquet_has_every_frame_with_its_time_and_type(sample: Path, tmp_path: Path) -> None:
    frames = parquet(sample, "frames", tmp_path)
    logged = candump(sample)
    assert frames.column("timestamp").to_pylist() == [line.timestamp for line in logged]
    types = {field.name: str(field.type) for field in frames.schema}
    assert types["arbitration_id"] == "uint32"
    assert types["data_field"] == "binary"
    assert types["attack"] == "bool"
    assert types["t_s"] == "double"
    assert types["attack_ids"] == "list<element: string>"
    data = [each.hex().upper() for each in frames.column("data_field").to_pylist()]
    assert data == [line.data for line in logged]


def test_parquet_times_are_utc(sample: Path, tmp_path: Path) -> None:
    signals = parquet(sample, "signals", tmp_path)
    assert str(signals.schema.field("t_utc").type) == "timestamp[ms, tz=UTC]"
    first = signals.slice(0, 1).to_pylist()[0]
    assert first["t_utc"] == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=first["t_s"])
    assert first["reported_a"] is None
    assert first["contactor"] is False


@pytest.mark.parametrize("name", sorted(TABLES))
def test_parquet_holds_every_row_of_every_table(name: str, sample: Path, tmp_path: Path) -> None:
    found = parquet(sample, name, tmp_path)
    assert found.num_rows == len(list(TABLES[name].rows(RunFolder(sample)))) > 0
    assert found.column_names == list(TABLES[name].columns)


def test_parquet_is_written_in_groups_of_rows(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.export.parquet._ROWS", 500)
    export(RunFolder(sample), "parquet", tmp_path / "x.parquet")
    groups = pq.ParquetFile(tmp_path / "x.parquet").metadata
    sizes = [groups.row_group(number).num_rows for number in range(groups.num_row_groups)]
    assert sizes[:2] == [500, 500]
    assert max(sizes) == 500


def test_parquet_without_pyarrow_names_the_extra(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExportError) as caught:
        export(RunFolder(sample), "parquet", tmp_path / "x.parquet")
    assert str(caught.value) == "parquet needs pyarrow: pip install 'evtui[parquet]'"
    assert list(tmp_path.iterdir()) == []
