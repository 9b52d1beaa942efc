"""The fans of a power stage stand still, or turn slower."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, AnomalyError, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.physical._hold import hold
from evtui.anomalies.run import Run
from evtui.kinds import Number

__all__ = ["CoolingOff"]

COOL = 60.0
"""Degrees Celsius below which nothing shows of it any more: the station is used again."""


class CoolingParameters(Parameters):
    """What one can tweak."""

    fan_pct: float = parameter(Number(0, 100, "%"), "forced cooling that is left", default=0.0)


class CoolingOff(Anomaly[CoolingParameters]):
    """The fans are off.

    The numbers are in :mod:`evtui.power.heat`: without moving air 5 % of the cooling and the heat
    capacity of the heat sinks are left.  A stage that gives 200 A reaches 80 degrees in 2 and 100
    in 3.5 minutes, one that gives 100 A in 5 and 9; with less than 65 A it only derates.
    """

    name = "cooling-off"
    layer = "physical"
    title = "Cooling off"
    about = (
        "Somebody switches the fans of the power stage off, or a filter is clogged. The heat sinks "
        "warm up by 10 K or more a minute. A station that measures it gives less from 80 degrees "
        "on and switches itself off at 100; one that does not burns."
    )
    signature = Signature(
        ocpp="StatusNotification HighTemperature, then Faulted and StopTransaction",
        can="0x300 falls without a new 0x210; 0x201 at 100 degrees",
        current="falls to half between 80 and 100 degrees, then ends",
    )
    techniques = ("T0831", "T0879")
    severity = 5
    stakes = ("safety", "availability")
    references = (
        "INL/PNNL 2022: attacks on the thermal management of a 350 kW charger",
        "data sheets of 20 kW power modules: all of the power up to 55 degrees of the air, half at "
        "75, nothing above",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"cooling"})
    ends = "when the power stage is below 60 degrees again"
    undone = "the fans turn again"
    Parameters = CoolingParameters
    strength = Knob("fan_pct", -10.0)
    effect_within = 3600.0

    async def act(self, run: Run[CoolingParameters]) -> None:
        if not run.power_stage.stage.preset.cooling.forced:
            raise AnomalyError("an AC station has no fans to switch off")
        await hold(
            run,
            sound=100.0,
            wanted=lambda parameters: parameters.fan_pct,
            faults=lambda per_cent: {"fan": per_cent / 100},
            label=lambda per_cent: f"fans at {per_cent:g} %",
        )

    def effect(self, run: Run[CoolingParameters]) -> str:
        temperature = run.power_stage.state.temperature
        return f"the power stage has {temperature:.0f} °C" if temperature >= COOL else ""
