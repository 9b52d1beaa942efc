"""Names that a JSON object has twice (RFC 8259 section 4: they should be unique).  Pure.

Decoders take the last value and say nothing, so that two readers of one message may act on
different ones.
"""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.ocppj.unfit import TOLD_MAX, load, shown, without_unfit

__all__ = ["has_each_name_once", "names_given_twice", "without_contradictions"]


def has_each_name_once(text: str, decoded: bytes | msgspec.Raw) -> bool:
    """True when no object in a text has a name twice; False when one may.

    Most texts end as what was decoded from them is written again.  Of the others, one without
    space before its colons and without escaped characters has ``":`` behind each name, and
    elsewhere only in its strings: what was decoded has it as often, unless a name has gone.

    Args:
        text: JSON.
        decoded: the last value decoded from it, as JSON without space.
    """
    again = bytes(decoded).decode()
    if text.endswith(again, 0, -1):
        return True
    if text.count('":') != again.count('":'):
        return False
    return not ("\\u" in text or " :" in text or "\t:" in text or "\n:" in text or "\r:" in text)


def names_given_twice(text: str) -> str:
    """Each name that an object in a text has twice, with its values, in one line.

    >>> names_given_twice('{"a": 1, "a": "x"}')
    '"a": 1, then "a": "x": twice in one object'
    """
    told: list[str] = []
    more = 0

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal more
        decoded = dict(pairs)
        if len(decoded) < len(pairs):
            for name, given in _given_twice(pairs):
                if len(told) < TOLD_MAX:
                    told.append(_line(name, given))
                else:
                    more += 1
        return decoded

    load(text, check)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def without_contradictions(text: str) -> Any:
    """Decode JSON with None in place of each value that is given twice, and differently.

    >>> without_contradictions('{"a": 1, "a": 2, "b": 3, "b": 3}')
    {'a': None, 'b': 3}
    """

    def unite(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        decoded = dict(pairs)
        if len(decoded) < len(pairs):
            for name, given in _given_twice(pairs):
                if not all(_is_same(given[0], other) for other in given[1:]):
                    decoded[name] = None
        return decoded

    return without_unfit(load(text, unite))[0]


def _given_twice(pairs: list[tuple[str, Any]]) -> list[tuple[str, list[Any]]]:
    values: dict[str, list[Any]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return [(name, given) for name, given in values.items() if len(given) > 1]


def _is_same(one: Any, other: Any) -> bool:
    """True for equal JSON values: 7 and 7.0 are one number, 1 and true are not one value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _line(name: str, values: list[Any]) -> str:
    # Each value behind its name, as whoever hides id tags in recordings looks for them.
    first, last = (f"{shown(name)}: {shown(value)}" for value in (values[0], values[-1]))
    often = "twice" if len(values) == 2 else f"{len(values)} times"
    return f"{first}, then {last}: {often} in one object"
