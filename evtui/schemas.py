"""The JSON Schemas of what evtui reads and prints for programs, made from the classes.

A schema has a name with a number, ``evtui.check/1``, which every document carries.  As long as the
number stays, fields and types of events may be added; nothing is removed, renamed or given
another meaning or type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

import evtui.events
from evtui.events import CanFrame, Event

__all__ = ["EVENTS", "SCHEMAS", "schema_of_events"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HEX = {"type": "string", "pattern": "^([0-9A-F]{2})*$"}

EVENTS: tuple[type[Event], ...] = tuple(
    kind
    for name in evtui.events.__all__
    if isinstance(kind := getattr(evtui.events, name), type)
    and issubclass(kind, Event)
    and kind is not Event
)
"""Every type of event."""


def schema_of_events() -> dict[str, Any]:
    """Of one line of a feed, or of ``events.jsonl`` in a run folder."""
    from evtui.feed import Dropped, FeedBegins

    schema = _schema("evtui.events/1", "a line of a feed of events", *EVENTS, FeedBegins, Dropped)
    data = schema["$defs"][CanFrame.__name__]["properties"]["data"]
    data.pop("contentEncoding")
    data |= _HEX | {"description": f"{data['description']} In hexadecimal."}
    return schema


def _schema(name: str, title: str, *kinds: Any) -> dict[str, Any]:
    """A schema of draft 2020-12 of documents of these types."""
    roots, definitions = msgspec.json.schema_components(
        kinds, schema_hook=_anything, ref_template="#/$defs/{name}"
    )
    classes = {kind.__name__: kind for kind in _structs(kinds)}
    for known, definition in definitions.items():
        _complete(definition, classes.get(known))
    root = roots[0] if len(roots) == 1 else {"anyOf": [*roots]}
    return {"$schema": _DIALECT, "$id": name, "title": title, **root, "$defs": definitions}


def _anything(kind: type[Any]) -> dict[str, Any]:
    if kind is msgspec.Raw:
        return {}
    raise NotImplementedError  # so msgspec is told that a type is none of ours


def _structs(kinds: tuple[Any, ...]) -> set[type[msgspec.Struct]]:
    """The classes that documents of these types consist of."""
    found: set[type[msgspec.Struct]] = set()
    waiting: list[Any] = [msgspec.inspect.type_info(kind) for kind in kinds]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, msgspec.inspect.StructType):
            if kind.cls in found:
                continue
            found.add(kind.cls)
            waiting += [field.type for field in kind.fields]
        elif isinstance(kind, msgspec.inspect.UnionType):
            waiting += kind.types
        else:
            inner = ("item_type", "value_type", "type")
            waiting += [getattr(kind, name) for name in inner if hasattr(kind, name)]
    return found


def _complete(definition: dict[str, Any], kind: type[msgspec.Struct] | None) -> None:
    """Say what is always there, and everything in the words of JSON."""
    if "description" in definition:
        definition["description"] = _in_json(definition["description"].partition("\n\n")[0])
    properties = definition.get("properties", {})
    for each in properties.values():
        each.pop("default", None)
        if "description" in each:
            each["description"] = _in_json(each["description"])
    if kind is not None and not kind.__struct_config__.omit_defaults:
        optional = {
            field.encode_name
            for field in msgspec.structs.fields(kind)
            if field.default is msgspec.UNSET
        }
        definition["required"] = [name for name in properties if name not in optional]


def _in_json(text: str) -> str:
    """A description as it reads for JSON, on one line.

    It is written once, for readers of the classes in Python too; nothing is taken out of it.
    """
    text = re.sub(r":\w+:`([^`]*)`|``([^`]*)``", lambda found: found[1] or found[2], text)
    for python, json in (("None", "null"), ("True", "true"), ("False", "false")):
        text = re.sub(rf"\b{python}\b", json, text)
    return " ".join(text.split())


# Each imports what it is about: who asks for one must not wait for the others.


def _of_scenarios() -> dict[str, Any]:
    from evtui.scenario.language import json_schema

    return json_schema()


def _of_run() -> dict[str, Any]:
    from evtui.scenario.judge import MatrixResult, RunResult

    return _schema("evtui.result/1", "evtui run --json", RunResult, MatrixResult)


def _of_check() -> dict[str, Any]:
    from evtui.recording.check import Report

    return _schema("evtui.check/1", "evtui check --json", Report, list[Report])


def _of_listing() -> dict[str, Any]:
    from evtui.scenario.language import Listing

    return _schema("evtui.scenarios/1", "evtui scenarios --json", Listing)


def _of_anomalies() -> dict[str, Any]:
    from evtui.anomalies import AnomalyListing

    return _schema("evtui.anomalies/1", "evtui anomalies --json", AnomalyListing)


def _of_config() -> dict[str, Any]:
    from evtui.config import ConfigReport

    return _schema("evtui.config/1", "evtui config --json", ConfigReport)


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "scenario": _of_scenarios,
    "events": schema_of_events,
    "run": _of_run,
    "check": _of_check,
    "scenarios": _of_listing,
    "anomalies": _of_anomalies,
    "config": _of_config,
}
"""What ``evtui schema NAME`` prints."""
