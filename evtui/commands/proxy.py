"""What one can tell a charge point of somebody else that connects through evtui."""

from __future__ import annotations

from types import NoneType

from evtui.commands.arguments import Arguments, Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.durations import Seconds

__all__ = ["ARM", "BY_FORM", "DISARM", "ArmedFor"]


class ArmedFor(Arguments):
    """Leave to inject on a connection of other people."""

    duration: float | None = argument(
        Seconds(1, 86400), "after which it ends by itself", default=None, unset="armed_for"
    )


ARM = LabCommand(
    "proxy.arm",
    (),
    "arm",
    "Allow anomalies at a charge point of somebody else that connects through here.",
    "Proxy",
    aim="connector",
    takes=ArmedFor,
    gives=float,
    result="lab time in s at which it ends",
)
DISARM = LabCommand(
    "proxy.disarm",
    (),
    "disarm",
    "End every anomaly at that charge point and allow none.",
    "Proxy",
    aim="connector",
    takes=Nothing,
    gives=NoneType,
)

BY_FORM: tuple[Command, ...] = (ARM, DISARM)
"""What has no key: a question, a scenario or a program gives its arguments."""
