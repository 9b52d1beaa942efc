"""The charge point is not heard any more."""

from __future__ import annotations

from typing import ClassVar

from evtui.anomalies.api import Anomaly, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Choice

__all__ = ["HeartbeatLoss", "LossParameters"]


class LossParameters(Parameters):
    """What one can tweak."""

    mode: str = parameter(
        Choice("silent", "closed"), "hang with an open connection, or leave it", default="silent"
    )


class HeartbeatLoss(Anomaly[LossParameters]):
    """Nothing is heard of the charge point, which goes on charging.

    ``silent``: its program hangs.  Nothing is sent and no call is answered while the socket is
    open; the operating system goes on answering pings of TCP, and the WebSocket library its own.
    ``closed``: it closes the connection and dials no more.  Meter values that fall into the time
    are sent afterwards, with the times at which they were taken; statuses and heartbeats are not.
    Any message counts as a sign of life, and with OCPP-J heartbeats are not mandatory (OCPP 1.6
    section 4.6): the loss is a silence of several intervals, not a missing heartbeat.
    """

    name = "heartbeat-loss"
    layer = "ocpp"
    title = "Loss of heartbeats"
    about = (
        "The charge point says nothing more and does not answer, or is not connected, and charges "
        "on. What the central system orders meanwhile does not reach it: a limit that protects "
        "the grid, a remote stop. An attacker does that by jamming the mobile network."
    )
    signature = Signature(
        ocpp="no message of the station; calls to it time out; then all meter values at once",
        can="goes on as before",
        current="goes on as before",
    )
    techniques = ("T0814", "T0804")
    severity = 3
    stakes = ("availability",)
    references = ("OCPP 1.6 section 4.6",)
    needs: ClassVar[frozenset[Need]] = frozenset({"charge point"})
    claims = frozenset({"station connection"})
    ends = "when the station is heard again"
    undone = "it speaks again, or dials at once"
    Parameters = LossParameters

    async def act(self, run: Run[LossParameters]) -> None:
        target = run.charge_point
        while True:
            if run.parameters.mode == "silent":
                await run.step("the station falls silent", target.mute())
            else:
                await run.step("the station closes its connection", target.hang_up())
            await run.changed()
            await target.undo(run.attempt)
