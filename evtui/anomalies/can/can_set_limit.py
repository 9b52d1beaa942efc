"""A forged limit."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly, forge_limit
from evtui.anomalies.run import Run
from evtui.kinds import Choice, Number

__all__ = ["CanSetLimit", "ForgedLimitParameters"]


class ForgedLimitParameters(Parameters):
    """What one can tweak."""

    variant: Literal["repeated", "once"] = parameter(
        Choice("repeated", "once"), "again and again, or one frame", default="repeated"
    )
    limit_a: float = parameter(Number(0, 500, "A"), "that the module is told", default=10.0)
    period_s: float = parameter(Number(0.01, 600, "s"), "between two frames", default=1.0)


class CanSetLimit(ForgingAnomaly[ForgedLimitParameters]):
    """Fabrication of a command.

    Most stations tell their modules a limit only when it changes, so one forged frame holds until
    the next genuine one: the station never learns of it, but from reports of a current that stays
    more than 10 % above its own limit.  Where limits are cyclic (ADVANTICS) a forged one holds
    for one cycle, and is said again right after each genuine one.
    """

    name = "can-set-limit"
    title = "Forged limit"
    about = (
        "A forged SetLimit makes the module deliver less than the station allows, or more: the "
        "central system and the station go on believing in their limit. Below it the customer is "
        "starved; above it cable, vehicle or grid connection are overloaded until the station "
        "gives up after 12 s, with OverCurrentFailure."
    )
    signature = Signature(
        ocpp="MeterValues part from the limit that was set; no SetChargingProfile explains it",
        can="0x210 from another node, with a value that the station never sent",
        current="goes to the forged limit although the set-point stays",
    )
    techniques = ("T0855", "T0836")
    severity = 4
    stakes = ("safety", "grid", "availability")
    references = (
        "EVerest on CAN power modules: no encryption, no authentication, no message integrity",
        "MITRE ATT&CK for ICS T0855 Unauthorized Command Message",
    )
    claims = frozenset({"limit"})
    undone = RETOLD
    Parameters = ForgedLimitParameters
    pace = ("period_s",)
    strength = Knob("limit_a", 10.0)

    @classmethod
    def cycle_of(cls, parameters: ForgedLimitParameters) -> Cycle:
        return Cycle(1, parameters.period_s if parameters.variant == "repeated" else 0.0)

    async def act(self, run: Run[ForgedLimitParameters]) -> None:
        said: float | None = None
        while True:
            told = run.parameters
            if told.variant == "repeated" or said != told.limit_a:
                said = told.limit_a
                name = run.bus.name(run.bus.limit(said))
                again = told.variant == "repeated"
                await run.step(f"{name} {said:g} A", forge_limit(run, said, again=again))
            await run.wait(told.period_s)
