"""What the run folder itself says, read with the standard library only."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import NamedTuple

LINE = re.compile(r"\((\d+\.\d{6})\) can(\d+) ([0-9A-F]+)#(\S*) ([RT])")


class Logged(NamedTuple):
    """A line of can.log."""

    timestamp: float
    channel: int
    identifier: str
    data: str
    direction: str


def candump(folder: Path) -> list[Logged]:
    """Lines of can.log."""
    found = [LINE.fullmatch(line) for line in (folder / "can.log").read_text().splitlines()]
    return [
        Logged(float(match[1]), int(match[2]), match[3], match[4], match[5])
        for match in found
        if match is not None
    ]


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
