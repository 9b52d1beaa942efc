"""What one can have sent on the CAN bus of a charge point by hand, by the names of its DBC."""

from __future__ import annotations

from types import NoneType
from typing import Any

from evtui.commands.arguments import Arguments, Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.durations import Seconds
from evtui.kinds import Integer, Number, PathText, Payload, Switch, Text

__all__ = [
    "BY_FORM",
    "CAN",
    "MESSAGES",
    "PERIOD",
    "PERIODIC",
    "PLAY",
    "SENDING",
    "STEP",
    "STOP_SENDING",
    "TIMES",
    "PeriodicMessage",
    "PlayLog",
    "StepLog",
    "StopSending",
]

PERIOD = Seconds(0.001, 3600)
"""Between two messages; a loop does not wake up more often than once a millisecond."""

TIMES = Integer(1, 1_000_000)
"""How often a message may be told to be sent."""

_MESSAGE = Text(1, 128)


class PeriodicMessage(Arguments):
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


class StopSending(Arguments):
    """Messages that are sent no more."""

    message: str | None = argument(_MESSAGE, "its name", default=None, unset="all of them")
    station: str = argument(
        Text(0, 48), "charge point on whose bus", default="", unset="every charge point"
    )


class PlayLog(Arguments):
    """A CAN log that is played on the bus."""

    file: str = argument(
        PathText("FILE", "a file"), "log of candump, .asc, .blf, .trc, .csv, .mf4", label="file"
    )
    speed: float = argument(
        Number(0.001, 1000), "times the pace of the recording", default=1.0, label="speed"
    )
    times: int | None = argument(
        TIMES, "how often", default=None, unset="once, or until stopped", label="times"
    )
    loop: bool = argument(
        Switch(), "again and again, until stopped", default=False, unset="once", label="loop"
    )
    start: float = argument(
        Seconds(0, 1e8), "from where on in the log", default=0.0, unset="0 s", label="start"
    )
    end: float | None = argument(
        Seconds(0, 1e8), "up to where", default=None, unset="its end", label="end"
    )
    ids: str = argument(
        Text(0, 400),
        "which identifiers: 300, 200-21F, 300:7F0 (id:mask)",
        default="",
        unset="all",
        label="ids",
    )
    bus: str = argument(
        Text(0, 64), "which bus of the log: can0", default="", unset="all", label="bus"
    )
    longest_gap: float | None = argument(
        Seconds(0, 1e6),
        "no silence is longer",
        default=None,
        unset="as long as it was",
        label="longest gap",
    )
    step: bool = argument(
        Switch(), "wait for can.step before each frame", default=False, unset="no", label="step"
    )


class StepLog(Arguments):
    """Frames of a log that waits."""

    frames: int = argument(Integer(1, 100_000), "how many go out", default=1)


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
PLAY = LabCommand(
    "can.play",
    (),
    "CAN log",
    "Play a CAN log on the bus of the charge point.",
    "CAN",
    also="replay trace candump asc blf trc savvycan mf4 bus",
    aim="connector",
    takes=PlayLog,
    gives=dict[str, Any],
    result="`frames` of one turn, `seconds` that one takes, `left_out`, `problems` of the log",
)
STEP = LabCommand(
    "can.step",
    (),
    "CAN step",
    "Let the next frames of a log out that is played step by step.",
    "CAN",
    also="single log",
    aim="connector",
    takes=StepLog,
    gives=NoneType,
)
STOP_SENDING = LabCommand(
    "can.stop",
    ("X",),
    "stop CAN",
    "Stop every CAN message that is sent by hand, and every log that is played.",
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

BY_FORM: tuple[Command, ...] = (MESSAGES, PERIODIC, SENDING, PLAY, STEP)
"""What has no key: a form gives its arguments, a scenario or a program."""
