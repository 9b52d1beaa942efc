"""The kinds of steps and of expectations as rows of a table for people.  Pure."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from evtui.nearest import choice
from evtui.scenario.language.kinds import K, Kind, Registry
from evtui.scenario.language.model import Model

__all__ = ["rows"]


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


def _described(hint: Any) -> str:
    """What is said of a field, and what it may be where that is a choice."""
    metas = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    said = " ".join(m.description for m in metas if isinstance(m, msgspec.Meta) and m.description)
    choices = [f"`{value}`" for each in _alternatives(hint) for value in _values(each)]
    listed = choice(choices) if len(choices) > 1 else ""
    return ": ".join(filter(None, (listed, said.removesuffix("."))))


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
