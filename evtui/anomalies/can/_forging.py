"""What the anomalies on CAN have in common."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from evtui.anomalies.api import Anomaly, Need, Parameters
from evtui.anomalies.run import Run
from evtui.events import CanFrame

__all__ = ["RETOLD", "SILENCED", "ForgingAnomaly", "forge_limit"]

P = TypeVar("P", bound=Parameters)

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


async def forge_limit(run: Run[Any], amperes: float, *, again: bool = True) -> None:
    """Tell the module a limit.

    Args:
        again: where the station says its own again with every cycle, say this one right after
            each of them from now on.
    """
    await run.bus.put(run.bus.limit(amperes))

    def heard(frame: CanFrame) -> None:
        genuine = run.bus.said(frame)
        if genuine is not None and genuine.limit is not None:
            run.bus.send(run.bus.limit(amperes, frame))

    if again and run.bus.limits_again:
        run.bus.listen(heard)
