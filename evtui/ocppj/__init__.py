"""OCPP-J of any version: framing, links, connections, limits, retries, messages as events."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names
from evtui.ocppj.answering import Refusal, Then, answer_call
from evtui.ocppj.framing import (
    UNREADABLE_ID,
    MalformedMessage,
    OcppFrame,
    UnknownMessageType,
    parse,
)
from evtui.ocppj.limits import MAX_MESSAGE_BYTES, PING_INTERVAL, LinkCounters, MessageRate
from evtui.ocppj.line import StationLine
from evtui.ocppj.link import (
    CallRefused,
    IncomingCall,
    Link,
    LinkClosed,
    MessageIds,
    SentMessages,
    Transport,
)
from evtui.ocppj.memory import MemoryTransport, memory_pair
from evtui.ocppj.passing import Hook, Let, Passing
from evtui.ocppj.tap import Tap
from evtui.ocppj.version import ErrorCodes, MessageKind, PayloadReading, Version

if TYPE_CHECKING:
    from evtui.ocppj.intake import is_own_end
    from evtui.ocppj.refusals import why_refused
    from evtui.ocppj.websocket import (
        QUEUE,
        ServerConnectionInTurn,
        WebSocketTransport,
        dial,
        identity_from_path,
        offered_subprotocols,
        selecting,
        station_url,
    )

__all__ = [
    "MAX_MESSAGE_BYTES",
    "PING_INTERVAL",
    "QUEUE",
    "UNREADABLE_ID",
    "CallRefused",
    "ErrorCodes",
    "Hook",
    "IncomingCall",
    "Let",
    "Link",
    "LinkClosed",
    "LinkCounters",
    "MalformedMessage",
    "MemoryTransport",
    "MessageIds",
    "MessageKind",
    "MessageRate",
    "OcppFrame",
    "Passing",
    "PayloadReading",
    "Refusal",
    "SentMessages",
    "ServerConnectionInTurn",
    "StationLine",
    "Tap",
    "Then",
    "Transport",
    "UnknownMessageType",
    "Version",
    "WebSocketTransport",
    "answer_call",
    "dial",
    "identity_from_path",
    "is_own_end",
    "memory_pair",
    "offered_subprotocols",
    "parse",
    "selecting",
    "station_url",
    "why_refused",
]

# A run in virtual time needs no sockets, and no library for them.
__getattr__ = lazy_names(
    __name__,
    {
        "evtui.ocppj.intake": "is_own_end",
        "evtui.ocppj.refusals": "why_refused",
        "evtui.ocppj.websocket": "QUEUE ServerConnectionInTurn WebSocketTransport dial "
        "identity_from_path offered_subprotocols selecting station_url",
    },
)
