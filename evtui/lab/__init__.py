"""The lab: central system, charge points, buses, modules, injector and detectors, assembled."""

from evtui.lab.assembly import Lab
from evtui.lab.orders import CommandError, Here
from evtui.lab.stand import Stand

__all__ = ["CommandError", "Here", "Lab", "Stand"]
