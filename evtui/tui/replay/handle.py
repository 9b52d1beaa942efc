"""A recording in the place of a lab: what the main screen asks of one, and a cursor in time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

from evtui.commands import Outcome
from evtui.events import EventReader
from evtui.tui.replay.feed import Arrival, FedRecording, Move, NotThere, ReplayFeed
from evtui.tui.replay.player import Player

if TYPE_CHECKING:
    from evtui.recording.read import MomentKind

__all__ = ["Recording", "ReplayHandle"]

TAKE_LIMIT = 5_000
"""Events shown in one tick; a recording that has more of them plays as fast as it can."""

NAMES: dict[MomentKind, str] = {
    "message": "message",
    "frame": "frame",
    "alarm": "alarm",
    "anomaly": "start or end of an anomaly",
}


class Recording(FedRecording, Protocol):
    """What the terminal needs of a run folder."""

    @property
    def start_utc(self) -> float:
        """Unix time in s of recorded time 0."""

    def next_time(self, what: MomentKind, t: float) -> float | None:
        """s of the first such event after ``t``."""

    def previous_time(self, what: MomentKind, t: float) -> float | None:
        """s of the last such event before ``t``."""


class ReplayHandle:
    """A :class:`~evtui.tui.handle.LabHandle` whose time is the cursor.

    Everything is called from the terminal's thread; :meth:`advance` once a frame.

    Args:
        recording: what is played.
        clock: monotonic seconds.

    Attributes:
        player: the cursor.
    """

    def __init__(self, recording: Recording, clock: Callable[[], float]) -> None:
        self.player = Player(recording.t_first, recording.t_end, clock)
        self._recording = recording
        self._feed = ReplayFeed(recording)
        self._events = EventReader(capacity=2 * TAKE_LIMIT)
        self._now = recording.t_first
        self.seek(recording.t_first)

    @property
    def start_utc(self) -> float:
        """Unix time in s of recorded time 0."""
        return self._recording.start_utc

    @property
    def events(self) -> EventReader:
        """What the cursor has passed while playing."""
        return self._events

    @property
    def seeking(self) -> bool:
        """True while the panels do not show the moment of the cursor yet."""
        return self._feed.busy

    def now(self) -> float:
        """Recorded time in s that the panels are to show."""
        return self._now

    def unix(self) -> float:
        """Unix time in s of the moment that the panels are to show."""
        return self.start_utc + self._now

    def submit(self, command: str, **arguments: object) -> Future[Outcome[Any]]:
        """Refuse: what has happened cannot be told anything."""
        future: Future[Outcome[Any]] = Future()
        future.set_exception(ValueError(f"this is a recording: {command} needs a running lab"))
        return future

    def on_arrival(self, tell: Callable[[], object]) -> None:
        """Call ``tell``, on another thread, when :meth:`advance` has something new to show."""
        self._feed.on_arrival = tell

    def toggle(self) -> None:
        """Play, or pause; at the end play again from the beginning."""
        if self.player.playing:
            self.player.pause()
            return
        if self.player.at_end:
            self.seek(self.player.first)
        self.player.play()

    def seek(self, t: float) -> None:
        """Go to recorded time ``t`` in s, or as far as the recording goes."""
        self.player.seek(t)
        target = self.player.position
        self._leave(lambda _: target)

    def skip(self, seconds: float) -> None:
        """Go so far forward, or back."""
        player = self.player
        player.seek(player.position + seconds)
        self._leave(lambda t: min(max(t + seconds, player.first), player.end))

    def step(self, what: MomentKind, *, forward: bool) -> None:
        """Go to the next such event, or to the one before, and stay there."""
        self.player.pause()
        self._leave(self._to(what, forward))

    def _leave(self, move: Move) -> None:
        self.player.wait()
        self._feed.move(move)

    def _to(self, what: MomentKind, forward: bool) -> Move:
        find = self._recording.next_time if forward else self._recording.previous_time

        def move(t: float) -> float:
            found = find(what, t)
            if found is None:
                raise NotThere(f"no {NAMES[what]} {'after' if forward else 'before'} this moment")
            return found

        return move

    def advance(self) -> Arrival | None:
        """Let the cursor move on; tells where a journey has ended, if one has."""
        player = self.player
        arrival = self._feed.arrived()
        if arrival is not None:
            player.seek(arrival.t)
            player.go_on()
            if arrival.trouble:
                player.pause()
            if arrival.events is not None:
                self._events.take()  # was on its way to panels that begin anew
                self._now = arrival.t
        if self._feed.busy:
            return arrival
        until = player.position
        events, reached = self._feed.take(until, TAKE_LIMIT)
        if reached < until or player.at_end:
            player.settle(reached)
        self._now = min(until, reached)
        for event in events:
            self._events.append(event)
        return arrival

    def close(self) -> None:
        """Stop reading."""
        self._feed.close()
