"""The engine knows no terminal, and layers import downwards only."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TERMINAL = ("textual", "textual_plotext", "plotext", "rich")

IMPORT_ALL = """
import importlib, pkgutil, sys

for name in sys.argv[1].split(","):
    sys.modules[name] = None  # any import of it raises

def modules(name):
    module = importlib.import_module(name)
    yield name
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield from modules(f"{name}.{found.name}")

print(*(found for name in sys.argv[2].split(",") for found in modules(name)))
"""


def contract(name: str) -> dict[str, list[str]]:
    """One of the import contracts in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    found: dict[str, list[str]] = next(each for each in contracts if each["name"] == name)
    return found


def import_all(packages: list[str]) -> subprocess.CompletedProcess[str]:
    """Import packages with everything below them, where no terminal library can be had."""
    return subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(TERMINAL), ",".join(packages)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_engine_runs_where_no_terminal_library_is_installed() -> None:
    done = import_all(contract("The engine knows no terminal")["source_modules"])
    assert done.returncode == 0, done.stderr
    assert {"evtui.lab", "evtui.runtime.thread", "evtui.canbus.bus"} <= {*done.stdout.split()}


def test_the_check_itself_notices_a_terminal() -> None:
    assert "ModuleNotFoundError" in import_all(["evtui.tui.app"]).stderr


def test_every_module_outside_the_terminal_is_held_to_the_contract() -> None:
    named = set(contract("The engine knows no terminal")["source_modules"])
    package = ROOT / "evtui"
    present = {
        f"evtui.{path.stem}"
        for path in package.iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem != "__init__"
    }
    shell = {"evtui.tui", "evtui.cli", "evtui.docs", "evtui.__main__"}
    assert present - shell - named == set()


@pytest.mark.timeout(120)
def test_layers_import_downwards_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
