"""How long periodic messages on a CAN bus may take at most.  Pure.

The analysis is that of R. I. Davis, A. Burns, R. J. Bril and J. J. Lukkien: "Controller Area
Network (CAN) schedulability analysis: Refuted, revisited and revised", Real-Time Systems 35 (2007),
section 3.  It holds for nodes that send the most urgent of their frames first, and while no frame
meets an error.

A message waits for the longest of the less urgent frames, one of which may just have begun, and for
all more urgent ones; since nobody is interrupted, a later instance of it may wait longer than the
first, so all those in a busy period are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import msgspec

__all__ = ["MessageStream", "Unschedulable", "worst_response_times"]

_STEP = 1e-9
"""s that the analysis counts in, so that no rounding decides whether a period is over."""

LONGEST = 3_600.0
"""s after which a busy period is taken to be without end."""


class MessageStream(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is queued again and again.

    Attributes:
        name: what it is called.
        duration: s that its frame takes on the line, intermission included.
        period: least time in s between two of it.
        jitter: s by which it may be queued late.
    """

    name: str
    duration: float
    period: float
    jitter: float = 0.0


class Unschedulable(ValueError):
    """Messages take more than the bus has, so one of them may wait for ever."""


def worst_response_times(messages: Sequence[MessageStream], bit: float) -> list[float]:
    """Longest time of each message from its release to the end of its frame.

    Args:
        messages: the most urgent one first; no two have the same priority.
        bit: s of a bit.

    Returns:
        s, in the same order; the jitter of a message counts.

    Raises:
        Unschedulable: the bus is loaded with 100 % or more.
    """
    load = sum(each.duration / each.period for each in messages)
    if load >= 1:
        raise Unschedulable(f"the messages take {100 * load:.1f} % of the bus; it has 100")
    steps = [_Steps(each) for each in messages]
    tau = round(bit / _STEP)
    return [
        _worst(each, steps[:place], steps[place + 1 :], tau) * _STEP
        for place, each in enumerate(steps)
    ]


class _Steps:
    """A message in whole steps."""

    __slots__ = ("duration", "jitter", "period")

    def __init__(self, message: MessageStream) -> None:
        self.duration = round(message.duration / _STEP)
        self.period = round(message.period / _STEP)
        self.jitter = round(message.jitter / _STEP)

    def demand(self, time: int) -> int:
        """Steps that all take that may be released within ``time``."""
        return -(-(time + self.jitter) // self.period) * self.duration


def _worst(own: _Steps, higher: Sequence[_Steps], lower: Sequence[_Steps], tau: int) -> int:
    blocking = max((each.duration for each in lower), default=0)
    everything = (*higher, own)
    busy, before = own.duration, 0
    while busy != before:  # how long the bus is busy with messages of this priority and above
        before = busy
        busy = blocking + sum(each.demand(before) for each in everything)
        if busy > LONGEST / _STEP:
            raise Unschedulable(f"the bus is busy for more than {LONGEST:g} s without a pause")
    instances = ceil((busy + own.jitter) / own.period)
    worst, wait = 0, blocking
    for instance in range(instances):
        done = blocking + instance * own.duration
        wait = max(wait, done)
        while True:  # from the begin of the busy period to that of the frame
            longer = done + sum(each.demand(wait + tau) for each in higher)
            if longer == wait:
                break
            wait = longer
        worst = max(worst, own.jitter + wait - instance * own.period + own.duration)
    return worst
