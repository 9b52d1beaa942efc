"""A node of the station's own that sends without pause."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.canbus import CHARGE_POINT, Frame
from evtui.kinds import Choice, Integer, Number

__all__ = ["BabblingIdiot", "BabblingParameters"]


class BabblingParameters(Parameters):
    """What one can tweak."""

    variant: Literal["charge-point", "module"] = parameter(
        Choice("charge-point", "module"),
        "who babbles: the limit it has ordered, or the current it reports",
        default="charge-point",
    )
    share_pct: float = parameter(
        Number(1, 100, "%"), "of the bus; at 100 no higher identifier gets through", default=100.0
    )
    burst_s: float = parameter(Number(0.05, 600, "s"), "without pause", default=5.0)
    gap_s: float = parameter(Number(0, 600, "s"), "between two bursts", default=10.0)
    cycles: int = parameter(Integer(0, 100_000), "bursts, 0 for endless", default=0)


class BabblingIdiot(ForgingAnomaly[BabblingParameters]):
    """Babbling idiot (Broster and Burns 2003; Temple 1998): a known node at the wrong time.

    Every frame is a genuine one of its sender, with its identifier and a value that is right: only
    that it comes thousands of times a second.  Who is more important still gets through, who is
    less does not.  A bus guardian is the remedy that the papers propose; CAN has none.
    """

    name = "babbling-idiot"
    title = "Node that babbles"
    about = (
        "A node of the station's own says what it always says, but without pause, as a broken "
        "controller or a program in a loop does. All lower identifiers still win the bus; what "
        "has a higher one starves. When the charge point babbles its limit, its module is not "
        "heard any more, so it ends the transaction, and the order to stop gets through."
    )
    signature = Signature(
        ocpp="StatusNotification Faulted, InternalError, and StopTransaction, reason Other",
        can="bus load at the share, by one known identifier out of its time; no higher one",
        current="falls to 0 within a second of the fault: the order to stop has priority",
    )
    techniques = ("T0814", "T0806")
    severity = 3
    stakes = ("availability",)
    references = (
        "Broster and Burns 2003, An Analysable Bus-Guardian for Event-Triggered Communication",
        "Temple 1998, Avoiding the Babbling-Idiot Failure in a Time-Triggered System",
    )
    claims = frozenset({"station bus", "limit", "charging"})
    undone = "what waits in its node is taken back; the station orders limit and start or stop anew"
    Parameters = BabblingParameters
    pace = ("burst_s", "gap_s")
    strength = Knob("share_pct", 10.0)

    @classmethod
    def cycle_of(cls, parameters: BabblingParameters) -> Cycle:
        return Cycle(1, parameters.burst_s + parameters.gap_s)

    async def act(self, run: Run[BabblingParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            label = f"the {told.variant} babbles at {told.share_pct:g} % for {told.burst_s:g} s"
            return (PlannedStep(label, told.burst_s + told.gap_s, lambda: babble(run)),)

        await run.repeat(plan)


async def babble(run: Run[BabblingParameters]) -> None:
    """One burst of what the node would say now."""
    bus, variant = run.bus, run.parameters.variant

    def frame() -> Frame:
        if variant == "module":
            return bus.current(bus.measured)
        return bus.limit(bus.ordered)

    await bus.flow(
        frame,
        lambda: bus.rate(frame(), run.parameters.share_pct / 100),
        lambda: run.parameters.burst_s,
        by=bus.module_node if variant == "module" else CHARGE_POINT,
    )
