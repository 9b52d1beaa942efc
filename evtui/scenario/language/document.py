"""A YAML document as plain data, with the line of everything in it.

Only what JSON knows comes out: mappings with text as keys, lists, text, numbers, true, false
and null.  A word that YAML 1.1 and YAML 1.2 read differently (``on``, ``1:30``, ``0100``) is a
mistake rather than a guess; a date is text.  Tags, merge keys and anything endless are refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

import msgspec
import yaml

from evtui.scenario.language.mistakes import UNREADABLE, Mistakes, ScenarioError, Unreadable, shown

__all__ = ["Document", "child", "parse"]

MOST_VALUES = 50_000
"""Values in a document, counted again for each alias: no scenario needs more."""

DEEPEST = 50
"""Lists and mappings inside each other."""

_LARGEST_INTEGER = 2**63

# libyaml where PyYAML was built with it: eight times faster, the same events.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNFIT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NULL = re.compile(r"|~|null|Null|NULL")
_TRUE = re.compile(r"true|True|TRUE")
_FALSE = re.compile(r"false|False|FALSE")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_CLOCK = re.compile(r"[0-9]+(:[0-9]+){1,2}(\.[0-9]*)?")
_OTHERWISE_IN_1_1 = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:value": "a default value",
}
_MERGE = "tag:yaml.org,2002:merge"


class Document(msgspec.Struct, frozen=True):
    """What a file says.

    Attributes:
        data: the mapping it consists of.
        lines: place (``steps[2].wait``) to line, from 1; the file itself is ``""``.
        mistakes: what is wrong with single values; the rest could be read.
    """

    data: dict[str, Any]
    lines: dict[str, int]
    mistakes: Mistakes


def child(place: str, key: str | int) -> str:
    """Place of an entry: ``steps[2]`` of a list, ``lab.preset`` of a mapping."""
    if isinstance(key, int):
        return f"{place}[{key}]"
    key = key if len(key) <= 60 else key[:60] + "…"
    return f"{place}.{key}" if place else key


def parse(text: str, name: str) -> Document:
    """Read the one document in ``text``.

    Args:
        name: of the file, for messages.

    Raises:
        ScenarioError: it is no YAML, or more than a scenario may contain: there is nothing to read.
    """
    unfit = _UNFIT.search(text)
    if unfit:
        line = text.count("\n", 0, unfit.start()) + 1
        raise ScenarioError(
            f"{name}:{line}: expected a YAML file, got the character "
            f"U+{ord(unfit[0]):04X}, so hardly text"
        )
    lines: dict[str, int] = {}
    mistakes = Mistakes(name, lines)
    composer = _Composer(name, mistakes)
    try:
        root = composer.compose(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        raise ScenarioError(_not_yaml(error, text, name)) from None
    except yaml.YAMLError as error:
        raise ScenarioError(f"{name}:1: not valid YAML: {error}") from None
    if root is None or root.content is None:
        raise ScenarioError(f"{name}:1: the file is empty; evtui scenarios NAME prints an example")
    data = _plain(root, "", lines)
    if not isinstance(data, dict):
        raise ScenarioError(
            f"{name}:{root.line}: expected a mapping such as schema: evtui.scenario/1, "
            f"got {shown(data)}"
        )
    return Document(data, lines, mistakes)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, name: str) -> str:
    mark = error.problem_mark or error.context_mark
    rows = text.splitlines() or [""]
    line = min(mark.line + 1, len(rows)) if mark else 1
    what = " ".join(filter(None, (error.problem, error.context)))
    return f"{name}:{line}: not valid YAML: {what}{_way_out(rows[line - 1], what)}"


def _way_out(row: str, what: str) -> str:
    """What people usually have to do about a line that is no YAML; empty when it is not clear."""
    if "\t" in row[: len(row) - len(row.lstrip())]:
        return "; indent with spaces, not with a tab"
    if "${" in row:
        return '; put ${...} in quotes inside { } and [ ]: "${name}"'
    # PyYAML's errors have a text and no kind; in other words it only goes without the way out.
    if what.startswith("mapping values are not allowed"):
        return "; put a text with a colon in it in quotes, and look at the indentation"
    return ""


class _Node(msgspec.Struct):
    """A value, or an alias's target, which several places share.

    Attributes:
        content: scalar, list of nodes, or mapping of keys to the key's line and a node.
        size: values in it, aliases expanded.
        depth: levels below it.
        place: where it stands first, for messages.
    """

    content: _Content
    line: int
    place: str
    size: int = 1
    depth: int = 0
    open: bool = False
    key: str | None = None
    key_lines: dict[str, int] = msgspec.field(default_factory=dict)


_Scalar: TypeAlias = "str | int | float | bool | Unreadable | None"
_Content: TypeAlias = "_Scalar | list[_Node] | dict[str, _Node]"
_Beginning: TypeAlias = "yaml.ScalarEvent | yaml.CollectionStartEvent"


class _Composer:
    """Makes nodes of YAML's events, without recursion and within bounds."""

    def __init__(self, name: str, mistakes: Mistakes) -> None:
        self._name = name
        self._mistakes = mistakes
        self._anchors: dict[str, _Node] = {}
        self._stack: list[_Node] = []
        self._root: _Node | None = None

    def compose(self, events: Iterator[yaml.Event]) -> _Node | None:
        documents = 0
        for event in events:
            assert event.start_mark is not None
            line = event.start_mark.line + 1
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self._refuse("a second document begins; a scenario is one", line)
                case yaml.AliasEvent():
                    self._attach(self._target(event, line), line)
                case yaml.ScalarEvent():
                    if not self._take_key(event, line):
                        self._begin(event, self._scalar(event, line), line)
                case yaml.SequenceStartEvent():
                    self._begin(event, [], line)
                case yaml.MappingStartEvent():
                    self._begin(event, {}, line)
                case yaml.CollectionEndEvent():
                    self._end()
        return self._root

    def _begin(self, event: _Beginning, content: _Content, line: int) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(f"tags such as {tag[:60]} are not taken; leave it out", line)
        collection = isinstance(content, list | dict)
        node = _Node(content, line, self._place(), open=collection)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        if not collection:
            self._attach(node, line)
            return
        if self._awaits_key():
            self._refuse("expected text as key, got a list or a mapping", line)
        if len(self._stack) >= DEEPEST:
            self._refuse(f"more than {DEEPEST} levels inside each other", line)
        self._stack.append(node)

    def _end(self) -> None:
        node = self._stack.pop()
        node.open = False
        self._attach(node, node.line)

    def _attach(self, node: _Node, line: int) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        match parent.content:
            case list() as items:
                items.append(node)
            case dict() as mapping:
                if parent.key is None:
                    self._refuse("expected text as key, got an alias", line)
                mapping[parent.key] = node
                parent.key = None
        parent.size += node.size
        parent.depth = max(parent.depth, node.depth + 1)
        if sum(each.size for each in self._stack) > MOST_VALUES:
            self._refuse(f"more than {MOST_VALUES:,} values, aliases expanded", line)
        if len(self._stack) + node.depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} levels inside each other", line)

    def _target(self, event: yaml.AliasEvent, line: int) -> _Node:
        node = self._anchors.get(event.anchor or "")
        if node is None:
            self._refuse(f"*{event.anchor} stands for nothing: no &{event.anchor} before it", line)
        if node.open:
            self._refuse(f"*{event.anchor} contains itself, so it never ends", line)
        return node

    def _awaits_key(self) -> bool:
        return (
            bool(self._stack)
            and isinstance(self._stack[-1].content, dict)
            and self._stack[-1].key is None
        )

    def _take_key(self, event: yaml.ScalarEvent, line: int) -> bool:
        """True when the scalar is a key, which is then kept for the value that follows."""
        if not self._awaits_key():
            return False
        if event.tag is not None or event.anchor is not None:
            self._refuse("a key takes no tag and no anchor", line)
        key = self._scalar(event, line)
        if isinstance(key, Unreadable):
            self._mistakes.raise_all()
        if not isinstance(key, str):
            written = event.value or "nothing"
            self._refuse(f"expected text as key, got {written}; put it in quotes", line)
        if "\xa0" in key:
            self._refuse(
                f"{shown(key)} has a no-break space in it, as text copied from a page has; "
                "write a plain one",
                line,
            )
        mapping = self._stack[-1]
        if key in mapping.key_lines:
            first = mapping.key_lines[key]
            self._tell(f"duplicate key {shown(key)}, first on line {first}", line)
        mapping.key, mapping.key_lines[key] = key, line
        return True

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> _Scalar:
        text: str = event.value
        if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in text):
            return self._tell(f"control characters are not taken: {shown(text)}", line)
        if not event.implicit[0]:  # quoted, or a block
            return text
        if _NULL.fullmatch(text):
            return None
        if _TRUE.fullmatch(text) or _FALSE.fullmatch(text):
            return text.lower() == "true"
        if _NOT_FINITE.fullmatch(text):
            return self._tell(f"expected a finite number, got {text}", line)
        if _INTEGER.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
            return self._integer(text, line)
        if _FLOAT.fullmatch(text):
            value = float(text)
            if abs(value) == float("inf"):
                return self._tell(f"expected a finite number, got {text[:60]}", line)
            return value
        return self._unambiguous(text, line)

    def _integer(self, text: str, line: int) -> int | Unreadable:
        # Nobody can publish a longer one as JSON, and Python refuses to read thousands of digits.
        value = int(text, 0) if len(text) <= 20 else _LARGEST_INTEGER
        if not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
            return self._tell(f"expected a number of at most 64 bits, got {text[:60]}", line)
        return value

    def _unambiguous(self, text: str, line: int) -> str | Unreadable:
        for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
            if not pattern.match(text):
                continue
            if tag == _MERGE:
                self._refuse("merge keys (<<) are not taken; write the keys out", line)
            if tag in _OTHERWISE_IN_1_1:
                return self._tell(
                    f"{text[:60]} is {_OTHERWISE_IN_1_1[tag]} in YAML 1.1 but not in YAML 1.2; "
                    f"write {_plainly(text, tag)}, or put it in quotes for text",
                    line,
                )
        return text

    def _place(self) -> str:
        if not self._stack:
            return ""
        parent = self._stack[-1]
        if isinstance(parent.content, list):
            return child(parent.place, len(parent.content))
        return parent.place if parent.key is None else child(parent.place, parent.key)

    def _tell(self, text: str, line: int) -> Unreadable:
        """A value is wrong; the others are read all the same."""
        self._mistakes.add_at(line, self._place(), text)
        return UNREADABLE

    def _refuse(self, text: str, line: int) -> NoReturn:
        self._mistakes.add_at(line, self._place(), text)
        self._mistakes.raise_all()
        raise AssertionError


def _plainly(text: str, tag: str) -> str:
    """How to write what YAML 1.1 takes for a truth or a number: of 1:23 the duration, 1m23s."""
    if tag.endswith("bool"):
        return "true or false"
    if not _CLOCK.fullmatch(text):
        return "a plain number, or 90s"
    parts = text.split(":")
    return "".join(map("".join, zip(parts, "hms"[-len(parts) :], strict=True))) + " for a duration"


def _plain(node: _Node, place: str, lines: dict[str, int]) -> Any:
    """Data of a node; what is shared becomes a copy at each place."""
    lines.setdefault(place, node.line)
    match node.content:
        case list() as items:
            return [_plain(item, child(place, index), lines) for index, item in enumerate(items)]
        case dict() as mapping:
            data = {}
            for key, value in mapping.items():
                here = child(place, key)
                lines.setdefault(here, node.key_lines[key])
                data[key] = _plain(value, here, lines)
            return data
        case scalar:
            return scalar
