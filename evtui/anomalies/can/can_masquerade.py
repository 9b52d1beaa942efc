"""The module's reports, said by somebody else."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.can._reports import CLAIMS, report_instead
from evtui.anomalies.run import Run
from evtui.kinds import Choice, Number

__all__ = ["CanMasquerade", "MasqueradeParameters"]


class MasqueradeParameters(Parameters):
    """What one can tweak."""

    variant: Literal["constant", "hold", "drift"] = parameter(
        Choice("constant", "hold", "drift"),
        "always value_a, the value of the first moment, or from it on by slope_a_per_s",
        default="constant",
    )
    value_a: float = parameter(Number(0, 1000, "A"), "said as constant", default=20.0)
    slope_a_per_s: float = parameter(
        Number(-100, 100, "A/s"), "by which a drift rises", default=-1.0
    )


class CanMasquerade(ForgingAnomaly[MasqueradeParameters]):
    """Masquerade (ROAD): the true sender is silent, its identifier and its period go on.

    ROAD removes the original frames after the fact; on this bus the module is muted, and each
    forged frame goes out when the genuine one would have.
    """

    name = "can-masquerade"
    title = "Masquerade of the module"
    about = (
        "The module is muted and its Current frames are said by an attacker, at the same period, "
        "so nothing shows in the timing of the bus: only that what is reported does not fit what "
        "was ordered, or to the energy at the grid's meter."
    )
    signature = Signature(
        ocpp="MeterValues and register follow the forged reports",
        can="0x300 every 100 ms as before, from another node, with other values",
        current="unchanged; what is reported parts from it",
    )
    techniques = ("T0856", "T0832")
    severity = 4
    stakes = ("fraud", "safety")
    references = ("Verma et al. 2024, ROAD, PLoS ONE 0296879: masquerade attack",)
    claims = CLAIMS
    undone = SILENCED
    Parameters = MasqueradeParameters
    strength = Knob("value_a", 10.0)

    async def act(self, run: Run[MasqueradeParameters]) -> None:
        first: tuple[float, float] | None = None

        def value(true: float) -> float:
            nonlocal first
            first = first or (run.now, true)
            begun, held = first
            told = run.parameters
            if told.variant == "constant":
                return told.value_a
            slope = told.slope_a_per_s if told.variant == "drift" else 0.0
            return held + slope * (run.now - begun)

        await run.step(f"{run.bus.report} in place of the module", report_instead(run, value))
        await run.for_ever()
