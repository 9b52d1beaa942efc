"""What one can tell the lab: who carries out which command of :mod:`evtui.commands`, and how."""

from evtui.lab.orders import (  # noqa: F401 - found by command
    anomaly,
    can,
    charging,
    proxy,
    real_bus,
    station,
)
from evtui.lab.orders.carrying_out import Here, Orders
from evtui.lab.orders.handlers import HANDLERS, CommandError, Works
from evtui.lab.orders.proxy import fall_silent

__all__ = ["HANDLERS", "CommandError", "Here", "Orders", "Works", "fall_silent"]
