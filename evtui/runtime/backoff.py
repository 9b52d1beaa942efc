"""How long to wait before the next try: longer each time, and never exactly as long as others."""

from __future__ import annotations

import random

__all__ = ["Backoff"]

SPREAD = 0.2
"""Share by which chance makes a wait shorter or longer."""


class Backoff:
    """Waits that double from the first to the longest, spread by chance.

    Args:
        chance: spreads them.
        first: s.
        longest: s.
    """

    def __init__(self, chance: random.Random, first: float, longest: float) -> None:
        self._chance = chance
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """s to wait now."""
        wait = self._next * self._chance.uniform(1 - SPREAD, 1 + SPREAD)
        self._next = min(self._next * 2, self._longest)
        return wait

    def reset(self) -> None:
        """It worked: the next wait is the first again."""
        self._next = self._first
