"""JSON values that cannot be held, although they are JSON (RFC 8259 sections 6 and 8.2).  Pure.

A number beyond the range of a double, an integer of thousands of digits, half of a surrogate
pair: a reader may refuse them.  What stands beside them can be read all the same.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

__all__ = ["DIGITS_MAX", "TOLD_MAX", "decode", "load", "shown", "without_unfit"]

DIGITS_MAX = 4_300
"""Longest integer that is taken, characters: as long as what ``msgspec`` takes."""

TOLD_MAX = 3
"""Names or values of one message that are told one by one."""

SHOWN_MAX = 50
"""Characters shown of each name and value."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class _Unfit:
    """A number that cannot be held; prints as it was written."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def decode(text: str) -> tuple[Any, str]:
    """Decode JSON with None in place of each value that cannot be held.

    Returns:
        What was decoded, and what it has that cannot be held, in one line; empty for nothing.

    Raises:
        ValueError: it is no JSON; NaN and Infinity are none.
        RecursionError: it is nested too deeply.

    >>> decode('{"a": 1e999, "b": 2}')
    ({'a': None, 'b': 2}, '"a": 1e999 is out of range (read as null)')
    """
    return without_unfit(load(text))


def load(
    text: str, pairs_hook: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None = None
) -> Any:
    """Decode JSON; numbers that cannot be held are objects that :func:`shown` shows.

    Args:
        pairs_hook: makes an object of its names and values.

    Raises:
        ValueError, RecursionError: see :func:`decode`.
    """
    return json.loads(
        text,
        object_pairs_hook=pairs_hook,
        parse_float=_float,
        parse_int=_int,
        parse_constant=_no_constant,
    )


def shown(value: Any) -> str:
    """A name or value as JSON, the beginning of a long one; always Unicode that can be sent."""
    text = str(value) if isinstance(value, _Unfit) else _written(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def _written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _float(text: str) -> Any:
    number = float(text)
    return number if math.isfinite(number) else _Unfit(text)


def _int(text: str) -> Any:
    return int(text) if len(text) <= DIGITS_MAX else _Unfit(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def without_unfit(message: Any) -> tuple[Any, str]:
    """What :func:`load` decoded with None in place of what cannot be held, and what that is."""
    root = [message]
    told: list[str] = []
    more = 0
    # In a loop: a recursion could overflow where the decoder just did not.
    containers: list[tuple[str, Any]] = [("", root)]  # each with the name it stands under
    for owner, node in containers:
        for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
            name = key if isinstance(key, str) else owner
            if isinstance(key, str) and _SURROGATE.search(key):
                wrong = "a name with half of a surrogate pair (left out)"
                del node[key]
            elif isinstance(value, (_Unfit, str)) and (unfit := _what_is_wrong(value)):
                wrong = f"{unfit} (read as null)"
                node[key] = None
            else:
                if isinstance(value, (dict, list)):
                    containers.append((name, value))
                continue
            if len(told) < TOLD_MAX:
                told.append(f"{shown(name)}: {wrong}" if name else wrong)
            else:
                more += 1
    return root[0], "; ".join(told) + (f"; and {more} more" if more else "")


def _what_is_wrong(value: _Unfit | str) -> str:
    if isinstance(value, _Unfit):
        digits = value.text.lstrip("-")
        wrong = f"has {len(digits):,} digits" if digits.isdigit() else "is out of range"
        return f"{shown(value)} {wrong}"
    # The text around it is not shown: it may be a secret that is hidden in recordings by its name.
    half = _SURROGATE.search(value)
    return f"{shown(half[0])} is half of a surrogate pair" if half else ""
