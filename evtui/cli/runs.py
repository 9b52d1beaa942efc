"""Which run folders are meant: those that are named, and those in a folder of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evtui.recording.read import RunFolder

__all__ = ["names_of", "opened", "runs_in"]


def opened(path: Path, *, decode: bool = False) -> RunFolder:
    """The run folder, or the CAN log, at ``path``; a terminal is told how far that is.

    Raises:
        FolderError: see :class:`RunFolder`.
    """
    from evtui.cli.percent import LinesRead
    from evtui.recording.read import RunFolder

    read = LinesRead(f"reading {path.name}:")
    try:
        return RunFolder(path, decode=decode, on_lines=read)
    finally:
        read.close()


def runs_in(paths: Iterable[Path]) -> list[Path]:
    """Each path, or in the place of a folder of run folders, as a matrix makes it, those in it.

    What is named again is taken once, and a line says so.
    """
    from evtui.cli.progress import say

    runs: dict[str, Path] = {}
    for path in paths:
        named, before = _inside(path) or [path], len(runs)
        for run in named:
            runs.setdefault(os.path.realpath(run), run)
        if len(runs) < before + len(named):
            say(f"evtui: {path} is named more than once, and taken once")
    return list(runs.values())


def names_of(runs: Iterable[Path]) -> list[str]:
    """A name for what is made of each run: its own, with its folder's where two have the same."""
    names: list[str] = []
    for run in runs:
        whole = Path(os.path.realpath(run))
        name = whole.name
        if name in names:
            name = f"{whole.parent.name}-{name}"
        number = 2
        while name in names:
            name = f"{whole.parent.name}-{whole.name}-{number}"
            number += 1
        names.append(name)
    return names


def _inside(path: Path) -> list[Path]:
    if not path.is_dir() or _is_run(path):
        return []
    with suppress(OSError):
        return sorted(each for each in path.iterdir() if each.is_dir() and _is_run(each))
    return []


def _is_run(folder: Path) -> bool:
    from evtui.recording.format import layout

    names = set(layout.FILES) - {layout.README}
    with suppress(OSError):
        return any(each.name in names for each in folder.iterdir())
    return False
