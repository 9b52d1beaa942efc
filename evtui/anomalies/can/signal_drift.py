"""The reported current drifts away from the true one."""

from __future__ import annotations

from evtui.anomalies.api import Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.can._reports import CLAIMS, report_instead
from evtui.anomalies.run import Run
from evtui.kinds import Number

__all__ = ["DriftParameters", "SignalDrift"]


class DriftParameters(Parameters):
    """What one can tweak."""

    slope_a_per_s: float = parameter(
        Number(-100, 100, "A/s"), "by which the report leaves the truth", default=-0.5
    )
    most_a: float = parameter(Number(0, 1000, "A"), "away from the truth at most", default=60.0)


class SignalDrift(ForgingAnomaly[DriftParameters]):
    """SynCAN's continuous change: a signal is overwritten so that it slowly drifts away.

    The error grows from nothing, so no single frame looks wrong.
    """

    name = "signal-drift"
    title = "Reported current drifts"
    about = (
        "To every report of the module an error is added that grows from nothing, half an ampere "
        "a second: changes look as they should, no step gives it away, and only a comparison with "
        "the limit or with another meter tells that the level is wrong."
    )
    signature = Signature(
        ocpp="MeterValues leave the limit slowly, the register with them",
        can="0x300 at its usual period, its values ever further from the limit in 0x210",
        current="unchanged; what is reported drifts away from it",
    )
    techniques = ("T0856",)
    severity = 3
    stakes = ("fraud", "safety")
    references = ("Hanselmann et al. 2020, SynCAN (CANet): continuous change attack",)
    claims = CLAIMS
    undone = SILENCED
    Parameters = DriftParameters
    strength = Knob("slope_a_per_s", -0.1)

    async def act(self, run: Run[DriftParameters]) -> None:
        error, then = 0.0, run.now

        def value(true: float) -> float:
            nonlocal error, then
            told, now = run.parameters, run.now
            error += told.slope_a_per_s * (now - then)
            error = min(max(error, -told.most_a), told.most_a)
            then = now
            return true + error

        await run.step(f"{run.bus.report} drifts away", report_instead(run, value))
        await run.for_ever()
