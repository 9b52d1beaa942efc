"""The picture of the parts of the program, drawn from its import contracts.

The contracts are in pyproject.toml, so this runs from the source only.  What a part is for is the
first line of its docstring.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from textwrap import wrap

__all__ = ["parts", "picture"]

PACKAGE = Path(__file__).parents[1]
PROJECT = PACKAGE.parent / "pyproject.toml"

WIDTH = 72
"""Cells inside the frame; a code block of the reader in a terminal of 80 columns has 74."""


def layers() -> list[list[str]]:
    """The parts, from the top layer to the bottom one, without ``evtui.`` in front."""
    contracts = tomllib.loads(PROJECT.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (each for each in contracts if each["type"] == "layers")
    return [
        [name.strip().removeprefix("evtui.") for name in re.split(r"[|:]", layer)]
        for layer in contract["layers"]
    ]


def picture() -> str:
    """A layer a row; what stands on one row does not import each other, nor anything above."""
    edge = "─" * WIDTH
    rows = [f"┌{edge}┐\n"]
    for number, names in enumerate(layers()):
        if number:
            rows.append(f"├{edge}┤\n")
        rows += [f"│{line:^{WIDTH}}│\n" for line in wrap("   ".join(names), WIDTH - 2)]
    return f"```text\n{''.join(rows)}└{edge}┘\n```\n"


def parts() -> list[tuple[str, str]]:
    """Every part with what it is for, from the top layer to the bottom one."""
    return [(f"`{name}`", _about(name)) for names in layers() for name in names]


def _about(name: str) -> str:
    place = PACKAGE.joinpath(*name.split("."))
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    told = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return told.partition("\n\n")[0].replace("\n", " ").replace("``", "`")
