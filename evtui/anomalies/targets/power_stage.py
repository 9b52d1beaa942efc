"""What an anomaly does to the power stage, the connector and the vehicle at it."""

from __future__ import annotations

from evtui.anomalies.targets.base import Attempt, Target
from evtui.power import PowerStage

__all__ = ["PowerStageTarget"]


class PowerStageTarget(Target):
    """Faults of the hardware, which act through the physics."""

    @property
    def stage(self) -> PowerStage:
        """Behind the connector."""
        return self._site.stage

    def left(self) -> list[str]:
        """See :class:`Target`."""
        return []

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
