"""What happens in the lab, as frozen events on one stream with one clock.

Every part publishes; readers only read.  An event carries a sequence number, the seconds
since the lab started, its source and, where there is one, the sequence number of the event
that caused it: the SetChargingProfile that made a charge point send a 0x210 frame is that
frame's cause.

UTC is not stored in the event: for recordings it is ``stream.start_utc + event.t``, and goes on as
it began.  Times in messages are those of the clock, which may be set (:meth:`LoopClock.unix`).
"""

from evtui.events.base import Event
from evtui.events.states import (
    ArmingState,
    CanInterfaceState,
    CentralSystemLoad,
    CentralSystemState,
    ConnectorState,
    LabState,
    LinkState,
    PartState,
    PeriodicState,
    QueueState,
    TransactionState,
)
from evtui.events.stream import (
    NOTES_AT_ONCE,
    EventReader,
    EventStream,
    LabTime,
    LostFrames,
    Subscriber,
    caused_by,
    current_cause,
    handling,
    payload_bytes,
)
from evtui.events.text import NULL, as_json, json_text, pretty_json
from evtui.events.told import LeftOut, Mark, Note, Order, RecordingState, ScenarioState, Verdict
from evtui.events.traffic import BusLoad, CanFrame, CanProblem, NodeState, OcppMessage, Role, Sample
from evtui.events.truth import Alarm, AnomalyChange, AnomalyState, Detection

__all__ = [
    "NOTES_AT_ONCE",
    "NULL",
    "Alarm",
    "AnomalyChange",
    "AnomalyState",
    "ArmingState",
    "BusLoad",
    "CanFrame",
    "CanInterfaceState",
    "CanProblem",
    "CentralSystemLoad",
    "CentralSystemState",
    "ConnectorState",
    "Detection",
    "Event",
    "EventReader",
    "EventStream",
    "LabState",
    "LabTime",
    "LeftOut",
    "LinkState",
    "LostFrames",
    "Mark",
    "NodeState",
    "Note",
    "OcppMessage",
    "Order",
    "PartState",
    "PeriodicState",
    "QueueState",
    "RecordingState",
    "Role",
    "Sample",
    "ScenarioState",
    "Subscriber",
    "TransactionState",
    "Verdict",
    "as_json",
    "caused_by",
    "current_cause",
    "handling",
    "json_text",
    "payload_bytes",
    "pretty_json",
]
