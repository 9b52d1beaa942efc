"""How long steps can take at most, and how many there are.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evtui.config import Settings
from evtui.sums import total

if TYPE_CHECKING:
    from evtui.scenario.steps import Step

__all__ = ["count", "longest"]


def longest(steps: Iterable[Step], settings: Settings) -> float:
    """Upper bound in s of checked steps, if every call is answered at once.

    A wait counts whole, a ``wait_for`` up to its timeout, an anomaly up to its safe state.
    """
    return total(step.longest(settings) for step in steps)


def count(steps: Iterable[Step]) -> int:
    """Steps that are done in the course of a run, those inside a ``repeat`` each time."""
    return sum(1 + step.turns() * sum(map(count, step.inside().values())) for step in steps)
