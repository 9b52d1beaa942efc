"""Forged reports of the current among the genuine ones."""

from __future__ import annotations

from typing import Literal

from evtui.anomalies.api import Knob, Parameters, Signature, parameter
from evtui.anomalies.can._forging import SILENCED, ForgingAnomaly
from evtui.anomalies.can._reports import CLAIMS, report_instead
from evtui.anomalies.run import Run
from evtui.canbus import Frame
from evtui.kinds import Choice, Number

__all__ = ["CanSpoofCurrent", "SpoofParameters"]


class SpoofParameters(Parameters):
    """What one can tweak."""

    variant: Literal["after", "beside"] = parameter(
        Choice("after", "beside"),
        "right after each genuine frame, or beside them at a rate",
        default="after",
    )
    factor: float = parameter(Number(0, 10), "of the true current", default=0.5)
    offset_a: float = parameter(Number(-1000, 1000, "A"), "added to it", default=0.0)
    rate_per_s: float = parameter(
        Number(0.1, 1000, "/s"), "frames, where they are sent beside", default=10.0
    )


class CanSpoofCurrent(ForgingAnomaly[SpoofParameters]):
    """Fabrication on one identifier (ROAD), genuine sender untouched.

    ROAD injects right after the true frame, so that the receiver holds the forged value for most
    of each period; the HCRL data set spoofs beside it, every 1 ms.  A factor of 0 says the offset
    whatever the current is.
    """

    name = "can-spoof-current"
    title = "Spoofed current reports"
    about = (
        "Forged Current frames stand beside those of the module. The receiver believes whichever "
        "came last: right after each genuine one a forged one rules, beside them at a rate the "
        "two take turns. The meter counts what it is told, so the bill is wrong; and a station "
        "that is told of more than it allows ends a sound session with OverCurrentFailure."
    )
    signature = Signature(
        ocpp="MeterValues follow the forged reports, the register rises too slowly or too fast",
        can="two values in turn on 0x300, gaps between them far from 100 ms",
        current="unchanged; what is reported parts from it",
    )
    techniques = ("T0856", "T0832")
    severity = 4
    stakes = ("fraud", "grid")
    references = (
        "Verma et al. 2024, ROAD, PLoS ONE 0296879: targeted ID fabrication",
        "HCRL Car-Hacking data set: RPM and gear spoofed every 1 ms",
    )
    claims = CLAIMS
    undone = SILENCED
    Parameters = SpoofParameters
    pace = ("rate_per_s",)
    strength = Knob("factor", 0.1)

    async def act(self, run: Run[SpoofParameters]) -> None:
        await run.step(f"forged {run.bus.report} among the genuine ones", spoof(run))


async def spoof(run: Run[SpoofParameters]) -> None:
    """Say what the parameters want, for ever."""
    last: float | None = None

    def value(true: float) -> float | None:
        nonlocal last
        last = run.parameters.factor * true + run.parameters.offset_a
        return last if run.parameters.variant == "after" else None

    def beside() -> Frame | None:
        if last is None or run.parameters.variant != "beside":
            return None
        return run.bus.current(last)

    await report_instead(run, value, beside=True)
    await run.bus.flow(beside, lambda: run.parameters.rate_per_s)
