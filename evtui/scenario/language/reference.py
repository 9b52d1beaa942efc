"""The kinds of steps and of expectations as rows of a table for people.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from evtui.nearest import choice
from evtui.scenario.language.kinds import K, Kind, Registry
from evtui.scenario.language.model import Model
from evtui.scenario.language.quantities import QUANTITIES

__all__ = ["keys_below", "rows"]


def rows(kinds: Registry[K]) -> Iterator[tuple[str, str]]:
    """Each kind as one writes it, with what it is; then each of its keys that needs a word."""
    for name, kind in kinds.items():
        example = f"`{kind.example or name}`".replace("|", "\\|")
        yield example, kind.__doc__ or ""
        yield from _options(kind, name)


def _options(kind: type[Model], name: str) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind, include_extras=True)
    common = {field.name for field in msgspec.structs.fields(Kind)}
    for field in msgspec.structs.fields(kind):
        if field.name in common:
            continue
        said = _described(hints[field.name])
        if said or field.encode_name != name:
            yield f"… `{field.encode_name}`", said
        mapping = _mapping(hints[field.name])
        if mapping is not None:
            yield from _options(mapping, name)


def keys_below(mapping: type[Model], indent: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Each key of a mapping: its name, what it may be, its default and what is said of it."""
    hints = get_type_hints(mapping, include_extras=True)
    for field in msgspec.structs.fields(mapping):
        hint = hints[field.name]
        kinds = [each for each in _alternatives(hint) if each is not type(None)]
        choices = [f"`{value}`" for each in kinds for value in _values(each)]
        may_be = choice(choices or map(_words, kinds))
        yield f"{indent}`{field.encode_name}`", may_be, _default(field.default), _said(hint)
        inner = _mapping(hint)
        if inner is not None:
            yield from keys_below(inner, f"{indent}… ")


def _words(kind: Any) -> str:
    if kind in QUANTITIES:
        return QUANTITIES[kind].expected
    names = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return names.get(kind, "a mapping")


def _default(value: Any) -> str:
    if value is None or value is msgspec.NODEFAULT:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _described(hint: Any) -> str:
    """What is said of a field, and what it may be where that is a choice."""
    choices = [f"`{value}`" for each in _alternatives(hint) for value in _values(each)]
    listed = choice(choices) if len(choices) > 1 else ""
    return ": ".join(filter(None, (listed, _said(hint))))


def _said(hint: Any) -> str:
    metas = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    said = " ".join(m.description for m in metas if isinstance(m, msgspec.Meta) and m.description)
    return said.removesuffix(".")


def _values(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is Literal else ()


def _mapping(hint: Any) -> type[Model] | None:
    """The mapping that a field holds, if it does."""
    types = (each for each in _alternatives(hint) if isinstance(each, type))
    return next((each for each in types if issubclass(each, Model)), None)


def _alternatives(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
