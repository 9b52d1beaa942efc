"""What one can have sent on the CAN bus of a charge point by hand, by the names of its DBC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evtui.commands.arguments import Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.durations import Seconds
from evtui.kinds import Integer, Payload, Switch, Text

__all__ = [
    "BY_FORM",
    "CAN",
    "MESSAGES",
    "PERIOD",
    "PERIODIC",
    "SENDING",
    "STOP_SENDING",
    "TIMES",
    "PeriodicMessage",
    "StopSending",
]

PERIOD = Seconds(0.001, 3600)
"""Between two messages; a loop does not wake up more often than once a millisecond."""

TIMES = Integer(1, 1_000_000)
"""How often a message may be told to be sent."""

_MESSAGE = Text(1, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicMessage:
    """A message that is sent again and again."""

    message: str = argument(_MESSAGE, "its name in the DBC; can.messages lists them")
    signals: dict[str, Any] | None = argument(
        Payload(),
        "values by the names of its signals: numbers, or names that the DBC gives to them",
        default=None,
        unset="as they are, at first the DBC's start values or 0",
    )
    period: float | None = argument(
        PERIOD,
        "from one to the next",
        default=None,
        unset="as it is, at first the DBC's GenMsgCycleTime",
        label="period",
    )
    times: int | None = argument(
        TIMES, "how often", default=None, unset="until stopped", label="times"
    )
    limits: bool = argument(Switch(), "keep to the ranges of the DBC", default=True, label="limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSending:
    """Messages that are sent no more."""

    message: str | None = argument(_MESSAGE, "its name", default=None, unset="all of them")
    station: str = argument(
        Text(0, 48), "charge point on whose bus", default="", unset="every charge point"
    )


MESSAGES = LabCommand(
    "can.messages",
    (),
    "CAN messages",
    "Tell which messages the DBC of the charge point's bus has, with their signals.",
    "CAN",
    also="dbc signals",
    aim="connector",
    takes=Nothing,
    gives=tuple[dict[str, Any], ...],
    result="each with `name`, `arbitration_id`, `period`, `signals` with ranges and units, ...",
)
PERIODIC = LabCommand(
    "can.periodic",
    (),
    "CAN message",
    "Send a message of the DBC now and again and again; of one that runs, change it.",
    "CAN",
    also="periodic bus dbc signal cyclic",
    aim="connector",
    takes=PeriodicMessage,
    gives=dict[str, Any],
    result="`message`, `frame` as candump writes it, `period`, `values` as they are sent",
)
SENDING = LabCommand(
    "can.sending",
    (),
    "sent by hand",
    "Tell what is sent again and again by hand.",
    "CAN",
    takes=Nothing,
    gives=tuple[dict[str, Any], ...],
    result="each with `station`, `message`, `frame`, `period`, `values`, `sent`, `left_out`, ...",
)
STOP_SENDING = LabCommand(
    "can.stop",
    ("X",),
    "stop CAN",
    "Stop every CAN message that is sent by hand.",
    "CAN",
    also="periodic panic silence bus",
    takes=StopSending,
    gives=tuple[str, ...],
    result="names of those that are stopped",
)

CAN: tuple[Command, ...] = (
    Command(
        "view.sending",
        ("M",),
        "CAN messages",
        "List the CAN messages that are sent by hand: add one, change it, stop it.",
        "CAN",
        also="send periodic cyclic bus dbc signal",
        aim="connector",
    ),
    STOP_SENDING,
)
"""Group CAN."""

BY_FORM: tuple[Command, ...] = (MESSAGES, PERIODIC, SENDING)
"""What has no key: a form gives its arguments, a scenario or a program."""
