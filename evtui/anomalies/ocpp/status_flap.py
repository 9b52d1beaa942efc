"""The charge point tells statuses that are not so."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Choice, Integer

__all__ = ["StatusFlap", "StatusFlapParameters"]

_STATUS = Choice(
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEVSE",
    "SuspendedEV",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)


class StatusFlapParameters(Parameters):
    """What one can tweak."""

    first: str = parameter(_STATUS, "status that is told", default="Faulted")
    second: str = parameter(_STATUS, "status that is told next", default="Unavailable")
    period_s: float = parameter(Seconds(0.2, 600.0), "in which both are told once", default=4.0)
    cycles: int = parameter(Integer(0, 1_000_000), "0 for endless", default=0)


class StatusFlap(Anomaly[StatusFlapParameters]):
    """StatusNotification between two statuses, neither of which need be so.

    A central system that is told Available takes a transaction at that connector for over
    (ours does, and says so), although the current flows on until this ends.
    """

    name = "status-flap"
    layer = "ocpp"
    title = "Flapping status"
    about = (
        "The charge point tells a status, then another, over and over, while it does something "
        "else: a loose contact, a defect, or somebody who wants it off the map. Customers are sent "
        "away, technicians are called, and a central system that believes Available closes the "
        "transaction that is running."
    )
    signature = Signature(
        ocpp="StatusNotification many times a minute, against what meter values and commands show",
        can="nothing to see",
        current="as before, whatever the status says",
    )
    techniques = ("T0856", "T0832")
    severity = 2
    stakes = ("availability",)
    references = ("OCPP 1.6 section 4.9, MinimumStatusDuration",)
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"charging"})  # which ends where Available is told
    ends = "when the real status is told"
    undone = "StatusNotification with what is so; a transaction closed by Available is ended"
    Parameters = StatusFlapParameters
    pace = ("period_s",)

    @classmethod
    def cycle_of(cls, parameters: StatusFlapParameters) -> Cycle:
        return Cycle(2, parameters.period_s)

    async def act(self, run: Run[StatusFlapParameters]) -> None:
        await run.repeat(lambda: self._plan(run))

    def _plan(self, run: Run[StatusFlapParameters]) -> Sequence[PlannedStep]:
        wait = run.parameters.period_s / 2
        return [
            PlannedStep(
                f"StatusNotification {status}",
                wait,
                partial(
                    run.charge_point.tell_status,
                    status,
                    "OtherError" if status == "Faulted" else "NoError",
                ),
            )
            for status in (run.parameters.first, run.parameters.second)
        ]
