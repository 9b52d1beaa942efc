"""What still holds at a moment: the newest of each event that carries a whole state.

A view that jumps to the middle of a run is brought up with them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple

from evtui.events import (
    Alarm,
    AnomalyState,
    BusLoad,
    CanInterfaceState,
    CentralSystemLoad,
    CentralSystemState,
    ConnectorState,
    Detection,
    Event,
    LabState,
    LinkState,
    NodeState,
    PartState,
    PeriodicState,
    QueueState,
    RecordingState,
    ScenarioState,
    TransactionState,
)

__all__ = ["StateIndex", "follow", "state_of"]

CHECKPOINT_EVERY = 1024
"""Events between two moments whose states are kept: a day has about a hundred of them."""

_States = dict[Hashable, Event]


def state_of(event: Event) -> Hashable:
    """What the event says the state of; None for an event that is a moment and no state."""
    match event:
        case CentralSystemState() | CentralSystemLoad() | ScenarioState() | RecordingState():
            return type(event)
        case LinkState():
            return LinkState, event.station, event.side
        case ConnectorState() | TransactionState():
            return type(event), event.station, event.connector
        case AnomalyState():  # an anomaly goes on for ever, an attack by hand is one of many
            which = event.attack_id if event.by_hand else event.anomaly
            return AnomalyState, event.station, event.connector, which
        case Alarm():
            return Alarm, event.station, event.connector, event.detector, event.view
        case Detection():
            return Detection, event.station, event.connector, event.detector, event.view
        case PartState():
            return PartState, event.part
        case LabState():
            return LabState, event.station, event.connector
        case QueueState():
            return QueueState, event.station
        case BusLoad() | CanInterfaceState():
            return type(event), event.station, event.bus
        case PeriodicState():
            return PeriodicState, event.station, event.bus, event.message
        case NodeState():
            return NodeState, event.bus, event.node
    return None


def follow(states: _States, event: Event) -> None:
    """Bring ``states`` up with the next event; what is over is a state no more."""
    key = state_of(event)
    if _is_over(event):
        states.pop(key, None)
    elif key is not None:
        states[key] = event


def _is_over(event: Event) -> bool:
    """True for the end of a transaction, of an attack by hand, of what is sent by hand."""
    if isinstance(event, AnomalyState):
        return event.by_hand and event.change in ("safe", "failed")
    if isinstance(event, PeriodicState):
        return event.change == "off"
    return isinstance(event, TransactionState) and event.state == "stopped"


class _Checkpoint(NamedTuple):
    """States behind all lines in front of ``offset``, the last of which is at ``t``."""

    t: float
    offset: int
    states: _States


class StateIndex:
    """Finds the states at any time in a file of events, which is read once at most in whole.

    Args:
        read: yields the events from an offset on, each with the offset of its line.
    """

    def __init__(self, read: Callable[[int | None], Iterable[tuple[int, Event]]]) -> None:
        self._read = read
        self._checkpoints: list[_Checkpoint] = []

    def before(self, t: float) -> list[Event]:
        """States left by the events earlier than ``t`` in s, in order of their numbers."""
        place = bisect_left(self._checkpoints, t, key=lambda point: point.t)
        near = self._checkpoints[place - 1] if place else None
        states: _States = dict(near.states) if near else {}
        newest = place == len(self._checkpoints)
        last = near.t if near else 0.0
        for count, (offset, event) in enumerate(self._from(near)):
            if event.t >= t:
                break
            if newest and count and count % CHECKPOINT_EVERY == 0:
                self._checkpoints.append(_Checkpoint(last, offset, dict(states)))
            follow(states, event)
            last = event.t
        return sorted(states.values(), key=lambda event: event.seq)

    def _from(self, point: _Checkpoint | None) -> Iterator[tuple[int, Event]]:
        return iter(self._read(point.offset if point else None))
