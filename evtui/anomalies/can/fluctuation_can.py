"""The fluctuation by forged limits on CAN."""

from __future__ import annotations

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import RETOLD, ForgingAnomaly, forge_limit
from evtui.anomalies.run import PlannedStep, Run
from evtui.config import KINDS
from evtui.kinds import Integer, Number

__all__ = ["FluctuationCan", "FluctuationCanParameters"]


class FluctuationCanParameters(Parameters):
    """What one can tweak.

    Raises:
        ValueError: low is above high.
    """

    low_a: float = parameter(Number(0, 500, "A"), "the lower limit", default=0.0)
    high_a: float = parameter(Number(0, 500, "A"), "the higher limit", default=100.0)
    low_s: float = parameter(Number(0.05, 3600, "s"), "for which it is low", default=2.0)
    high_s: float = parameter(Number(0.05, 3600, "s"), "for which it is high", default=6.0)
    cycles: int = parameter(Integer(0, 100_000), "0 for endless", default=0)
    jitter: float = parameter(KINDS["jitter"], "share of each wait", default=0.0)

    def __post_init__(self) -> None:
        if self.low_a > self.high_a:
            raise ValueError(f"low_a is {self.low_a:g} A, above high_a, {self.high_a:g} A")


class FluctuationCan(ForgingAnomaly[FluctuationCanParameters]):
    """The repeated current fluctuation at the third of four layers.

    Pace and levels are those of its variant ``txprofile``, so the two can be compared: one
    current, but here nothing at all on OCPP.
    """

    name = "fluctuation-can"
    title = "Fluctuation by forged limits"
    about = (
        "Forged SetLimit frames swing the limit of the module between low and high: the current "
        "swings as in the fluctuation, but central system and station have ordered a steady one, "
        "and no OCPP message goes with it. Only CAN and the meter show it."
    )
    signature = Signature(
        ocpp="MeterValues swing, no SetChargingProfile, no start or stop",
        can="0x210 from another node, two values in turn",
        current="swings between low and high although the set-point stays",
    )
    techniques = ("T0806", "T0855")
    severity = 4
    stakes = ("grid", "safety")
    references = (
        "Sarieddine et al. 2023, arXiv 2302.12890",
        "EVerest on CAN power modules: no encryption, no authentication, no message integrity",
    )
    claims = frozenset({"limit"})
    undone = RETOLD
    Parameters = FluctuationCanParameters
    pace = ("low_s", "high_s")
    strength = Knob("high_a", 10.0)
    floor = Knob("low_a", 2.0)

    @classmethod
    def cycle_of(cls, parameters: FluctuationCanParameters) -> Cycle:
        return Cycle(2, parameters.low_s + parameters.high_s)

    async def act(self, run: Run[FluctuationCanParameters]) -> None:
        def limit(amperes: float, wait: float) -> PlannedStep:
            name = run.bus.name(run.bus.limit(amperes))
            return PlannedStep(f"{name} {amperes:g} A", wait, lambda: forge_limit(run, amperes))

        await run.repeat(
            lambda: (
                limit(run.parameters.low_a, run.parameters.low_s),
                limit(run.parameters.high_a, run.parameters.high_s),
            )
        )
