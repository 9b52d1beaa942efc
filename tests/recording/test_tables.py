"""What is made of the declaration of a table."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, NamedTuple

import pyarrow.parquet as pq
import pytest

import evtui
from evtui.recording.check.checking import check_folder
from evtui.recording.format import SIGNALS, TABLES, HeaderError, layout
from evtui.recording.format.table import Column, Table
from evtui.recording.read.reader import RunFolder
from tests.recording.folders import rows

EARLIER = Path(__file__).parent / "data" / "run-2026-12-01"


class Weather(NamedTuple):
    t_s: Annotated[float, Column("s since the start", "event.t", unit="s")]
    place: Annotated[str, Column("where", "event.place")]
    wind: Annotated[float | None, Column("m/s; empty while unknown", "event.wind")]
    wet: Annotated[bool, Column("1 in rain", "event.wet")] = True
    gusts: Annotated[int | None, Column("since 0.2", "event.gusts", since="0.2.0")] = None


class Said(NamedTuple):
    """Stands for an event."""

    t: float = 1.5
    place: str = 'Aix, "south"'
    wind: float | None = None
    wet: bool = False
    gusts: int | None = 3


WEATHER = Table("weather.csv", Weather, "The weather.")


def test_a_row_is_written_in_the_order_of_the_class() -> None:
    assert WEATHER.header == "t_s,place,wind,wet,gusts\n"
    assert WEATHER.writer()(Said()) == '1.500,"Aix, ""south""",,0,3\n'


@pytest.mark.parametrize(
    ("header", "line", "row"),
    [
        ("t_s,place,wind,wet,gusts", "1.5,Aix,2,0,3", Weather(1.5, "Aix", 2.0, False, 3)),
        ("gusts,wet,wind,place,t_s", ",1,,Aix,1.5", Weather(1.5, "Aix", None, True, None)),
        ("t_s,place,wind", "1.5,Aix,2", Weather(1.5, "Aix", 2.0)),
        ("sky,t_s,x,place,wind", "blue,1.5,7,Aix,2", Weather(1.5, "Aix", 2.0)),
    ],
)
def test_columns_are_found_by_name_and_an_optional_one_has_its_default(
    header: str, line: str, row: Weather
) -> None:
    reader = WEATHER.reader(header.split(","))
    assert reader.parse(line.split(",")) == row
    assert header.split(",")[reader.time] == "t_s"
    assert set(reader.unknown) == set(header.split(",")) - set(Weather._fields)


@pytest.mark.parametrize("line", ["1.5,Aix", "1.5,Aix,2,0", "soon,Aix,2", "1.5,Aix,fresh", ""])
def test_a_line_that_does_not_fit_the_header_is_none(line: str) -> None:
    with pytest.raises(ValueError, match=r"has \d fields, the header 3|could not convert"):
        WEATHER.reader(["t_s", "place", "wind"]).parse(line.split(","))


def test_a_header_without_a_column_that_has_to_be_there_is_refused() -> None:
    with pytest.raises(HeaderError, match="it has no column place, wind"):
        WEATHER.reader(["t_s", "gusts"])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.file)
def test_every_column_says_what_it_means_and_since_when(table: Table[tuple[object, ...]]) -> None:
    assert table.fields[0].column.meaning
    assert all(field.column.since for field in table.fields)
    units = {field.name: field.column.unit for field in table.fields}
    suffixes = {"_s": "s", "_a": "A", "_v": "V", "_w": "W", "_wh": "Wh", "_pct": "%", "_c": "°C"}
    for name, unit in units.items():
        for suffix, expected in suffixes.items():
            assert not name.endswith(suffix) or unit == expected, name


# One more column

MORE = (
    '    power_kw: Annotated[float, Column("kW", "event.power / 1000", unit="kW", '
    'since="0.2.0")] = 0.0\n'
)
"""All there is to write for a column of signals.csv."""

PROGRAM = """
import sys
from evtui.cli import main
from evtui.docs.build import MADE
for words in (
    ["run", sys.argv[1], "--out", "run", "--quiet"],
    ["check", "run", sys.argv[2]],
    ["export", "run", "--format", "parquet", "--table", "signals", "--out", "new.parquet"],
    ["export", sys.argv[2], "--format", "csv", "--table", "signals", "--out", "old.csv"],
    ["replay", "run", "--verify"],
    ["replay", sys.argv[2], "--verify"],
):
    assert main(words) == 0, words
print(MADE["columns"]())
"""

SCENARIO = """\
schema: evtui.scenario/1
id: more
title: One more column
steps: [start, {wait: 2s}]
"""


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where a copy of the program with one more line has run, and what it said."""
    place = tmp_path_factory.mktemp("extended")
    package = Path(evtui.__file__).parent
    shutil.copytree(package, place / "evtui", ignore=shutil.ignore_patterns("__pycache__"))
    file = place / "evtui" / "recording" / "format" / "tables.py"
    before, behind = file.read_text("utf-8").split("\n\n\nclass FrameRow", 1)
    file.write_text(f"{before}\n{MORE.rstrip()}\n\n\nclass FrameRow{behind}", "utf-8")
    (place / "more.yaml").write_text(SCENARIO, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "more.yaml", str(EARLIER)],
        cwd=place,
        env={"PYTHONPATH": str(place), "HOME": str(place)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place, done.stdout


def test_a_column_declared_in_one_line_is_written_read_explained_and_exported(
    extended: tuple[Path, str],
) -> None:
    place, said = extended
    written = rows(place / "run", layout.SIGNALS)
    assert list(written[0]) == [*SIGNALS.names, "power_kw"]
    powers = [float(row["power_kw"]) for row in written]
    assert powers == [round(float(row["power_w"]) / 1000, 3) for row in written]
    assert max(powers) > 1
    assert "| `power_kw` | kW |" in (place / "run" / layout.README).read_text("utf-8")
    assert "| `power_kw` | number | kW | kW; since evtui 0.2.0 |" in said
    exported = pq.read_table(place / "new.parquet")
    assert str(exported.schema.field("power_kw").type) == "double"
    assert exported.column("power_kw").to_pylist() == [float(row["power_kw"]) for row in written]


def test_with_one_more_column_folders_without_it_are_what_they_were(
    extended: tuple[Path, str],
) -> None:
    place, said = extended
    assert f"{EARLIER}: sound" in said
    text = (place / "old.csv").read_text("utf-8")
    assert {row["power_kw"] for row in csv.DictReader(io.StringIO(text))} == {"0.0"}
    verdicts = [line for line in said.splitlines() if line.startswith("identical: ")]
    assert [line.partition("; ")[2] for line in verdicts] == [
        "",
        "only one of the two versions of evtui writes measured_a in signals.csv, "
        "power_kw in signals.csv, queued in events.jsonl",
    ]


def test_this_program_reads_a_folder_with_one_more_column(extended: tuple[Path, str]) -> None:
    folder = extended[0] / "run"
    report = check_folder(folder)
    assert report.sound
    (note,) = report.findings
    assert str(note) == "signals.csv: columns that are not known here are left out: power_kw"
    assert len(list(RunFolder(folder).signals())) == len(rows(folder, layout.SIGNALS))
