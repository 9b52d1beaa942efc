"""The text of a YAML file value by value, so that single ones are replaced where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

__all__ = ["Value", "rewritten", "values_in"]

# libyaml where PyYAML was built with it: eight times faster, and it bounds the depth.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST_VALUES = 50_000
"""Counted again for each alias."""

_ANCHOR = re.compile(r"(?:&\S+\s+)?")
_COMMENTS = re.compile(r"(?:(?<!\S)|(?<=\ufeff))#[^\n]*(?:\n[ \t]*#[^\n]*)*")
_UNSAFE = re.compile("[\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff]")
_TYPES = {
    **dict.fromkeys(("null", "bool"), type(None)),
    **dict.fromkeys(("int", "float"), float),
}


class Value(NamedTuple):
    """A value that is no list and no mapping.

    Attributes:
        start, end: its place, in characters.
        text: the value itself.
        type: str, float for any number, NoneType for null, true and false.
        names: the keys above it, from the outermost.
        beside: what stands in the same mapping behind the key ``key``; empty without one.
    """

    start: int
    end: int
    text: str
    type: type
    names: tuple[str, ...]
    beside: str


def values_in(text: str) -> list[Value]:
    """Every value, and what an alias stands for again in its place.

    Raises:
        yaml.YAMLError: it is no YAML, or has too many values.
    """
    # Of a byte order mark nothing is known to the marks.
    shift = len(text) - len(text.removeprefix("\ufeff"))
    found: list[Value] = []
    try:
        root = yaml.compose(text[shift:], Loader=_LOADER)
        for node, names, beside in _scalars(root, (), ""):
            start, end = node.start_mark.index + shift, node.end_mark.index + shift
            anchor = _ANCHOR.match(text, start, end)
            start = anchor.end() if anchor else start
            kind = _TYPES.get(node.tag.rpartition(":")[2], str)
            found.append(Value(start, end, node.value, kind, names, beside))
            if len(found) > _MOST_VALUES:
                raise yaml.YAMLError(f"more than {_MOST_VALUES:,} values")
    except RecursionError:
        raise yaml.YAMLError("it never ends") from None
    return found


def _scalars(
    node: Any, names: tuple[str, ...], beside: str
) -> Iterator[tuple[Any, tuple[str, ...], str]]:
    match node:
        case yaml.ScalarNode():
            yield node, names, beside
        case yaml.SequenceNode():
            for item in node.value:
                yield from _scalars(item, names, beside)
        case yaml.MappingNode():
            fields = [(str(key.value), value) for key, value in node.value]
            keys = [str(value.value) for name, value in fields if name.lower() == "key"]
            for name, value in fields:
                yield from _scalars(value, (*names, name), keys[0] if keys else "")


def rewritten(
    text: str, shown: Callable[[Value], str | None], comment: Callable[[str], str]
) -> str:
    """``text`` with other values in it; of everything else not a character changes.

    Args:
        shown: the value to stand there, as a text; None for the one that does.
        comment: what to make of the lines of a comment.

    Raises:
        yaml.YAMLError: see :func:`values_in`.
    """
    places: dict[tuple[int, int], str | None] = {}
    for value in values_in(text):
        new = shown(value)
        if new is not None or (value.start, value.end) not in places:
            places[value.start, value.end] = new
    parts, at = [], 0
    for (start, end), new in sorted(places.items()):
        parts.append(_COMMENTS.sub(lambda found: comment(found[0]), text[at:start]))
        written = text[start:end]
        if new is not None:
            left = written[len(written.rstrip()) :]  # what is behind a block
            written = _quoted(new) + left
        parts.append(written)
        at = end
    parts.append(_COMMENTS.sub(lambda found: comment(found[0]), text[at:]))
    return "".join(parts)


def _quoted(text: str) -> str:
    """``text`` between double quotes on one line, as YAML and JSON read it."""
    escaped = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)
