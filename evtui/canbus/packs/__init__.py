"""Protocols that charge points and charger modules speak on CAN: one folder each."""

from __future__ import annotations

from evtui.canbus.packs.api import (
    FrameDescription,
    MalformedFrame,
    ModuleEnd,
    PowerUnit,
    ProtocolPack,
    Said,
    Speaker,
)

__all__ = [
    "FrameDescription",
    "MalformedFrame",
    "ModuleEnd",
    "PowerUnit",
    "ProtocolPack",
    "Said",
    "Speaker",
]
