"""The JSON Schema of scenario files, made from what they consist of.  Pure.

It sees what can be seen without knowing the lab: names, types, units, ranges.  What a payload
may contain, whether a run ends, which inputs there are, only the loader
knows (:func:`evtui.scenario.language.loader.load`).
"""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.language.kinds import Registry
from evtui.scenario.language.model import ALSO, REFERENCE, SCHEMA, Input, Scenario
from evtui.scenario.language.quantities import QUANTITIES
from evtui.scenario.steps import STEPS

__all__ = ["json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFS = "#/$defs/{name}"
_WITHOUT_INPUTS = ("schema", "id", "technique", "licence", "inputs", "matrix")
"""Keys of a scenario below which ``${name}`` means nothing."""


def json_schema() -> dict[str, Any]:
    """A schema of draft 2020-12 that every good scenario file conforms to."""
    kinds = (Scenario, *STEPS.values(), *EXPECTATIONS.values())
    _, definitions = msgspec.json.schema_components(
        kinds, schema_hook=_quantity_reference, ref_template=_REFS
    )
    mappings = [{"$ref": _ref(name)} for name in (*definitions, "Step", "Expectation")]
    for name, definition in definitions.items():
        properties = definition["properties"]
        _drop_empty_defaults(properties)
        for schema in properties.values():
            schema.get("anyOf", []).extend(schema.pop(ALSO, []))
        if name == Scenario.__name__:
            properties = {k: v for k, v in properties.items() if k not in _WITHOUT_INPUTS}
        if name != Input.__name__:
            definition["properties"] |= _accepting_references(properties, mappings)
    for kind in (*STEPS.values(), *EXPECTATIONS.values()):
        kind.complete_schema(definitions[kind.__name__])
    scenario = definitions.pop(Scenario.__name__)
    definitions |= {kind.__name__: _quantity(kind) for kind in QUANTITIES}
    definitions |= {
        "Reference": {
            "description": "${name}: the value of an input.",
            "type": "string",
            "pattern": r"\$\{",
        },
        "Step": _union("A step; its first key names its kind.", STEPS),
        "Expectation": _union("An expectation; its first key names its kind.", EXPECTATIONS),
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
    text = {"type": "string", "pattern": rf"^\s*\+?{quantity.pattern}\s*$"}
    number = {"type": "number", "minimum": 0, "maximum": quantity.highest}
    return {
        "description": f"{quantity.expected[0].upper()}{quantity.expected[1:]}.",
        "anyOf": [text, number],
    }


def _union(description: str, kinds: Registry[Any]) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [{"$ref": _ref(kind.__name__)} for kind in kinds.values()]
        + [{"enum": kinds.bare}],
    }


def _drop_empty_defaults(properties: dict[str, Any]) -> None:
    """They only say that one may leave it out."""
    for schema in properties.values():
        if schema.get("default", "") in (None, {}, []) or "$ref" in schema:
            schema.pop("default", None)


def _accepting_references(
    properties: dict[str, Any], mappings: list[dict[str, Any]]
) -> dict[str, Any]:
    """The same where ``${name}`` may stand for every single value that is not just any text."""
    return {key: _accepting(schema, mappings) for key, schema in properties.items()}


def _accepting(schema: dict[str, Any], mappings: list[dict[str, Any]]) -> dict[str, Any]:
    match schema:
        case {"type": "array", "items": dict(items)}:
            return schema | {"items": _accepting(items, mappings)}
        case {"type": "array", "prefixItems": list(items)}:
            return schema | {"prefixItems": [_accepting(each, mappings) for each in items]}
        case {"type": "object", "additionalProperties": dict(values)}:
            return schema | {"additionalProperties": _accepting(values, mappings)}
    about = {key: schema[key] for key in ("description", "default") if key in schema}
    wanted = {key: value for key, value in schema.items() if key not in about}
    alternatives = wanted.get("anyOf", [wanted])
    plain = {"type": "string"} in alternatives
    if plain or all(_takes_none(each) or each in mappings for each in alternatives):
        return schema
    return about | {"anyOf": [*alternatives, REFERENCE]}


def _takes_none(schema: dict[str, Any]) -> bool:
    """True where no value of an input fits."""
    return not schema or schema.get("type") in ("array", "object", "null")
