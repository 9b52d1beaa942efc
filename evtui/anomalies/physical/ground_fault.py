"""The insulation between output and earth breaks down."""

from __future__ import annotations

from math import log10
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.physical._hold import hold
from evtui.anomalies.run import Run
from evtui.durations import Seconds
from evtui.kinds import Number

__all__ = ["GroundFault"]

SOUND_KOHM = 2000.0
"""What an insulation monitor still measures of a dry cable and vehicle."""


class GroundFaultParameters(Parameters):
    """What one can tweak."""

    insulation_kohm: float = parameter(
        Number(0.1, 1000, "kOhm"), "resistance to earth that is left", default=5.0
    )
    ramp_s: float = parameter(Seconds(0, 3600), "until it is reached", default=20.0)


class GroundFault(Anomaly[GroundFaultParameters]):
    """The resistance to earth falls, evenly on a logarithmic scale, as water creeps in.

    In the insulated output of a DC station a first fault lets no current flow to speak of: only
    the insulation monitor sees it, warns at 500 ohm/V and switches off at 100 (IEC 61851-23).
    With 400 V that is 200 and 40 kOhm.  An AC station has a residual current device of 30 mA,
    which opens below 7.7 kOhm.
    """

    name = "ground-fault"
    layer = "physical"
    title = "Ground fault"
    about = (
        "Water in the cable or a damaged insulation connects the output to earth. Nothing flows at "
        "first, and whoever touches the vehicle during a second fault closes the circuit. The "
        "insulation monitor warns, then opens the contactor at once, without a ramp."
    )
    signature = Signature(
        ocpp="StatusNotification GroundFailure, then Faulted and StopTransaction",
        can="0x300 goes from the full current to 0 within one frame",
        current="ends at once, without a ramp",
    )
    techniques = ("T0879", "T0826")
    severity = 5
    stakes = ("safety", "availability")
    references = (
        "IEC 61851-23: insulation monitor, 500 ohm/V warning, 100 ohm/V fault",
        "EVerest MREC2 and MREC22: ground failure, insulation resistance",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"insulation"})
    ends = "5 s after the insulation is sound again"
    undone = "the insulation is sound"
    Parameters = GroundFaultParameters
    pace = ("ramp_s",)

    async def act(self, run: Run[GroundFaultParameters]) -> None:
        await hold(
            run,
            sound=log10(SOUND_KOHM),
            wanted=lambda parameters: log10(parameters.insulation_kohm),
            within=lambda parameters: parameters.ramp_s,
            faults=lambda decades: {"insulation": 1000.0 * 10.0**decades},
            label=lambda decades: f"insulation {10.0**decades:.3g} kOhm",
        )
