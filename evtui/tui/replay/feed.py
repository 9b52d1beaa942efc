"""Reads a recording on a thread of its own: jumps to a moment, then stays ahead of the cursor."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from math import inf
from typing import Protocol

from evtui.events import Event

__all__ = ["Arrival", "FedRecording", "Move", "NotThere", "ReplayFeed"]

HISTORY = 600.0
"""s before the cursor that the panels are filled with: the chart's longest window."""

HISTORY_EVENTS = 20_000
"""Events before the cursor at most, on a bus that is flooded: what a live view's mailbox holds."""

FORWARD = 30.0
"""s forward that are played through rather than jumped over, so that the panels keep their rows."""

AHEAD = 2_000
"""Events kept ready after the cursor: a second at the highest speed."""

FORWARD_EVENTS = 4_000
"""Events played through at most, which is less than a view takes in one tick."""

CHUNK = 200
"""Events read before looking whether something else is wanted."""


class FedRecording(Protocol):
    """What is needed of a run folder."""

    @property
    def t_first(self) -> float:
        """s, time of the first event."""

    @property
    def t_end(self) -> float:
        """s, time of the last one."""

    def events(self, start: float = ...) -> Iterator[Event]:
        """Everything from ``start`` s on, in order."""

    def state_before(self, t: float) -> list[Event]:
        """The newest event of every kind that says how things stand, before ``t`` s."""


class NotThere(Exception):
    """A move leads nowhere; the text says what is not there."""


Move = Callable[[float], float]
"""From one moment in s to another; raises :class:`NotThere` where there is none."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """The end of a journey.

    Attributes:
        t: s, where it ended.
        events: what the panels are to show instead of what they show; None where what is
            taken next follows on from that.
        trouble: why it did not go as asked, empty where it did.
        rest: what comes after ``events``, not read yet.
    """

    t: float
    events: list[Event] | None = None
    trouble: str = ""
    rest: Iterator[Event] | None = None


class ReplayFeed:
    """The reading end of a replay.

    Moves asked for while one is under way are made one after the other, and only where the
    last one leads is read.

    Args:
        recording: only this thread reads it.

    Attributes:
        on_arrival: called on this thread when there is something for :meth:`arrived`.
    """

    def __init__(self, recording: FedRecording) -> None:
        self.on_arrival: Callable[[], object] = lambda: None
        self._recording = recording
        self._changed = threading.Condition()
        self._closed = False
        self._busy = False
        self._moves: list[Move] = []
        self._at = self._shown = recording.t_first
        self._arrival: Arrival | None = None
        # What follows on from what is shown: read already, how far that goes, not read yet.
        self._follows = False
        self._ahead: deque[Event] = deque()
        self._read_to = inf
        self._rest: Iterator[Event] | None = None
        self._thread = threading.Thread(target=self._run, name="evtui-replay", daemon=True)
        self._thread.start()

    # The terminal's thread

    @property
    def busy(self) -> bool:
        """True from :meth:`move` until :meth:`arrived` has told of it."""
        return self._busy

    def move(self, move: Move) -> None:
        """Go somewhere from where the last journey, or what was taken since, has led."""
        with self._changed:
            if not self._busy:
                self._busy = True
                self._at = self._shown
            self._arrival = None
            self._moves.append(move)
            self._changed.notify()

    def arrived(self) -> Arrival | None:
        """Where the journey ended, told once; None while there is nothing to tell."""
        with self._changed:
            arrival, self._arrival = self._arrival, None
            if arrival is not None:
                if arrival.events is not None:
                    self._follows = True
                    self._ahead.clear()
                    self._read_to, self._rest = arrival.t, arrival.rest
                self._shown = arrival.t
                self._busy = False
                self._changed.notify()
            return arrival

    def take(self, until: float, limit: int) -> tuple[list[Event], float]:
        """What happened up to ``until`` (s) and was not taken before, at most ``limit`` events.

        Returns:
            the events, and the time in s up to which they are there.
        """
        taken: list[Event] = []
        with self._changed:
            ahead = self._ahead
            while ahead and ahead[0].t <= until and len(taken) < limit:
                taken.append(ahead.popleft())
            more = len(taken) == limit and ahead and ahead[0].t <= until
            self._shown = taken[-1].t if more else min(until, self._read_to)
            self._changed.notify()
            return taken, self._shown

    def close(self, timeout: float = 1.0) -> None:
        """End the thread; it is a daemon besides, so a slow disk holds up nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    # The thread

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._interrupted or self._has_room)
                if self._closed:
                    return
                moves, self._moves = self._moves, []
            try:
                if moves:
                    self._travel(moves)
                else:
                    self._read_on()
            except Exception as error:  # whatever is wrong with a file, the view stays usable
                self._give_up(str(error) or type(error).__name__)

    @property
    def _interrupted(self) -> bool:
        return self._closed or bool(self._moves)

    @property
    def _has_room(self) -> bool:
        return not self._busy and self._rest is not None and len(self._ahead) < AHEAD

    def _travel(self, moves: list[Move]) -> None:
        trouble = ""
        for move in moves:
            try:
                self._at, trouble = move(self._at), ""
            except NotThere as nowhere:
                trouble = str(nowhere)
        t = self._at
        if self._follows_on(t):
            self._arrive(Arrival(t, trouble=trouble))
            return
        rest = self._recording.events(t - HISTORY)
        history: deque[Event] = deque(maxlen=HISTORY_EVENTS)
        after: tuple[Event, ...] = ()
        start = t - HISTORY
        for read, event in enumerate(rest):
            if event.t > t:
                after = (event,)
                break
            if len(history) == HISTORY_EVENTS:
                start = history[1].t
            history.append(event)
            if read % CHUNK == 0 and self._interrupted:
                return
        events = [*self._recording.state_before(start), *history]
        self._arrive(Arrival(t, events, trouble, chain(after, rest)))

    def _follows_on(self, t: float) -> bool:
        """Read as far as ``t`` where that is a short way forward; False where it is not."""
        if not (self._follows and self._shown <= t <= self._shown + FORWARD):
            return False
        while self._read_to <= t and len(self._ahead) < FORWARD_EVENTS and not self._interrupted:
            self._read_on()
        return self._read_to > t

    def _read_on(self) -> None:
        assert self._rest is not None
        chunk = list(islice(self._rest, CHUNK))
        with self._changed:
            self._ahead.extend(chunk)
            if len(chunk) < CHUNK:
                self._rest, self._read_to = None, inf
            else:
                self._read_to = chunk[-1].t

    def _arrive(self, arrival: Arrival) -> None:
        with self._changed:
            if self._moves:
                return
            self._arrival = arrival
        self.on_arrival()

    def _give_up(self, trouble: str) -> None:
        with self._changed:
            self._follows, self._rest, self._read_to = False, None, inf
            self._busy = True
            arrival = Arrival(self._shown, trouble=f"cannot read on: {trouble}")
        self._arrive(arrival)
