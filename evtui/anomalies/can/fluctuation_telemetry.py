"""The fluctuation that is none: only what the module reports swings."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.can._reports import CLAIMS, report_instead
from evtui.anomalies.run import PlannedStep, Run
from evtui.config import KINDS
from evtui.kinds import Choice, Integer, Number

__all__ = ["FluctuationTelemetry", "TelemetryParameters"]


class TelemetryParameters(Parameters):
    """What one can tweak.

    Raises:
        ValueError: low is above high.
    """

    variant: Literal["instead", "beside"] = parameter(
        Choice("instead", "beside"),
        "forged reports in place of the genuine ones, or right after each",
        default="instead",
    )
    low_a: float = parameter(Number(0, 1000, "A"), "the lower report", default=0.0)
    high_a: float = parameter(Number(0, 1000, "A"), "the higher report", default=100.0)
    low_s: float = parameter(Number(0.1, 3600, "s"), "for which it is low", default=2.0)
    high_s: float = parameter(Number(0.1, 3600, "s"), "for which it is high", default=6.0)
    cycles: int = parameter(Integer(0, 100_000), "0 for endless", default=0)
    jitter: float = parameter(KINDS["jitter"], "share of each time", default=0.0)

    def __post_init__(self) -> None:
        if self.low_a > self.high_a:
            raise ValueError(f"low_a is {self.low_a:g} A, above high_a, {self.high_a:g} A")


class FluctuationTelemetry(ForgingAnomaly[TelemetryParameters]):
    """The symptom of the repeated current fluctuation, at the fourth of four layers.

    Pace and levels are those of the fluctuation's variant ``txprofile``.
    """

    name = "fluctuation-telemetry"
    title = "Fluctuation of what is reported"
    about = (
        "Forged reports of the module swing between low and high while the current is steady. "
        "Whoever watches reports alone sees the same as in the fluctuation and curtails, stops or "
        "alarms for nothing; set-point and actual current tell them apart."
    )
    signature = Signature(
        ocpp="MeterValues swing, no SetChargingProfile, no start or stop",
        can="0x300 swings by itself, no 0x210, 0x200 or 0x201 at its pace",
        current="steady; only what is reported swings",
    )
    techniques = ("T0856", "T0832")
    severity = 3
    stakes = ("availability", "fraud")
    references = (
        "Sarieddine et al. 2023, arXiv 2302.12890: the symptom that is forged",
        "Verma et al. 2024, ROAD, PLoS ONE 0296879: masquerade attack",
    )
    claims = CLAIMS
    undone = SILENCED
    Parameters = TelemetryParameters
    pace = ("low_s", "high_s")
    strength = Knob("high_a", 10.0)
    floor = Knob("low_a", 2.0)

    @classmethod
    def cycle_of(cls, parameters: TelemetryParameters) -> Cycle:
        return Cycle(2, parameters.low_s + parameters.high_s)

    async def act(self, run: Run[TelemetryParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            name = run.bus.report
            return (
                PlannedStep(f"{name} {told.low_a:g} A", told.low_s, lambda: say(run, high=False)),
                PlannedStep(f"{name} {told.high_a:g} A", told.high_s, lambda: say(run, high=True)),
            )

        await run.repeat(plan)


async def say(run: Run[TelemetryParameters], *, high: bool) -> None:
    """Report one of the two levels from now on."""

    def value(true: float) -> float:
        return run.parameters.high_a if high else run.parameters.low_a

    await report_instead(run, value, beside=run.parameters.variant == "beside")
