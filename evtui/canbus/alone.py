"""A node that nobody hears.  Pure.

It sends its frame again and again and gets error passive; from then on, by the exception of ISO
11898-1 for acknowledgement errors, no counter changes any more.  So nothing has to be done for all
of these frames, some thousands a second, until something else happens on the bus.
"""

from __future__ import annotations

import msgspec

from evtui.canbus.controller import Controller
from evtui.canbus.errors import SUSPEND, cut_short, what_happens

__all__ = ["Alone", "alone"]


class Alone(msgspec.Struct):
    """Who it is, and how its frames follow each other.

    Attributes:
        begin: lab time in s at which the next of its frames begins.
        busy: s that each occupies the line, with its error frame.
        cycle: s from one to the next.
    """

    node: Controller
    begin: float
    busy: float
    cycle: float

    def catch_up(self, now: float) -> tuple[int, float]:
        """Let time pass up to ``now``.

        Returns:
            Frames that have failed since the last call, and s that they took together.
        """
        times = max(0, int((now - self.begin) / self.cycle))
        self.begin += times * self.cycle
        return times, times * self.busy


def alone(node: Controller, begin: float, bit: float, data_bit: float) -> Alone | None:
    """How a node goes on that nobody hears; None where it still changes something.

    Args:
        node: with a frame that waits.
        begin: lab time in s at which its next frame begins.
        bit: s of a bit; ``data_bit`` in the data phase of a CAN FD frame that switches.
    """
    _, _, duration, frame, _, _ = node.waiting[0]
    if node.state != "error passive" or frame.error:
        return None
    error = what_happens(frame, [], None)
    assert error is not None
    busy = cut_short(frame, error, duration, bit, data_bit, passive=True, active=False)
    return Alone(node, begin, busy, busy + SUSPEND * bit)
