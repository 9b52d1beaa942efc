"""A command that is added is there everywhere, from its declaration and its function alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

DECLARED = """
from evtui.kinds import Integer

class Honk(Arguments):
    times: int = argument(Integer(1, 5), "how often", default=2)

HONK = LabCommand(
    "station.honk",
    ("H",),
    "honk",
    "Honk the horn of the vehicle.",
    "Station",
    aim="connector",
    takes=Honk,
    gives=int,
)
STATION = (*STATION, HONK)
"""

CARRIED_OUT = """

@at_connector(told.HONK)
def honk(_: Works, target: Target, wanted: told.Honk) -> Outcome[int]:
    return Outcome(f"honked {wanted.times} times at connector {target.outlet.number}", wanted.times)
"""

LOOKED_FOR = """
import asyncio
from pathlib import Path

from evtui import CommandError, Lab, Settings
from evtui.commands import COMMANDS
from evtui.docs.build import MADE
from evtui.scenario.language.loader import ScenarioError, load
from evtui.tui.keymap import bindings
from evtui.tui.models.finding import find
from evtui.tui.palette import command_choices
from evtui.tui.screens.help import HelpScreen

assert any(each.key == "H" and each.action == "command('station.honk')" for each in bindings())
assert find("honk", command_choices(COMMANDS))[0].help == "Honk the horn of the vehicle."
assert "| `H` | Honk the horn of the vehicle. |" in MADE["keys"]()
assert "| … `times` | an integer from 1 to 5 | 2 | how often |" in MADE["orders"]()
told = dict(HelpScreen(COMMANDS).tables())["Station"]
assert ("H", "honk", "Honk the horn of the vehicle.") in told

def step(times):
    head = "schema: evtui.scenario/1\\nid: a\\ntitle: A\\nsteps:\\n"
    file = Path("a.yaml")
    file.write_text(head + f"- command: station.honk\\n  with: {{times: {times}}}\\n")
    return load(file)

async def order(times):
    async with Lab(Settings(port=0)) as lab:
        return await lab.execute("station.honk", times=times)

def refused(doing, expected):
    try:
        doing()
    except (ScenarioError, CommandError) as error:
        assert expected in str(error), error
    else:
        raise AssertionError

step(3)
refused(lambda: step(6), "steps[0].with.times: expected an integer from 1 to 5, got 6")
honked = asyncio.run(order(3))
assert (honked.text, honked.data) == ("honked 3 times at connector 1", 3)
expected = "station.honk: times: expected an integer from 1 to 5, got 6"
refused(lambda: asyncio.run(order(6)), expected)
"""


def test_keys_palette_help_documentation_steps_and_programs_know_it(tmp_path: Path) -> None:
    package = tmp_path / "evtui"
    shutil.copytree(ROOT / "evtui", package)
    with (package / "commands" / "station.py").open("a", encoding="utf-8") as file:
        file.write(DECLARED)
    with (package / "lab" / "orders" / "station.py").open("a", encoding="utf-8") as file:
        file.write(CARRIED_OUT)
    done = subprocess.run(
        [sys.executable, "-c", LOOKED_FOR],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
