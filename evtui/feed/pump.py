"""Passing lines on to readers that may be slow, gone or not there yet, on a thread of its own."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import select
import socket
import threading
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from evtui.events import Event, EventReader

__all__ = [
    "BEGIN",
    "CAPACITY",
    "MOST_READERS",
    "Dropped",
    "Encode",
    "FeedBegins",
    "FeedReader",
    "Gaps",
    "Pump",
]


CAPACITY = 20_000
"""Events kept for a reader that does not read: ten minutes of the fluctuation."""

MOST_READERS = 16
"""Readers at a socket at the same time; one more is sent away."""

BATCH = 500
"""Events encoded at once."""

AT_ONCE = select.PIPE_BUF
"""Bytes that can be written without waiting once ``poll`` says that a pipe takes some."""

LOOK_FOR_READER = 200
"""ms between two looks at whether somebody has opened a FIFO for reading."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""There is no room for more, which is no reader that went away."""

GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL

Encode = Callable[[Event], bytes]


class FeedBegins(msgspec.Struct, frozen=True, tag_field="event", tag="Feed"):
    """The first line that a reader gets."""

    schema: Annotated[Literal["evtui.events/1"], Meta(description="what all lines conform to.")] = (
        "evtui.events/1"
    )


class Dropped(msgspec.Struct, frozen=True, tag_field="event", tag="Dropped"):
    """Events are missing here: the reader was too slow, or foreign peers sent too much."""

    count: Annotated[int, Meta(description="how many.")]


BEGIN = msgspec.json.encode(FeedBegins()) + b"\n"

DROPPED_EVERY = 1.0
"""s of lab time between two lines that say how many events are missing."""


class Gaps:
    """Counts the events that are missing: numbers have no gaps by themselves."""

    def __init__(self) -> None:
        self._expected: int | None = None
        self._missing = 0
        self._due = -math.inf

    def before(self, event: Event) -> bytes:
        """What is to be said in front of ``event``: a line, or nothing."""
        self._missing += event.seq - (self._expected or event.seq)
        self._expected = event.seq + 1
        if not self._missing or event.t < self._due:
            return b""
        self._due = event.t + DROPPED_EVERY
        return self.rest()

    def rest(self) -> bytes:
        """What has not been said yet."""
        missing, self._missing = self._missing, 0
        return msgspec.json.encode(Dropped(missing)) + b"\n" if missing else b""


class FeedReader:
    """One reader: what waits for it, and the lines that are on the way.

    Args:
        descriptor: where to write, None where nobody reads yet.
        reopen: gives a descriptor once somebody reads again; without it a reader that goes
            is gone for good.
    """

    def __init__(
        self, descriptor: int | None, reopen: Callable[[], int | None] | None = None
    ) -> None:
        self.descriptor = descriptor
        self.mailbox = EventReader(CAPACITY)
        self._reopen = reopen
        self._lines = b"" if descriptor is None else BEGIN
        self._written = 0
        self._gaps = Gaps()
        self._lost = 0

    @property
    def dropped(self) -> int:
        """Events that this reader will never see because it was too slow."""
        return self.mailbox.dropped + self._lost

    @property
    def waiting(self) -> bool:
        """True while lines are on the way to somebody who may take them."""
        return self.descriptor is not None and self._written < len(self._lines)

    def refill(self, encode: Encode, *, ends: bool = False) -> None:
        """Take the next lines from the mailbox once the last ones are written.

        Args:
            ends: nothing more is coming.
        """
        if self._written < len(self._lines) or self.descriptor is None:
            return
        lines = []
        for event in self.mailbox.take(BATCH):
            lines.append(self._gaps.before(event))
            lines.append(encode(event))
        if ends and not lines:
            lines.append(self._gaps.rest())
        self._lines, self._written = b"".join(lines), 0

    def write(self) -> None:
        """Write what can be written without waiting; raises OSError when nobody reads."""
        assert self.descriptor is not None
        with contextlib.suppress(BlockingIOError):
            piece = self._lines[self._written : self._written + AT_ONCE]
            self._written += os.write(self.descriptor, piece)

    def look_for_reader(self) -> None:
        """Try again where nobody has read so far."""
        if self.descriptor is None and self._reopen is not None:
            self.descriptor = self._reopen()
            if self.descriptor is not None:
                self._lines, self._written = BEGIN + self._lines[self._written :], 0

    def hang_up(self) -> bool:
        """The reader has gone; True when another may come."""
        self.close()
        if self._written and self._lines[self._written - 1] != ord("\n"):
            # The next reader begins with a whole line.
            self._written = self._lines.index(b"\n", self._written) + 1
            self._lost += 1
        return self._reopen is not None

    def abandon(self) -> None:
        """Count what was not taken in time, and give up."""
        lines = self._lines.count(b"\n", self._written) - self._lines.count(BEGIN, self._written)
        self._lost += lines + len(self.mailbox.take())
        self._lines, self._written = b"", 0
        self.close()

    def close(self) -> None:
        """Give the descriptor back."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None


class Pump:
    """A daemon thread between mailboxes and whoever reads.

    Args:
        encode: makes a line of an event, on that thread.
        outlets: readers that are there from the start.
        listener: where more may come and go.

    Attributes:
        failure: what could not be written because there was no room for it.
    """

    def __init__(
        self,
        encode: Encode,
        *outlets: FeedReader,
        listener: socket.socket | None = None,
    ) -> None:
        self._encode = encode
        self._outlets = outlets
        self._listener = listener
        self._dropped_before = 0
        self.failure: OSError | None = None
        self._heard, self._bell = os.pipe()
        os.set_blocking(self._bell, False)
        self._rung = False
        self._closing = False
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name="evtui-feed", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Hand ``event`` to every reader; called on the engine's thread only."""
        for outlet in self._outlets:
            outlet.mailbox.append(event)
        self._ring()

    @property
    def dropped(self) -> int:
        """Events that readers were too slow for, those who have gone included."""
        return self._dropped_before + sum(outlet.dropped for outlet in self._outlets)

    def close(self, within: float) -> None:
        """End the thread when everything is passed on, after ``within`` s at the latest."""
        self._closing = True
        self._ring()
        self._thread.join(within)
        self._given_up = True
        self._ring()
        self._thread.join(within)

    def _ring(self) -> None:
        # Once is enough until the thread has heard it: a system call for each event would
        # cost the engine more than the event itself.
        if not self._rung and self._thread.is_alive():
            self._rung = True
            os.write(self._bell, b"!")

    def _run(self) -> None:
        try:
            while not self._done():
                self._work()
        finally:
            for outlet in self._outlets:
                outlet.abandon()
            if self._listener is not None:
                self._listener.close()

    def _done(self) -> bool:
        """Refill every outlet; True when there is no more to do."""
        for outlet in self._outlets:
            outlet.look_for_reader()
            outlet.refill(self._encode, ends=self._closing)
        return self._given_up or (
            self._closing and not any(outlet.waiting for outlet in self._outlets)
        )

    def _work(self) -> None:
        """Wait until something can be done, and do it."""
        poll = select.poll()
        poll.register(self._heard, select.POLLIN)
        if self._listener is not None:
            poll.register(self._listener, select.POLLIN)
        by_descriptor = {}
        timeout = None
        for outlet in self._outlets:
            if outlet.descriptor is None:
                timeout = LOOK_FOR_READER
            else:
                by_descriptor[outlet.descriptor] = outlet
                poll.register(outlet.descriptor, select.POLLOUT if outlet.waiting else 0)
        for descriptor, what in poll.poll(timeout):
            if descriptor == self._heard:
                os.read(self._heard, 1)
                self._rung = False
            elif descriptor in by_descriptor:
                self._serve(by_descriptor[descriptor], what)
            else:
                self._admit()

    def _serve(self, outlet: FeedReader, what: int) -> None:
        try:
            if what & GONE:
                raise BrokenPipeError
            outlet.write()
        except OSError as error:
            if error.errno in FULL:
                self.failure = error
            if not outlet.hang_up():
                self._dropped_before += outlet.dropped
                self._outlets = tuple(each for each in self._outlets if each is not outlet)

    def _admit(self) -> None:
        assert self._listener is not None
        try:
            reader, _ = self._listener.accept()
        except OSError:  # gone again before it was let in
            return
        if len(self._outlets) >= MOST_READERS or self._closing:
            reader.close()
            return
        reader.setblocking(False)
        self._outlets = (*self._outlets, FeedReader(reader.detach()))
