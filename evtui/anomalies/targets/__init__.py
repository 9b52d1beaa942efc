"""What anomalies act on, and what is left to undo of what they did."""

from evtui.anomalies.targets.base import Attempt, Site, Target, disturbance
from evtui.anomalies.targets.bus import BusTarget
from evtui.anomalies.targets.central_system import CentralSystemTarget, Operator
from evtui.anomalies.targets.charge_point import ChargePointTarget
from evtui.anomalies.targets.link import Deed, LinkTarget
from evtui.anomalies.targets.power_stage import PowerStageTarget
from evtui.anomalies.targets.second_connection import SecondConnection

__all__ = [
    "Attempt",
    "BusTarget",
    "CentralSystemTarget",
    "ChargePointTarget",
    "Deed",
    "LinkTarget",
    "Operator",
    "PowerStageTarget",
    "SecondConnection",
    "Site",
    "Target",
    "disturbance",
]
