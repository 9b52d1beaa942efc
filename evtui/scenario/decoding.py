"""From plain data to the structs of :mod:`evtui.scenario.model`, with mistakes people understand.

msgspec does the work; what it says of a mistake is put into the words of a scenario file.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from evtui.nearest import choice, did_you_mean, nearest
from evtui.scenario.document import child
from evtui.scenario.mistakes import Mistakes, shown
from evtui.scenario.model import (
    EXPECTATIONS,
    STEPS,
    Attack,
    NoAlarmExpected,
    NoSchemaViolation,
    Parallel,
    Plug,
    Repeat,
    Start,
    Stop,
    Unplug,
)
from evtui.scenario.quantities import DURATION, NUMBER, QUANTITIES

__all__ = ["BARE_EXPECTATIONS", "BARE_STEPS", "decode", "decode_expectations", "decode_steps"]

BARE_STEPS = tuple(name for name, kind in STEPS.items() if kind in (Plug, Unplug, Start, Stop))
"""Kinds of steps that may be written as a word, since their value may be left out."""

BARE_EXPECTATIONS = ("no_schema_violation",)

T = TypeVar("T")

_PLACE = re.compile(r"(?P<text>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_STEP_OF_PLACE = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")
_EXPECTED = re.compile(r"Expected `(?P<types>[^`]+)`(?P<bound> [<>]=? \S+)?(?:, got `[^`]+`)?")
_LENGTH = re.compile(r"Expected `array` of length (\d+), got \d+")
_FIELD = re.compile(r"Object (contains unknown|missing required) field `(.*)`", re.DOTALL)

_WORD = re.compile(r"(\w+)[\s:]+(.+)", re.DOTALL)
_NUMBER = re.compile(rf"[-+]?{NUMBER}|0x[0-9a-fA-F]+")

_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
_BOUNDS = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}


def decode(data: Any, kind: type[T], place: str, mistakes: Mistakes) -> T | None:
    """``data`` as ``kind``; None when there is a mistake in it, which is told."""
    try:
        return msgspec.convert(data, kind, dec_hook=_quantity)
    except msgspec.ValidationError as error:
        _explain(str(error), data, kind, place, mistakes)
        return None


def decode_steps(data: Any, place: str, mistakes: Mistakes) -> list[Any]:
    """Typed steps, also inside others; the wrong ones are told, and None."""
    if not isinstance(data, list) or not data:
        expected = "expected a list of at least one step"
        mistakes.add(place, expected if data == [] else f"{expected}, got {shown(data)}")
        return []
    return [_step(each, child(place, index), mistakes) for index, each in enumerate(data)]


def decode_expectations(data: Any, place: str, mistakes: Mistakes) -> list[Any]:
    """Typed expectations; the wrong ones are told, and None."""
    if not isinstance(data, list):
        mistakes.add(place, f"expected a list of expectations, got {shown(data)}")
        return []
    return [_expectation(each, child(place, index), mistakes) for index, each in enumerate(data)]


def _step(data: Any, place: str, mistakes: Mistakes) -> Any:
    if isinstance(data, str) and data in BARE_STEPS:
        data = {data: None}
    name = _kind_of(data, STEPS, "step", place, mistakes)
    if name is None:
        return None
    step = decode(data, STEPS[name], place, mistakes)
    if isinstance(step, Repeat) or (isinstance(step, Attack) and step.steps is not None):
        return msgspec.structs.replace(step, do=decode_steps(step.do, child(place, "do"), mistakes))
    if isinstance(step, Parallel):
        here = child(place, "parallel")
        if not step.parallel:
            mistakes.add(here, "expected at least one list of steps")
        branches = [
            decode_steps(branch, child(here, index), mistakes)
            for index, branch in enumerate(step.parallel)
        ]
        return msgspec.structs.replace(step, parallel=branches)
    return step


def _expectation(data: Any, place: str, mistakes: Mistakes) -> Any:
    if isinstance(data, str) and data in BARE_EXPECTATIONS:
        return NoSchemaViolation(no_schema_violation=True)
    name = _kind_of(data, EXPECTATIONS, "expectation", place, mistakes)
    if name is None:
        return None
    decoded = decode(data, EXPECTATIONS[name], place, mistakes)
    if isinstance(decoded, NoAlarmExpected):
        return _with_moment(decoded, place, mistakes)
    return decoded


def _with_moment(found: NoAlarmExpected, place: str, mistakes: Mistakes) -> NoAlarmExpected | None:
    moment: Any = found.no_alarm_before
    if moment in ("anomaly", "end"):
        return found
    try:
        return msgspec.structs.replace(found, no_alarm_before=DURATION.read(moment))
    except ValueError:
        expected = f"expected anomaly, end or {DURATION.expected}, got {shown(moment)}"
        mistakes.add(child(place, "no_alarm_before"), expected)
        return None


def _kind_of(
    data: Any,
    kinds: Mapping[str, type[Any]],
    what: str,
    place: str,
    mistakes: Mistakes,
) -> str | None:
    """The one key of ``data`` that names a kind."""
    article = "an" if what[0] in "aeiou" else "a"
    if isinstance(data, str):
        if data in kinds:
            mistakes.add(place, f"{data} needs a value: {data}: ...")
        else:
            mistakes.add(place, f"no {what} {shown(data)}{_written_right(data, kinds)}")
    elif not isinstance(data, dict):
        mistakes.add(
            place, f"expected {article} {what} such as {next(iter(kinds))}, got {shown(data)}"
        )
    else:
        named: list[str] = [key for key in data if key in kinds]
        if len(named) == 1:
            return named[0]
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


def _written_right(text: str, kinds: Mapping[str, type[Any]]) -> str:
    """The way out for a word that is no kind; ``wait 2s`` and ``wait:2s`` lack the ": "."""
    begun = _WORD.match(text)
    if begun and begun[1] in kinds:
        return f"; did you mean {shown(f'{begun[1]}: {begun[2]}')}, with a colon and a space?"
    return nearest(text, kinds)


def _quantity(kind: type[Any], value: object) -> Any:
    return QUANTITIES[kind].read(value)


def _explain(message: str, data: Any, kind: Any, place: str, mistakes: Mistakes) -> None:
    """Say what msgspec says, in our words and at our place."""
    parts = _PLACE.fullmatch(message)
    assert parts is not None
    text, path = parts["text"], parts["place"] or ""
    for key, index in _STEP_OF_PLACE.findall(path):
        if index == "...":
            key, data, kind = _culprit(data, kind)
            place = child(place, key)
        elif index:
            data, kind = data[int(index)], _item_type(kind, int(index))
            place = child(place, int(index))
        else:
            data, kind = data[key], _fields(kind)[key]
            place = child(place, key)
    field = _FIELD.fullmatch(text)
    if field and field[1] == "missing required":
        mistakes.add(place, f"{field[2]} is missing")
    elif field:
        known = nearest(field[2], _fields(kind))
        mistakes.add(child(place, field[2]), f"unknown field{known}")
    else:
        mistakes.add(place, _in_words(text, data, kind))


def _in_words(text: str, data: Any, kind: Any) -> str:
    if length := _LENGTH.fullmatch(text):
        return f"expected a list of {length[1]}, got {shown(data)}"
    if choices := _choices(kind):
        near = did_you_mean(data, choices) if isinstance(data, str) and len(choices) > 1 else ""
        return f"expected {choice(choices)}, got {shown(data)}{near}"
    expected = _EXPECTED.fullmatch(text)
    if expected is None:
        return text  # of a quantity, which says it well
    types = [name for name in expected["types"].split(" | ") if name != "null"] or ["null"]
    words = choice(_WORDS.get(name, name) for name in types)
    if expected["bound"]:
        relation, bound = expected["bound"].split()
        words += f" {_BOUNDS[relation]} {bound}"
    return f"expected {words}, got {shown(data)}{_quotes(types, data)}"


def _quotes(types: list[str], data: Any) -> str:
    """The way out for a number that should be text, or the other way round."""
    if "str" in types and isinstance(data, int | float):
        return "; put it in quotes"
    if {"int", "float"} & {*types} and isinstance(data, str) and _NUMBER.fullmatch(data):
        return "; write it without quotes"
    return ""


def _fields(kind: Any) -> dict[str, Any]:
    """Key in the file to type, for a struct or an optional one; else nothing."""
    struct = next((each for each in _alternatives(kind) if isinstance(each, type)), None)
    if struct is None or not issubclass(struct, msgspec.Struct):
        return {}
    hints = get_type_hints(struct)
    return {each.encode_name: hints[each.name] for each in msgspec.structs.fields(struct)}


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _choices(kind: Any) -> list[str]:
    literals = (each for each in _alternatives(kind) if get_origin(each) is Literal)
    return [shown(value).strip('"') for each in literals for value in get_args(each)]


def _item_type(kind: Any, index: int) -> Any:
    arguments = get_args(next((k for k in _alternatives(kind) if get_args(k)), Any))
    return arguments[min(index, len(arguments) - 1)] if arguments else Any


def _culprit(data: dict[str, Any], kind: Any) -> tuple[str, Any, Any]:
    """The value of a mapping that does not fit: msgspec does not say which."""
    of = next(k for k in _alternatives(kind) if get_origin(k) is dict)
    value_type = get_args(of)[1]
    for key, value in data.items():
        try:
            msgspec.convert(value, value_type, dec_hook=_quantity)
        except msgspec.ValidationError:
            return key, value, value_type
    raise AssertionError("msgspec refused a mapping whose values it takes")
