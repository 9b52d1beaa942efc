"""What one can tell a real CAN bus that the lab has joined."""

from __future__ import annotations

from types import NoneType

from evtui.commands.arguments import Arguments, Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.durations import Seconds
from evtui.kinds import Text

__all__ = ["ARM", "BY_FORM", "DISARM", "REAL_BUS", "Arming"]


class Arming(Arguments):
    """Leave to send anything on a real bus."""

    bus: str = argument(
        Text(1, 200), "the interface by its name, slcan:/dev/ttyACM0, so that it is the right one"
    )
    duration: float | None = argument(
        Seconds(1, 86400), "after which it ends by itself", default=None, unset="armed_for"
    )


ARM = LabCommand(
    "can.arm",
    (),
    "arm",
    "Allow anomalies and frames by hand on the real CAN bus of the charge point.",
    "Real CAN bus",
    aim="connector",
    takes=Arming,
    gives=float,
    result="lab time in s at which it ends",
)
DISARM = LabCommand(
    "can.disarm",
    (),
    "disarm",
    "End every anomaly at the charge point and keep them off its real CAN bus.",
    "Real CAN bus",
    aim="connector",
    takes=Nothing,
    gives=NoneType,
)

REAL_BUS: tuple[Command, ...] = (
    Command(
        "view.arm",
        ("exclamation_mark",),
        "arm",
        "Arm what is not ours, a real CAN bus or the charge point, after a question, or disarm it.",
        "Real CAN bus",
        also="allow interface proxy",
    ),
)
"""Group Real CAN bus."""

BY_FORM: tuple[Command, ...] = (ARM, DISARM)
"""What has no key: a question, a scenario or a program gives its arguments."""
