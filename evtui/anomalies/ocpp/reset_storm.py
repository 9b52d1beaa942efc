"""Reset storm: the station is rebooted again as soon as it is back."""

from __future__ import annotations

from typing import ClassVar, Literal

from evtui.anomalies.api import Anomaly, Cycle, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Choice, Integer

__all__ = ["ResetParameters", "ResetStorm"]

_INTERVAL = Seconds(6, 3600)
"""A connection that lasts less than 5 s makes the station wait ever longer before the next one:
resets at a shorter interval would find nobody."""


class ResetParameters(Parameters):
    """What one can tweak."""

    kind: Literal["Soft", "Hard"] = parameter(
        Choice("Soft", "Hard"), "with or without farewell to the transactions", default="Hard"
    )
    interval_s: float = parameter(_INTERVAL, "from one reset to the next", default=10.0)
    cycles: int = parameter(Integer(0, 1_000_000), "how often; 0 for endless", default=5)


class ResetStorm(Anomaly[ResetParameters]):
    """Whatever charges is ended by each reset, at every connector of the station."""

    name = "reset-storm"
    layer = "ocpp"
    title = "Reset storm"
    about = (
        "The central system resets the station over and over. Each time its transactions end "
        "(reason SoftReset or HardReset), the connection goes and it boots: nobody can charge, "
        "what was queued is told late, and a hard reset opens contactors under load. A fleet "
        "reset at once is a step of the whole load, and a rush of BootNotifications after it."
    )
    signature = Signature(
        ocpp="Reset, the connection ends, BootNotification, StatusNotification, and again",
        can="StopCharging at the reset",
        current="falls to 0 A at the first reset and stays there",
    )
    techniques = ("T0816", "T0814", "T0855")
    severity = 4
    stakes = ("availability", "grid")
    references = (
        "OCPP 1.6 ed. 2 sections 5.14 and 7.36",
        "OCPP 1.6 Security Whitepaper ed. 3: security event ResetOrReboot",
        "MITRE ATT&CK for ICS T0816 Device Restart/Shutdown",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"charging", "station connection"})
    ends = "when the station is connected and accepted again; the transactions stay ended"
    undone = "nothing to undo: it waits until the station is back"
    Parameters = ResetParameters
    pace = ("interval_s",)

    @classmethod
    def cycle_of(cls, parameters: ResetParameters) -> Cycle:
        return Cycle(1, parameters.interval_s)

    async def act(self, run: Run[ResetParameters]) -> None:
        def plan() -> tuple[PlannedStep]:
            kind, interval = run.parameters.kind, run.parameters.interval_s
            return (PlannedStep(f"Reset {kind}", interval, lambda: run.central_system.reset(kind)),)

        await run.repeat(plan)
