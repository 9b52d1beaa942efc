"""Checks of the numbers that people set."""

from __future__ import annotations

import math


def positive(name: str, value: float) -> float:
    """``value`` if it is finite and above 0; raises ValueError naming it otherwise."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, not {value!r}")
    return value


def not_negative(name: str, value: float) -> float:
    """``value`` if it is finite and at least 0; raises ValueError naming it otherwise."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, not {value!r}")
    return value


def share(name: str, value: float) -> float:
    """``value`` if it is above 0 and at most 1; raises ValueError naming it otherwise."""
    if not 0 < value <= 1:
        raise ValueError(f"{name} must be above 0 and at most 1, not {value!r}")
    return value
