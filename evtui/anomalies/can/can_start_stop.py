"""Forged orders to start and to stop."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.config import KINDS
from evtui.kinds import Choice, Integer, Number

__all__ = ["CanStartStop", "StartStopParameters"]


class StartStopParameters(Parameters):
    """What one can tweak."""

    variant: Literal["alternating", "stop", "start"] = parameter(
        Choice("alternating", "stop", "start"),
        "in turn, or only one of them",
        default="alternating",
    )
    on_s: float = parameter(Number(0.05, 600, "s"), "after a forged start", default=3.0)
    off_s: float = parameter(Number(0.05, 600, "s"), "after a forged stop", default=3.0)
    cycles: int = parameter(Integer(0, 100_000), "0 for endless", default=0)
    jitter: float = parameter(KINDS["jitter"], "share of each wait", default=0.0)


class CanStartStop(ForgingAnomaly[StartStopParameters]):
    """Fabrication of commands."""

    name = "can-start-stop"
    title = "Forged start and stop"
    about = (
        "Forged StopCharging and StartCharging switch the module behind the station's back. In a "
        "transaction the contactor opens and closes although nobody asked; without one a forged "
        "start lets current flow that nobody pays for, at a connector that says it is free."
    )
    signature = Signature(
        ocpp="status flaps between Charging and SuspendedEVSE, no RemoteStart or RemoteStop",
        can="0x200 and 0x201 from another node, at a pace of their own",
        current="falls and rises in one transaction, or flows without one",
    )
    techniques = ("T0855", "T0806")
    severity = 4
    stakes = ("safety", "availability", "fraud")
    references = (
        "EVerest on CAN power modules: no encryption, no authentication, no message integrity",
        "MITRE ATT&CK for ICS T0855 Unauthorized Command Message",
    )
    claims = frozenset({"charging"})
    undone = RETOLD
    Parameters = StartStopParameters
    pace = ("on_s", "off_s")

    @classmethod
    def cycle_of(cls, parameters: StartStopParameters) -> Cycle:
        told = parameters
        if told.variant == "alternating":
            return Cycle(2, told.on_s + told.off_s)
        return Cycle(1, told.on_s if told.variant == "start" else told.off_s)

    async def act(self, run: Run[StartStopParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told, bus = run.parameters, run.bus
            off, on = bus.stop(), bus.start()
            stop = PlannedStep(f"{bus.name(off[0])} stop", told.off_s, lambda: bus.put(*off))
            start = PlannedStep(f"{bus.name(on[0])} start", told.on_s, lambda: bus.put(*on))
            return {"alternating": (stop, start), "stop": (stop,), "start": (start,)}[told.variant]

        await run.repeat(plan)
