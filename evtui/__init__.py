"""evtui: an EV-charging anomaly lab in a terminal.

What a program of one's own needs is here by name, and imported when it is asked for::

    from evtui import CentralSystem, Lab, Settings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evtui.central_system.id_tags import IdTag, IdTags
    from evtui.central_system.system import CentralSystem, StationOffline
    from evtui.commands import Outcome
    from evtui.config import Settings
    from evtui.events import EventStream
    from evtui.lab import CommandError, Lab
    from evtui.ocppj.limits import MessageRate
    from evtui.ocppj.link import CallRefused, LinkClosed
    from evtui.runtime.clock import LoopClock
    from evtui.station.state.file import StateFile
    from evtui.station.state.store import StateError

__version__ = "0.1.0"

__all__ = [
    "CallRefused",
    "CentralSystem",
    "CommandError",
    "EventStream",
    "IdTag",
    "IdTags",
    "Lab",
    "LinkClosed",
    "LoopClock",
    "MessageRate",
    "Outcome",
    "Settings",
    "StateError",
    "StateFile",
    "StationOffline",
    "__version__",
]

_PLACES = {
    "CallRefused": "evtui.ocppj.link",
    "CentralSystem": "evtui.central_system.system",
    "CommandError": "evtui.lab",
    "EventStream": "evtui.events",
    "IdTag": "evtui.central_system.id_tags",
    "IdTags": "evtui.central_system.id_tags",
    "Lab": "evtui.lab",
    "LinkClosed": "evtui.ocppj.link",
    "LoopClock": "evtui.runtime.clock",
    "MessageRate": "evtui.ocppj.limits",
    "Outcome": "evtui.commands",
    "Settings": "evtui.config",
    "StateError": "evtui.station.state.store",
    "StateFile": "evtui.station.state.file",
    "StationOffline": "evtui.central_system.system",
}


def __getattr__(name: str) -> object:
    """A public name, imported now: the command line must not pay for what it does not use."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
