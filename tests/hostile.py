"""A recording by somebody hostile: what no screen, page or sheet may hold, in every text of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from evtui.events import Event
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.write.recorder import Recorder
from tests.recording.sample_run import START_UTC, play, sample_manifest
from tests.recording.scene import Scene

__all__ = ["FORBIDDEN", "HOSTILE", "harm_in", "hostile_event", "hostile_folder", "poisoned"]

MARK = "Zq"
"""Stands in front of everything hostile, to see that it was shown at all."""

HOSTILE = (
    "\x1b]52;c;UVE=\x07",
    "\x1b[31337m\x1bc",
    "\x9b31337m\x9d0;x\x9c",
    "\u202eterces\u202c",
    "\u2066a\u2069\u200f\u061c",
    "\u200b\u200d\ufeff\u2060",
    "\u3164\u034f\ufe0f\U000e0041",
    "\r\n\t\x00\x7f\x85\u2028",
    "\ud83d",
    "[red]x[/]",
    "[/]",
    "[@click=app.quit]q[/]",
    "<script>zq()</script>",
    '"><img src=x onerror=zq()>',
    "|`a`|*b*",
    "$\\frac{",
)

FORBIDDEN = (
    *("\x1b]52", "\x1b[31337m", "\x1bc", "\x9b", "\x9d", "\x9c", "\x85", "\x7f", "\x00"),
    *("\u202e", "\u202c", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\u200d", "\ufeff"),
    *("\u2060", "\u2028", "\u3164", "\u034f", "\ufe0f", "\U000e0041"),
)
"""What must not come out as it is, wherever it goes."""

Pick = Callable[[str], str]
"""Something hostile for the place with this name."""


fields_of = cache(msgspec.structs.fields)
"""It evaluates every annotation anew."""


def harm_in(raw: bytes) -> list[str]:
    """What of :data:`FORBIDDEN` is in what was written, and what stands around it."""
    found = ((raw.find(each.encode()), each) for each in FORBIDDEN)
    return [ascii(raw[max(0, at - 60) : at + 20]) for at, _ in found if at >= 0]


def picker(rotation: int) -> Pick:
    """A different choice for each place, and each rotation another one."""
    taken: dict[str, int] = {}

    def pick(place: str) -> str:
        number = taken.setdefault(place, len(taken))
        return MARK + HOSTILE[(number + rotation) % len(HOSTILE)]

    return pick


def hostile_event(event: Event, pick: Pick, kept: frozenset[str]) -> Event:
    """``event`` with something hostile in every text that may hold anything.

    Args:
        kept: names of fields that stay as they are.
    """
    fields = json.loads(msgspec.json.encode(event))
    kind = type(event)
    body = fields.pop("payload", None)
    for field in fields_of(kind):
        name, value = field.encode_name, fields.get(field.encode_name)
        if field.name in kept or value is None or field.type is bytes:
            continue
        changed = fields | {name: poisoned(value, pick, f"{kind.__name__}.{name}")}
        if changed == fields:
            continue  # no text
        try:
            msgspec.convert(_whole(changed), kind)
        except (msgspec.ValidationError, ValueError):
            continue  # one of a few words
        fields = changed
    made = msgspec.convert(fields, kind)
    if body is not None:
        raw = msgspec.Raw(json.dumps(poisoned(body, pick, f"{kind.__name__}.payload")).encode())
        made = msgspec.structs.replace(made, body=raw)
    return made


def _whole(value: Any) -> Any:
    """Without half characters, which only the standard library takes."""
    return json.loads(json.dumps(value).replace("\\ud83d", "x"))


def poisoned(value: Any, pick: Pick, place: str) -> Any:
    """Every text in a JSON value, names in it too."""
    match value:
        case str():
            return value + pick(place)
        case list():
            return [poisoned(each, pick, f"{place}[]") for each in value]
        case dict():
            return {
                name: poisoned(each, pick, f"{place}.{name}") for name, each in value.items()
            } | {pick(f"{place} name"): pick(f"{place} value")}
    return value


def hostile_folder(folder: Path, rotation: int, *, actions: bool) -> Path:
    """A run folder of 65 s whose every text is hostile.

    Args:
        rotation: which hostile text stands where.
        actions: the words of the protocol too; without them screens understand what happens.
    """
    pick = picker(rotation)
    kept = frozenset(() if actions else ("action", "state", "status", "change", "kind", "view"))
    station = "CP1" + MARK + HOSTILE[rotation % len(HOSTILE)]
    recorder = Recorder(
        folder,
        sample_manifest(),
        start_utc=START_UTC,
        twins=frozenset({station}),
        scenario_text=f"title: {MARK}",
    )

    def publish(event: Event) -> None:
        hostile = hostile_event(event, pick, kept | {"station"})
        if hasattr(hostile, "station"):
            hostile = msgspec.structs.replace(hostile, station=station)
        recorder.on_event(hostile)

    scene = Scene(publish)
    for _ in play(scene, 65.0):
        recorder.tick()
    recorder.close(t_end=65.0, wall_s=0.1)
    path = folder / layout.MANIFEST
    fields = json.loads(path.read_text("utf-8"))
    for field in msgspec.structs.fields(Manifest):
        changed = fields | {field.name: poisoned(fields.get(field.name), pick, field.name)}
        if field.name in ("clock", "files", "status"):
            continue
        try:
            msgspec.convert(_whole(changed), Manifest)
        except msgspec.ValidationError:
            continue
        fields = _whole(changed)
    path.write_text(json.dumps(fields), "utf-8")
    return folder
