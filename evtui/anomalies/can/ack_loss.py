"""Frames that nobody acknowledges."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Parameters, Signature, parameter
from evtui.anomalies.can._forging import ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.canbus import CHARGE_POINT, Disturbance, Frame, Node
from evtui.kinds import Choice, Integer, Number

__all__ = ["AckLoss", "AckLossParameters"]


class AckLossParameters(Parameters):
    """What one can tweak."""

    variant: Literal["module", "charge-point", "both"] = parameter(
        Choice("module", "charge-point", "both"),
        "whose frames nobody acknowledges",
        default="module",
    )
    window_s: float = parameter(Number(0.1, 600, "s"), "without acknowledgements", default=5.0)
    gap_s: float = parameter(Number(0, 600, "s"), "between two windows", default=10.0)
    cycles: int = parameter(Integer(0, 100_000), "windows, 0 for endless", default=0)


class AckLoss(ForgingAnomaly[AckLossParameters]):
    """A node whose frames no one acknowledges (ISO 11898-1: acknowledgement error).

    So it is with a node alone on its bus, with receivers that only listen, or behind a broken
    transmit line of theirs.  The sender tries again and again: 16 times until its transmit error
    counter is at 128 and it is error passive.  From then on a missing acknowledgement counts
    nothing more, so it never gets bus off; it goes on trying and takes all of the bus that nobody
    with a lower identifier wants.
    """

    name = "ack-loss"
    title = "No acknowledgement on CAN"
    about = (
        "A node's frames are acknowledged by nobody, as when it is alone or the others only "
        "listen. It sends the same frame over and over, gets error passive and stays so, and "
        "fills the bus with error frames. What it says does not count: without reports the "
        "station takes its module for lost after a second and ends the transaction."
    )
    signature = Signature(
        ocpp="StatusNotification Faulted, InternalError, and StopTransaction, reason Other",
        can="error frames without end, a node that stays error passive at 128; no 0x300",
        current="falls to 0: the order to stop gets through, its identifier is lower",
    )
    techniques = ("T0814", "T0804")
    severity = 3
    stakes = ("availability", "safety")
    references = ("ISO 11898-1: acknowledgement error, fault confinement exception",)
    claims = frozenset({"identifier 0x300", "limit", "charging"})
    undone = (
        "who sent is acknowledged again; the station tells its module limit and start or stop "
        "once more where an order was hit"
    )
    Parameters = AckLossParameters
    pace = ("window_s", "gap_s")

    @classmethod
    def cycle_of(cls, parameters: AckLossParameters) -> Cycle:
        return Cycle(2, parameters.window_s + parameters.gap_s)

    async def act(self, run: Run[AckLossParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            whose = "" if told.variant == "both" else f" of the {told.variant}"
            lost = f"no frame{whose} is acknowledged for {told.window_s:g} s"
            return (
                PlannedStep(lost, told.window_s, lambda: lose(run)),
                PlannedStep("acknowledged again", told.gap_s, lambda: heard_again(run)),
            )

        await run.repeat(plan)


async def lose(run: Run[AckLossParameters]) -> None:
    """Nobody acknowledges from now on."""
    bus = run.bus
    modules = {*bus.module_nodes}

    def which(node: Node, _: Frame) -> Disturbance | None:
        who = {"module": modules, "charge-point": {CHARGE_POINT}}
        struck = who.get(run.parameters.variant, {CHARGE_POINT, *modules})
        return Disturbance("acknowledgement") if node.name in struck else None

    bus.disturb(which)


async def heard_again(run: Run[AckLossParameters]) -> None:
    """Everybody does."""
    run.bus.leave_alone()
