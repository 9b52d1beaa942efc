"""A recording by somebody hostile through every command: what comes out is harmless."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest

from evtui.cli.export import TABLES
from evtui.cli.main import main
from evtui.recording.format import layout
from tests.hostile import HOSTILE, MARK, harm_in, hostile_folder
from tests.report.page_reader import Page

FULL = os.environ.get("EVTUI_FULL") == "1"
FOLDERS = [
    (rotation, actions)
    for rotation in range(len(HOSTILE))
    for actions in (False, True)
    if FULL or (rotation, actions) in ((0, False), (10, True))
]


@pytest.fixture(
    scope="module",
    params=FOLDERS,
    ids=lambda param: f"{param[0]}{'-actions' * param[1]}",
)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rotation, actions = request.param
    return hostile_folder(tmp_path_factory.mktemp("runs") / "run", rotation, actions=actions)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_what_a_check_says(
    more: list[str], folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    main(["check", str(folder), *more])
    said = capfdbinary.readouterr()
    assert MARK.encode() in said.out
    assert harm_in(said.out + said.err) == []
    if more:
        json.loads(said.out)


@pytest.mark.parametrize("table", TABLES)
def test_what_a_sheet_holds(
    table: str, folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["export", str(folder), "--format", "csv", "--table", table, "--out", "-"]) == 0
    said = capfdbinary.readouterr()
    assert harm_in(said.out + said.err) == []
    rows = list(csv.reader(io.StringIO(said.out.decode())))
    assert len(rows) == said.out.count(b"\n")
    for row in rows:
        for cell in row:
            assert cell[:1] not in ("=", "+", "@", "\t") or cell[1:].isdigit()
            if cell.startswith("-"):
                float(cell)


def test_values_in_a_sheet_mean_what_was_recorded(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["export", str(folder), "--format", "csv", "--table", "ocpp", "--out", "-"]) == 0
    told = csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode()))
    lines = (folder / layout.OCPP).read_text("utf-8").rstrip("\n").split("\n")
    for row, line in zip(told, lines, strict=True):
        assert json.loads(row["payload"] or "null") == json.loads(line)["payload"]


def test_what_a_trace_holds(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["export", str(folder), "--format", "open-ocpp-trace", "--out", "-"]) == 0
    said = capfdbinary.readouterr()
    assert MARK.encode() in said.out
    assert harm_in(said.out + said.err) == []
    for line in said.out.splitlines():
        json.loads(line)


def test_a_table_for_programs_holds_what_was_recorded(folder: Path, tmp_path: Path) -> None:
    import pyarrow.parquet

    for table in TABLES:
        out = tmp_path / f"{table}.parquet"
        more = ["--format", "parquet", "--table", table, "--out", str(out)]
        assert main(["export", str(folder), *more]) == 0
        assert pyarrow.parquet.read_table(out).num_rows > 0


def test_what_a_report_says(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["report", str(folder), "--out", "-"]) == 0
    said = capfdbinary.readouterr()
    assert MARK.encode() in said.out
    assert harm_in(said.out + said.err) == []
    page = Page(said.out.decode())
    assert page.tags.keys().isdisjoint({"script", "img", "iframe", "a", "object", "embed"})
    assert page.values("onerror") == []


def test_what_the_data_sheet_says(folder: Path) -> None:
    text = (folder / layout.README).read_bytes()
    assert MARK.encode() in text
    assert harm_in(text) == []
    outside_of_code = re.sub(rb"```.*?```", b"", text, flags=re.DOTALL)
    assert re.findall(rb"(?<!\\)<\w", outside_of_code) == []
