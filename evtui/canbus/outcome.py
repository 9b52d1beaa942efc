"""What is told of a frame that has come to its end.  Pure."""

from __future__ import annotations

import msgspec

from evtui.canbus.controller import Controller, Disturbance, Ended, Queued
from evtui.canbus.lengths import arbitration_rank

__all__ = ["what_ended"]


def what_ended(
    sender: Controller,
    queued: Queued,
    error: Disturbance | None,
    start: float,
    end: float,
    *,
    passive: bool,
) -> Ended:
    """What has ended at ``end``.

    Args:
        error: what the frame has met, None when it went through.
        start: lab time in s at which it began.
        passive: its sender was error passive then: a CAN FD frame says so, and one that was sent
            at the same time by another goes through.
    """
    rank, order, duration, frame, cause, offered = queued
    if error is None:
        if frame.fd and passive:
            frame = msgspec.structs.replace(frame, esi=True)
        return end, sender, (rank, order, duration, frame, cause, offered), None, None
    if error.frame is not None and error.by is not None and passive:
        error.by.queued += 1  # it was sent beside what waits
        rank = arbitration_rank(error.frame)
        other = rank, order, end - start, error.frame, error.cause, start
        return end, error.by, other, None, None
    if error.cause is not None:
        cause = error.cause
    return end, sender, (rank, order, duration, frame, cause, offered), error.kind, None
