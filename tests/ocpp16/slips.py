"""Payloads that conform with every field there is, and each way to break them slightly."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from evtui.ocpp16.validation import document
from evtui.ocppj.version import MessageKind

__all__ = ["NOW", "full", "slips"]

NOW = "2026-01-01T00:00:00.000Z"


def full(action: str, kind: MessageKind) -> dict[str, Any]:
    """A payload with every field of its schema."""
    payload: dict[str, Any] = _example(document(action, kind))
    return payload


def slips(action: str, kind: MessageKind) -> Iterator[tuple[str, dict[str, Any]]]:
    """A full payload with one slip that can be tolerated, and what it is."""
    schema, payload = document(action, kind), full(action, kind)
    for place, part in _parts(schema, ()):
        name = ".".join(map(str, place)) or action
        if part.get("type") == "object" and part.get("additionalProperties") is False:
            yield f"{name}: a field too many", _with(payload, (*place, "beyond"), {"a": [1]})
        for field in part.get("properties", {}):
            if field not in part.get("required", ()):
                yield f"{name}: null as {field}", _with(payload, (*place, field), None)
        if part.get("type") == "integer":
            yield f"{name}: 1.0", _with(payload, place, 1.0)
        if "enum" in part:
            yield f"{name}: an unknown word", _with(payload, place, "Charing")
            yield f"{name}: lower case", _with(payload, place, part["enum"][0].lower())
        if "maxLength" in part:
            yield f"{name}: too long", _with(payload, place, "x" * (part["maxLength"] + 1))
        if "multipleOf" in part:
            yield f"{name}: too precise", _with(payload, place, 16.25)


def _example(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {name: _example(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_example(schema["items"])]
        case "string":
            formats = {"date-time": NOW, "uri": "ftp://127.0.0.1/1"}
            return formats.get(schema.get("format", ""), "1")
        case "boolean":
            return True
        case "number":
            return 16.0
        case _:
            return 1


def _parts(
    schema: dict[str, Any], place: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    yield place, schema
    for name, part in schema.get("properties", {}).items():
        yield from _parts(part, (*place, name))
    if "items" in schema:
        yield from _parts(schema["items"], (*place, 0))


def _with(payload: dict[str, Any], place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = deepcopy(payload)
    part: Any = changed
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return changed
