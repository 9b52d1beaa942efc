"""The power stage of a charging station as pure physics: ramps, limits, heat, battery."""

from .heat import Cooling, derating
from .presets import PRESETS, AcSupply, CcsSession, Preset, preset
from .ramp import FirstOrder, Ramp, Slew
from .stage import Phase, PowerStage, StageState
from .vehicle import Vehicle

__all__ = [
    "PRESETS",
    "AcSupply",
    "CcsSession",
    "Cooling",
    "FirstOrder",
    "Phase",
    "PowerStage",
    "Preset",
    "Ramp",
    "Slew",
    "StageState",
    "Vehicle",
    "derating",
    "preset",
]
