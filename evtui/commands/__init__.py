"""Everything one can tell the lab or its views, in one registry.

Key bindings, footer, help, command palette, user keymap, steps of scenarios and the tables of
the documentation are made from it.  ``lab`` commands are carried out by :class:`evtui.lab.Lab` on
the engine's thread, by the functions in :mod:`evtui.lab.orders`, and exist without a terminal;
``view`` commands change only what one person sees.
"""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.commands import anomaly, can, proxy, real_bus, station
from evtui.commands.anomaly import ANOMALY
from evtui.commands.arguments import (
    Argument,
    ArgumentError,
    Arguments,
    Nothing,
    argument,
    mistakes,
    read,
)
from evtui.commands.can import CAN
from evtui.commands.model import TARGET, Command, LabCommand, Outcome
from evtui.commands.real_bus import REAL_BUS
from evtui.commands.replay import REPLAY
from evtui.commands.station import RECORDING, STATION, STATIONS
from evtui.commands.view import VIEW

__all__ = [
    "BY_FORM",
    "COMMANDS",
    "FIRST_CONTACT",
    "REPLAY",
    "STATIONS",
    "TARGET",
    "Argument",
    "ArgumentError",
    "Arguments",
    "Command",
    "LabCommand",
    "Nothing",
    "Outcome",
    "argument",
    "by_name",
    "lab_commands",
    "mistakes",
    "read",
    "replay_commands",
    "view_commands",
]

FIRST_CONTACT = 5.0
"""s of lab time in which an order waits for a charge point that has not been there yet."""

COMMANDS: tuple[Command, ...] = (*ANOMALY, *STATION, *CAN, *REAL_BUS, *RECORDING, *VIEW)
"""What there is on the main screen."""

BY_FORM: tuple[Command, ...] = (
    *anomaly.BY_FORM,
    *station.BY_FORM,
    *can.BY_FORM,
    *real_bus.BY_FORM,
    *proxy.BY_FORM,
)
"""What has no key: a form, a scenario or a program gives its arguments."""

_HELP_IN_REPLAY = {"app.quit": "Leave."}
"""Where nothing runs that would have to be made safe."""

by_name: dict[str, Command] = {
    command.name: command for command in (*COMMANDS, *BY_FORM, *REPLAY, *STATIONS)
}


def lab_commands() -> tuple[LabCommand[Any, Any], ...]:
    """Commands the lab carries out, with or without a terminal."""
    return tuple(command for command in by_name.values() if isinstance(command, LabCommand))


def view_commands() -> tuple[Command, ...]:
    """Commands of the main screen that change only the view."""
    return tuple(command for command in COMMANDS if command.scope == "view")


def replay_commands() -> tuple[Command, ...]:
    """Commands of a replay: its own, and those of the live views whose keys it leaves free."""
    taken = {key for command in REPLAY for key in command.keys}
    commands = list(REPLAY)
    for command in COMMANDS:
        keys = tuple(key for key in command.keys if key not in taken)
        if command.group in ("View", "Program") and keys:
            rank = command.footer and command.footer + len(REPLAY)
            told = _HELP_IN_REPLAY.get(command.name, command.help)
            commands.append(msgspec.structs.replace(command, keys=keys, footer=rank, help=told))
    return tuple(commands)
