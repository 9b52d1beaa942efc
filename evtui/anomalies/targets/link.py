"""What an anomaly does to the messages between a charge point and its central system."""

from __future__ import annotations

from evtui.anomalies.targets.base import Attempt, Target

__all__ = ["LinkTarget"]


class LinkTarget(Target):
    """Whoever sits on the line: sees every text, and may hold, change, drop or repeat it."""

    def left(self) -> list[str]:
        """See :class:`Target`."""
        return []

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
