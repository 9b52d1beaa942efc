"""The generic EVSE interface of ADVANTICS charge controllers, version 3.6.

On one side stands the charge controller (SECC), on the other whatever power modules a charger has,
summed up by a controller of their own: here that of the connector.
"""

from __future__ import annotations

from evtui.canbus.packs.advantics.codec import (
    PISTOLS_MAX,
    Message,
    dbc_text,
    decode,
    decode_data,
    encode,
)
from evtui.canbus.packs.advantics.controller import AdvanticsController
from evtui.canbus.packs.advantics.messages import (
    Battery,
    BatteryVoltages,
    ChargeLimits,
    ChargeSessionFinished,
    ChargeStatusChange,
    Content,
    ControllerState,
    ControllerStatus,
    DcPowerControl,
    DcPowerParameters,
    DischargeLimits,
    EmergencySource,
    EmergencyStop,
    EnergyRequest,
    Function,
    NewChargeSession,
    OcppControl,
    PowerModulesStatus,
    SequenceControl,
    VehicleIdentifier,
)
from evtui.canbus.packs.advantics.modules import AdvanticsModules, Measured
from evtui.canbus.packs.advantics.pack import PACK, AdvanticsPack
from evtui.canbus.packs.advantics.rack import AdvanticsRack

__all__ = [
    "PACK",
    "PISTOLS_MAX",
    "AdvanticsController",
    "AdvanticsModules",
    "AdvanticsPack",
    "AdvanticsRack",
    "Battery",
    "BatteryVoltages",
    "ChargeLimits",
    "ChargeSessionFinished",
    "ChargeStatusChange",
    "Content",
    "ControllerState",
    "ControllerStatus",
    "DcPowerControl",
    "DcPowerParameters",
    "DischargeLimits",
    "EmergencySource",
    "EmergencyStop",
    "EnergyRequest",
    "Function",
    "Measured",
    "Message",
    "NewChargeSession",
    "OcppControl",
    "PowerModulesStatus",
    "SequenceControl",
    "VehicleIdentifier",
    "dbc_text",
    "decode",
    "decode_data",
    "encode",
]
