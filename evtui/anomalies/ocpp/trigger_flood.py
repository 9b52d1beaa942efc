"""Trigger flood: the station is asked to say things, faster than anybody needs them."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Cycle, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import PlannedStep, Run
from evtui.kinds import Choice, Integer, Number

__all__ = ["TriggerFlood", "TriggerParameters"]

SEVERAL = "several"

MESSAGES = (
    "Heartbeat",
    "StatusNotification",
    "MeterValues",
    "FirmwareStatusNotification",
    "DiagnosticsStatusNotification",
)
"""What a station that is accepted may be asked for (OCPP 1.6 section 7.32)."""


class TriggerParameters(Parameters):
    """What one can tweak."""

    message: str = parameter(
        Choice(SEVERAL, *MESSAGES, "BootNotification"),
        "what is asked for; several: all but the boot, in turn",
        default=SEVERAL,
    )
    rate_per_s: float = parameter(
        Number(0.1, 50, "/s"), "calls, as far as the station answers as fast", default=5.0
    )
    cycles: int = parameter(Integer(0, 1_000_000), "rounds; 0 for endless", default=0)
    jitter: float = parameter(Number(0, 0.9), "share of each wait", default=0.0)

    @property
    def asked(self) -> tuple[str, ...]:
        """Messages of one round."""
        return MESSAGES if self.message == SEVERAL else (self.message,)


class TriggerFlood(Anomaly[TriggerParameters]):
    """Each call is answered and followed by what it asked for: four messages for one."""

    name = "trigger-flood"
    layer = "ocpp"
    title = "Trigger flood"
    about = (
        "The central system asks the station for messages with TriggerMessage, many a second. "
        "Each call costs an answer, the message itself and its answer, which the station sends "
        "one at a time: its own reports wait, mobile data runs up a bill, and a small controller "
        "has no time left for what it is there for. MeterValues between the regular ones also "
        "spoil what is computed from their rhythm."
    )
    signature = Signature(
        ocpp="TriggerMessage at a rate, each followed by what it asked for",
        can="nothing of its own",
        current="as before",
    )
    techniques = ("T0814", "T0855")
    severity = 2
    stakes = ("availability",)
    references = (
        "OCPP 1.6 ed. 2 sections 5.17 and 7.32",
        "MITRE ATT&CK for ICS T0814 Denial of Service",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    claims = frozenset({"station triggers"})
    ends = "when what was asked for last is delivered"
    undone = "nothing to undo"
    Parameters = TriggerParameters
    pace = ("rate_per_s",)
    strength = Knob("rate_per_s", 1.0)

    @classmethod
    def cycle_of(cls, parameters: TriggerParameters) -> Cycle:
        steps = len(parameters.asked)
        return Cycle(steps, steps / parameters.rate_per_s)

    async def act(self, run: Run[TriggerParameters]) -> None:
        trigger = run.central_system.trigger
        await run.repeat(
            lambda: [
                PlannedStep(
                    f"TriggerMessage {message}",
                    1 / run.parameters.rate_per_s,
                    partial(trigger, message),
                )
                for message in run.parameters.asked
            ]
        )
