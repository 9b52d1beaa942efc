"""Names that a JSON object has twice (RFC 8259 section 4: they should be unique).  Pure.

Decoders take the last value and say nothing, so that two readers of one message may act on
different ones.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

__all__ = ["has_each_name_once", "names_given_twice"]

TOLD_MAX = 3
"""Names of one message that are told one by one."""

SHOWN_MAX = 50
"""Characters shown of each name and value."""


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
            values: dict[str, list[Any]] = {}
            for name, value in pairs:
                values.setdefault(name, []).append(value)
            for name, given in values.items():
                if len(given) == 1:
                    continue
                if len(told) < TOLD_MAX:
                    told.append(_line(name, given))
                else:
                    more += 1
        return decoded

    json.loads(text, object_pairs_hook=check)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _line(name: str, values: list[Any]) -> str:
    # Each value behind its name, as whoever hides id tags in recordings looks for them.
    first, last = (f"{_shown(name)}: {_shown(value)}" for value in (values[0], values[-1]))
    often = "twice" if len(values) == 2 else f"{len(values)} times"
    return f"{first}, then {last}: {often} in one object"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
