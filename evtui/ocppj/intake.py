"""What is read from sockets: in turn, and no more than there is room for.

The library parses whatever a socket brings as soon as it comes, and keeps it until somebody asks
for it: 2,000 bursts would keep the loop for seconds, and a hundred peers in the middle of a
megabyte each take a hundred megabytes.  Here a socket is left unread until it is its turn, and of
long messages only a few are let in at a time, of those of middle size some hundreds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, Frame

from evtui.ocppj.turns import Turns

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection
    from websockets.protocol import Event
else:
    Connection = object

__all__ = ["QUEUE", "ClientConnectionInTurn", "Intake", "ServerConnectionInTurn", "is_own_end"]

READ_AT_ONCE = 8 * 1024
"""Bytes read from a socket in one go: parsed as the smallest frames they take 2 ms."""

QUEUE = (1, 0)
"""Messages that wait on a connection before its socket is left unread, and at which it is read
again: each may be as large as the limit allows."""

SHORT = 4 * 1024
"""Bytes of messages, begun or whole, that a connection may hold without a place."""

LONG = 64 * 1024
"""Bytes that it may hold in a place of middle size."""

MIDDLE_PLACES = 192
"""Connections that may hold as much at a time: 12 MiB together, for a moment twice
as much while those that were too slow are being closed."""

PLACES = 4
"""Connections that may hold more at a time, each two messages and the one that is handled."""

FRAGMENT = 256
"""Bytes that a fragment of a message takes beside its data."""

PATIENCE = 20.0
"""s in which a message has to be there when others wait for its place."""


class Places:
    """The places of one event loop for messages of one size; see :meth:`of`.

    Args:
        number: of places.
    """

    _of_loops: ClassVar[dict[asyncio.AbstractEventLoop, tuple[Places, Places]]] = {}

    def __init__(self, loop: asyncio.AbstractEventLoop, number: int) -> None:
        self._loop = loop
        self._number = number
        self._taken: dict[Intake, float] = {}
        self._waiting: dict[Intake, None] = {}  # in order
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> tuple[Places, Places]:
        """The places of a loop: those of middle size, and those for long messages."""
        places = cls._of_loops.get(loop)
        if places is None:
            for ended in [each for each in cls._of_loops if each.is_closed()]:
                del cls._of_loops[ended]
            places = cls._of_loops[loop] = cls(loop, MIDDLE_PLACES), cls(loop, PLACES)
        return places

    def take(self, intake: Intake) -> bool:
        """Take a place, if it has none yet; without one free the connection waits, and is told."""
        if intake in self._taken:
            return True
        if len(self._taken) < self._number and not self._waiting:
            self._taken[intake] = self._loop.time()
            return True
        self._waiting[intake] = None
        self._watch()
        return False

    def leave(self, intake: Intake) -> None:
        """Give a place back, or stop waiting for one."""
        self._waiting.pop(intake, None)
        if self._taken.pop(intake, None) is None:
            return
        while self._waiting and len(self._taken) < self._number:
            following = next(iter(self._waiting))
            del self._waiting[following]
            self._taken[following] = self._loop.time()
            following.placed()

    def renew(self, intake: Intake) -> None:
        """A message has come to its end: the next one has as long, if the place is needed on."""
        if intake in self._taken:
            self._taken[intake] = self._loop.time()

    def _watch(self) -> None:
        if self._timer is None and self._waiting:
            self._timer = self._loop.call_later(PATIENCE, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._waiting:
            late = self._loop.time() - PATIENCE
            for intake in [each for each, since in self._taken.items() if since <= late]:
                if intake.is_peers_turn:
                    self.leave(intake)
                    intake.give_up()
        self._watch()


class Intake(Connection):
    """A connection of the library that reads in turn, and what is not short in a place.

    Attributes:
        waits: it is left unread until there is a place.
    """

    waits = False
    _unparsed = b""
    _in_hand = 0
    _fragments = 0
    _is_placed = False

    # What the link says

    def handled(self) -> None:
        """What was taken last is dealt with."""
        self._in_hand = 0
        if self._is_placed or self.waits:
            self._middle.renew(self)
            self._long.renew(self)
            self._find_place()

    def took(self, size: int) -> None:
        """A message of ``size`` bytes was taken and is being dealt with."""
        self._in_hand = size

    # What the places say

    @property
    def is_peers_turn(self) -> bool:
        """True while a message has begun and its end has not come."""
        waits_for_us = (
            self.waits or self._in_hand or self._unparsed or self.recv_messages.frames.queue
        )
        return not waits_for_us

    def placed(self) -> None:
        """There is a place now."""
        self._find_place()

    def give_up(self) -> None:
        """The peer is too slow with a message that keeps others waiting."""
        closing = self.loop.create_task(self.close(1008, "a long message came too slowly"))
        self._closing = closing  # a task needs somebody who knows it

    def _find_place(self) -> None:
        """Have the place that fits what is held, or wait for it; give back what is not needed."""
        held = self._held()
        if held <= LONG:
            self._long.leave(self)
        if held <= SHORT:
            self._middle.leave(self)
            self._is_placed = waits = False
        elif held <= LONG:
            self._is_placed = self._middle.take(self)
            waits = not self._is_placed
        else:
            waits = not self._long.take(self)
            if not waits:
                self._is_placed = True
                self._middle.leave(self)
        if waits != self.waits:
            self.waits = waits
            if waits:
                self.transport.pause_reading()
            else:
                self._resume()

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # asyncio's: 256 KiB
        self._turns = Turns.of(self.loop)
        self._middle, self._long = Places.of(self.loop)
        super().connection_made(transport)
        self.recv_messages.resume = self._resume

    def data_received(self, data: bytes) -> None:
        if self._unparsed:
            self._unparsed += data
        elif self._turns.take():
            self._parse(data)
        else:
            self._unparsed = data
            self.transport.pause_reading()
            self._turns.line_up(self._go_on)

    def eof_received(self) -> None:
        self._go_on()
        super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._go_on()
        super().connection_lost(exc)
        self._middle.leave(self)
        self._long.leave(self)

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            # The library takes the fragments of a message out of the queue as they come.
            self._fragments = 0 if event.fin else self._fragments + len(event.data) + FRAGMENT
        super().process_event(event)

    def _go_on(self) -> None:
        data, self._unparsed = self._unparsed, b""
        if data:
            self._parse(data)
            self._resume()

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        # What is not short is so in the buffer before it is whole, or came in one go.
        begun = len(self.protocol.reader.buffer) + self._fragments
        if not self.waits and (begun > SHORT or self.recv_messages.paused):
            self._find_place()

    def _resume(self) -> None:
        if not (self._unparsed or self.waits or self.recv_messages.paused):
            self.transport.resume_reading()

    def _held(self) -> int:
        """Bytes of messages that are here, whole or begun."""
        queue = self.recv_messages.frames.queue
        return (
            self._in_hand
            + self._fragments
            + len(self.protocol.reader.buffer)
            + sum(len(each.data) for each in queue)
        )


class ServerConnectionInTurn(Intake, ServerConnection):
    """A station's connection."""


_own_ends: set[tuple[str, int]] = set()


class ClientConnectionInTurn(Intake, ClientConnection):
    """A connection to a central system."""

    _end: tuple[str, int] = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Now there is one."""
        self._end = (transport.get_extra_info("sockname") or self._end)[:2]
        _own_ends.add(self._end)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """There is none any more."""
        _own_ends.discard(self._end)
        super().connection_lost(exc)


def is_own_end(peer: Any) -> bool:
    """Whether ``peer``, as a socket calls it, is a connection that this process has dialled."""
    return tuple(peer or ())[:2] in _own_ends
