"""The README says what the program does.

``python -m tests.test_readme`` writes anew what is made from the program.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import pytest

from evtui.canbus.protocol import database
from evtui.commands import COMMANDS, REPLAY, STATIONS, Command
from evtui.recording.sheet import COLUMNS
from evtui.station.configuration_keys import table_rows
from evtui.tui.key_hints import keys_of
from tests import messages
from tests.ocpp16 import rigour

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
EXAMPLE = ROOT / "tests" / "central_system" / "example.py"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    names = list(head)
    lines = (names, ["---"] * len(names), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def keys_table(commands: tuple[Command, ...]) -> str:
    """What each key does, from the registry of commands."""
    rows = ((" ".join(f"`{key}`" for key in keys_of(each.name)), each.help) for each in commands)
    return table(("key", "does"), rows)


def columns_tables() -> str:
    """The run folder's columns, as its data sheet has them."""
    tables = []
    for file, columns in COLUMNS.items():
        rows = (
            (", ".join(f"`{each}`" for each in name.split(", ")), meaning)
            for name, meaning in columns.items()
        )
        tables.append(table((file, ""), rows))
    return "\n".join(tables)


def configuration_table() -> str:
    """The charge point's configuration keys."""
    rows = (
        (section, f"`{name}`", access, kind, f"`{default}`" if default else "", note)
        for section, name, access, kind, default, note in table_rows()
    )
    return table(("section", "key", "access", "type", "default (DC)", ""), rows)


def messages_table() -> str:
    """Every message of OCPP 1.6, with its tests below ``tests/``."""
    head = ("message", "from", "section", "our charge point", "our central system", "tests")
    rows = ((f"`{action}`", *rest) for action, *rest in messages.rows())
    return table(head, rows)


def cases_table() -> str:
    """What a peer may get wrong, and what comes of it."""
    return table(("arrives", "answer", "section", "why"), rigour.rows())


def example() -> str:
    """The program that drives a central system of its own."""
    return f"```python\n{EXAMPLE.read_text(encoding='utf-8')}```\n"


MADE: Mapping[str, Callable[[], str]] = {
    "keys": partial(keys_table, COMMANDS),
    "station keys": partial(keys_table, STATIONS),
    "replay keys": partial(keys_table, REPLAY),
    "columns": columns_tables,
    "configuration": configuration_table,
    "messages": messages_table,
    "cases": cases_table,
    "example": example,
}
"""What stands between ``<!-- name: made from ... -->`` and ``<!-- /name -->``."""


def made_anew(name: str, text: str) -> str:
    """The text with one of its blocks as the program makes it now."""
    block = rf"(?P<begin><!-- {name}: made [^\n]*-->\n).*?(?P<end><!-- /{name} -->)"
    found = re.search(block, text, re.DOTALL)
    assert found is not None, f"no place for {name}"
    made = f"{found['begin']}\n{MADE[name]()}\n{found['end']}"
    return text[: found.start()] + made + text[found.end() :]


def code(language: str, containing: str) -> str:
    """The one block of code in the README that contains a text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = (block for block in blocks if containing in block)
    return str(found)


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_from_the_program_is_up_to_date(name: str) -> None:
    text = README.read_text(encoding="utf-8")
    assert made_anew(name, text) == text, "write it anew: python -m tests.test_readme"


def test_the_scenario_in_it_runs_as_a_matrix_and_every_expectation_is_met(tmp_path: Path) -> None:
    file = tmp_path / "throttled.yaml"
    file.write_text(code("yaml", "evtui.scenario/1"), encoding="utf-8")
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


def test_the_can_table_names_every_message_of_the_protocol() -> None:
    text = README.read_text(encoding="utf-8")
    for message in database().messages:
        name = message.name.rstrip("0123456789")
        connector = int(message.name.removeprefix(name) or 1)
        assert f"| `{message.frame_id - 0x20 * (connector - 1):x}` | {name} |" in text


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")))
def test_every_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).is_file()


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


def output_of(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    return done.stdout


if __name__ == "__main__":
    readme = README.read_text(encoding="utf-8")
    for each in MADE:
        readme = made_anew(each, readme)
    README.write_text(readme, encoding="utf-8")
