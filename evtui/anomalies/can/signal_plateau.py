"""The reported current stands still for a while, over and over."""

from __future__ import annotations

from evtui.anomalies.api import Cycle, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.can._reports import CLAIMS, report_instead
from evtui.anomalies.run import PlannedStep, Run
from evtui.kinds import Integer, Number

__all__ = ["PlateauParameters", "SignalPlateau"]


class PlateauParameters(Parameters):
    """What one can tweak."""

    hold_s: float = parameter(Number(0.1, 3600, "s"), "in which the report stands", default=20.0)
    true_s: float = parameter(
        Number(0.1, 3600, "s"), "in which it is true, before it stands again", default=10.0
    )
    cycles: int = parameter(Integer(0, 100_000), "plateaus, 0 for endless", default=0)


class SignalPlateau(ForgingAnomaly[PlateauParameters]):
    """SynCAN's plateau: a signal is overwritten with a constant, here its last true value."""

    name = "signal-plateau"
    title = "Reported current stands still"
    about = (
        "The module's reports are held at the value of one moment while the current goes on to "
        "change: a limit that is lowered seems to have no effect, a current that rises is not "
        "seen. Every single value is one that was there before."
    )
    signature = Signature(
        ocpp="MeterValues stand still while limits change",
        can="0x300 repeats one value at its usual period while 0x210 changes",
        current="follows its limit; what is reported does not, and jumps when the hold ends",
    )
    techniques = ("T0856",)
    severity = 3
    stakes = ("safety", "fraud")
    references = ("Hanselmann et al. 2020, SynCAN (CANet): plateau attack",)
    claims = CLAIMS
    undone = SILENCED
    Parameters = PlateauParameters
    pace = ("hold_s", "true_s")

    @classmethod
    def cycle_of(cls, parameters: PlateauParameters) -> Cycle:
        return Cycle(2, parameters.hold_s + parameters.true_s)

    async def act(self, run: Run[PlateauParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            name = run.bus.report
            return (
                PlannedStep(f"{name} held", told.hold_s, lambda: hold(run)),
                PlannedStep(f"{name} true again", told.true_s, lambda: true_again(run)),
            )

        await run.repeat(plan)


async def hold(run: Run[PlateauParameters]) -> None:
    """Say the next true value, and only it."""
    held: float | None = None

    def value(true: float) -> float:
        nonlocal held
        held = true if held is None else held
        return held

    await report_instead(run, value)


async def true_again(run: Run[PlateauParameters]) -> None:
    """Let the module speak."""
    run.bus.unmute()
