"""The JSON Schema of scenario files, made from :mod:`evtui.scenario.model`.  Pure.

It sees what can be seen without knowing the lab: names, types, units, ranges.  What a payload
may contain, whether a run ends, which inputs there are, only :func:`evtui.scenario.loader.load`
knows.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Any

import msgspec

from evtui.scenario.decoding import BARE_EXPECTATIONS, BARE_STEPS
from evtui.scenario.model import (
    EXPECTATIONS,
    SCHEMA,
    STEPS,
    Awaited,
    CurrentRange,
    EnergyRange,
    Input,
    LabSpec,
    Scenario,
    VehicleSpec,
)
from evtui.scenario.quantities import NUMBER, QUANTITIES

__all__ = ["json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFS = "#/$defs/{name}"
_MAPPINGS = tuple(
    {"$ref": _REFS.format(name=kind.__name__)}
    for kind in (Awaited, CurrentRange, EnergyRange, LabSpec, VehicleSpec)
)
_REFERENCE = {"$ref": "#/$defs/Reference"}
_WITHOUT_INPUTS = ("schema", "id", "technique", "licence", "inputs", "matrix")
"""Keys of a scenario below which ``${name}`` means nothing."""


def json_schema() -> dict[str, Any]:
    """A schema of draft 2020-12 that every good scenario file conforms to."""
    kinds = (Scenario, *STEPS.values(), *EXPECTATIONS.values())
    _, definitions = msgspec.json.schema_components(
        kinds, schema_hook=_quantity_reference, ref_template=_REFS
    )
    for name, definition in definitions.items():
        _describe(definition)
        if name not in (Input.__name__, Scenario.__name__):
            _accept_references(definition["properties"])
    scenario = definitions.pop(Scenario.__name__)
    properties = scenario["properties"]
    _accept_references({k: v for k, v in properties.items() if k not in _WITHOUT_INPUTS})
    steps, step = {"items": {"$ref": _ref("Step")}}, {"minItems": 1}
    properties["steps"] |= steps | step
    properties["cleanup"] |= steps
    properties["expect"] |= {"items": {"$ref": _ref("Expectation")}}
    for kind in ("Attack", "Repeat"):
        definitions[kind]["properties"]["do"] |= steps | step
    branches = definitions["Parallel"]["properties"]["parallel"]
    branches |= step | {"items": {"type": "array"} | steps | step}
    definitions |= {kind.__name__: _quantity(kind) for kind in QUANTITIES}
    definitions |= {
        "Reference": {
            "description": "${name}: the value of an input.",
            "type": "string",
            "pattern": r"\$\{",
        },
        "Step": _union("A step; its first key names its kind.", STEPS, BARE_STEPS),
        "Expectation": _union(
            "An expectation; its first key names its kind.", EXPECTATIONS, BARE_EXPECTATIONS
        ),
    }
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA,
        **scenario,
        "title": "evtui scenario",
        "$defs": dict(sorted(definitions.items())),
    }


def _ref(name: str) -> str:
    return _REFS.format(name=name)


def _quantity_reference(kind: type[Any]) -> dict[str, Any]:
    return {"$ref": _ref(kind.__name__)}


def _quantity(kind: type[Any]) -> dict[str, Any]:
    quantity = QUANTITIES[kind]
    units = "|".join(map(re.escape, quantity.units))
    text = {
        "type": "string",
        "pattern": rf"^\s*\+?{NUMBER}\s*({units}){'?' if quantity.bare else ''}\s*$",
    }
    number = {"type": "number", "minimum": 0, "maximum": quantity.highest}
    return {
        "description": f"{quantity.expected[0].upper()}{quantity.expected[1:]}.",
        "anyOf": [text, number] if quantity.bare else [text],
    }


def _union(description: str, kinds: dict[str, type[Any]], bare: tuple[str, ...]) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [{"$ref": _ref(kind.__name__)} for kind in kinds.values()]
        + [{"enum": list(bare)}],
    }


def _describe(definition: dict[str, Any]) -> None:
    """Move what a docstring says of each attribute to its property."""
    text, _, attributes = cleandoc(definition.get("description", "")).partition("\n\nAttributes:\n")
    definition["description"] = _prose(text.partition("\n\n")[0])
    for entry in re.split(r"\n(?=    \S)", "\n" + attributes)[1:]:
        names, _, said = entry.partition(": ")
        for name in names.split(","):
            written = re.search(r"\(written ``(\w+)``\)", said)
            key = written[1] if written else name.strip()
            if key in definition["properties"]:
                definition["properties"][key]["description"] = _prose(said)
    for schema in definition["properties"].values():
        if schema.get("default", "") in (None, {}, []) or "$ref" in schema:
            schema.pop("default", None)  # it only says that one may leave it out


def _prose(text: str) -> str:
    """A docstring's text without its markup, on one line."""
    text = re.sub(r"\s*\(written ``\w+``\)", "", text)
    text = re.sub(r":\w+:`([^`]*)`|``([^`]*)``", lambda found: found[1] or found[2], text)
    return " ".join(text.split())


def _accept_references(properties: dict[str, Any]) -> None:
    """Let ``${name}`` stand for every single value that is not just any text."""
    for key, schema in properties.items():
        properties[key] = _accepting(schema)


def _accepting(schema: dict[str, Any]) -> dict[str, Any]:
    match schema:
        case {"type": "array", "items": dict(items)}:
            return schema | {"items": _accepting(items)}
        case {"type": "array", "prefixItems": list(items)}:
            return schema | {"prefixItems": [_accepting(each) for each in items]}
        case {"type": "object", "additionalProperties": dict(values)}:
            return schema | {"additionalProperties": _accepting(values)}
    about = {key: schema[key] for key in ("description", "default") if key in schema}
    wanted = {key: value for key, value in schema.items() if key not in about}
    alternatives = wanted.get("anyOf", [wanted])
    if all(map(_takes_none, alternatives)) or {"type": "string"} in alternatives:
        return schema
    return about | {"anyOf": [*alternatives, _REFERENCE]}


def _takes_none(schema: dict[str, Any]) -> bool:
    """True where no value of an input fits."""
    return not schema or schema.get("type") in ("array", "object", "null") or schema in _MAPPINGS
