"""Waiting for a status, a message or an alarm, woken by the event that brings it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from evtui.events import Alarm, Event, EventStream, OcppMessage
from evtui.scenario.judge.matching import FirstSight, matches
from evtui.scenario.judge.outcome import StepFailed
from evtui.scenario.language.narration import seconds
from evtui.scenario.language.place import Place, Whereabouts
from evtui.scenario.run.waiting import first_event

if TYPE_CHECKING:  # steps import this
    from evtui.scenario.steps.wait import Awaited

__all__ = ["Lookout", "Wanted"]

RECENT_CALLS = 200
"""Calls kept for a wait that begins when what it waits for was just sent."""


class Wanted(msgspec.Struct, frozen=True):
    """What is waited for, and where.

    Attributes:
        since: sequence number; a call counts from the event after it.
        place: of messages and alarms any connector of the station will do if none was named.
        status: tells the status of the connector.
    """

    awaited: Awaited
    since: int
    place: Place
    status: Callable[[], str]

    def is_there(self, station: str, connector: int | None) -> bool:
        """True for what has happened at the place."""
        return station == self.place.station and self.place.named in (None, connector)


class Lookout:
    """Knows which calls have just gone by and which alarms are raised.

    Args:
        stream: read from now on.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._whereabouts = Whereabouts()
        self._first_sight = FirstSight()
        self._calls: deque[OcppMessage] = deque(maxlen=RECENT_CALLS)
        self._alarms: dict[tuple[str, int, str, str], Alarm] = {}
        self._unsubscribe = stream.subscribe(self._see, OcppMessage, Alarm)

    def close(self) -> None:
        """Stop reading."""
        self._unsubscribe()

    def has_come(self, wanted: Wanted) -> int | None:
        """Sequence number up to which the stream must have been read for it; None: it has not."""
        awaited = wanted.awaited
        if awaited.message is not None:
            calls = (c.seq for c in self._calls if c.seq > wanted.since and self._is(wanted, c))
            return next(calls, None)
        if awaited.status is not None:
            here = wanted.status() == awaited.status
        else:
            here = any(
                awaited.alarm in ("any", alarm.detector)
                and awaited.view in (None, alarm.view)
                and wanted.is_there(alarm.station, alarm.connector)
                for alarm in self._alarms.values()
            )
        return self._stream.last_seq if here else None

    async def wait_for(self, wanted: Wanted) -> int:
        """Wait; returns as :meth:`has_come` does.

        Raises:
            StepFailed: it has not come in time.
        """
        seq = self.has_come(wanted)
        if seq is not None:
            return seq
        awaited = wanted.awaited

        def brings_it(event: Event) -> bool:
            if awaited.message is not None and not isinstance(event, OcppMessage):
                return False
            return self.has_come(wanted) is not None

        event = await first_event(self._stream, brings_it, awaited.timeout)
        if event is None:
            instead = f"; the connector is {wanted.status()}" if awaited.status is not None else ""
            what = awaited.words().removeprefix("any ")
            raise StepFailed(f"no {what} in {seconds(awaited.timeout)}{instead}")
        return event.seq

    def _is(self, wanted: Wanted, call: OcppMessage) -> bool:
        awaited = wanted.awaited
        return (
            call.action == awaited.message
            and matches(awaited.fields or {}, call.payload)
            and wanted.is_there(call.station, self._whereabouts.connector(call))
        )

    def _see(self, event: Event) -> None:
        if isinstance(event, OcppMessage):
            self._whereabouts.see(event)
            if event.kind == "call" and self._first_sight.of(event):
                self._calls.append(event)
        elif isinstance(event, Alarm):
            key = (event.station, event.connector, event.detector, event.view)
            if event.raised:
                self._alarms[key] = event
            else:
                self._alarms.pop(key, None)
