"""What the anomalies on CAN have in common."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from evtui.anomalies.api import Anomaly, Need
from evtui.anomalies.run import Run

__all__ = ["RETOLD", "SILENCED", "ForgingAnomaly"]

P = TypeVar("P")

SILENCED = "its node leaves the bus, and whoever was muted is heard again"
RETOLD = "its node leaves the bus; the station tells its module limit and start or stop once more"
"""How it is undone."""


class ForgingAnomaly(Anomaly[P]):
    """One that acts through the bus alone.

    Its effect is over once the current is what the charge point has ordered, and the charge point
    sees no fault any more.
    """

    layer = "can"
    needs: ClassVar[frozenset[Need]] = frozenset({"bus"})
    ends = "when the station sees no fault and its module does what the station has ordered"
    effect_within = 60.0

    def effect(self, run: Run[P]) -> str:
        return run.bus.aftermath
