"""The CAN side of a station: bus, protocol, charger module, and a door for python-can programs."""

from __future__ import annotations

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.charger_module import ChargerModule
from evtui.canbus.nodes import CHARGE_POINT
from evtui.canbus.python_can import LabBus

__all__ = ["CHARGE_POINT", "ChargerModule", "LabBus", "Node", "SimulatedBus"]
