"""The one stream of events: numbers, stamps, hands out; causes; bounded mailboxes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol, TypeVar, cast

import msgspec

from evtui.events.base import Event
from evtui.events.told import Note
from evtui.events.traffic import CanFrame, OcppMessage
from evtui.repeats import Repeats

__all__ = [
    "NOTES_AT_ONCE",
    "EventReader",
    "EventStream",
    "LabTime",
    "LostFrames",
    "Subscriber",
    "caused_by",
    "current_cause",
    "handling",
    "payload_bytes",
]

_cause: ContextVar[int | None] = ContextVar("evtui_cause", default=None)


current_cause: Callable[[], int | None] = _cause.get
"""Gives the sequence number of the event being handled in this context, or None."""


handling: Callable[[int | None], object] = _cause.set
"""What is done from now on in this context has this event as its cause.

For whoever handles many events in a context of its own; others use :class:`caused_by`.
"""


class caused_by:  # noqa: N801 - reads as what it does: ``with caused_by(event.seq):``
    """Everything published inside the block, and tasks started in it, get ``seq`` as cause.

    A queue between two tasks breaks the chain: a queued command carries its cause along and
    its consumer opens a block again.
    """

    __slots__ = ("_seq", "_token")

    def __init__(self, seq: int | None) -> None:
        self._seq = seq

    def __enter__(self) -> None:
        self._token = _cause.set(self._seq)

    def __exit__(self, *_: object) -> None:
        _cause.reset(self._token)


class LabTime(Protocol):
    """What the stream needs of a clock."""

    start_utc: float

    def now(self) -> float: ...


E = TypeVar("E", bound=Event)
Subscriber = Callable[[Event], None]
"""Reads the stream, on the engine's thread."""


FrameKey = tuple[str, str, int, bool, bool, bool]
"""Bus, node, identifier; whether they have 29 bits, are remote frames, are error frames."""


class LostFrames:
    """CAN frames of one :data:`FrameKey` that a mailbox had no room for.

    Attributes:
        count: how many.
        newest: the last of them.
    """

    __slots__ = ("count", "newest")

    def __init__(self, newest: CanFrame) -> None:
        self.count = 0
        self.newest = newest


LOST_KEYS_MAX = 8_192
"""Keys that lost frames are counted by; those of others count in ``dropped`` alone."""

READER_BYTES = 8 * 1024 * 1024
"""Payloads that wait in one :class:`EventReader`: a peer may send 1 MiB a message."""


class EventReader:
    """A bounded mailbox for one reader on another thread.

    The engine appends, the reader takes; both ends of a deque are atomic in CPython, so no
    lock is held and a reader that stands still never holds up the engine.  What does not fit
    pushes out the oldest and is counted in ``dropped``.

    Args:
        capacity: events that wait at most.
        bytes_max: bytes of their payloads that wait at most.
    """

    def __init__(self, capacity: int, bytes_max: int = READER_BYTES) -> None:
        self._events: deque[tuple[Event, int]] = deque()
        self._capacity = capacity
        self._bytes_max = bytes_max
        self._appended = 0
        self._taken = 0
        self._bytes_in = 0  # written by the engine's thread only, as is what it pushes out
        self._bytes_out = 0  # written by the reader's thread only
        self._lost_frames: dict[FrameKey, LostFrames] = {}

    def append(self, event: Event) -> None:
        """Called by the stream, on the engine's thread only."""
        size = payload_bytes(event) if isinstance(event, OcppMessage) else 0
        self._events.append((event, size))
        self._appended += 1
        self._bytes_in += size
        while (
            len(self._events) > self._capacity or self._bytes_in - self._bytes_out > self._bytes_max
        ):
            try:
                lost, size = self._events.popleft()
            except IndexError:  # the reader was faster
                return
            self._bytes_in -= size
            if isinstance(lost, CanFrame):
                self._count_lost(lost)

    def _count_lost(self, frame: CanFrame) -> None:
        of = frame.arbitration_id, frame.extended, frame.remote, frame.error
        key = (frame.bus, frame.node, *of)
        lost = self._lost_frames.get(key)
        if lost is None:
            if len(self._lost_frames) >= LOST_KEYS_MAX:
                return
            lost = self._lost_frames[key] = LostFrames(frame)
        lost.count += 1
        lost.newest = frame

    def take(self, limit: int | None = None) -> list[Event]:
        """Return what has come since the last call, oldest first, at most ``limit``."""
        taken: list[Event] = []
        pop = self._events.popleft
        try:
            while limit is None or len(taken) < limit:
                event, size = pop()
                taken.append(event)
                self._bytes_out += size
        except IndexError:
            pass
        self._taken += len(taken)
        return taken

    @property
    def dropped(self) -> int:
        """Events pushed out before they were taken."""
        return max(0, self._appended - self._taken - len(self._events))

    def lost_frames(self) -> tuple[LostFrames, ...]:
        """The CAN frames among them, counted since the start; of each kind that has some."""
        return tuple(self._lost_frames.values())


NOTES_AT_ONCE = 10
"""Notes that say the same that are told one by one, before the rest are summed up."""

NOTES_EVERY = 10.0
"""s between two that say the same after that."""

_NUMBERS = re.compile(r"\d+")


def payload_bytes(message: OcppMessage) -> int:
    """What a message holds, nearly, of what a peer may make as long as it likes."""
    return (
        len(message.body)
        + len(message.text)
        + len(message.action)
        + len(message.error)
        + len(message.detail)
    )


class EventStream:
    """Numbers, stamps and hands out events, on the engine's thread.

    A subscriber that publishes while it is being told (a detector that raises an alarm)
    does not overtake: its event is handed out after the one being handed out, so every
    subscriber sees the same order.

    A note that says what :data:`NOTES_AT_ONCE` others just said is held back, and told with
    their number once in :data:`NOTES_EVERY` s, as soon as anything is published then.  Of one
    station notes say the same that differ in numbers only, which a peer counts up as it likes.
    """

    def __init__(self, clock: LabTime) -> None:
        self._clock = clock
        self._seq = 0
        self._subscribers: list[tuple[Subscriber, tuple[type[Event], ...]]] = []
        self._of_kind: dict[type[Event], tuple[Subscriber, ...]] = {}
        self._pending: deque[Event] = deque()
        self._delivering = False
        self._notes: Repeats[Note] = Repeats(NOTES_AT_ONCE, NOTES_EVERY)

    @property
    def start_utc(self) -> float:
        """Unix time in seconds of lab time 0."""
        return self._clock.start_utc

    def now(self) -> float:
        """Lab time in seconds."""
        return self._clock.now()

    @property
    def last_seq(self) -> int:
        """Sequence number of the newest event, 0 before the first."""
        return self._seq

    def subscribe(self, subscriber: Callable[[E], None], *kinds: type[E]) -> Callable[[], None]:
        """Call ``subscriber`` for each event from now on; returns a function that ends it.

        Args:
            kinds: types of events it wants; none means all.
        """
        entry = (cast(Subscriber, subscriber), kinds or (Event,))
        self._subscribers.append(entry)
        self._of_kind.clear()

        def unsubscribe() -> None:
            if entry in self._subscribers:
                self._subscribers.remove(entry)
                self._of_kind.clear()

        return unsubscribe

    def reader(self, capacity: int = 20_000) -> EventReader:
        """A bounded mailbox that gets every event from now on."""
        reader = EventReader(capacity)
        self.subscribe(reader.append)
        return reader

    def publish(self, event: E, *, t: float | None = None) -> E:
        """Stamp ``event``, hand it to every subscriber and return it.

        Args:
            event: a fresh event; its ``seq`` must still be 0.
            t: lab time in seconds when it is not now (a bus stamps from its bit clock).

        Returns:
            ``event``; its ``seq`` is 0 still when it is a note that is held back.

        Raises:
            ValueError: the event was published before.
        """
        if event.seq:
            raise ValueError(f"event {event.seq} is on the stream already")
        if self._notes.due is not None and (now := self._clock.now()) >= self._notes.due:
            self._tell_held(now)
        if event.cause is None:
            cause = _cause.get()
            if cause is not None:
                msgspec.structs.force_setattr(event, "cause", cause)
        if isinstance(event, Note):
            text = _NUMBERS.sub("0", event.text) if event.station else event.text
            says = (event.source, event.station, event.level, text)
            if not self._notes.tells(says, event, self._clock.now()):
                return event
        self._hand_out(event, self._clock.now() if t is None else t)
        return event

    def number(self) -> int:
        """The ``seq`` of an event that its maker stamps itself; :meth:`tell` has to follow at once.

        For thousands of events a second, of which each is made with its number, time and cause.
        """
        if self._notes.due is not None and (now := self._clock.now()) >= self._notes.due:
            self._tell_held(now)
        self._seq += 1
        return self._seq

    def tell(self, event: Event) -> None:
        """Hand out an event with the number that was given last; it is no note."""
        if self._delivering:
            self._pending.append(event)
            return
        self._delivering = True
        try:
            while True:
                kind = type(event)
                subscribers = self._of_kind.get(kind)
                if subscribers is None:
                    subscribers = self._of_kind[kind] = tuple(
                        subscriber
                        for subscriber, kinds in self._subscribers
                        if issubclass(kind, kinds)
                    )
                for subscriber in subscribers:
                    try:
                        subscriber(event)
                    except Exception as error:
                        self._drop(subscriber, event, error)
                if not self._pending:
                    break
                event = self._pending.popleft()
        finally:
            self._delivering = False

    def settle(self) -> None:
        """Tell the notes that are held back: whoever publishes has come to an end."""
        self._tell_held(self._clock.now(), all_of_it=True)

    def _tell_held(self, now: float, *, all_of_it: bool = False) -> None:
        for held in self._notes.take(now, all_of_it=all_of_it):
            note = held.newest
            self._hand_out(msgspec.structs.replace(note, text=note.text + held.text), now)

    def _hand_out(self, event: Event, t: float) -> None:
        self._seq += 1
        stamp = msgspec.structs.force_setattr
        stamp(event, "seq", self._seq)
        stamp(event, "t", t)
        self.tell(event)

    def _drop(self, subscriber: Subscriber, event: Event, error: Exception) -> None:
        """A reader that fails is heard no more: neither the publisher nor the rest pay for it."""
        self._subscribers = [entry for entry in self._subscribers if entry[0] != subscriber]
        self._of_kind.clear()
        name = getattr(subscriber, "__qualname__", repr(subscriber))
        text = f"{name} failed at a {type(event).__name__} and reads no more: {error!r}"
        self.publish(Note(source="stream", level="error", text=text, cause=event.seq))
