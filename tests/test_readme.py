"""The README says what the program does.

``python -m tests.test_readme`` writes the tables of keys and of columns anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evtui.canbus.protocol import database
from evtui.commands import COMMANDS, REPLAY, Command
from evtui.recording.sheet import COLUMNS
from evtui.tui.key_hints import keys_of

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BETWEEN = re.compile(r"(<!-- keys:[^\n]*-->\n).*?(<!-- /keys -->)", re.DOTALL)
REPLAY_BETWEEN = re.compile(r"(<!-- replay keys:[^\n]*-->\n).*?(<!-- /replay keys -->)", re.DOTALL)
COLUMNS_BETWEEN = re.compile(r"(<!-- columns:[^\n]*-->\n).*?(<!-- /columns -->)", re.DOTALL)


def keys_table(commands: tuple[Command, ...]) -> str:
    """A table of keys in Markdown, from the registry of commands."""
    lines = ["| key | does |", "| --- | --- |"]
    for command in commands:
        keys = " ".join(f"`{key}`" for key in keys_of(command.name))
        lines.append(f"| {keys} | {command.help} |")
    return "\n".join(lines) + "\n"


def columns_tables() -> str:
    """Tables of the run folder's columns in Markdown, as its data sheet has them."""
    lines = []
    for file, columns in COLUMNS.items():
        lines += [f"| {file} | |", "| --- | --- |"]
        for name, meaning in columns.items():
            lines.append(f"| {', '.join(f'`{each}`' for each in name.split(', '))} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def test_the_tables_of_columns_are_those_of_the_data_sheet() -> None:
    found = COLUMNS_BETWEEN.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(0) == found.group(1) + columns_tables() + found.group(2), (
        "write it anew: python -m tests.test_readme"
    )


def test_the_scenario_in_it_runs_as_a_matrix_and_every_expectation_is_met(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (scenario,) = (
        block
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        if "steps:\n  - st" in block
    )
    file = tmp_path / "throttled.yaml"
    file.write_text(scenario, encoding="utf-8")
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


@pytest.mark.parametrize(("place", "commands"), [(BETWEEN, COMMANDS), (REPLAY_BETWEEN, REPLAY)])
def test_the_tables_of_keys_are_the_registry_of_commands(
    place: re.Pattern[str], commands: tuple[Command, ...]
) -> None:
    found = place.search(README.read_text(encoding="utf-8"))
    assert found is not None
    assert found.group(0) == found.group(1) + keys_table(commands) + found.group(2), (
        "write it anew: python -m tests.test_readme"
    )


def test_the_can_table_names_every_message_of_the_protocol() -> None:
    text = README.read_text(encoding="utf-8")
    for message in database().messages:
        assert f"| `{message.frame_id:x}` | {message.name} |" in text


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")))
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).is_file()


def test_the_script_that_joins_the_bus_prints_frames_of_the_module() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert sum(" 300 " in line for line in lines) == 4  # and the first limit, 0x210
    assert done.stderr == ""


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    text = BETWEEN.sub(lambda m: m[1] + keys_table(COMMANDS) + m[2], text)
    text = REPLAY_BETWEEN.sub(lambda m: m[1] + keys_table(REPLAY) + m[2], text)
    text = COLUMNS_BETWEEN.sub(lambda m: m[1] + columns_tables() + m[2], text)
    README.write_text(text, encoding="utf-8")
