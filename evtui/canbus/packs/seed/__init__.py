"""The seed protocol: the default between a charge point and its charger modules.

It says amperes and nothing else: voltage, temperature and state of charge a charge point knows
from its own meter, its own sensors and the vehicle.
"""

from evtui.canbus.packs.seed.codec import (
    CONNECTORS_MAX,
    Current,
    SetLimit,
    StartCharging,
    StationMessage,
    StopCharging,
    connector_of,
    decode,
    encode,
)
from evtui.canbus.packs.seed.module import PERIOD, ChargerModule
from evtui.canbus.packs.seed.pack import PACK, SEED, SeedPack

__all__ = [
    "CONNECTORS_MAX",
    "PACK",
    "PERIOD",
    "SEED",
    "ChargerModule",
    "Current",
    "SeedPack",
    "SetLimit",
    "StartCharging",
    "StationMessage",
    "StopCharging",
    "connector_of",
    "decode",
    "encode",
]
