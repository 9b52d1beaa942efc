"""What the anomalies that sit on the link and look at any message have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, TypeVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, parameter
from evtui.anomalies.run import Run
from evtui.anomalies.targets import Deed
from evtui.kinds import Choice, Number
from evtui.ocppj import Passing

__all__ = ["SHARE", "ChosenMessages", "OnTheLink", "named"]

DIRECTIONS = ("both", "to-central-system", "to-charge-point")

ACTIONS = (
    "Authorize",
    "BootNotification",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearChargingProfile",
    "DataTransfer",
    "GetConfiguration",
    "Heartbeat",
    "MeterValues",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "Reset",
    "SetChargingProfile",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
    "TriggerMessage",
)

SHARE = Number(0.0, 1.0)
"""A probability."""


class ChosenMessages(Parameters):
    """Which messages are hit."""

    direction: str = parameter(Choice(*DIRECTIONS), "where they go", default="both")
    action: str = parameter(
        Choice("any", *ACTIONS), "calls of this action and the answers to them", default="any"
    )
    probability: float = parameter(SHARE, "share of them that is hit", default=1.0)

    def hits(self, run: Run[M], message: Passing) -> bool:
        """Whether a message is among them."""
        if message.kind == "invalid" or self.action not in ("any", message.action):
            return False
        to = "charge-point" if message.sender == "central_system" else "central-system"
        if self.direction not in ("both", f"to-{to}"):
            return False
        return run.chance.random() < self.probability


M = TypeVar("M", bound=ChosenMessages)


class OnTheLink(Anomaly[M]):
    """Somebody on the line who treats the messages that are chosen in one way."""

    layer = "link"
    needs: ClassVar[frozenset[Need]] = frozenset({"link"})
    ends = "when the last message that was held has gone on"
    techniques = ("T0830",)
    strength = Knob("probability", 0.1)

    async def act(self, run: Run[M]) -> None:
        def decide(message: Passing) -> Deed | None:
            return self.treat(run, message) if run.parameters.hits(run, message) else None

        run.link.intercept(decide)
        await run.for_ever()

    @abstractmethod
    def treat(self, run: Run[M], message: Passing) -> Deed | None:
        """What is done with a message that is hit."""


def named(message: Passing) -> str:
    """A message for people: ``MeterValues``, ``answer to MeterValues``."""
    action = message.action or "an earlier call"
    return action if message.kind == "call" else f"answer to {action}"
