"""The power stage of a charging station as pure physics: ramps, limits, heat, battery."""

from .curve import ChargingCurve, read_curve
from .heat import Cooling, derating
from .presets import PRESETS, AcSupply, CcsSession, Preset, preset
from .ramp import FirstOrder, Ramp, Slew
from .recorded import RecordedVehicle
from .stage import Phase, PowerStage, StageState
from .vehicle import Vehicle

__all__ = [
    "PRESETS",
    "AcSupply",
    "CcsSession",
    "ChargingCurve",
    "Cooling",
    "FirstOrder",
    "Phase",
    "PowerStage",
    "Preset",
    "Ramp",
    "RecordedVehicle",
    "Slew",
    "StageState",
    "Vehicle",
    "derating",
    "preset",
    "read_curve",
]
