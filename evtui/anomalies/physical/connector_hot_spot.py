"""The contacts of the connector are worn or dirty, and heat up."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.physical._hold import hold
from evtui.anomalies.run import Run
from evtui.durations import Seconds
from evtui.kinds import Number

__all__ = ["ConnectorHotSpot"]

SOUND_MOHM = 0.5
"""Both DC contacts of a sound CCS connector."""

COOL = 60.0
"""Degrees Celsius below which nothing shows of it any more: the station is used again."""


class HotSpotParameters(Parameters):
    """What one can tweak."""

    contact_mohm: float = parameter(
        Number(0.5, 200, "mOhm"), "resistance of the contacts", default=20.0
    )
    ramp_s: float = parameter(Seconds(0, 3600), "until it is reached", default=60.0)


class ConnectorHotSpot(Anomaly[HotSpotParameters]):
    """Contact resistance rises, and ``I^2 R`` heats the connector.

    The numbers are in :data:`evtui.power.CONTACT`.  The course that this one is from lets 3.5 mOhm
    at 32 A reach 80 degrees; with any real thermal resistance that is a rise of 1 to 5 K.  It
    takes 100 A and 4 mOhm to get warm, and 20 mOhm, a burnt contact, to be stopped.
    """

    name = "connector-hot-spot"
    layer = "physical"
    title = "Connector hot spot"
    about = (
        "Worn, dirty or loosened contacts have more resistance, and the current heats them, by its "
        "square. A connector that measures its contacts makes the station give less from 80 "
        "degrees on and stop at 90, which is what IEC 62196-1 allows; without that it melts."
    )
    signature = Signature(
        ocpp="StatusNotification HighTemperature, then Faulted and StopTransaction",
        can="0x300 falls without a new 0x210; 0x201 at 90 degrees",
        current="falls from 80 degrees on, ends at 90; the voltage is higher by I R",
    )
    techniques = ("T0879", "T0880")
    severity = 5
    stakes = ("safety", "availability")
    references = (
        "IEC 62196-1: 90 degrees at the contacts, 50 K above the air at rated current",
        "EVerest MREC18 and MREC19: cable over-temperature, derate and stop",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"contacts"})
    ends = "when the connector is below 60 degrees again"
    undone = "the contacts are sound"
    Parameters = HotSpotParameters
    pace = ("ramp_s",)
    strength = Knob("contact_mohm", 5.0)
    effect_within = 3600.0

    async def act(self, run: Run[HotSpotParameters]) -> None:
        await hold(
            run,
            sound=SOUND_MOHM,
            wanted=lambda parameters: parameters.contact_mohm,
            within=lambda parameters: parameters.ramp_s,
            faults=lambda milliohm: {"contact": milliohm / 1000},
            label=lambda milliohm: f"contacts {milliohm:.1f} mOhm",
        )

    def effect(self, run: Run[HotSpotParameters]) -> str:
        readings = run.power_stage.state.readings
        if readings is None or readings.connector is None or readings.connector < COOL:
            return ""
        return f"the connector has {readings.connector:.0f} °C"
