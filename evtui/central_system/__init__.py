"""The central system (CSMS): stations, id tags, transactions, and how stations come in."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.central_system.id_tags import (
        IdTag,
        IdTagError,
        IdTags,
        read_id_tags,
    )
    from evtui.central_system.memory_endpoint import MemoryEndpoint
    from evtui.central_system.state_check import check_state
    from evtui.central_system.system import (
        CentralSystem,
        Endpoint,
        StationOffline,
    )
    from evtui.central_system.transactions import Transaction
    from evtui.central_system.websocket_endpoint import WebSocketEndpoint

__all__ = [
    "CentralSystem",
    "Endpoint",
    "IdTag",
    "IdTagError",
    "IdTags",
    "MemoryEndpoint",
    "StationOffline",
    "Transaction",
    "WebSocketEndpoint",
    "check_state",
    "read_id_tags",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.central_system.id_tags": "IdTag IdTagError IdTags read_id_tags",
        "evtui.central_system.memory_endpoint": "MemoryEndpoint",
        "evtui.central_system.state_check": "check_state",
        "evtui.central_system.system": "CentralSystem Endpoint StationOffline",
        "evtui.central_system.transactions": "Transaction",
        "evtui.central_system.websocket_endpoint": "WebSocketEndpoint",
    },
)
