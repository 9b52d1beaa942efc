"""evtui: an EV-charging anomaly lab in a terminal.

What a program of one's own needs is here by name, and imported when it is asked for::

    from evtui import CentralSystem, Lab, Settings
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.central_system import CentralSystem, IdTag, IdTags, StationOffline
    from evtui.commands import Outcome
    from evtui.config import Settings
    from evtui.events import EventStream
    from evtui.lab import CommandError, Lab
    from evtui.ocppj import CallRefused, LinkClosed, MessageRate
    from evtui.runtime import LoopClock
    from evtui.station import StateError, StateFile

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

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.central_system": "CentralSystem IdTag IdTags StationOffline",
        "evtui.commands": "Outcome",
        "evtui.config": "Settings",
        "evtui.events": "EventStream",
        "evtui.lab": "CommandError Lab",
        "evtui.ocppj": "CallRefused LinkClosed MessageRate",
        "evtui.runtime": "LoopClock",
        "evtui.station": "StateError StateFile",
    },
)
