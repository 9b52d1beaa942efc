"""What an anomaly makes a charge point of ours do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evtui.anomalies.targets.base import Attempt, Target

__all__ = ["ChargePointTarget"]


class ChargePointTarget(Target):
    """What the charge point says to its central system, whoever that is."""

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        accepted = self._site.charge_point.accepted
        return "" if accepted else f"{self._site.station} is not accepted by the central system"

    def post(self, action: str, payload: Mapping[str, Any]) -> bool:
        """Send any call, in turn with whatever else it has to say; False while it cannot."""
        return self._site.charge_point.post(action, dict(payload), lambda answer: None)

    def left(self) -> list[str]:
        """See :class:`Target`."""
        return []

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
