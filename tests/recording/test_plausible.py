"""Manifests that cannot be true, and rows that no run has: a check calls them what they are."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evtui.cli.main import main
from evtui.recording.check.checking import check_folder, describe_file
from evtui.recording.format import layout
from tests.recording.reader_rig import change_manifest, recorded


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("run") / "run", 8.0)


@pytest.fixture
def run(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "run"))


def errors(run: Path) -> list[str]:
    return [str(each) for each in check_folder(run).findings if each.severity == "error"]


def set_to(*path: str) -> Callable[[dict[str, Any], Any], None]:
    def change(fields: dict[str, Any], value: Any) -> None:
        for name in path[:-1]:
            fields = fields[name]
        fields[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("t_end_s", -5, "t_end_s -5 s cannot be"),
        ("t_end_s", 1e308, "t_end_s 1e+308 s cannot be"),
        ("t_end_s", 2e9, "t_end_s 2e+09 s cannot be"),
        ("t_end_s", 3.0, "t_end_s is 3.000 s, but there is an event at 8.0"),
        ("t_end_s", 500, "t_end_s is 500.000 s, but the last event is at 8.0"),
        ("t_end_s", "soon", "broken: Expected `float | null`, got `str` - at `$.t_end_s`"),
        ("t_end_s", [1], "broken: Expected `float | null`, got `array` - at `$.t_end_s`"),
        ("interrupted_at_s", -0.5, "interrupted_at_s -0.5 s cannot be"),
        ("interrupted_at_s", 1e300, "interrupted_at_s 1e+300 s cannot be"),
        ("duration_s", -1, "duration_s -1 s cannot be"),
        ("wall_s", -1, "wall_s -1 s cannot be"),
        ("seed", -1, "seed -1 cannot be"),
        ("left_out", -7, "left_out -7 cannot be"),
        ("clock.speed", 0, "clock.speed 0 cannot be"),
        ("clock.speed", -3.5, "clock.speed -3.5 cannot be"),
        ("clock.speed", 1e308, "clock.speed 1e+308 cannot be"),
        ("clock.start_utc", "yesterday", "clock.start_utc 'yesterday' is no time"),
        ("clock.start_utc", "9999-12-31T23:59:59Z", "clock.start_utc '9999-12-31T23:59:59Z' is no"),
        ("clock.start_utc", "2026-01-01T00:00:09Z", "clock.start_utc is +9.000 s away from what"),
        ("buses.can0.bitrate", -1, "buses.can0.bitrate -1 cannot be"),
        ("files.signals.csv.rows", -1, "has 80 rows, the manifest says -1"),
        ("files.signals.csv.rows", 10**15, "has 80 rows, the manifest says 1000000000000000"),
        ("files.signals.csv.bytes", -9, "the manifest says -9"),
        ("files.vehicle.csv", {"rows": 1, "bytes": 1, "sha256": ""}, "vehicle.csv: missing"),
        ("files.../../x", {"rows": 1, "bytes": 1, "sha256": ""}, "../../x: missing"),
    ],
)
def test_what_a_manifest_cannot_say(path: str, value: Any, told: str, run: Path) -> None:
    parts = path.split(".")
    if parts[0] == "files":  # names of files have dots
        rest = path.removeprefix("files.")
        leaf = rest.rpartition(".")[2]
        parts = (
            ["files", rest.removesuffix(f".{leaf}"), leaf]
            if leaf in ("rows", "bytes")
            else ["files", rest]
        )
    change_manifest(run, lambda fields: set_to(*parts)(fields, value))
    found = errors(run)
    assert any(told in each for each in found), found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"t_end_s": NaN}', "broken: JSON is malformed"),
        (b'{"t_end_s": Infinity}', "broken: JSON is malformed"),
        (b'{"t_end_s": 1e999}', "broken: "),
        (b'{"settings": ' + b"[" * 100_000, "broken: "),
        (b"\xff\xfe", "broken: "),
        (b"", "broken: "),
        (b"[]", "broken: Expected `object`, got `array`"),
        (b" " * (9 << 20), "cannot be read: is larger than 8 MiB"),
    ],
    ids=("nan", "infinity", "overflow", "nested", "binary", "empty", "list", "large"),
)
def test_what_is_no_manifest(text: bytes, told: str, run: Path) -> None:
    (run / layout.MANIFEST).write_bytes(text)
    assert any(each.startswith(f"{layout.MANIFEST}: {told}") for each in errors(run))


def change_row(run: Path, name: str, column: str, value: Any) -> None:
    """Put something else into the last row, and make the manifest agree with it."""
    path = run / name
    lines = path.read_text("utf-8").splitlines()
    if name.endswith(".csv"):
        rows = list(csv.DictReader(lines))
        rows[-1][column] = value
        lines[-1] = ",".join(rows[-1].values())
    else:
        row = json.loads(lines[-1])
        row[column] = value
        lines[-1] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    info = describe_file(path)

    def agree(fields: dict[str, Any]) -> None:
        fields["files"][name] = {"rows": info.rows, "bytes": info.bytes, "sha256": info.sha256}

    change_manifest(run, agree)


ODD_ROWS = [
    *((layout.SIGNALS, "t_s", value) for value in ("1e308", "nan", "inf", "-1e12", "2e9")),
    *((layout.SIGNALS, "current_a", value) for value in ("nan", "inf", "-1e308", "1e16")),
    *((layout.SIGNALS, "reported_a", value) for value in ("inf", "1e300")),
    (layout.SIGNALS, "connector", "99999999999"),
    (layout.SIGNALS, "seq", str(10**30)),
    (layout.SIGNALS, "transaction_id", str(2**63)),
    *((layout.CAN_LABELS, "timestamp", value) for value in ("-1", "1e12", "inf")),
    (layout.CAN_LABELS, "t_s", "1e100"),
    (layout.CAN_LABELS, "arbitration_id", "-1"),
    (layout.CAN_LABELS, "arbitration_id", "FFFFFFFFFF"),
    (layout.CAN_LABELS, "dlc", "1000"),
    (layout.CAN_LABELS, "data_field", "00" * 65),
    (layout.CAN_LABELS, "cause", str(10**40)),
    *((layout.OCPP, "t", value) for value in (1e308, -2e9)),
    (layout.OCPP, "connector", 2**40),
    (layout.OCPP, "link", 2**40),
    (layout.OCPP, "seq", 2**70),
    (layout.OCPP, "delivered", {"t": 1e300, "seq": 1}),
    (layout.EVENTS, "t", 1e300),
]


@pytest.mark.parametrize(("name", "column", "value"), ODD_ROWS)
def test_a_row_that_no_run_has_cannot_be_read(
    name: str, column: str, value: Any, run: Path, tmp_path: Path
) -> None:
    change_row(run, name, column, value)
    found = errors(run)
    assert any(each.startswith(name) and "cannot be read" in each for each in found), found
    table = {layout.SIGNALS: "signals", layout.OCPP: "ocpp"}.get(name, "frames")
    more = ["--format", "parquet", "--table", table, "--out", str(tmp_path / "out")]
    assert main(["export", str(run), *more]) == 0
    if name == layout.OCPP:
        more = ["--format", "open-ocpp-trace", "--out", str(tmp_path / "trace")]
        assert main(["export", str(run), *more]) == 0


def test_a_report_of_rows_that_no_run_has(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_row(run, layout.SIGNALS, "current_a", "inf")
    change_row(run, layout.CAN_LABELS, "timestamp", "1e300")
    change_row(run, layout.OCPP, "t", 1e308)
    change_row(run, layout.EVENTS, "t", 1e300)
    change_manifest(run, lambda fields: fields.update(t_end_s=1e308, wall_s=-1e300, seed=-1))
    assert main(["report", str(run)]) == 0
    assert main(["replay", str(run)]) == 2  # it opens, and there is no terminal
    assert "Traceback" not in capsys.readouterr().err


def test_a_start_that_no_file_tells_is_no_traceback(run: Path) -> None:
    (run / layout.MANIFEST).unlink()
    (run / layout.CAN_LABELS).unlink()
    (run / layout.CAN_LOG).unlink()
    for name in (layout.SIGNALS, layout.OCPP):
        text = (run / name).read_text("utf-8")
        (run / name).write_text(text.replace("2026-01-01T", "9999-99-99T"), "utf-8")
    assert errors(run)


@pytest.mark.parametrize("name", [layout.ALARMS, layout.TRUTH])
def test_what_is_read_as_a_whole_has_a_bound(name: str, run: Path) -> None:
    with (run / name).open("ab") as file:
        file.truncate(65 << 20)
        file.seek(0, 2)
        file.write(b"\n")
    assert f"{name}: cannot be read: is larger than 64 MiB" in errors(run)
