"""The line between vehicle and station is jammed: the vehicle ends the session."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.run import LOOK_EVERY, Run
from evtui.durations import Seconds

__all__ = ["VehicleAbort"]

FLOWS = 1.0
"""A above which a vehicle is charging."""


class AbortParameters(Parameters):
    """What one can tweak."""

    after_s: float = parameter(
        Seconds(0, 3600), "of charging, until the line is jammed", default=5.0
    )
    jam_s: float = parameter(Seconds(0.1, 3600), "that the line is jammed", default=5.0)


class VehicleAbort(Anomaly[AbortParameters]):
    """As the attack Brokenwire does it, from up to 47 m with less than 1 W.

    The power line communication of CCS cannot be told from the noise any more.  The vehicle opens
    its contactor under current and waits to be replugged; the station, which hears nothing,
    reports it, offers no current, and ends the transaction after 10 s.  Each new session is
    jammed anew.
    """

    name = "vehicle-abort"
    layer = "physical"
    title = "Vehicle abort"
    about = (
        "The vehicle ends the session abruptly because its communication with the station breaks "
        "off. A cheap radio does that from a distance, to a whole car park, and no session goes on "
        "by itself afterwards: every driver has to come back and plug in again."
    )
    signature = Signature(
        ocpp="StatusNotification EVCommunicationError with SuspendedEVSE, StopTransaction, "
        "Finishing",
        can="0x300 goes from the full current to 0 within one frame; 0x201 10 s later",
        current="ends at once, without a ramp",
    )
    techniques = ("T0814", "T0826")
    severity = 3
    stakes = ("availability",)
    references = (
        "Köhler et al. 2023, Brokenwire: wireless disruption of CCS electric vehicle charging",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    claims = frozenset({"vehicle"})
    ends = "when the vehicle is plugged in again"
    undone = "the line is clear, and the driver plugs the vehicle in again"
    Parameters = AbortParameters
    pace = ("after_s", "jam_s")

    async def act(self, run: Run[AbortParameters]) -> None:
        target = run.power_stage
        while True:
            while target.state.current <= FLOWS:  # noqa: ASYNC110 - a stage tells nobody
                await asyncio.sleep(LOOK_EVERY)
            await run.wait(run.parameters.after_s, "the line is jammed")
            run.cycle()
            target.replug_afterwards()
            await run.step("the line is jammed", target.fail(silent=True))
            await run.wait(run.parameters.jam_s, "the line is clear")
            await run.step("the line is clear", target.fail(silent=False))
