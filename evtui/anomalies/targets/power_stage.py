"""What an anomaly does to the power stage, the connector and the vehicle at it."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.events import current_cause
from evtui.power import Faults, PowerStage, StageState
from evtui.station import ConnectorController

__all__ = ["PowerStageTarget"]

SOUND = Faults()


class PowerStageTarget(Target[Site]):
    """Faults of the hardware, which act through the physics.

    Several anomalies may break several things; each mends its own.
    """

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._broken: frozenset[str] = frozenset()
        self._replug = False

    @property
    def stage(self) -> PowerStage:
        """Behind the connector."""
        return self._site.stage

    @property
    def state(self) -> StageState:
        """What it does now."""
        return self._site.stage.state

    @property
    def connector(self) -> ConnectorController:
        """The station's side of it."""
        return self._site.charge_point.connectors[self._site.connector]

    async def fail(self, **faults: Any) -> str:
        """Break something, or break it differently; what the station does about it has this cause.

        Args:
            faults: by the names of :class:`~evtui.power.Faults`.

        Raises:
            ValueError: for a number outside its range.
        """
        self.stage.faults = replace(self.stage.faults, **faults)
        self._broken |= faults.keys()
        self.connector.hardware.blamed = current_cause()
        return ""

    async def mend(self) -> str:
        """All that was broken here is sound again."""
        sound = {name: getattr(SOUND, name) for name in self._broken}
        self.stage.faults = replace(self.stage.faults, **sound)
        self._broken = frozenset()
        return ""

    def replug_afterwards(self) -> None:
        """A driver will have to plug the vehicle in again, and does so once all is undone."""
        self._replug = True

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = [f"{name} is broken" for name in sorted(self._broken)]
        return [*reasons, "the vehicle is to be replugged"] if self._replug else reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        if self._broken:
            await attempt("mended", self.mend())
        if self._replug:
            self._replug = False
            await attempt("replugged", self._plug_in_again())

    async def _plug_in_again(self) -> str:
        """What the driver does."""
        if self.connector.plugged:
            self._site.replug()
        return ""
