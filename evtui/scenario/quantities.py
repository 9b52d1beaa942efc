"""Amounts as people write them: with a unit, or without where there is only one.  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, TypeVar

from evtui.nearest import choice
from evtui.scenario.mistakes import number, shown
from evtui.scenario.model import Amperes, Duration, Percent, WattHours

__all__ = ["DURATION", "LONGEST", "NUMBER", "QUANTITIES", "Quantity", "duration_text"]

LONGEST = 7 * 86400.0
"""s, the longest duration: what takes longer is taken for a slip."""

NUMBER = r"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,2})?"
"""Without a sign, and short enough to be read at once."""

_AMOUNT = re.compile(rf"\s*([-+]?{NUMBER})\s*(\S*)\s*")

Q = TypeVar("Q", bound=float)


@dataclass(frozen=True, slots=True)
class Quantity:
    """How an amount is written.

    Attributes:
        type: what it becomes.
        expected: completes "expected ...".
        units: unit to what it is in ours.
        bare: True when a number without a unit will do.
        highest: in our unit.
    """

    type: type[float]
    expected: str
    units: Mapping[str, int | Fraction]
    bare: bool = True
    highest: float = 1e12

    def read(self, value: object) -> float:
        """``value`` in our unit.

        Raises:
            ValueError: it is none; the text says what was expected.
        """
        if type(value) is self.type:
            return self._bounded(value, value)
        if isinstance(value, str):
            written = _AMOUNT.fullmatch(value)
            if written is None:
                raise self._refusal(value)
            return self._bounded(self._in_our_unit(written[1], written[2], value), value)
        # A bool is an int, and another quantity a float, that somebody has put in the wrong place.
        if type(value) is not int and type(value) is not float:
            raise self._refusal(value)
        if not self.bare:
            raise self._refusal(value, f", which has no unit ({choice(self.units)})")
        return self._bounded(value, value)

    def _in_our_unit(self, digits: str, unit: str, value: str) -> float:
        if not unit:
            if not self.bare:
                raise self._refusal(value, f", which has no unit ({choice(self.units)})")
            return float(digits)
        factor = self.units.get(unit)
        if factor is None:
            raise self._refusal(value, f"; its unit may be {choice(self.units)}")
        return float(Fraction(digits) * factor)  # 1100 ms are 1.1 s, to the last bit

    def _bounded(self, amount: float, value: object) -> float:
        if not isfinite(amount) or amount < 0:
            raise self._refusal(value, "; it must be finite and not negative")
        if amount > self.highest:
            raise self._refusal(value, f"; at most {shown(self.type(self.highest))}")
        return self.type(amount)

    def _refusal(self, value: object, why: str = "") -> ValueError:
        return ValueError(f"expected {self.expected}, got {shown(value)}{why}")


DURATION = Quantity(
    Duration,
    "a duration such as 500ms, 2s or 5min",
    {"ms": Fraction(1, 1000), "s": 1, "min": 60, "h": 3600},
    bare=False,
    highest=LONGEST,
)

QUANTITIES: dict[Any, Quantity] = {
    each.type: each
    for each in (
        DURATION,
        Quantity(Amperes, "a current such as 32 or 32 A", {"A": 1}),
        Quantity(WattHours, "an energy such as 250, 250 Wh or 1.5 kWh", {"Wh": 1, "kWh": 1000}),
        Quantity(Percent, "a share such as 80 or 80 %", {"%": 1}, highest=100),
    )
}


def duration_text(seconds: float) -> str:
    """As a scenario writes it: ``2s``, ``0.5s``."""
    return f"{number(seconds)}s"
