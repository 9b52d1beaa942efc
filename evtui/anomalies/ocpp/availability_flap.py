"""Availability flap: the connector goes out of use and comes back, over and over."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.durations import Seconds
from evtui.kinds import Integer, Number

__all__ = ["AvailabilityFlap", "FlapParameters"]

_WAIT = Seconds(0.05, 3600)


class FlapParameters(Parameters):
    """What one can tweak."""

    out_s: float = parameter(_WAIT, "out of use", default=10.0)
    back_s: float = parameter(_WAIT, "back in use", default=2.0)
    cycles: int = parameter(Integer(0, 1_000_000), "0 for endless", default=0)
    jitter: float = parameter(Number(0, 0.9), "share of each wait", default=0.0)


class AvailabilityFlap(Anomaly[FlapParameters]):
    """What charges goes on charging: nobody who comes can begin."""

    name = "availability-flap"
    layer = "ocpp"
    title = "Availability flap"
    about = (
        "The central system takes the connector out of use and puts it back, so quickly that maps "
        "and drivers never know. Whoever wants to charge is refused most of the time; who charges "
        "already is left in peace (the change is Scheduled), and cannot begin again afterwards. "
        "The station keeps the change over a power failure."
    )
    signature = Signature(
        ocpp="ChangeAvailability Inoperative and Operative in turn, StatusNotification Unavailable",
        can="nothing of its own",
        current="none: no transaction can begin while it is out of use",
    )
    techniques = ("T0814", "T0826", "T0855")
    severity = 3
    stakes = ("availability",)
    references = (
        "OCPP 1.6 ed. 2 section 5.2",
        "MITRE ATT&CK for ICS T0826 Loss of Availability",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"availability"})
    ends = "when the connector is as available as it was"
    undone = "ChangeAvailability to what it was"
    Parameters = FlapParameters
    pace = ("out_s", "back_s")

    @classmethod
    def cycle_of(cls, parameters: FlapParameters) -> Cycle:
        return Cycle(2, parameters.out_s + parameters.back_s)

    async def act(self, run: Run[FlapParameters]) -> None:
        change = run.central_system.change_availability
        await run.repeat(
            lambda: (
                PlannedStep(
                    "ChangeAvailability Inoperative",
                    run.parameters.out_s,
                    partial(change, operative=False),
                ),
                PlannedStep(
                    "ChangeAvailability Operative",
                    run.parameters.back_s,
                    partial(change, operative=True),
                ),
            )
        )
