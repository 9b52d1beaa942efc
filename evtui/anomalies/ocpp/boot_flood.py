"""The charge point says again and again that it has started."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Integer, Number

__all__ = ["BootFlood", "BootFloodParameters"]


class BootFloodParameters(Parameters):
    """What one can tweak."""

    rate_per_s: float = parameter(
        Number(0.1, 100.0, "1/s"), "boots, as far as answers come", default=5.0
    )
    boots: int = parameter(Integer(0, 1_000_000), "after which it ends, 0 for never", default=0)


class BootFlood(Anomaly[BootFloodParameters]):
    """Sends BootNotification after BootNotification on the connection that is there.

    A station boots once in a connection, and no sooner than the interval that it was given
    (OCPP 1.6 section 4.2).  It does not restart: what it charges goes on.
    """

    name = "boot-flood"
    layer = "ocpp"
    title = "Flood of boots"
    about = (
        "A charge point that is broken, or in the wrong hands, sends BootNotification as fast as "
        "it is answered. Each costs its central system more than another message: it looks up the "
        "station, its configuration and its transactions. A fleet that does so together is a "
        "denial of service."
    )
    signature = Signature(
        ocpp="BootNotification many times a minute, without a new connection",
        can="nothing to see",
        current="nothing to see",
    )
    techniques = ("T0814",)
    severity = 3
    stakes = ("availability",)
    references = (
        "OCPP 1.6 section 4.2",
        "CICEV2023: flooding the authentication of charge points",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"station calls"})
    ends = "with the answer to the last boot"
    undone = "nothing is to be undone: the station is accepted as before"
    Parameters = BootFloodParameters
    pace = ("rate_per_s",)
    strength = Knob("rate_per_s", 1.0)

    @classmethod
    def longest(cls, parameters: BootFloodParameters) -> float | None:
        return parameters.boots / parameters.rate_per_s if parameters.boots else None

    async def act(self, run: Run[BootFloodParameters]) -> None:
        number, due = 0, run.now
        while not run.parameters.boots or number < run.parameters.boots:
            number += 1
            await run.step(f"BootNotification {number}", run.charge_point.boot())
            due = max(due + 1 / run.parameters.rate_per_s, run.now)
            await run.wait(due - run.now)
