"""What is told of the queue of a charge point: how long it is, and what was lost of it."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from evtui.events import EventStream, QueueState, caused_by

__all__ = ["QueueReport"]

REPORT_EVERY = 1.0
"""s between two reports of how long the queue is."""


class _Queue(NamedTuple):
    """The queue as it is now.

    Attributes:
        queued: messages in it.
        oldest: Unix s at which the first of them was posted; None when there is none.
        open: True while the central system takes messages.
    """

    queued: int = 0
    oldest: float | None = None
    open: bool = False


class QueueReport:
    """Publishes :class:`QueueState`: at once when a queue builds up or is empty again, and now
    and then while it changes.  A message that is answered at once is no news.

    Args:
        stream: where it is published.
        station: the charge point's identity.
        capacity: most messages kept.

    Attributes:
        lost: messages given up so far; to be counted on.
    """

    def __init__(self, stream: EventStream, station: str, capacity: int) -> None:
        self.lost = 0
        self._stream = stream
        self._station = station
        self._capacity = capacity
        self._queue = _Queue()
        self._told = 0, 0  # queued and lost
        self._timer: asyncio.TimerHandle | None = None

    def update(self, queued: int, oldest: float | None, *, is_open: bool) -> None:
        """Something was queued or has gone, or may go now.

        Args:
            queued: messages in the queue.
            oldest: Unix s at which the first of them was posted; None without one.
            is_open: the central system takes messages.
        """
        self._queue = _Queue(queued, oldest, is_open)
        self._review()

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _review(self) -> None:
        queued, told = self._queue.queued, self._told[0]
        if (queued, self.lost) == self._told:
            return
        if (told and not queued) or (queued and not told and not self._queue.open):
            self._tell()
        elif self._timer is None:
            with caused_by(None):
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(REPORT_EVERY, self._look)

    def _look(self) -> None:
        self._timer = None
        queued, oldest, is_open = self._queue
        told, lost = self._told
        now = self._stream.start_utc + self._stream.now()
        fresh = oldest is not None and now - oldest < REPORT_EVERY / 2
        if fresh and is_open and not told and lost == self.lost:
            self._review()
        elif (queued, self.lost) != self._told:
            self._tell()

    def _tell(self) -> None:
        self.close()
        queued, oldest, _ = self._queue
        self._told = queued, self.lost
        self._stream.publish(
            QueueState(
                source=self._station,
                station=self._station,
                queued=queued,
                capacity=self._capacity,
                lost=self.lost,
                oldest=None if oldest is None else oldest - self._stream.start_utc,
            )
        )
