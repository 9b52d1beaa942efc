"""From plain data to the structs of the language, with mistakes that people understand.

msgspec does the work, and says that there is a mistake; where, and what was expected there, is
told from the types, part by part, in the words of a scenario file.  Pure.
"""

from __future__ import annotations

import operator
import re
from contextlib import suppress
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from evtui.kinds import number
from evtui.nearest import choice, did_you_mean, nearest, nearest_name
from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.language.document import child
from evtui.scenario.language.kinds import K, Kind, Registry, marked_fields
from evtui.scenario.language.mistakes import UNREADABLE, Mistakes, shown
from evtui.scenario.language.quantities import DURATION, NUMBER, QUANTITIES
from evtui.scenario.steps import STEPS

__all__ = ["decode", "decode_expectations", "decode_partly", "decode_steps"]

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

_WORD = re.compile(r"(\w+)[\s:]+(.+)", re.DOTALL)
_NUMBER = re.compile(rf"[-+]?{NUMBER}|0x[0-9a-fA-F]+")

_PLACE = [field.encode_name for field in msgspec.structs.fields(Kind)]
"""Where a step acts: fields of every kind."""

_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
    tuple: "a list",
    NoneType: "nothing",
}
_BOUNDS = {
    "ge": (operator.ge, "of at least"),
    "le": (operator.le, "of at most"),
    "gt": (operator.gt, "above"),
    "lt": (operator.lt, "below"),
}
"""Constraints of :class:`msgspec.Meta`."""


def decode(data: Any, kind: type[T], place: str, mistakes: Mistakes) -> T | None:
    """``data`` as ``kind``; None when there are mistakes in it, which are told."""
    readable = not _has_unreadable(data)
    if readable:
        with suppress(msgspec.ValidationError):
            return msgspec.convert(data, kind, dec_hook=_quantity)
    told = len(mistakes)
    _decode_parts(data, kind, place, mistakes)
    if readable and len(mistakes) == told:  # it is right in its parts, or has none
        mistakes.add(place, _in_words(data, kind))
    return None


def decode_partly(data: Any, kind: type[S], place: str, mistakes: Mistakes) -> S:
    """``data`` as a struct; a field that is missing or wrong, which is told, has its default.

    Where there is none it is None.
    """
    whole = decode(data, kind, place, mistakes)
    if whole is not None:
        return whole
    known = _fields(kind)
    given = data if isinstance(data, dict) else {}
    good = {
        name: value
        for key, (name, each) in known.items()
        if key in given and (value := decode(given[key], each, "", Mistakes("", {}))) is not None
    }
    needed = {field.name for field in msgspec.structs.fields(kind) if field.required}
    return kind(**(dict.fromkeys(needed) | good))


def decode_steps(data: Any, place: str, mistakes: Mistakes) -> list[Any]:
    """Typed steps, also inside others; the wrong ones are told, and None."""
    if data is UNREADABLE:
        return []
    if not isinstance(data, list) or not data:
        expected = "expected a list of at least one step"
        mistakes.add(place, expected if data == [] else f"{expected}, got {shown(data)}")
        return []
    return [_entry(each, STEPS, child(place, index), mistakes) for index, each in enumerate(data)]


def decode_expectations(data: Any, place: str, mistakes: Mistakes) -> list[Any]:
    """Typed expectations; the wrong ones are told, and None."""
    if data is UNREADABLE:
        return []
    if not isinstance(data, list):
        mistakes.add(place, f"expected a list of expectations, got {shown(data)}")
        return []
    return [
        _entry(each, EXPECTATIONS, child(place, index), mistakes) for index, each in enumerate(data)
    ]


def _entry(data: Any, kinds: Registry[K], place: str, mistakes: Mistakes) -> K | None:
    """A typed step or expectation; None where a mistake in it is told."""
    if isinstance(data, str) and data in kinds.bare:
        data = {data: kinds[data].bare}
    kind = _kind_of(data, kinds, place, mistakes)
    if kind is None:
        return None
    marked = marked_fields(kind)
    inside = [field for field in marked if field.mark in _INSIDE]
    lists = [field for field in inside if isinstance(data.get(field.key), list)]
    if inside:
        # What is inside is looked at also where the step itself has a mistake, and where an
        # attack begins it has to be known to whatever ends it.
        emptied = data | {field.key: [] for field in lists}
        entry: K | None = decode_partly(emptied, kind, place, mistakes)
    else:
        entry = decode(data, kind, place, mistakes)
    if entry is None:
        return None
    read: dict[str, Any] = {
        field.name: _INSIDE[field.mark](data[field.key], child(place, field.key), mistakes)
        for field in lists
    }
    for field in marked:
        if field.mark == "moment" and field.key in data:
            read[field.name] = _moment(data[field.key], child(place, field.key), mistakes)
    return msgspec.structs.replace(entry, **read)


def _branches(data: list[Any], place: str, mistakes: Mistakes) -> list[list[Any]]:
    if not data:
        mistakes.add(place, "expected at least one list of steps")
    return [
        decode_steps(branch, child(place, index), mistakes) for index, branch in enumerate(data)
    ]


_INSIDE = {"steps": decode_steps, "branches": _branches}
"""What reads the steps inside a step, by the mark of the field's type."""


def _moment(data: Any, place: str, mistakes: Mistakes) -> Any:
    """A moment of the run; None where it is none, which is told."""
    if data in ("anomaly", "end"):
        return data
    try:
        return DURATION.read(data)
    except ValueError:
        mistakes.add(place, f"expected anomaly, end or {DURATION.expected}, got {shown(data)}")
        return None


def _kind_of(data: Any, kinds: Registry[K], place: str, mistakes: Mistakes) -> type[K] | None:
    """The kind that the one key of ``data`` names."""
    what = kinds.what
    article = "an" if what[0] in "aeiou" else "a"
    if data is UNREADABLE:
        return None
    if isinstance(data, str):
        if data in kinds:
            mistakes.add(place, f"{data} needs a value: {data}: ...")
        else:
            mistakes.add(place, f"no {what} {shown(data)}{_written_right(data, kinds)}")
    elif not isinstance(data, dict):
        mistakes.add(place, f"expected {article} {what} such as {kinds.such_as}, got {shown(data)}")
    else:
        named: list[str] = [key for key in data if key in kinds]
        if len(named) == 1:
            return kinds[named[0]]
        if named:
            mistakes.add(
                child(place, named[1]),
                f"{article} {what} is of one kind, got {' and '.join(named)}; write two",
            )
        elif data:
            first = next(iter(data))
            mistakes.add(child(place, first), f"no {what} {shown(first)}{nearest(first, kinds)}")
        else:
            mistakes.add(place, f"expected {article} {what}: {choice(kinds)}")
    return None


def _written_right(text: str, kinds: Registry[K]) -> str:
    """The way out for a word that is no kind; ``wait 2s`` and ``wait:2s`` lack the ": "."""
    begun = _WORD.match(text)
    if begun and begun[1] in kinds:
        return f"; did you mean {shown(f'{begun[1]}: {begun[2]}')}, with a colon and a space?"
    return nearest(text, kinds)


def _quantity(kind: type[Any], value: object) -> Any:
    return QUANTITIES[kind].read(value)


def _has_unreadable(data: Any) -> bool:
    match data:
        case dict():
            return any(map(_has_unreadable, data.values()))
        case list():
            return any(map(_has_unreadable, data))
        case _:
            return data is UNREADABLE


def _decode_parts(data: Any, kind: Any, place: str, mistakes: Mistakes) -> None:
    """Tell what is wrong with each part of ``data``."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            decode(item, _item_type(kind, index), child(place, index), mistakes)
    if not isinstance(data, dict):
        return
    fields = _fields(kind)
    for key, value in data.items():
        if key in fields:
            decode(value, fields[key][1], child(place, key), mistakes)
        elif fields:
            mistakes.add(child(place, key), f"unknown field{nearest(key, fields)}")
        else:
            decode(value, _value_type(kind), child(place, key), mistakes)
    if missing := [needed for needed in _required(kind) if needed not in data]:
        meant = {nearest_name(key, fields) for key in data if key not in fields}
        for needed in missing:
            if needed not in meant:
                mistakes.add(place, f"{needed} is missing")


def _in_words(data: Any, kind: Any) -> str:
    """What was expected in the place of ``data``, which is no ``kind``, and the way out."""
    if choices := _choices(kind):
        near = did_you_mean(data, choices) if isinstance(data, str) and len(choices) > 1 else ""
        return f"expected {choice(choices)}, got {shown(data)}{near}"
    nothing = (NoneType, msgspec.UnsetType)
    alternatives = [each for each in _alternatives(kind) if each not in nothing] or [NoneType]
    for quantity in (QUANTITIES[each] for each in alternatives if each in QUANTITIES):
        try:
            quantity.read(data)
        except ValueError as error:  # in words of ours
            return str(error)
    if isinstance(data, list) and (items := _items(kind)) is not None:
        return f"expected a list of {len(items)}, got {shown(data)}"
    words = choice(_WORDS.get(_plain_type(each), "something else") for each in alternatives)
    return f"expected {words}{_bound(data, kind)}, got {shown(data)}{_way_out(alternatives, data)}"


def _plain_type(kind: Any) -> Any:
    kind = get_origin(kind) or kind
    return dict if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else kind


def _bound(data: Any, kind: Any) -> str:
    """Which bound of a number ``data`` goes beyond, where it is one."""
    if type(data) is not int and (type(data) is not float or float not in _alternatives(kind)):
        return ""
    for meta in _metas(kind):
        for name, (holds, words) in _BOUNDS.items():
            bound = getattr(meta, name)
            if bound is not None and not holds(data, bound):
                return f" {words} {number(bound)}"
    return ""


def _way_out(kinds: list[Any], data: Any) -> str:
    """For a number that should be text, or the other way round, and for a place put inside."""
    if dict not in kinds and isinstance(data, dict) and data and {*data} <= {*_PLACE}:
        return f"; {' and '.join(data)} {'stands' if len(data) == 1 else 'stand'} beside it"
    if str in kinds and isinstance(data, int | float):
        return "; put it in quotes"
    if {int, float} & {*kinds} and isinstance(data, str) and _NUMBER.fullmatch(data):
        return "; write it without quotes"
    return ""


def _struct(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that ``kind`` is, or may be."""
    structs = (each for each in _alternatives(kind) if isinstance(each, type))
    return next((each for each in structs if issubclass(each, msgspec.Struct)), None)


def _fields(kind: Any) -> dict[str, tuple[str, Any]]:
    """Key in the file to name and type of a field, those needed first; empty for no struct."""
    struct = _struct(kind)
    if struct is None:
        return {}
    hints = get_type_hints(struct, include_extras=True)
    fields = sorted(msgspec.structs.fields(struct), key=lambda each: not each.required)
    return {each.encode_name: (each.name, hints[each.name]) for each in fields}


def _required(kind: Any) -> list[str]:
    struct = _struct(kind)
    fields = () if struct is None else msgspec.structs.fields(struct)
    return [each.encode_name for each in fields if each.required]


def _alternatives(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Annotated:
        return _alternatives(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(each for part in get_args(kind) for each in _alternatives(part))
    return (kind,)


def _metas(kind: Any) -> tuple[Any, ...]:
    """What is said beside a type, and beside its alternatives."""
    own = kind.__metadata__ if get_origin(kind) is Annotated else ()
    if get_origin(kind) in (Annotated, Union, UnionType):
        parts = get_args(kind)[:1] if own else get_args(kind)
        return (*own, *(meta for part in parts for meta in _metas(part)))
    return ()


def _choices(kind: Any) -> list[str]:
    literals = (each for each in _alternatives(kind) if get_origin(each) is Literal)
    return [shown(value).strip('"') for each in literals for value in get_args(each)]


def _item_type(kind: Any, index: int) -> Any:
    kinds = (each for each in _alternatives(kind) if get_origin(each) in (list, tuple))
    arguments = get_args(next(kinds, Any))
    return arguments[min(index, len(arguments) - 1)] if arguments else Any


def _items(kind: Any) -> tuple[Any, ...] | None:
    """Types of the items where there is a fixed number of them."""
    tuples = (each for each in _alternatives(kind) if get_origin(each) is tuple)
    return next(map(get_args, tuples), None)


def _value_type(kind: Any) -> Any:
    arguments = get_args(next((k for k in _alternatives(kind) if get_origin(k) is dict), Any))
    return arguments[1] if arguments else Any
