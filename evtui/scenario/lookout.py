"""Waiting for a status, a message or an alarm, woken by the event that brings it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from evtui.events import Alarm, Event, EventStream, OcppMessage
from evtui.scenario.matching import FirstSight, matches
from evtui.scenario.narration import seconds
from evtui.scenario.outcome import StepFailed
from evtui.scenario.steps.wait import Awaited
from evtui.scenario.waiting import first_event

__all__ = ["Lookout"]

RECENT_CALLS = 200
"""Calls kept for a wait that begins when what it waits for was just sent."""


class Lookout:
    """Knows which calls have just gone by and which alarms are raised.

    Args:
        stream: read from now on.
        status: tells the status of the connector.
    """

    def __init__(self, stream: EventStream, status: Callable[[], str]) -> None:
        self._stream = stream
        self._status = status
        self._first_sight = FirstSight()
        self._calls: deque[OcppMessage] = deque(maxlen=RECENT_CALLS)
        self._alarms: dict[tuple[str, int, str, str], Alarm] = {}
        self._unsubscribe = stream.subscribe(self._see, OcppMessage, Alarm)

    def close(self) -> None:
        """Stop reading."""
        self._unsubscribe()

    def has_come(self, awaited: Awaited, since: int) -> int | None:
        """Sequence number up to which the stream must have been read for ``awaited``.

        Args:
            since: a call counts from the event after this one.

        Returns:
            None when it has not come.
        """
        if awaited.message is not None:
            return next((c.seq for c in self._calls if c.seq > since and _is(awaited, c)), None)
        if awaited.status is not None:
            here = self._status() == awaited.status
        else:
            here = any(
                awaited.alarm in ("any", alarm.detector) and awaited.view in (None, alarm.view)
                for alarm in self._alarms.values()
            )
        return self._stream.last_seq if here else None

    async def wait_for(self, awaited: Awaited, since: int) -> int:
        """Wait; returns as :meth:`has_come` does.

        Raises:
            StepFailed: it has not come in time.
        """
        seq = self.has_come(awaited, since)
        if seq is not None:
            return seq

        def brings_it(event: Event) -> bool:
            if awaited.message is not None and not isinstance(event, OcppMessage):
                return False
            return self.has_come(awaited, since) is not None

        event = await first_event(self._stream, brings_it, awaited.timeout)
        if event is None:
            instead = f"; the connector is {self._status()}" if awaited.status is not None else ""
            what = awaited.words().removeprefix("any ")
            raise StepFailed(f"no {what} in {seconds(awaited.timeout)}{instead}")
        return event.seq

    def _see(self, event: Event) -> None:
        if isinstance(event, OcppMessage):
            if event.kind == "call" and self._first_sight.of(event):
                self._calls.append(event)
        elif isinstance(event, Alarm):
            key = (event.station, event.connector, event.detector, event.view)
            if event.raised:
                self._alarms[key] = event
            else:
                self._alarms.pop(key, None)


def _is(awaited: Awaited, call: OcppMessage) -> bool:
    return call.action == awaited.message and matches(awaited.fields or {}, call.payload)
