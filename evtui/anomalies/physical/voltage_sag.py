"""The mains voltage dips, once or over and over."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Integer, Number

__all__ = ["VoltageSag"]


class SagParameters(Parameters):
    """What one can tweak."""

    residual_pct: float = parameter(
        Number(40, 100, "%"), "of the nominal voltage that is left in a dip", default=60.0
    )
    dip_s: float = parameter(Seconds(0.1, 3600), "length of a dip", default=10.0)
    pause_s: float = parameter(Seconds(0.1, 3600), "between two dips", default=30.0)
    cycles: int = parameter(Integer(0, 1_000_000), "dips, 0 for endless", default=0)


class VoltageSag(Anomaly[SagParameters]):
    """Dips of the supply.

    A DC station's modules draw no more current from the mains than at 80 % of its voltage, so
    they give less power below, and nothing below 65 % (260 of 400 V, data sheets of 20 kW
    modules).  In an AC station the current stays, and the power falls with the voltage.  The
    station reports what lasts longer than 0.5 s and more than the 10 % that are ordinary
    (EN 50160), and switches off after 3 s with less than 70 %.
    """

    name = "voltage-sag"
    layer = "physical"
    title = "Voltage sag"
    about = (
        "Starting motors, faults nearby or many charging stations at once pull the mains voltage "
        "down. The modules give less or nothing, the station reports UnderVoltage and, when it "
        "lasts, ends the transaction. Many stations that come back together make the next dip."
    )
    signature = Signature(
        ocpp="StatusNotification UnderVoltage; after 3 s below 70 % Faulted and StopTransaction",
        can="0x300 falls without a new 0x210",
        current="falls, to 0 below 65 %, and comes back by the ramp where the dip is short",
    )
    techniques = ("T0826",)
    severity = 3
    stakes = ("availability", "grid")
    references = (
        "EN 50160: supply voltage and dips",
        "IEC 61000-4-34: voltage dips for equipment of more than 16 A",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"supply"})
    ends = "5 s after the voltage is back"
    undone = "the voltage is back"
    Parameters = SagParameters
    pace = ("dip_s", "pause_s")
    strength = Knob("residual_pct", -5.0)

    @classmethod
    def cycle_of(cls, parameters: SagParameters) -> Cycle:
        return Cycle(2, parameters.dip_s + parameters.pause_s)

    async def act(self, run: Run[SagParameters]) -> None:
        def voltage(per_cent: float, wait: float) -> PlannedStep:
            return PlannedStep(
                f"mains at {per_cent:g} %",
                wait,
                lambda: run.power_stage.fail(supply=per_cent / 100),
            )

        def plan() -> tuple[PlannedStep, ...]:
            parameters = run.parameters
            return (
                voltage(parameters.residual_pct, parameters.dip_s),
                voltage(100.0, parameters.pause_s),
            )

        await run.repeat(plan)
