"""What the central system carries, told at most once a second and only when it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from evtui.events import CentralSystemLoad, EventStream, caused_by
from evtui.ocppj import LinkCounters

__all__ = ["LoadMeter"]

EVERY = 1.0
"""s between two :class:`CentralSystemLoad`."""


class LoadMeter:
    """Counts; whoever changes a count calls :meth:`changed`.

    Args:
        abandoned: says how many transactions are closed without a StopTransaction.

    Attributes:
        connections: stations connected now.
        calls: calls of stations answered since the start.
        refused: connections not let in since the start.
        messages: counters that all connections share.
        evicted: connections closed since the start because their station came again.
    """

    def __init__(
        self,
        stream: EventStream,
        source: str,
        connections_max: int,
        abandoned: Callable[[], int],
    ) -> None:
        self.connections_max = connections_max
        self.connections = 0
        self.calls = 0
        self.refused = 0
        self.messages = LinkCounters(trouble=self.changed)
        self.evicted = 0
        self._abandoned = abandoned
        self._stream = stream
        self._source = source
        self._timer: asyncio.TimerHandle | None = None
        self._calls_told = 0
        self._told: tuple[Any, ...] = ()

    def changed(self) -> None:
        """Something is to be told within a second."""
        if self._timer is None:
            with caused_by(None):  # it is the sum of many causes
                self._timer = asyncio.get_running_loop().call_later(EVERY, self._tell)

    def stop(self) -> None:
        """Tell nothing more, until something changes again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        calls, self._calls_told = self.calls - self._calls_told, self.calls
        load = CentralSystemLoad(
            source=self._source,
            connections=self.connections,
            connections_max=self.connections_max,
            calls_per_s=calls / EVERY,
            refused=self.refused,
            invalid=self.messages.invalid,
            oversize=self.messages.oversize,
            throttled=self.messages.throttled,
            evicted=self.evicted,
            abandoned=self._abandoned(),
        )
        news = msgspec.structs.astuple(load)
        if news != self._told:
            self._told = news
            self._stream.publish(load)
            self.changed()  # once more, so that the last word is that it is quiet
