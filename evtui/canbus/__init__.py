"""The CAN side of a station: bus, protocol packs, and a door for python-can programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.controller import (
    Controller,
    Disturbance,
    Disturber,
    ErrorKind,
    ErrorState,
    TransmitQueue,
)
from evtui.canbus.frame import Frame
from evtui.canbus.lengths import frame_bits, worst_case_bits
from evtui.canbus.messages import (
    MessageForm,
    SignalForm,
    compose,
    message_form,
    message_forms,
    signal_value,
    value_text,
)
from evtui.canbus.node import Node
from evtui.canbus.nodes import CHARGE_POINT, is_module, module_of
from evtui.canbus.periodic import BY_HAND_NODE, SHORTEST_PERIOD, Periodic, PeriodicSender
from evtui.canbus.playing import PLAYER_NODE, LogPlayer, Playing, Recorded, id_filter
from evtui.canbus.published import publish
from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.canbus.database import CanDatabase, DatabaseError, FoundSignal, load_database
    from evtui.canbus.gateway import Gateway
    from evtui.canbus.opening import interface_mistake
    from evtui.canbus.python_can import LabBus

__all__ = [
    "BY_HAND_NODE",
    "CHARGE_POINT",
    "PLAYER_NODE",
    "SHORTEST_PERIOD",
    "CanDatabase",
    "Controller",
    "DatabaseError",
    "Disturbance",
    "Disturber",
    "ErrorKind",
    "ErrorState",
    "FoundSignal",
    "Frame",
    "Gateway",
    "LabBus",
    "LogPlayer",
    "MessageForm",
    "Node",
    "Periodic",
    "PeriodicSender",
    "Playing",
    "Recorded",
    "SignalForm",
    "SimulatedBus",
    "TransmitQueue",
    "compose",
    "frame_bits",
    "id_filter",
    "interface_mistake",
    "is_module",
    "load_database",
    "message_form",
    "message_forms",
    "module_of",
    "publish",
    "signal_value",
    "value_text",
    "worst_case_bits",
]

# python-can looks through all that is installed when it is imported.
__getattr__ = lazy_names(
    __name__,
    {
        "evtui.canbus.database": "CanDatabase DatabaseError FoundSignal load_database",
        "evtui.canbus.gateway": "Gateway",
        "evtui.canbus.opening": "interface_mistake",
        "evtui.canbus.python_can": "LabBus",
    },
)
