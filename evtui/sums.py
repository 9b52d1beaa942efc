"""Sums of floats that are the same on every Python.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add

__all__ = ["total"]


def total(values: Iterable[float]) -> float:
    """The sum from left to right, each step rounded.

    ``sum`` has rounded once, at the end, since Python 3.12; recordings made by different versions
    would differ in their last digits.
    """
    return reduce(add, values, 0.0)
