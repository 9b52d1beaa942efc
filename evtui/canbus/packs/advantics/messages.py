"""What an ADVANTICS charge controller and the power modules say to each other, as typed values.

Voltages are in V, currents in A (positive into the vehicle), temperatures in degC, insulation in
kOhm.  Fields are little-endian; each class has its layout in its docstring, offsets in bits.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

__all__ = [
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
    "NewChargeSession",
    "OcppControl",
    "PowerModulesStatus",
    "SequenceControl",
    "VehicleIdentifier",
]


class ControllerState(IntEnum):
    """Where a charge session is, as 0x6B000 tells."""

    INITIALISING = 0
    WAITING_FOR_VEHICLE = 1
    NEGOTIATING = 2
    CONNECTED = 3
    INSULATION_TEST = 4
    PRECHARGE = 5
    WAITING_FOR_CHARGE = 6
    CHARGING = 7
    ENDING = 8
    WELDING_DETECTION = 9
    CLOSING = 10
    AUTHORISATION = 11
    NOT_AVAILABLE = 12
    PAUSED = 13


class Function(IntEnum):
    """What 0x6B003 asks of the modules: one bit of four, or none."""

    OFF = 0
    STANDBY = 1
    INSULATION_TEST = 2
    PRECHARGE = 4
    POWER_TRANSFER = 8


class EmergencySource(IntEnum):
    """Who asked for an emergency stop."""

    STATION = 1
    VEHICLE = 3


class PowerModulesStatus(msgspec.Struct, frozen=True):
    """0x63000, every 100 ms: what the modules deliver.

    0 u16 0.1 V, 16 i16 0.1 A, 32 and 40 u8 with an offset of -40 degC, 48 u8 0 or 1, 56 u8 in
    2 kOhm.

    Attributes:
        enabled: the modules are ready; False while charging is the only way to tell a fault.
        insulation: 510 is "good" and 0 "bad" from a monitor that knows no more than that.
    """

    voltage: float
    current: float
    module_temperature: int
    enclosure_temperature: int
    enabled: bool
    insulation: int


class DcPowerParameters(msgspec.Struct, frozen=True):
    """0x63001, on change: limits; 0 stands for the configured one.

    0, 16 and 32 u16 and 48 i16, in 0.1 V and 0.1 A.
    """

    voltage_max: float
    charge_current_max: float
    discharge_current_max: float
    range_target: float = 0.0


class SequenceControl(msgspec.Struct, frozen=True):
    """0x63002, on change: three bytes of flags, at bits 0, 1, 8, 9, 10 and 16.

    Buttons act when they change, so they are taken back.
    """

    start_authorised: bool = False
    chademo_start: bool = False
    authorisation_done: bool = False
    authorisation_valid: bool = False
    parameters_done: bool = False
    user_stop: bool = False


class ControllerStatus(msgspec.Struct, frozen=True):
    """0x6B000, every 100 ms and always: u8, a :class:`ControllerState` as a rule.

    The one message whose absence stops the modules, after 200 ms.
    """

    state: int


class NewChargeSession(msgspec.Struct, frozen=True):
    """0x6B001, every 100 ms until the modules are enabled: wakes them up.

    Attributes:
        protocol: u8: 0 DIN 70121, 1 and 2 ISO 15118-2 of 2010 and 2013, 3 to 5 CHAdeMO 0.9, 1.x and
            2.0, 6 PWM, 7 ISO 15118-20.
        plug: u8: 0 CCS core, 1 CCS extended, 2 CHAdeMO, 3 AC, 4 MCS.
    """

    protocol: int
    plug: int


class ChargeStatusChange(msgspec.Struct, frozen=True):
    """0x6B002, once: u8, 0 for stopped, 1 for started."""

    started: bool


class DcPowerControl(msgspec.Struct, frozen=True):
    """0x6B003, every 100 ms as a rule: what the modules are to do.

    0 u16 0.1 V, 16 and 32 i16 0.1 A, then from 48 four bits of :class:`Function`, at 53 range mode,
    at 54 contactors, at 55 lowering.

    Attributes:
        voltage: target.
        current_max: the set-point too, unless in range mode; negative into the grid.
        current_min: the same as the maximum, unless in range mode.
        function: a :class:`Function` as a rule.
        ranged: the modules may choose a current within the two.
        contactors_closed: they are to be.
        lowering: the output is to be brought to 20 V or less; in standby only.
    """

    voltage: float
    current_max: float
    current_min: float
    function: int
    ranged: bool = False
    contactors_closed: bool = False
    lowering: bool = False


class ChargeSessionFinished(msgspec.Struct, frozen=True):
    """0x6B004, once: u8, 0 for a clean end, 1 for a rushed one."""

    rushed: bool


class EmergencyStop(msgspec.Struct, frozen=True):
    """0x6B005, every 100 ms while it lasts: u8, an :class:`EmergencySource` as a rule."""

    source: int


class Battery(msgspec.Struct, frozen=True):
    """0x6B100, on change: u16 kWh, then u8 % of charge: present, lowest, target and highest.

    0 is "not given", here and in the other messages about the vehicle.
    """

    capacity_kwh: int
    soc: int
    soc_min: int = 0
    soc_target: int = 0
    soc_max: int = 0


class BatteryVoltages(msgspec.Struct, frozen=True):
    """0x6B101, on change: three u16 in 0.1 V."""

    lowest: float
    highest: float
    present: float


class ChargeLimits(msgspec.Struct, frozen=True):
    """0x6B102, on change: two u16 in 0.1 A, two in kW."""

    current_min: float
    current_max: float
    power_min_kw: int
    power_max_kw: int


class DischargeLimits(msgspec.Struct, frozen=True):
    """0x6B103, on change: as 0x6B102."""

    current_min: float
    current_max: float
    power_min_kw: int
    power_max_kw: int


class EnergyRequest(msgspec.Struct, frozen=True):
    """0x6B104, on change: three i16 in kWh that the vehicle asks for."""

    lowest_kwh: int
    target_kwh: int
    highest_kwh: int


class VehicleIdentifier(msgspec.Struct, frozen=True):
    """0x6B105, every second: six bytes (the EVCCID, as a rule a MAC address)."""

    identifier: bytes


class OcppControl(msgspec.Struct, frozen=True):
    """0x6B300: i16 in 0.1 A; counts in range mode alone."""

    target: float


Content = (
    PowerModulesStatus
    | DcPowerParameters
    | SequenceControl
    | ControllerStatus
    | NewChargeSession
    | ChargeStatusChange
    | DcPowerControl
    | ChargeSessionFinished
    | EmergencyStop
    | Battery
    | BatteryVoltages
    | ChargeLimits
    | DischargeLimits
    | EnergyRequest
    | VehicleIdentifier
    | OcppControl
)
