"""INFY power modules, protocol V1.13 (REG, CEG and LRG series).

Known from public code that speaks it (EVerest's driver and others), not from the vendor's document;
the other dialect, of BEC and BEG modules, has the same identifiers and other commands, and is not
this one.
"""

from __future__ import annotations

from evtui.canbus.packs.infy.codec import Message, dbc_text, decode, decode_data, encode
from evtui.canbus.packs.infy.controller import InfyController
from evtui.canbus.packs.infy.identifier import (
    BROADCAST,
    CONTROLLER,
    MODULES_MAX,
    Command,
    ErrorCode,
    Identifier,
)
from evtui.canbus.packs.infy.messages import (
    Addressing,
    Available,
    Barcode,
    Content,
    Group,
    Input,
    Led,
    ModuleCount,
    Opaque,
    Output,
    OutputFixed,
    Rating,
    Read,
    SetOutput,
    SetSystemOutput,
    Sleep,
    Status,
    StatusBits,
    Switch,
    SystemOutput,
    SystemOutputFixed,
    WalkIn,
)
from evtui.canbus.packs.infy.module import InfyModule, Measured
from evtui.canbus.packs.infy.pack import PACK, InfyPack
from evtui.canbus.packs.infy.rack import InfyRack

__all__ = [
    "BROADCAST",
    "CONTROLLER",
    "MODULES_MAX",
    "PACK",
    "Addressing",
    "Available",
    "Barcode",
    "Command",
    "Content",
    "ErrorCode",
    "Group",
    "Identifier",
    "InfyController",
    "InfyModule",
    "InfyPack",
    "InfyRack",
    "Input",
    "Led",
    "Measured",
    "Message",
    "ModuleCount",
    "Opaque",
    "Output",
    "OutputFixed",
    "Rating",
    "Read",
    "SetOutput",
    "SetSystemOutput",
    "Sleep",
    "Status",
    "StatusBits",
    "Switch",
    "SystemOutput",
    "SystemOutputFixed",
    "WalkIn",
    "dbc_text",
    "decode",
    "decode_data",
    "encode",
]
