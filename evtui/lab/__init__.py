"""The lab: central system, charge points, buses, modules, injector and detectors, assembled."""

from evtui.lab.assembly import Lab
from evtui.lab.building import identities, initial_parameters
from evtui.lab.orders import CommandError, Here
from evtui.lab.recordings import Recordings
from evtui.lab.stand import FIRST_CONNECTOR, Outlet, Stand

__all__ = [
    "FIRST_CONNECTOR",
    "CommandError",
    "Here",
    "Lab",
    "Outlet",
    "Recordings",
    "Stand",
    "identities",
    "initial_parameters",
]
