"""Amounts as people write them: with a unit, or without where there is only one.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from typing import Any, TypeVar

import msgspec

from evtui.durations import EXPECTED, PATTERN, read_duration
from evtui.nearest import choice
from evtui.scenario.language.mistakes import shown
from evtui.scenario.language.model import Amperes, Duration, Percent, WattHours

__all__ = ["DURATION", "LONGEST", "NUMBER", "QUANTITIES", "Quantity"]

LONGEST = 7 * 86400.0
"""s, the longest duration: what takes longer is taken for a slip."""

NUMBER = r"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?"
"""Without a sign, and short enough to be read at once."""

_AMOUNT = re.compile(rf"\s*([-+]?{NUMBER})\s*(\S*)\s*")

Q = TypeVar("Q", bound=float)


class Quantity(msgspec.Struct, frozen=True):
    """How an amount is written: a number, or one with its unit.

    Attributes:
        type: what it becomes.
        expected: completes "expected ...".
        units: unit to what it is in ours; a duration has a grammar of its own.
        highest: in our unit.
    """

    type: type[float]
    expected: str
    units: Mapping[str, int]
    highest: float = 1e12

    @property
    def pattern(self) -> str:
        """Regular expression, also of JSON Schema, of what it is as text."""
        if self.type is Duration:
            return PATTERN
        return rf"{NUMBER}\s*({'|'.join(map(re.escape, self.units))})?"

    def read(self, value: object) -> float:
        """``value`` in our unit.

        Raises:
            ValueError: it is none; the text says what was expected.
        """
        if type(value) is self.type:
            return self._bounded(value, value)
        if isinstance(value, str):
            return self._bounded(self._from_text(value), value)
        # A bool is an int, and another quantity a float, that somebody has put in the wrong place.
        if type(value) is not int and type(value) is not float:
            raise self._refusal(value)
        return self._bounded(value, value)

    def _from_text(self, text: str) -> float:
        if self.type is Duration:
            return read_duration(text)
        written = _AMOUNT.fullmatch(text)
        if written is None:
            raise self._refusal(text)
        digits, unit = written.groups()
        if not unit:
            return float(digits)
        if unit not in self.units:
            raise self._refusal(text, f"; its unit may be {choice(self.units)}")
        return float(Fraction(digits) * self.units[unit])

    def _bounded(self, amount: float, value: object) -> float:
        if not isfinite(amount) or amount < 0:
            raise self._refusal(value, "; it must be finite and not negative")
        if amount > self.highest:
            raise self._refusal(value, f"; at most {shown(self.type(self.highest))}")
        result = self.type(amount)
        if isinstance(result, Duration):
            result.written = value if isinstance(value, str) else getattr(value, "written", "")
        return result

    def _refusal(self, value: object, why: str = "") -> ValueError:
        return ValueError(f"expected {self.expected}, got {shown(value)}{why}")


DURATION = Quantity(Duration, EXPECTED, {}, highest=LONGEST)

QUANTITIES: dict[Any, Quantity] = {
    each.type: each
    for each in (
        DURATION,
        Quantity(Amperes, "a current such as 32 or 32 A", {"A": 1}),
        Quantity(WattHours, "an energy such as 250, 250 Wh or 1.5 kWh", {"Wh": 1, "kWh": 1000}),
        Quantity(Percent, "a share such as 80 or 80 %", {"%": 1}, highest=100),
    )
}
