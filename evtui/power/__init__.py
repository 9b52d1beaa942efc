"""The power stage of a charging station as pure physics: ramps, limits, heat, battery."""

from .cars import BATTERY, VEHICLES
from .curve import ChargingCurve, read_curve
from .faults import CONTACT, Contact, Faults, Readings, input_share
from .heat import CONNECTOR_MOST, DERATE_FROM, DERATE_TO, Cooling, connector_derating, derating
from .presets import PRESETS, AcSupply, CcsSession, Preset, preset
from .ramp import FirstOrder, Ramp, Slew
from .recorded import RecordedVehicle
from .request import RequestRamp
from .stage import PowerStage
from .state import Phase, StageState
from .vehicle import Vehicle

__all__ = [
    "BATTERY",
    "CONNECTOR_MOST",
    "CONTACT",
    "DERATE_FROM",
    "DERATE_TO",
    "PRESETS",
    "VEHICLES",
    "AcSupply",
    "CcsSession",
    "ChargingCurve",
    "Contact",
    "Cooling",
    "Faults",
    "FirstOrder",
    "Phase",
    "PowerStage",
    "Preset",
    "Ramp",
    "Readings",
    "RecordedVehicle",
    "RequestRamp",
    "Slew",
    "StageState",
    "Vehicle",
    "connector_derating",
    "derating",
    "input_share",
    "preset",
    "read_curve",
]
