"""The events that a bus makes of what has ended on its line."""

from __future__ import annotations

from typing import Protocol

from evtui.canbus.controller import Controller, Counters, ErrorKind
from evtui.canbus.frame import Frame
from evtui.events import CanFrame, NodeState

__all__ = ["any_frame", "error_frame", "node_state"]


class Bus(Protocol):
    """What a bus is called."""

    name: str
    station: str


def any_frame(
    bus: Bus, seq: int, end: float, sender: Controller, frame: Frame, cause: int | None
) -> CanFrame:
    """A frame of whatever kind that has gone through."""
    return CanFrame(
        seq=seq,
        t=end,
        source=sender.name,
        cause=cause,
        station=bus.station,
        bus=bus.name,
        node=sender.name,
        arbitration_id=frame.arbitration_id,
        data=frame.data,
        extended=frame.extended,
        error=frame.error,
        remote=frame.remote,
        requested=frame.requested,
        fd=frame.fd,
        brs=frame.brs,
        esi=frame.esi,
    )


def error_frame(
    bus: Bus,
    seq: int,
    end: float,
    sender: Controller,
    frame: Frame,
    cause: int | None,
    error: ErrorKind,
) -> CanFrame:
    """The error frame that came in place of ``frame``, or behind a part of it."""
    return CanFrame(
        seq=seq,
        t=end,
        source=sender.name,
        cause=cause,
        station=bus.station,
        bus=bus.name,
        node=sender.name,
        arbitration_id=frame.arbitration_id,
        data=b"",
        extended=frame.extended,
        error=True,
        problem=error,
    )


def node_state(bus: Bus, node: Controller, change: Counters) -> NodeState:
    """The error state of a node."""
    return NodeState(
        source=node.name,
        station=bus.station,
        bus=bus.name,
        node=node.name,
        state=change.state,
        tec=change.tec,
        rec=change.rec,
    )
