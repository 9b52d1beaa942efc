"""Run folders in every state a reader may meet them in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from evtui.events import Event
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from tests.recording.sample_run import Scene, play, record_sample

__all__ = ["change_manifest", "cut", "drop_line", "edit", "kill", "published", "recorded"]


def recorded(folder: Path, seconds: float = 120.0, **how: Any) -> Path:
    """A folder that was closed in good order; the attack in it begins after 40 s."""
    record_sample(folder, seconds=seconds, **how)
    return folder


def published(seconds: float = 120.0) -> list[Event]:
    """The events that the same folder was recorded from, in order of time and number."""
    events: list[Event] = []
    for _ in play(Scene(events.append), seconds):
        pass
    return sorted(events, key=lambda event: (round(event.t, 6), event.seq))


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Let ``change`` do something to the manifest."""
    path = folder / layout.MANIFEST
    fields = msgspec.json.decode(path.read_bytes())
    change(fields)
    path.write_bytes(msgspec.json.encode(fields))


def kill(folder: Path) -> Path:
    """Make a closed folder one whose process was killed."""
    manifest = Manifest.load(folder / layout.MANIFEST)
    manifest.status, manifest.files, manifest.t_end_s = "running", {}, None
    manifest.save(folder / layout.MANIFEST)
    for name in (layout.METRICS, layout.README):
        (folder / name).unlink()
    return folder


def cut(file: Path, size: int) -> None:
    """Take the last ``size`` bytes away."""
    data = file.read_bytes()
    file.write_bytes(data[: len(data) - size])


def edit(file: Path, old: str, new: str) -> None:
    """Replace the first ``old``, which must be there."""
    text = file.read_bytes().decode()
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode())


def drop_line(file: Path, number: int) -> str:
    """Take line ``number``, from 0 or from the end, out of a file; returns it."""
    lines = file.read_text("utf-8").splitlines(keepends=True)
    dropped = lines.pop(number)
    file.write_text("".join(lines), "utf-8")
    return dropped
