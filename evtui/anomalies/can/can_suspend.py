"""Frames that never get onto the bus."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.anomalies.targets import BusTarget
from evtui.canbus import Frame
from evtui.kinds import Choice, Integer, Number

__all__ = ["CanSuspend", "SuspendParameters"]


class SuspendParameters(Parameters):
    """What one can tweak."""

    variant: Literal["reports", "limits", "switching", "all", "station"] = parameter(
        Choice("reports", "limits", "switching", "all", "station"),
        "0x300; 0x210; 0x200 and 0x201; all of them; or whatever the station says",
        default="reports",
    )
    probability: float = parameter(Number(0, 1), "that a frame is lost", default=1.0)
    window_s: float = parameter(Number(0.1, 600, "s"), "in which frames are lost", default=5.0)
    gap_s: float = parameter(Number(0, 600, "s"), "between two windows", default=10.0)
    cycles: int = parameter(Integer(0, 100_000), "windows, 0 for endless", default=0)


class CanSuspend(ForgingAnomaly[SuspendParameters]):
    """Suspension (ROAD; SynCAN *suppress*; per identifier in CAN-MIRGU).

    Our station takes a module for lost after 1 s, ten of its periods (with INFY after 15 s); GB/T
    27930 stops after 1 s without BCL.  Modules without a word from their station: those of INFY
    switch off after 10 s, those of ADVANTICS after 0.2 s, those of the seed protocol never.
    """

    name = "can-suspend"
    title = "Suspended CAN frames"
    about = (
        "A node is kept from saying some of its frames. Without reports the station takes its "
        "module for lost after a second and ends the transaction; without limits or switching the "
        "module goes on with what it was told last, whatever the station orders meanwhile."
    )
    signature = Signature(
        ocpp="StatusNotification Faulted, InternalError, and StopTransaction, reason Other",
        can="no 0x300 for longer than its period of 100 ms; nothing forged",
        current="falls to 0 when the station gives the module up; or does not follow an order",
    )
    techniques = ("T0814", "T0804")
    severity = 3
    stakes = ("availability", "safety")
    references = (
        "Verma et al. 2024, ROAD, PLoS ONE 0296879: suspension attack",
        "Hanselmann et al. 2020, SynCAN (CANet): suppress attack",
    )
    claims = frozenset({"identifier 0x300", "limit", "charging"})
    undone = RETOLD
    Parameters = SuspendParameters
    pace = ("window_s", "gap_s")
    strength = Knob("probability", 0.1)

    @classmethod
    def cycle_of(cls, parameters: SuspendParameters) -> Cycle:
        return Cycle(2, parameters.window_s + parameters.gap_s)

    async def act(self, run: Run[SuspendParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            lost = f"{told.variant} suspended for {told.window_s:g} s"
            return (
                PlannedStep(lost, told.window_s, lambda: suspend(run)),
                PlannedStep("heard again", told.gap_s, lambda: heard_again(run)),
            )

        await run.repeat(plan)


async def suspend(run: Run[SuspendParameters]) -> None:
    """Lose frames from now on."""
    bus = run.bus

    def lost(frame: Frame) -> bool:
        told = run.parameters
        if not _is_meant(bus, frame, told.variant):
            return False
        return told.probability >= 1 or run.chance.random() < told.probability

    bus.mute(lost)


def _is_meant(bus: BusTarget, frame: Frame, variant: str) -> bool:
    """True for a frame that the variant is about, by what it says."""
    if variant == "station":
        return bus.is_ours(frame) and not bus.is_report(frame)
    said = bus.said(frame)
    if said is None:
        return False
    groups = {
        "reports": said.current is not None,
        "limits": said.limit is not None,
        "switching": said.run is not None,
    }
    return groups[variant] if variant in groups else any(groups.values())


async def heard_again(run: Run[SuspendParameters]) -> None:
    """Lose none."""
    run.bus.unmute()
