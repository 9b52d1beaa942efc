"""How modules of a charger share its load.  Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec

__all__ = ["ModuleRating", "shared"]


class ModuleRating(msgspec.Struct, frozen=True, kw_only=True):
    """What one module is made for; the defaults are those of a common module of 40 kW.

    Attributes:
        voltage_max: V.
        voltage_min: V.
        current_max: A.
        power: W, which is less than both maxima together: the current that can be had falls as the
            voltage rises.
    """

    voltage_max: int = 1000
    voltage_min: int = 150
    current_max: float = 133.0
    power: float = 40_000.0

    def current_at(self, voltage: float) -> float:
        """A that it can give at ``voltage`` V."""
        return min(self.current_max, self.power / voltage) if voltage > 0.0 else self.current_max


def shared(total: float, most: Sequence[float]) -> tuple[float, ...]:
    """``total`` A in equal parts, none above what its module can give.

    What one cannot take the others do, as far as they can: the parts add up to ``total``, or to
    all that there is.

    Args:
        total: A, 0 or more; ``inf`` for all that there is.
        most: A that each module can give, 0 or more; 0 for one that has failed.

    Returns:
        A for each module, in the order of ``most``.
    """
    parts = [0.0] * len(most)
    left = total
    # From the weakest on: whoever can take an equal part of what is left takes that.
    by_strength = sorted(range(len(most)), key=most.__getitem__)
    for place, index in enumerate(by_strength):
        equal = left / (len(most) - place)
        parts[index] = min(most[index], equal)
        left = inf if left == inf else max(0.0, left - parts[index])
    return tuple(parts)
