"""Frames of the ADVANTICS generic EVSE interface, version 3.6, as typed values and back.  Pure.

The protocol: 500 kbit/s, 29-bit identifiers, little-endian, no checksum and no counter.
``advantics.dbc`` beside this file says the same, and the tests hold one against the other.  The
messages of the group of inputs and outputs (0x63201, 0x6B200 and so on) are not in it.

========= ==================================================
bits      field of the identifier
========= ==================================================
28 to 24  pistol, from 1: here the number of the connector
23 to 16  0x06, the generic interface
15        1 from the controller, 0 to it
14 to 12  version of the interface, 3
11 to 8   group: 0 core, 1 vehicle, 2 inputs, outputs, 3 OCPP
7 to 0    message
========= ==================================================
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from evtui.canbus.frame import Frame
from evtui.canbus.packs.advantics.messages import (
    Battery,
    BatteryVoltages,
    ChargeLimits,
    ChargeSessionFinished,
    ChargeStatusChange,
    Content,
    ControllerStatus,
    DcPowerControl,
    DcPowerParameters,
    DischargeLimits,
    EmergencyStop,
    EnergyRequest,
    NewChargeSession,
    OcppControl,
    PowerModulesStatus,
    SequenceControl,
    VehicleIdentifier,
)
from evtui.canbus.packs.api import MalformedFrame
from evtui.canbus.packs.dbc import copied
from evtui.events import CanFrame

__all__ = [
    "FRAMES_KEPT",
    "PISTOLS_MAX",
    "Message",
    "dbc_name",
    "dbc_text",
    "decode",
    "decode_data",
    "encode",
    "pistol_of",
    "sent_by_modules",
]

PISTOLS_MAX = 31
"""Pistols that an identifier can tell apart, from 1."""

FRAMES_KEPT = 4_096
"""Frames whose meaning is remembered: a charger says the same few hundred all the time."""

_BASE = 0x00FF_FFFF


class Message(NamedTuple):
    """One frame of the protocol: which pistol it is about, and what it says."""

    pistol: int
    content: Content


class _Layout(NamedTuple):
    base: int
    length: int
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]


def _tenths(value: float, low: int, high: int, what: str) -> int:
    """``value`` in tenths.

    Raises:
        ValueError: it does not fit or is no number.
    """
    number = value * 10
    if not low - 0.5 < number < high + 0.5:  # false for what is no number, too
        raise ValueError(f"a {what} of {value:g} does not fit: {low / 10:g} to {high / 10:g}")
    return max(low, min(round(number), high))


def _volts(value: float) -> int:
    return _tenths(value, 0, 0xFFFF, "voltage in V")


def _amperes(value: float) -> int:
    return _tenths(value, -0x8000, 0x7FFF, "current in A")


def _amount(value: float) -> int:
    return _tenths(value, 0, 0xFFFF, "current in A")


def _within(value: int, low: int, high: int, what: str) -> int:
    if not low <= value <= high:
        raise ValueError(f"{what} {value} does not fit: {low} to {high}")
    return value


def _bit(value: int, what: str) -> bool:
    if value > 1:
        raise MalformedFrame(f"{what} with {value} in the place of 0 or 1")
    return value == 1


_STATUS = Struct("<HhBBBB")
_PARAMETERS = Struct("<HHHh")
_CONTROL = Struct("<HhhB")
_BATTERY = Struct("<HBBBB")
_THREE = Struct("<HHH")
_LIMITS = Struct("<HHHH")
_ENERGY = Struct("<hhh")
_TARGET = Struct("<h")


def _pack_status(value: PowerModulesStatus) -> bytes:
    _within(value.insulation, 0, 510, "an insulation in kOhm of")
    return _STATUS.pack(
        _volts(value.voltage),
        _amperes(value.current),
        _within(value.module_temperature, -40, 215, "a temperature in degC of") + 40,
        _within(value.enclosure_temperature, -40, 215, "a temperature in degC of") + 40,
        value.enabled,
        value.insulation // 2,
    )


def _unpack_status(data: bytes) -> PowerModulesStatus:
    volts, amperes, module, enclosure, enabled, insulation = _STATUS.unpack(data)
    ready = _bit(enabled, "PowerModulesStatus")
    return PowerModulesStatus(
        volts / 10, amperes / 10, module - 40, enclosure - 40, ready, 2 * insulation
    )


def _pack_parameters(value: DcPowerParameters) -> bytes:
    return _PARAMETERS.pack(
        _volts(value.voltage_max),
        _amount(value.charge_current_max),
        _amount(value.discharge_current_max),
        _amperes(value.range_target),
    )


def _unpack_parameters(data: bytes) -> DcPowerParameters:
    return DcPowerParameters(*(each / 10 for each in _PARAMETERS.unpack(data)))


_FLAGS = (0, 1, 8, 9, 10, 16)
"""Bits of the fields of SequenceControl, in their order."""


def _pack_sequence(value: SequenceControl) -> bytes:
    fields = (
        value.start_authorised,
        value.chademo_start,
        value.authorisation_done,
        value.authorisation_valid,
        value.parameters_done,
        value.user_stop,
    )
    return sum(on << bit for on, bit in zip(fields, _FLAGS, strict=True)).to_bytes(3, "little")


def _unpack_sequence(data: bytes) -> SequenceControl:
    bits = int.from_bytes(data, "little")
    return SequenceControl(*(bool(bits >> bit & 1) for bit in _FLAGS))


def _pack_control(value: DcPowerControl) -> bytes:
    return _CONTROL.pack(
        _volts(value.voltage),
        _amperes(value.current_max),
        _amperes(value.current_min),
        _within(value.function, 0, 0xF, "function")
        | value.ranged << 5
        | value.contactors_closed << 6
        | value.lowering << 7,
    )


def _unpack_control(data: bytes) -> DcPowerControl:
    volts, most, least, bits = _CONTROL.unpack(data)
    return DcPowerControl(
        volts / 10,
        most / 10,
        least / 10,
        bits & 0xF,
        bool(bits & 0x20),
        bool(bits & 0x40),
        bool(bits & 0x80),
    )


def _pack_battery(value: Battery) -> bytes:
    charges = (value.soc, value.soc_min, value.soc_target, value.soc_max)
    return _BATTERY.pack(
        _within(value.capacity_kwh, 0, 0xFFFF, "a capacity in kWh of"),
        *(_within(each, 0, 0xFF, "a state of charge in % of") for each in charges),
    )


def _pack_voltages(value: BatteryVoltages) -> bytes:
    return _THREE.pack(_volts(value.lowest), _volts(value.highest), _volts(value.present))


def _unpack_voltages(data: bytes) -> BatteryVoltages:
    return BatteryVoltages(*(each / 10 for each in _THREE.unpack(data)))


def _limits(kind: type[ChargeLimits] | type[DischargeLimits], base: int) -> _Layout:
    def pack(value: ChargeLimits | DischargeLimits) -> bytes:
        return _LIMITS.pack(
            _amount(value.current_min),
            _amount(value.current_max),
            _within(value.power_min_kw, 0, 0xFFFF, "a power in kW of"),
            _within(value.power_max_kw, 0, 0xFFFF, "a power in kW of"),
        )

    def unpack(data: bytes) -> ChargeLimits | DischargeLimits:
        least, most, power_min, power_max = _LIMITS.unpack(data)
        return kind(least / 10, most / 10, power_min, power_max)

    return _Layout(base, 8, pack, unpack)


def _pack_energy(value: EnergyRequest) -> bytes:
    energies = (value.lowest_kwh, value.target_kwh, value.highest_kwh)
    return _ENERGY.pack(
        *(_within(each, -0x8000, 0x7FFF, "an energy in kWh of") for each in energies)
    )


def _pack_identifier(value: VehicleIdentifier) -> bytes:
    if len(value.identifier) != 6:
        raise ValueError(f"{len(value.identifier)} bytes of a vehicle's identifier; it has 6")
    return value.identifier


def _bytes(*values: int) -> bytes:
    return bytes(_within(each, 0, 0xFF, "a byte of") for each in values)


_LAYOUTS: dict[type[Any], _Layout] = {
    PowerModulesStatus: _Layout(0x63000, 8, _pack_status, _unpack_status),
    DcPowerParameters: _Layout(0x63001, 8, _pack_parameters, _unpack_parameters),
    SequenceControl: _Layout(0x63002, 3, _pack_sequence, _unpack_sequence),
    ControllerStatus: _Layout(
        0x6B000, 1, lambda value: _bytes(value.state), lambda data: ControllerStatus(data[0])
    ),
    NewChargeSession: _Layout(
        0x6B001,
        2,
        lambda value: _bytes(value.protocol, value.plug),
        lambda data: NewChargeSession(data[0], data[1]),
    ),
    ChargeStatusChange: _Layout(
        0x6B002,
        1,
        lambda value: _bytes(value.started),
        lambda data: ChargeStatusChange(_bit(data[0], "ChargeStatusChange")),
    ),
    DcPowerControl: _Layout(0x6B003, 7, _pack_control, _unpack_control),
    ChargeSessionFinished: _Layout(
        0x6B004,
        1,
        lambda value: _bytes(value.rushed),
        lambda data: ChargeSessionFinished(_bit(data[0], "ChargeSessionFinished")),
    ),
    EmergencyStop: _Layout(
        0x6B005, 1, lambda value: _bytes(value.source), lambda data: EmergencyStop(data[0])
    ),
    Battery: _Layout(0x6B100, 6, _pack_battery, lambda data: Battery(*_BATTERY.unpack(data))),
    BatteryVoltages: _Layout(0x6B101, 6, _pack_voltages, _unpack_voltages),
    ChargeLimits: _limits(ChargeLimits, 0x6B102),
    DischargeLimits: _limits(DischargeLimits, 0x6B103),
    EnergyRequest: _Layout(
        0x6B104, 6, _pack_energy, lambda data: EnergyRequest(*_ENERGY.unpack(data))
    ),
    VehicleIdentifier: _Layout(
        0x6B105, 6, _pack_identifier, lambda data: VehicleIdentifier(bytes(data))
    ),
    OcppControl: _Layout(
        0x6B300,
        2,
        lambda value: _TARGET.pack(_amperes(value.target)),
        lambda data: OcppControl(_TARGET.unpack(data)[0] / 10),
    ),
}
_BY_BASE = {layout.base: (kind, layout) for kind, layout in _LAYOUTS.items()}


_NAMES: dict[type[Any], str] = {
    PowerModulesStatus: "Power_Modules_Status",
    DcPowerParameters: "DC_Power_Parameters",
    SequenceControl: "Sequence_Control",
    ControllerStatus: "Advantics_Controller_Status",
    NewChargeSession: "New_Charge_Session",
    ChargeStatusChange: "Charge_Status_Change",
    DcPowerControl: "DC_Power_Control",
    ChargeSessionFinished: "Charge_Session_Finished",
    EmergencyStop: "Emergency_Stop",
    Battery: "EV_Battery",
    BatteryVoltages: "EV_Voltages",
    ChargeLimits: "EV_Charge_Limits",
    DischargeLimits: "EV_Discharge_Limits",
    EnergyRequest: "EV_Energy_Request",
    VehicleIdentifier: "EV_Identifier",
    OcppControl: "OCPP_Control",
}

_FROM_CONTROLLER = 0x8000


def pistol_of(arbitration_id: int) -> int | None:
    """The pistol that a message is about, None for an identifier that is not ours."""
    return arbitration_id >> 24 or None if arbitration_id & _BASE in _BY_BASE else None


def sent_by_modules(arbitration_id: int) -> bool:
    """Whether the modules send it, where it is one of ours; else the controller does."""
    return not arbitration_id & _FROM_CONTROLLER


def dbc_name(arbitration_id: int) -> str:
    """What :func:`dbc_text` calls a message of ours."""
    kind, _ = _BY_BASE[arbitration_id & _BASE]
    return _numbered(_NAMES[kind], arbitration_id >> 24)


def _numbered(name: str, pistol: int) -> str:
    return name if pistol == 1 else f"{name}{pistol}"


@lru_cache(FRAMES_KEPT)
def encode(content: Content, pistol: int = 1) -> Frame:
    """The frame for ``content``, about ``pistol``.

    The limits of a charger are not enforced: a lab must be able to ask for too much.

    Raises:
        ValueError: a value does not fit into its field, or there is no such pistol.
    """
    _within(pistol, 1, PISTOLS_MAX, "pistol")
    layout = _LAYOUTS[type(content)]
    return Frame(pistol << 24 | layout.base, layout.pack(content), extended=True)


def decode(frame: Frame | CanFrame) -> Message | None:
    """What ``frame`` says, or None for a frame that is not part of the protocol.

    Raises:
        MalformedFrame: the identifier is one of the protocol, and the data are none of its message.
    """
    if not frame.extended or frame.remote or frame.error:
        return None
    return decode_data(frame.arbitration_id, frame.data)


@lru_cache(FRAMES_KEPT)
def decode_data(arbitration_id: int, data: bytes) -> Message | None:
    """What a data frame with a 29-bit identifier says, None for one that is not ours.

    Raises:
        MalformedFrame: the identifier is one of the protocol, and the data are none of its message.
    """
    known = _BY_BASE.get(arbitration_id & _BASE)
    pistol = arbitration_id >> 24
    if known is None or not pistol:
        return None
    kind, layout = known
    if len(data) != layout.length:
        raise MalformedFrame(f"{kind.__name__} with {len(data)} of {layout.length} bytes")
    return Message(pistol, layout.unpack(data))


def dbc_text(pistols: int = 8) -> str:
    """The protocol as a DBC for pistols 1 to ``pistols``; names from the second on end in a number.

    Raises:
        ValueError: identifiers have no room for so many.
    """
    _within(pistols, 1, PISTOLS_MAX, "a number of pistols of")

    def copies(arbitration_id: int, name: str) -> list[tuple[int, str]]:
        base = arbitration_id & _BASE
        numbers = range(1, pistols + 1)
        return [(each << 24 | base, _numbered(name, each)) for each in numbers]

    return copied((Path(__file__).parent / "advantics.dbc").read_text("ascii"), copies)
