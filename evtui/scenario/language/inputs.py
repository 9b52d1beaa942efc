"""Inputs of a scenario: their values checked, and put where ``${name}`` stands.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evtui.durations import duration_text
from evtui.kinds import number
from evtui.nearest import choice, nearest
from evtui.scenario.expectations import EXPECTATIONS
from evtui.scenario.language.document import child
from evtui.scenario.language.kinds import marked_fields
from evtui.scenario.language.mistakes import UNREADABLE, Mistakes, shown
from evtui.scenario.language.model import Duration, Input, Model, Scenario
from evtui.scenario.language.quantities import DURATION, NUMBER
from evtui.scenario.steps import STEPS

__all__ = ["check_specifications", "read", "read_matrix", "resolve", "substitute"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_AMOUNT = re.compile(rf"\s*([-+]?{NUMBER})\s*(.*?)\s*")
_INTEGER = re.compile(r"[-+]?[0-9]{1,19}|0x[0-9a-fA-F]{1,16}")

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "string": "text",
    "bool": "true or false",
    "duration": DURATION.expected,
}


def read(spec: Input, value: object) -> Any:
    """A value as an input's type, from YAML or from a command line.

    Args:
        value: text of a command line counts like quoted text of a file.

    Raises:
        ValueError: it does not fit; the text says what was expected.
    """
    typed = _typed(spec, value)
    low, high = (None if each is None else _typed(spec, each) for each in (spec.min, spec.max))
    too_low, too_high = low is not None and typed < low, high is not None and typed > high
    missing = spec.choices is not None and typed not in [_typed(spec, c) for c in spec.choices]
    if too_low or too_high or missing:
        raise ValueError(f"expected {_expected(spec)}, got {shown(value)}")
    return typed


def check_specifications(specs: Mapping[str, Input], mistakes: Mistakes) -> dict[str, Input]:
    """Hold each input's own default, bounds and choices against its type; those that are good."""
    return {name: spec for name, spec in specs.items() if _is_good(name, spec, mistakes)}


def _is_good(name: str, spec: Input, mistakes: Mistakes) -> bool:
    told = len(mistakes)
    place = child("inputs", name)
    if not _NAME.fullmatch(name):
        mistakes.add(place, "expected a name of letters, digits, _ and -")
    if name == "duration" and spec.type != "duration":
        mistakes.add(child(place, "type"), "expected duration, which --duration sets")
    plain = Input(type=spec.type, unit=spec.unit)
    bounds = [(key, getattr(spec, key)) for key in ("min", "max")]
    bounds = [(key, value) for key, value in bounds if value is not None]
    choices = [(f"choices[{index}]", value) for index, value in enumerate(spec.choices or ())]
    if bounds and spec.type in ("string", "bool"):
        key, _ = bounds[0]
        mistakes.add(child(place, key), f"only for numbers and durations, not for {spec.type}")
        return False
    typed = [_read_at(child(place, key), plain, value, mistakes) for key, value in bounds + choices]
    if None in typed:
        return False
    if spec.choices == []:
        mistakes.add(child(place, "choices"), "expected at least one")
    elif len(bounds) == 2 and typed[0] > typed[1]:
        mistakes.add(child(place, "min"), "expected at most what stands in max")
    elif spec.default is not None:
        _read_at(child(place, "default"), spec, spec.default, mistakes)
    return len(mistakes) == told


def resolve(
    specs: Mapping[str, Input | None],
    given: Mapping[str, object],
    axes: Mapping[str, Sequence[Any]],
    mistakes: Mistakes,
) -> dict[str, Any]:
    """Values of all inputs: given, else the default, else the first of the matrix.

    One with a mistake, which is told, is :data:`UNREADABLE`.

    Args:
        specs: checked by :func:`check_specifications`; None for one with a mistake.
        axes: of :func:`read_matrix`.
        given: from the command line as text, or typed, durations as s.
    """
    for name in given:
        if name not in specs:
            mistakes.add_given(f"--set {name}: no such input{nearest(name, specs)}")
    values: dict[str, Any] = {}
    for name, spec in specs.items():
        if spec is None:
            values[name] = UNREADABLE
        elif name in given:
            try:
                values[name] = read(spec, given[name])
            except ValueError as error:
                mistakes.add_given(f"--set {name}: {error}")
                values[name] = UNREADABLE
        elif spec.default is not None:
            values[name] = read(spec, spec.default)
        elif axes.get(name):
            first = axes[name][0]
            values[name] = UNREADABLE if first is None else first
        else:
            values[name] = UNREADABLE
            mistakes.add(child("inputs", name), f"has no default; give one with --set {name}=VALUE")
    return values


def read_matrix(
    specs: Mapping[str, Input | None], matrix: Mapping[str, Sequence[object]], mistakes: Mistakes
) -> dict[str, list[Any]]:
    """Values of each axis, typed; what is wrong with them is told."""
    axes: dict[str, list[Any]] = {}
    for name, values in matrix.items():
        place = child("matrix", name)
        if name not in specs:
            mistakes.add(place, f"no such input{nearest(name, specs)}")
            continue
        if not values:
            mistakes.add(place, "expected at least one value")
        spec = specs[name]
        if spec is None:
            continue
        typed = [_read_at(child(place, n), spec, v, mistakes) for n, v in enumerate(values)]
        for index, value in enumerate(typed):
            if value is not None and value in typed[:index]:
                mistakes.add(child(place, index), f"{shown(value)} stands there twice")
        axes[name] = typed
    return axes


def _read_at(place: str, spec: Input, value: object, mistakes: Mistakes) -> Any:
    if value is UNREADABLE:
        return None
    try:
        return read(spec, value)
    except ValueError as error:
        mistakes.add(place, str(error))
        return None


def _typed(spec: Input, value: object) -> Any:
    match spec.type, value:
        case ("string", str()) if all(c.isprintable() or c in "\n\t" for c in value):
            return value
        case ("bool", bool()):
            return value
        case ("bool", "true" | "false"):
            return value == "true"
        case ("duration", _):
            return DURATION.read(value)
        case ("int" | "float", str()):
            return _number(spec, value)
        case ("int" | "float", int()) if not isinstance(value, bool):
            return value if spec.type == "int" else float(value)
        case ("float", float()) if type(value) is float:
            return value
    raise ValueError(f"expected {_expected(spec)}, got {shown(value)}")


def _number(spec: Input, text: str) -> Any:
    if spec.type == "int" and _INTEGER.fullmatch(text):
        return int(text, 0) if "x" in text else int(text)
    written = _AMOUNT.fullmatch(text)
    if written and written[2] in ("", spec.unit):
        if spec.type == "float":
            return float(written[1])
        if _INTEGER.fullmatch(written[1]):
            return int(written[1])
    raise ValueError(f"expected {_expected(spec)}, got {shown(text)}")


def _expected(spec: Input) -> str:
    if spec.choices:
        return choice(_as_text(_typed(spec, each)) for each in spec.choices)
    words = _WORDS[spec.type]
    if spec.unit:
        words += f" in {spec.unit}"
    if spec.min is not None:
        words += f", at least {_as_text(_typed(spec, spec.min))}"
    if spec.max is not None:
        words += f", at most {_as_text(_typed(spec, spec.max))}"
    return words


def _as_text(value: Any) -> str:
    """A value inside a text: ``2s``, ``100``, ``true``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return duration_text(value) if isinstance(value, Duration) else number(value)


def substitute(data: Any, values: Mapping[str, Any], place: str, mistakes: Mistakes) -> Any:
    """A copy of ``data`` with ``${name}`` replaced everywhere inside.

    A text that is nothing but ``${name}`` becomes the typed value.  Under ``with`` a duration
    becomes a plain number of seconds, since what stands there is JSON or a parameter.
    ``$${`` becomes ``${``.
    """
    return _Substitution(values, mistakes).of(data, place, bare=False)


def _is_text(key: str) -> bool:
    """True for a key under which a scenario has text for people: a number in it is written out."""
    kinds: tuple[type[Model], ...] = (Scenario, *STEPS.values(), *EXPECTATIONS.values())
    having = (kind for kind in kinds if key in kind.__struct_encode_fields__)
    return any(
        field.key == key and field.mark == "text"
        for kind in having
        for field in marked_fields(kind)
    )


class _Substitution:
    def __init__(self, values: Mapping[str, Any], mistakes: Mistakes) -> None:
        self._values = values
        self._mistakes = mistakes

    def of(self, data: Any, place: str, *, bare: bool, key: str = "") -> Any:
        """A copy with the references in it replaced.

        Args:
            bare: it stands under ``with``.
            key: that it is the value of, or an item of the list that is.
        """
        match data:
            case str():
                return self._text(data, place, bare=bare, key=key)
            case list():
                return [
                    self.of(each, child(place, index), bare=bare, key=key)
                    for index, each in enumerate(data)
                ]
            case dict():
                for key in data:
                    if "${" in key:
                        self._mistakes.add(child(place, key), "${...} cannot stand in a key")
                return {
                    key: self.of(value, child(place, key), bare=bare or key == "with", key=key)
                    for key, value in data.items()
                }
            case _:
                return data

    def _text(self, text: str, place: str, *, bare: bool, key: str) -> Any:
        whole = _REFERENCE.fullmatch(text)
        if whole and whole[1] in self._values and (bare or not _is_text(key)):
            value = self._values[whole[1]]
            return float(value) if bare and isinstance(value, Duration) else value
        if any(self._values.get(name) is UNREADABLE for name in _REFERENCE.findall(text)):
            return UNREADABLE
        told = len(self._mistakes)
        replaced = _REFERENCE.sub(lambda found: self._value(found, place), text)
        return replaced if len(self._mistakes) == told else UNREADABLE

    def _value(self, found: re.Match[str], place: str) -> str:
        if found[0] == "$${":
            return "${"
        if found[1] is None:
            self._mistakes.add(place, "${ without }; for the text itself write $${")
        elif found[1] in self._values:
            return _as_text(self._values[found[1]])
        else:
            unknown = nearest(found[1], self._values)
            self._mistakes.add(place, f"${{{found[1]}}}: no such input{unknown}")
        return found[0]
