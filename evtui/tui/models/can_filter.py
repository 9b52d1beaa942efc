"""Filters for CAN frames: by identifier and mask, name, node, bus, or what an anomaly sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

from evtui.tui.models.filter import FilterError, RowFilter, Searched
from evtui.tui.models.frames import FrameLine

__all__ = ["CanFilter"]

Test = Callable[[FrameLine], bool]

INJECTED = "injected"
ID = "id="

_BARE_ID = re.compile(r"(?=.*\d)(?:[0-9a-f]{3}|[0-9a-f]{8})", re.IGNORECASE)
_MASKED = re.compile(r"[0-9a-f]{1,8}:[0-9a-f]{1,8}", re.IGNORECASE)
_ID = re.compile(r"(?:0x)?([0-9a-f]{1,8})(?::(?:0x)?([0-9a-f]{1,8}))?", re.IGNORECASE)

LONGEST_STANDARD = 3
"""Digits of an 11-bit identifier; more are of 29 bits."""


class CanFilter:
    """Terms with blanks between them, all of which must hold; ``!`` in front turns one round.

    ======================== =====================================================
    term                     holds for
    ======================== =====================================================
    ``300``, ``18FF50E5``    this identifier, of 11 bits (3 digits) or 29 (8)
    ``300:7F0``              identifiers that are 300 where the mask has ones
    ``id=300,210``           one of these, with masks or without
    ``name=cur``             a message whose name has this in it
    ``node=mod``, ``bus=2``  a sender, or a bus, whose name has this in it
    ``injected``             what an anomaly has sent
    anything else            rows with this text in them, or ``/regex/``
    ======================== =====================================================

    A number counts as an identifier only where every other word is such a term, so that
    ``100 A`` finds the text.

    Args:
        text: what was typed; must not be empty.

    Raises:
        FilterError: an identifier, a mask or a regular expression that is none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._tests: list[Test] = []
        words = [] if text.startswith("/") else text.split()
        bare = all(_test_of(word, bare=True) for word in words)
        rest = []
        for word in words:
            test = _test_of(word, bare=bare)
            if test is None:
                rest.append(word)
            else:
                self._tests.append(test)
        if rest or not self._tests:
            plain = RowFilter(" ".join(rest) if self._tests else text)
            self._tests.append(plain.matches)

    def matches(self, row: Searched) -> bool:
        """True for a frame, or an identifier, that every term holds for."""
        line = cast(FrameLine, row)
        return all(test(line) for test in self._tests)


def _test_of(word: str, *, bare: bool) -> Test | None:
    """The test that a word stands for; None for one that is text."""
    if word.startswith("!") and len(word) > 1:
        inner = _test_of(word[1:], bare=bare) or RowFilter(word[1:]).matches
        return lambda row: not inner(row)
    key, equals, value = word.partition("=")
    key = key.casefold()
    if not equals:
        if key == INJECTED:
            return lambda row: row.ever_injected
        if _MASKED.fullmatch(word) or (bare and _BARE_ID.fullmatch(word)):
            return _identifiers(word)
        return None
    if key == "id":
        return _identifiers(value)
    sought = value.casefold()
    if key == "name":
        return lambda row: sought in row.name.casefold()
    if key == "node":
        return lambda row: sought in row.node.casefold()
    if key == "bus":
        return lambda row: sought in row.frame.bus.casefold()
    return None


def _identifiers(text: str) -> Test:
    wanted = [_identifier(each) for each in text.split(",")]

    def test(row: FrameLine) -> bool:
        frame = row.frame
        return not frame.error and any(
            frame.extended == extended and (frame.arbitration_id ^ value) & mask == 0
            for value, mask, extended in wanted
        )

    return test


def _identifier(text: str) -> tuple[int, int, bool]:
    """Value, mask, and whether it has 29 bits."""
    found = _ID.fullmatch(text)
    if found is None:
        raise FilterError("an id is hexadecimal, with or without a mask: id=300, id=300:7F0")
    digits, mask = found.groups()
    value = int(digits, 16)
    extended = len(digits) > LONGEST_STANDARD
    most = 0x1FFFFFFF if extended else 0x7FF
    if value > most:
        raise FilterError(f"{digits} is more than {most:X}, the highest id of its length")
    return value, most if mask is None else int(mask, 16), extended
