"""What one can tell charge points, ours and others, the detectors and the lab itself."""

from __future__ import annotations

from types import NoneType
from typing import Any

from evtui.commands.arguments import Arguments, Nothing, argument
from evtui.commands.model import Command, LabCommand
from evtui.config import PRESETS, VEHICLE_NAMES
from evtui.durations import Seconds
from evtui.kinds import (
    CanIdentifier,
    CiString,
    HexBytes,
    IdentityText,
    Payload,
    Switch,
    Text,
    Words,
)

__all__ = [
    "ADMIT",
    "BY_FORM",
    "CALL",
    "CAN_SEND",
    "CHARGE",
    "DIAGNOSTICS_FIELD",
    "FILES",
    "FIRMWARE_FIELD",
    "MARK",
    "PLUG",
    "PRESET",
    "RECORD",
    "RECORDING",
    "RESTART",
    "STATION",
    "STATIONS",
    "STRICT",
    "SWIPE",
    "TURN_AWAY",
    "VEHICLE",
    "VIEWS",
    "Call",
    "MarkWords",
    "Peer",
    "RawFrame",
    "Swipe",
]


class Swipe(Arguments):
    """An id tag at the reader."""

    id_tag: str | None = argument(
        CiString(1, 20), "what is held to the reader", default=None, unset="that of the settings"
    )


class Peer(Arguments):
    """A charge point, ours or not."""

    station: str = argument(IdentityText(), "identity of the charge point")


class Call(Arguments):
    """An operation of the central system."""

    station: str = argument(IdentityText(), "identity of the charge point, ours or not")
    action: str = argument(Text(1, 50), "operation of OCPP 1.6, such as Reset")
    payload: dict[str, Any] | None = argument(
        Payload(), "its fields by the names of OCPP 1.6", default=None, unset="none"
    )


class MarkWords(Arguments):
    """A moment, with a few words."""

    text: str = argument(Words(), "what is to be said of it", default="mark")
    at: float | None = argument(
        Seconds(0, 1e9), "lab time that is meant", default=None, unset="now"
    )
    station: str = argument(Text(0, 48), "charge point that it is about", default="", unset="all")


class RawFrame(Arguments):
    """A CAN frame of somebody's own."""

    identifier: int = argument(CanIdentifier(29), "arbitration id", label="identifier")
    data: str = argument(HexBytes(8), "its bytes", default="", unset="none", label="data")
    extended: bool = argument(
        Switch(), "a 29-bit identifier", default=False, unset="11 bits", label="extended"
    )


DIAGNOSTICS_FIELD = "GetDiagnostics.location"
FIRMWARE_FIELD = "UpdateFirmware.location"
"""Operations and fields that take a URL of the file server of the central system."""

CHARGE = LabCommand(
    "station.charge",
    ("b",),
    "charge",
    "Begin or end ordinary charging by a remote start or stop.",
    "Station",
    aim="connector",
    takes=Nothing,
    gives=bool,
    result="true when it begins, false when it ends",
    over_the_link=True,
)
PLUG = LabCommand(
    "station.plug",
    ("p",),
    "plug",
    "Plug or unplug the vehicle.",
    "Station",
    aim="connector",
    takes=Nothing,
    gives=bool,
    result="true when it is plugged in now",
)
SWIPE = LabCommand(
    "station.swipe",
    ("i",),
    "id tag",
    "Hold the id tag to the reader of the connector: it begins or ends charging.",
    "Station",
    aim="connector",
    takes=Swipe,
    gives=NoneType,
    over_the_link=True,
)
VEHICLE = LabCommand(
    "station.vehicle",
    ("V",),
    "vehicle",
    f"Next vehicle: battery, or one of {len(VEHICLE_NAMES) - 1} cars, with its measured ramps.",
    "Station",
    also="car",
    aim="connector",
    takes=Nothing,
    gives=str,
    result="the vehicle from now on",
)
PRESET = LabCommand(
    "station.preset",
    ("P",),
    "preset",
    f"Next power stage: {', '.join(PRESETS)}.",
    "Station",
    aim="connector",
    takes=Nothing,
    gives=str,
    result="the preset from now on",
)
STRICT = LabCommand(
    "station.strict",
    ("S",),
    "strict",
    "Strict or lenient: reject or take a TxProfile without a transaction.",
    "Station",
    aim="connector",
    takes=Nothing,
    gives=bool,
    result="true when strict from now on",
)
CALL = LabCommand(
    "csms.call",
    (),
    "call",
    "Send an OCPP operation to a charge point.",
    "Station",
    aim="peer",
    takes=Call,
    gives=dict[str, Any],
    result="the answer, by the names of OCPP 1.6",
)
CAN_SEND = LabCommand(
    "can.send",
    (),
    "CAN frame",
    "Send a raw frame on the CAN bus of the charge point.",
    "Station",
    also="raw inject bus",
    aim="connector",
    takes=RawFrame,
    gives=NoneType,
)
FILES = LabCommand(
    "csms.files",
    (),
    "files",
    "Serve files: where charge points may bring theirs and fetch firmware from.",
    "Station",
    aim="peer",
    takes=Nothing,
    gives=dict[str, str],
    result=f"URLs, by operation and field: `{DIAGNOSTICS_FIELD}`, `{FIRMWARE_FIELD}`",
)
VIEWS = LabCommand(
    "detector.view",
    ("d",),
    "detector",
    "Feed the detector from CAN, from MeterValues, or from both.",
    "Station",
    takes=Nothing,
    gives=tuple[str, ...],
    result="what it is fed from now on: `can`, `ocpp`",
)
RESTART = LabCommand(
    "lab.restart",
    ("R",),
    "restart",
    "Restart the parts that crashed.",
    "Station",
    takes=Nothing,
    gives=tuple[str, ...],
    result="names of the parts that are restarted",
)
RECORD = LabCommand(
    "lab.record",
    ("r",),
    "record",
    "Begin or end a recording: a new folder below runs/.",
    "Recording",
    11,
    takes=Nothing,
    gives=NoneType,
)
MARK = LabCommand(
    "lab.mark",
    (),
    "mark",
    "Mark a moment with a few words, on the chart and in the recording.",
    "Recording",
    takes=MarkWords,
    gives=NoneType,
)
ADMIT = LabCommand(
    "csms.admit",
    ("a",),
    "let in",
    "Let in the charge point that asks, from now on.",
    "In the list of stations",
    3,
    aim="peer",
    takes=Peer,
    gives=NoneType,
)
TURN_AWAY = LabCommand(
    "csms.turn_away",
    ("x",),
    "turn away",
    "Turn away the charge point that asks, from now on.",
    "In the list of stations",
    4,
    aim="peer",
    takes=Peer,
    gives=NoneType,
)

STATION: tuple[Command, ...] = (
    CHARGE,
    PLUG,
    VEHICLE,
    SWIPE,
    PRESET,
    STRICT,
    Command(
        "csms.operation",
        ("o",),
        "operation",
        "Send an OCPP operation of the central system: choose it, fill in its form.",
        "Station",
        10,
    ),
    VIEWS,
    RESTART,
)
"""Group Station."""

RECORDING: tuple[Command, ...] = (
    RECORD,
    Command(
        "view.mark",
        ("m",),
        "mark",
        "Mark this moment with a few words, on the chart and in the recording.",
        "Recording",
        12,
    ),
)
"""Group Recording."""

BY_FORM: tuple[Command, ...] = (CALL, CAN_SEND, FILES, MARK)
"""What has no key: a form gives its arguments, a scenario or a program."""

STATIONS: tuple[Command, ...] = (
    Command(
        "stations.choose",
        ("enter",),
        "choose",
        "Show, and act on, the charge point; of a foreign one, list its operations.",
        "In the list of stations",
        1,
    ),
    Command(
        "stations.operation",
        ("o",),
        "operation",
        "Send an OCPP operation to the charge point.",
        "In the list of stations",
        2,
    ),
    ADMIT,
    TURN_AWAY,
    Command(
        "stations.close",
        ("escape", "l", "q"),
        "close",
        "Close the list.",
        "In the list of stations",
        5,
    ),
)
"""What there is in the list of stations alone; the main screen is covered then."""
