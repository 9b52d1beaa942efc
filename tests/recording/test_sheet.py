from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from evtui.recording.format import TABLES, Table, layout
from evtui.recording.format.manifest import BusInfo
from evtui.recording.write.sheet import data_sheet
from tests.recording.sample_run import record_sample, sample_manifest


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.file)
def test_the_data_sheet_explains_every_column(table: Table[Any]) -> None:
    sheet = data_sheet(sample_manifest(), {})
    (part,) = (part for part in sheet.split("\n### ") if f" of {table.file}\n" in part)
    explained = [
        each for names in re.findall("^\\| `(.*)` \\| .", part, re.M) for each in names.split(", ")
    ]
    assert explained == list(table.names)


def test_the_data_sheet_tells_what_how_and_under_which_licence(tmp_path: Path) -> None:
    record_sample(tmp_path / "run")
    text = (tmp_path / "run" / layout.README).read_text()
    for told in ("# A sample", "T0806", "| Seed | 7 |", "CC0-1.0", "current-reversals", "CP1/can"):
        assert told in text
    for name in layout.METRICS, layout.SIGNALS, layout.OCPP, layout.CAN_LOG, layout.MANIFEST:
        assert f"`{name}`" in text


def test_the_data_sheet_holds_nothing_of_the_wall_clock() -> None:
    manifest = sample_manifest()
    manifest.wall_s = 987.5
    text = data_sheet(manifest, {})
    assert manifest.created_utc not in text
    assert "987" not in text


def test_the_command_that_makes_it_again_has_seed_and_inputs_and_survives_a_shell() -> None:
    manifest = sample_manifest(inputs={"who": "a b"})
    assert manifest.scenario is not None
    manifest.scenario.options = ["--set", "who=a b"]
    command = re.search(r"^evtui run .*$", data_sheet(manifest, {}), re.MULTILINE)
    assert command is not None
    words = shlex.split(command[0])
    assert words[words.index("--seed") + 1] == "7"
    assert words[words.index("--set") + 1] == "who=a b"


def test_a_run_in_real_time_is_not_said_to_repeat() -> None:
    manifest = sample_manifest()
    manifest.reproducible = False
    assert "evtui run" not in data_sheet(manifest, {})


def test_text_from_outside_cannot_break_a_table() -> None:
    manifest = sample_manifest()
    manifest.stations[0].id = "a|b\nc"
    assert "| a\\|b c | seed |" in data_sheet(manifest, {})


HOSTILE = "<script>x</script> [a](javascript:b) `zz` | d\n\n# e \x1b[2J\u202e"


def test_text_from_outside_is_no_markup_wherever_it_stands() -> None:
    manifest = sample_manifest(inputs={"who": HOSTILE})
    assert manifest.scenario is not None
    plain = data_sheet(manifest, {})
    scenario, station = manifest.scenario, manifest.stations[0]
    scenario.title = scenario.id = scenario.source = scenario.description = HOSTILE
    scenario.technique = [HOSTILE]
    manifest.schema = manifest.evtui = manifest.python = manifest.licence = HOSTILE
    manifest.redacted = [HOSTILE]
    manifest.status, manifest.interrupted = "interrupted", HOSTILE
    manifest.clock.start_utc = HOSTILE
    station.id = station.preset = HOSTILE
    station.vehicle = {HOSTILE: HOSTILE}
    manifest.buses = {HOSTILE: BusInfo(name=HOSTILE, station=HOSTILE, bitrate=1)}
    manifest.detectors = [{"name": HOSTILE, HOSTILE: [HOSTILE]}]
    text = data_sheet(manifest, {})
    outside_of_code = re.sub(r"^(`{3,})$.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    for markup in ("<script", " [a]", " `zz", "\x1b", "\u202e"):
        assert markup not in re.sub(r"\\[\\<\[`]", "", outside_of_code)
    assert "\x1b" not in text
    assert re.findall("^#+ ", text, re.MULTILINE) == re.findall("^#+ ", plain, re.MULTILINE)


@pytest.mark.parametrize("word", ["a\n```\n# b", "it's \\ \x1b[2J", "````", "a'b", "ü\u202e"])
def test_a_word_of_the_command_breaks_out_of_nothing_and_survives_a_shell(word: str) -> None:
    manifest = sample_manifest()
    assert manifest.scenario is not None
    manifest.scenario.options = ["--set", word]
    text = data_sheet(manifest, {})
    found = re.search(r"^(`{3,})\n(evtui run .*)\nevtui replay . --verify\n\1$", text, re.MULTILINE)
    assert found is not None
    assert found[2].isprintable()
    script = found[2].replace("evtui", "printf '%s\\0'", 1)
    said = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert word in said.stdout.decode().split("\0")
