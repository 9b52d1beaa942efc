"""What an anomaly does to the CAN bus of a charge point."""

from __future__ import annotations

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.canbus import Frame, Node

__all__ = ["BusTarget"]


class BusTarget(Target):
    """A node of the anomaly's own, which joins when it has something to send.

    Its frames have as their cause whatever is being done, so the truth knows which are forged.
    """

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._node: Node | None = None

    def send(self, frame: Frame) -> bool:
        """Hand a frame to the bus; False when it does not take it."""
        if self._node is None:
            self._node = self._site.bus.attach(self._node_name, lambda frame: None)
        return self._node.send(frame)

    @property
    def _node_name(self) -> str:
        """Unique on the bus: an anomaly may be on at several connectors."""
        connector = self._site.connector
        return self._name if connector == 1 else f"{self._name}-{connector}"

    def left(self) -> list[str]:
        """See :class:`Target`."""
        return ["its node is on the bus"] if self._node is not None else []

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        if self._node is not None:
            self._node.detach()
            self._node = None
