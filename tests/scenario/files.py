"""Scenario files for tests: a good one with everything in it, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from evtui.scenario.language.loader import Plan, ScenarioError, load

EVERYTHING = Path(__file__).parent / "data" / "everything.yaml"
TEXT = EVERYTHING.read_text("utf-8")
WAIT = "  - wait: 1s\n"


def changed(old: str, new: str) -> str:
    """The good scenario with one place changed."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    """Number of the first line that contains ``part``."""
    return next(n for n, line in enumerate(text.split("\n"), 1) if part in line)


def minimal(steps: str = "[{wait: 1s}]", more: str = "") -> str:
    """The least a scenario can be."""
    return f"schema: evtui.scenario/1\nid: least\ntitle: Least\nsteps: {steps}\n{more}"


def plan_of(text: str | bytes, folder: Path, **options: object) -> Plan:
    """The plan that a file with this text gives."""
    path = folder / "file.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load(str(path), **options)  # type: ignore[arg-type]


def mistake_in(text: str | bytes, folder: Path, **options: object) -> str:
    """The lines that a file with this text gives, without its folder."""
    with pytest.raises(ScenarioError) as caught:
        plan_of(text, folder, **options)
    assert all(line.isprintable() for line in caught.value.mistakes)
    return str(caught.value).replace(f"{folder}/", "")
