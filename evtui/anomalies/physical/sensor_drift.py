"""The temperature sensor of a power stage shows too much, or too little."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.physical._hold import hold
from evtui.anomalies.run import Run
from evtui.durations import Seconds
from evtui.kinds import Number

__all__ = ["SensorDrift"]


class SensorDriftParameters(Parameters):
    """What one can tweak."""

    bias_k: float = parameter(Number(-100, 150, "K"), "what it shows too much", default=70.0)
    ramp_s: float = parameter(Seconds(0, 3600), "until it is reached", default=60.0)


class SensorDrift(Anomaly[SensorDriftParameters]):
    """A bias ramps in, and the station believes its sensor.

    The course that this one is from has 30 to 35 K on a trip at 75 degrees; with a trip at 100
    and some 38 degrees at 100 A it takes 62 K.
    """

    name = "sensor-drift"
    layer = "physical"
    title = "Sensor drift"
    about = (
        "A temperature sensor, its wiring or whoever writes its calibration adds a bias. The "
        "station gives less and switches itself off although nothing is hot. A negative bias "
        "hides a real heat: try it together with cooling-off."
    )
    signature = Signature(
        ocpp="HighTemperature, Faulted and StopTransaction; Temperature does not fall with the "
        "current",
        can="0x300 falls without a new 0x210; 0x201 at a measured 100 degrees",
        current="falls to half and ends, while the power stage is cool",
    )
    techniques = ("T0856", "T0826")
    severity = 3
    stakes = ("availability", "safety")
    references = ("MITRE ATT&CK for ICS T0856 Spoof Reporting Message",)
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"temperature sensor"})
    ends = "when the sensor is right again"
    undone = "the sensor is right"
    Parameters = SensorDriftParameters
    pace = ("ramp_s",)
    strength = Knob("bias_k", 10.0)

    async def act(self, run: Run[SensorDriftParameters]) -> None:
        await hold(
            run,
            sound=0.0,
            wanted=lambda parameters: parameters.bias_k,
            within=lambda parameters: parameters.ramp_s,
            faults=lambda kelvin: {"sensor_bias": kelvin},
            label=lambda kelvin: f"sensor {kelvin:+.1f} K",
        )
