"""Typed messages of the ``ocpp`` package to JSON fields and back.  Pure.

The names are converted by the package's own rules, but each name only once: converting every
key of every message anew took half of the time of a headless run.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from ocpp.charge_point import camel_to_snake_case, snake_to_camel_case

__all__ = ["arguments_of", "fields_of"]

NAMES_KEPT = 2_000
"""OCPP 1.6 has some 150 names; a peer may make up more."""


def fields_of(value: Any) -> Any:
    """A typed message as plain JSON values in camel case, without what is None."""
    kind = type(value)
    if kind is str or kind is int or kind is float or kind is bool:
        return value
    if isinstance(value, Enum):
        return value.value
    if kind is list:
        return [fields_of(item) for item in value if item is not None]
    if kind is dict:
        return {_camel(name): fields_of(part) for name, part in value.items() if part is not None}
    if is_dataclass(kind):
        return {
            camel: fields_of(part)
            for name, camel in _fields(kind)
            if (part := getattr(value, name)) is not None
        }
    return value


def arguments_of(value: Any) -> Any:
    """Decoded JSON with every key in snake case, as the package's handlers take it."""
    if isinstance(value, dict):
        return {_snake(name): arguments_of(part) for name, part in value.items()}
    if isinstance(value, list):
        return [arguments_of(part) for part in value]
    return value


@lru_cache(NAMES_KEPT)
def _fields(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, _camel(field.name)) for field in fields(kind))


@lru_cache(NAMES_KEPT)
def _camel(name: str) -> str:
    return str(next(iter(snake_to_camel_case({name: None}))))


@lru_cache(NAMES_KEPT)
def _snake(name: str) -> str:
    return str(next(iter(camel_to_snake_case({name: None}))))
