"""What a recording leaves out, said in the recording.  Pure."""

from __future__ import annotations

import math
from collections.abc import Callable

from evtui.events import LeftOut, LinkState, Note, OcppMessage, payload_bytes

__all__ = ["NAMED_MAX", "Omissions"]

TOLD_EVERY = 1.0
"""s of lab time between two lines that say what was left out."""

NAMED_MAX = 100
"""Stations named in one line; the rest are together under an empty name."""


class Omissions:
    """Collects what is not written and says so once a second.

    Args:
        write: takes the event that says so.

    Attributes:
        wake: lab time in s after which :meth:`release` has something to do.
    """

    def __init__(self, write: Callable[[LeftOut], None]) -> None:
        self._write = write
        self._numbers: list[int] = []
        self._messages: dict[str, int] = {}
        self._size = 0
        self.wake = math.inf

    def add(self, event: OcppMessage | Note | LinkState) -> None:
        """An event is left out."""
        if not self._numbers:
            self.wake = event.t + TOLD_EVERY
        self._numbers.append(event.seq)
        known = event.station in self._messages or len(self._messages) < NAMED_MAX
        name = event.station if known else ""
        self._messages[name] = self._messages.get(name, 0) + 1
        self._size += payload_bytes(event) if isinstance(event, OcppMessage) else 0

    def release(self, t: float) -> None:
        """Say it, if it is time to at lab time ``t`` in s."""
        if t > self.wake:
            self.tell(t)

    def tell(self, t: float) -> None:
        """Say at lab time ``t`` in s what has not been said yet."""
        if not self._numbers:
            return
        *numbers, last = self._numbers
        told = LeftOut(
            seq=last,
            t=t,
            source="recorder",
            numbers=numbers,
            messages=self._messages,
            size=self._size,
        )
        self._numbers, self._messages, self._size, self.wake = [], {}, 0, math.inf
        self._write(told)
