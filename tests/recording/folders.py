"""Reading a run folder back with nothing but the standard library."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

from evtui.recording.format import layout


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def objects(folder: Path, name: str) -> list[dict[str, Any]]:
    """Lines of a JSON lines file."""
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def hashes(folder: Path) -> dict[str, str]:
    """sha256 of every file but the manifest."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != layout.MANIFEST
    }


def sequence_numbers(folder: Path) -> list[int]:
    """seq of every event in the folder, sorted; an error frame stands in two files."""
    numbers = [int(row["seq"]) for row in rows(folder, layout.SIGNALS)]
    numbers += [int(row["seq"]) for row in rows(folder, layout.ALARMS)]
    numbers += [
        int(row["seq"]) for row in rows(folder, layout.CAN_LABELS) if row["kind"] != "error"
    ]
    numbers += [event["seq"] for event in objects(folder, layout.EVENTS)]
    for message in objects(folder, layout.OCPP):
        numbers.append(message["seq"])
        if message["delivered"]:
            numbers.append(message["delivered"]["seq"])
    return sorted(numbers)
