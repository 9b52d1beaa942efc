"""README and chapters say what the program does."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evtui.canbus.packs.seed import SEED
from evtui.chapters import TOPICS
from evtui.docs import build
from evtui.scenario.language.loader import load
from evtui.scenario.run.headless import Options, run_headless
from tests.chapters import MADE

CHAPTERS = sorted(build.FOLDER.glob("*.md"))
TEXTS = {path: path.read_text(encoding="utf-8") for path in (build.README, *CHAPTERS)}
GITHUB = build.README.parent / ".github"
TEXTS |= {path: path.read_text(encoding="utf-8") for path in sorted(GITHUB.glob("*.md"))}

LINKS = [
    pytest.param(path, link, id=f"{path.stem}-{link}")
    for path, text in TEXTS.items()
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)
]


def code(language: str, containing: str) -> str:
    """The one block of code in all of them that contains a text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", "\n".join(TEXTS.values()), re.DOTALL)
    (found,) = (block for block in blocks if containing in block)
    return str(found)


def anchors(text: str) -> set[str]:
    """What a link into a text may name after ``#``: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_what_is_made_from_the_program_is_up_to_date(path: Path) -> None:
    anew = build.made_anew(TEXTS[path], MADE)
    assert anew == TEXTS[path], "write it anew: python -m tests.chapters"


def test_each_thing_that_is_made_has_one_place() -> None:
    assert sorted(name for text in TEXTS.values() for name in build.places(text)) == sorted(MADE)


def test_the_readme_is_short() -> None:
    assert len(TEXTS[build.README].splitlines()) <= 200


def test_every_chapter_is_listed() -> None:
    assert sorted(TOPICS) == [path.stem for path in CHAPTERS]


def test_the_scenario_in_it_runs_as_a_matrix_and_every_expectation_is_met(tmp_path: Path) -> None:
    file = tmp_path / "throttled.yaml"
    file.write_text(code("yaml", "id: throttled"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "evtui", "run", str(file), "--out", str(tmp_path / "out"), "--json"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(each.name for each in (tmp_path / "out").iterdir() if each.is_dir()) == [
        "low=16",
        "low=32",
        "low=6",
    ]


def test_the_scenario_on_the_second_station_meets_every_expectation(tmp_path: Path) -> None:
    file = tmp_path / "second-station.yaml"
    file.write_text(code("yaml", "id: second-station"), encoding="utf-8")
    result = run_headless(load(str(file)), Options())
    assert [f"{each.expectation}: {each.found}" for each in result.verdicts if not each.met] == []
    assert result.verdicts[1].expectation == "CP2 connector 2: status Charging within 10 s"


def test_the_attack_by_hand_in_it_is_found(tmp_path: Path) -> None:
    file = tmp_path / "spoofed.yaml"
    head = "schema: evtui.scenario/1\nid: spoofed\ntitle: Spoofed\nlab: {preset: dc}\n"
    file.write_text(head + code("yaml", "attack: spoofed-limit"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "evtui", "run", str(file), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "spoofed-limit-1 detected after" in done.stdout


def test_the_step_that_a_contributor_adds_is_done(tmp_path: Path) -> None:
    file = tmp_path / "cycles.yaml"
    file.write_text(
        "schema: evtui.scenario/1\nid: cycles\ntitle: Cycles\nsteps: [{wait_cycles: 2}]\n",
        encoding="utf-8",
    )
    program = code("python", "@STEPS.add") + (
        "from evtui.cli import main\n"
        f"raise SystemExit(main(['run', {str(file)!r}, '--out', {str(tmp_path / 'out')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"met +every step is done +1 step in 16\.\d s", done.stdout)
    assert "wait 2 cycles" in done.stderr


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_file_of_the_program_that_is_named_is_there(path: Path) -> None:
    named = set(re.findall(r"`((?:evtui|tests|screenshots)/[\w./-]+)`", TEXTS[path]))
    assert [each for each in sorted(named) if not (build.README.parent / each).exists()] == []


def test_the_can_table_names_every_message_of_the_protocol() -> None:
    text = TEXTS[build.FOLDER / "can.md"]
    for message in SEED.database.messages:
        name = message.name.rstrip("0123456789")
        connector = int(message.name.removeprefix(name) or 1)
        assert f"| `{message.frame_id - 0x20 * (connector - 1):x}` | {name} |" in text


def test_every_message_in_the_chapter_on_troubles_is_one_that_the_program_says() -> None:
    program = (build.FOLDER.parent).rglob("*.py")
    nodes = (each for path in program for each in ast.walk(ast.parse(path.read_text("utf-8"))))
    said = "\n".join(
        each.value
        for each in nodes
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )
    rows = re.findall(r"^\| (.*?) \|", TEXTS[build.FOLDER / "troubleshooting.md"], re.MULTILINE)
    told = [text for row in rows for text in re.findall("`([^`]+ [^`]+)`", row)]
    assert len(told) > 15
    parts = {part for text in told for part in re.split(r"\d+|CP1|X$|○", text)}
    examples = {"kill -", "ssh host evtui"}
    assert [part for part in parts - examples if part.strip() not in said] == []


@pytest.mark.parametrize(("path", "link"), LINKS)
def test_every_link_leads_to_a_file_and_a_heading(path: Path, link: str) -> None:
    name, _, anchor = link.partition("#")
    target = path.parent / name if name else path
    assert target.is_file()
    if anchor:
        assert anchor in anchors(target.read_text(encoding="utf-8"))


def test_the_script_that_joins_the_bus_prints_frames_of_the_module() -> None:
    lines = output_of(code("python", "LabBus")).splitlines()
    assert len(lines) == 5
    assert sum(" 300 " in line for line in lines) >= 4  # and the first limit, 0x210


def test_the_lab_in_three_lines_does_what_it_says() -> None:
    block = code("python", "async with Lab(Settings(port=0, connectors=2))")
    indented = "".join(f"    {line}\n" for line in block.splitlines())
    program = (
        "import asyncio\nfrom evtui import Lab, Settings\n"
        f"async def main():\n{indented}asyncio.run(main())\n"
    )
    assert output_of(program) == "{'status': 'Accepted'}\n"


def test_the_reader_of_events_tells_the_alarms_of_a_run(tmp_path: Path) -> None:
    told = output_of(code("python", 'event["event"] == "Alarm"'), tmp_path).splitlines()
    assert told
    assert all(re.fullmatch(r"\d+\.\d s: \d+ reversals .*", line) for line in told)


@pytest.mark.parametrize("kept", ["run-2026-11-23", "run-2026-11-30", "run-2026-12-01"])
def test_the_reader_of_a_column_reads_the_folders_of_every_version(kept: str) -> None:
    folder = Path(__file__).parent / "recording" / "data" / kept
    told = output_of(code("python", "csv.DictReader"), folder).splitlines()
    assert len(told) > 10
    assert all(re.fullmatch(r"\d+\.\d s  \d+\.\d A", line) for line in told)


def output_of(program: str, folder: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(build.README.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout
