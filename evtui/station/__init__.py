"""What a charge point is: connectors, transactions, metering, its link to the central system."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.station.charge_point import ChargePoint
    from evtui.station.configuration_keys import KEYS, table_rows
    from evtui.station.connector.controller import ConnectorController
    from evtui.station.connector.facts import Status
    from evtui.station.files.journal import Journal
    from evtui.station.files.memory import MemoryTransfers
    from evtui.station.files.network import NetworkTransfers
    from evtui.station.files.transfers import FileTransfers
    from evtui.station.hardware import (
        Capabilities,
        Charger,
        ChargerFault,
        ChargerReport,
        ChargerState,
        ConnectorHardware,
        NoLine,
        NoParts,
        OwnParts,
        OwnReadings,
        VehicleAsks,
        VehicleLine,
    )
    from evtui.station.identity import Identity
    from evtui.station.link.connection import Dial
    from evtui.station.state.file import StateFile
    from evtui.station.state.store import StateError, StateStore
    from evtui.station.wire import Equipment, build_charge_point

__all__ = [
    "KEYS",
    "Capabilities",
    "ChargePoint",
    "Charger",
    "ChargerFault",
    "ChargerReport",
    "ChargerState",
    "ConnectorController",
    "ConnectorHardware",
    "Dial",
    "Equipment",
    "FileTransfers",
    "Identity",
    "Journal",
    "MemoryTransfers",
    "NetworkTransfers",
    "NoLine",
    "NoParts",
    "OwnParts",
    "OwnReadings",
    "StateError",
    "StateFile",
    "StateStore",
    "Status",
    "VehicleAsks",
    "VehicleLine",
    "build_charge_point",
    "table_rows",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.station.charge_point": "ChargePoint",
        "evtui.station.configuration_keys": "KEYS table_rows",
        "evtui.station.connector.controller": "ConnectorController",
        "evtui.station.connector.facts": "Status",
        "evtui.station.files.journal": "Journal",
        "evtui.station.files.memory": "MemoryTransfers",
        "evtui.station.files.network": "NetworkTransfers",
        "evtui.station.files.transfers": "FileTransfers",
        "evtui.station.hardware": (
            "Capabilities Charger ChargerFault ChargerReport ChargerState ConnectorHardware NoLine "
            "NoParts OwnParts OwnReadings VehicleAsks VehicleLine"
        ),
        "evtui.station.identity": "Identity",
        "evtui.station.link.connection": "Dial",
        "evtui.station.state.file": "StateFile",
        "evtui.station.state.store": "StateError StateStore",
        "evtui.station.wire": "Equipment build_charge_point",
    },
)
