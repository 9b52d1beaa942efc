"""What the person typed after ``/``, as a test for rows."""

from __future__ import annotations

import re
from typing import Protocol

__all__ = ["SEARCH_BUDGET", "Filter", "FilterError", "RowFilter", "Searched"]

TEXT_LIMIT = 200
"""Only so many characters of a row are searched."""

MAX_REPEATS = 3

SEARCH_BUDGET = 0.25
"""s a filter may take for all rows; the engine waits for the interpreter meanwhile."""

_QUANTIFIER = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|(?P<group>\)[*+?{])|(?P<repeat>[*+?{])")
_GROUP_PREFIX = re.compile(r"(?<!\\)\(\?")


class FilterError(ValueError):
    """The text is no usable filter; the message says why in one line."""


class Searched(Protocol):
    """What is filtered."""

    @property
    def text(self) -> str:
        """What a filter searches."""


class Filter(Protocol):
    """A test for rows, as somebody has typed it."""

    @property
    def text(self) -> str:
        """What was typed."""

    def matches(self, row: Searched) -> bool:
        """True for a row that is to be shown."""


class RowFilter:
    """Plain text, found anywhere without regard to case, or ``/regex/``.

    Python's ``re`` holds the interpreter for the whole search, engine included, so patterns
    that can backtrack without bound are refused: repeated groups, and more than
    ``MAX_REPEATS`` repeats.

    Args:
        text: what was typed; must not be empty.

    Raises:
        FilterError: a regular expression that is malformed or could take for ever.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._plain = text.casefold()
        self._regex: re.Pattern[str] | None = None
        if len(text) > 1 and text.startswith("/"):
            self._regex = _compile(text[1:].removesuffix("/"))

    def matches(self, row: Searched) -> bool:
        """True for a row whose text matches."""
        return self(row.text)

    def __call__(self, text: str) -> bool:
        """True for a row whose ``text`` matches."""
        text = text[:TEXT_LIMIT]
        if self._regex is None:
            return self._plain in text.casefold()
        return self._regex.search(text) is not None


def _compile(pattern: str) -> re.Pattern[str]:
    repeats = 0
    for match in _QUANTIFIER.finditer(_GROUP_PREFIX.sub("(", pattern)):
        if match["group"]:
            raise FilterError("a repeated group could take for ever")
        repeats += match["repeat"] is not None
    if repeats > MAX_REPEATS:
        raise FilterError(f"at most {MAX_REPEATS} repeats (* + ? {{}}), or it could take for ever")
    try:
        return re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise FilterError(str(error)) from None
