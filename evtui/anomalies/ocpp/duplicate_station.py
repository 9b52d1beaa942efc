"""Somebody else connects under the identity of the charge point."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.anomalies.targets import SecondConnection
from evtui.durations import Seconds
from evtui.kinds import Switch

__all__ = ["DuplicateStation", "SecondParameters"]


class SecondParameters(Parameters):
    """What one can tweak."""

    redial_s: float = parameter(
        Seconds(0.1, 600.0), "after which the other connects again when it is put out", default=2.0
    )
    boots: bool = parameter(Switch(), "it sends a BootNotification each time", default=True)


class DuplicateStation(Anomaly[SecondParameters]):
    """A second connection of the same identity, through the same door.

    Which of two connections a central system keeps is not said in OCPP-J 1.6; ours, as most,
    keeps the new one and closes the old.  The charge point connects again after a wait that it
    doubles each time, up to half a minute, and puts the other out in its turn.  The other answers
    every call of the central system with NotSupported.
    """

    name = "duplicate-station"
    layer = "ocpp"
    title = "Second station of one name"
    about = (
        "Whoever knows the identity of a charge point, which is printed on it, connects under it. "
        "The central system closes the connection of the genuine one and talks to the other: "
        "commands do not reach the station, and what the other says is put down to it. Both "
        "connect again and put each other out."
    )
    signature = Signature(
        ocpp="connections of one identity in turn, closed soon after they begin; more boots",
        can="goes on as before",
        current="goes on as before, out of reach of the central system",
    )
    techniques = ("T0859", "T0814")
    severity = 4
    stakes = ("availability", "fraud")
    references = (
        "SaiFlow 2023: hijacking charge points by a second connection",
        "CVE-2026-26288: session of a charge point taken over",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"station connection"})
    ends = "when the genuine station is connected again"
    undone = "the second connection is closed, and the station dials at once"
    Parameters = SecondParameters
    pace = ("redial_s",)

    async def act(self, run: Run[SecondParameters]) -> None:
        second = run.charge_point.second_connection()
        while True:
            if await run.step("another connects under the same identity", second.dial()):
                if run.parameters.boots:
                    await run.step("the other sends BootNotification", self._boot(run, second))
                await second.closed()
            await run.wait(run.parameters.redial_s, "another connects again")

    async def _boot(self, run: Run[SecondParameters], second: SecondConnection) -> str:
        told = run.site.charge_point.identity.told_at_boot
        return str((await second.call("BootNotification", told))["status"])
