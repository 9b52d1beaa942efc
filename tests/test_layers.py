"""The engine knows no terminal, and layers import downwards only."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from grimp import ImportGraph

from tests.contracts import FacesContract

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


LAZY = [
    path
    for path in sorted((ROOT / "evtui").rglob("__init__.py"))
    if "lazy_names(" in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", LAZY, ids=lambda path: path.parent.name)
def test_a_name_that_is_imported_late_is_the_one_that_types_are_checked_with(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "lazy_names"
    )
    assert ast.literal_eval(call.args[1]) == {
        node.module: " ".join(sorted(each.name for each in node.names))
        for node in checked.body
        if isinstance(node, ast.ImportFrom)
    }
    package = ".".join(path.parent.relative_to(ROOT).parts)
    face = importlib.import_module(package)
    assert all(getattr(face, name) is not None for name in face.__all__)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nobody'"):
        face.nobody  # noqa: B018


def test_an_import_past_a_face_and_a_door_that_is_not_used_are_told() -> None:
    graph = ImportGraph()
    for name in ("evtui", "evtui.a", "evtui.a.one", "evtui.a.two", "evtui.a.sub", "evtui.a.sub.x"):
        graph.add_module(name)
    for name in ("evtui.b", "evtui.b.three"):
        graph.add_module(name)
    for imported in ("evtui.a", "evtui.a.one", "evtui.a.sub", "evtui.a.sub.x"):
        graph.add_import(importer="evtui.b.three", imported=imported)
    graph.add_import(importer="evtui.a.one", imported="evtui.a.two")
    contract = FacesContract("faces", {}, {"doors": ["evtui.a.sub.x", "evtui.a.two"]})
    assert contract.check(graph, verbose=False).metadata["wrong"] == [
        "evtui.b.three imports evtui.a.one",
        "evtui.a.two is a door that nobody outside comes through",
    ]


@pytest.mark.parametrize("kinds", ["steps", "expectations"])
def test_what_a_kind_is_written_with_does_not_import_the_kinds(kinds: str) -> None:
    """A file of a step may import it first, before the package that reads all files of steps."""
    program = (
        "import sys, evtui.scenario.run.context, evtui.scenario.language.checking;"
        f"print('evtui.scenario.{kinds}' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


ALIAS = re.compile("[A-Z]+[a-z]\\w*")
"""A module-level name that is written as types are."""


def public_types(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Public classes, those inside of them, and other names of types."""
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inside) if not name.startswith("_"):
                yield name
                classes = (each for each in inside if isinstance(each, ast.ClassDef))
                yield from public_types(classes)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if ALIAS.fullmatch(name):
                    yield name
            case ast.If(body=first):  # what types are checked with, or the other way round
                yield from public_types(first)


def test_the_name_of_a_type_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for path in sorted((ROOT / "evtui").rglob("*.py")):
        # The words of a protocol on CAN are its own: Status is one thing in each of them.
        pack = f"{path.parent.name}." if path.parents[1].name == "packs" else ""
        for name in public_types(ast.parse(path.read_text("utf-8")).body):
            places.setdefault(f"{pack}{name}", []).append(str(path.relative_to(ROOT)))
    several = {name: found for name, found in places.items() if len(found) > 1}
    assert several == {}
