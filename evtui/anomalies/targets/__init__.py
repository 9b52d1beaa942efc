"""What anomalies act on, and what is left to undo of what they did."""

from typing import TYPE_CHECKING

from evtui.anomalies.targets.base import Attempt, LinkSite, Site, Target, disturbance
from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.anomalies.targets.bus import BusTarget
    from evtui.anomalies.targets.central_system import CentralSystemTarget, Operator
    from evtui.anomalies.targets.charge_point import ChargePointTarget
    from evtui.anomalies.targets.link import Deed, LinkTarget
    from evtui.anomalies.targets.modules import ModulesTarget
    from evtui.anomalies.targets.power_stage import PowerStageTarget
    from evtui.anomalies.targets.second_connection import SecondConnection

__all__ = [
    "Attempt",
    "BusTarget",
    "CentralSystemTarget",
    "ChargePointTarget",
    "Deed",
    "LinkSite",
    "LinkTarget",
    "ModulesTarget",
    "Operator",
    "PowerStageTarget",
    "SecondConnection",
    "Site",
    "Target",
    "disturbance",
]

# An anomaly needs one or two of them; a start of the lab needs none.
__getattr__ = lazy_names(
    __name__,
    {
        "evtui.anomalies.targets.bus": "BusTarget",
        "evtui.anomalies.targets.central_system": "CentralSystemTarget Operator",
        "evtui.anomalies.targets.charge_point": "ChargePointTarget",
        "evtui.anomalies.targets.link": "Deed LinkTarget",
        "evtui.anomalies.targets.modules": "ModulesTarget",
        "evtui.anomalies.targets.power_stage": "PowerStageTarget",
        "evtui.anomalies.targets.second_connection": "SecondConnection",
    },
)
