"""What is read from sockets: in turn, and no more than there is room for.

The library parses whatever a socket brings as soon as it comes, and keeps it until somebody asks
for it: 2,000 bursts would keep the loop for seconds, and a hundred peers in the middle of a
megabyte each take a hundred megabytes.  Here a socket is left unread until it is its turn, and of
long messages only a few are let in at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, ClassVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection

from evtui.ocpp16.turns import Turns

if TYPE_CHECKING:
    from websockets.asyncio.connection import Connection
else:
    Connection = object

__all__ = ["QUEUE", "ClientConnectionInTurn", "Intake", "ServerConnectionInTurn"]

READ_AT_ONCE = 8 * 1024
"""Bytes read from a socket in one go: parsed as the smallest frames they take 2 ms."""

QUEUE = (1, 0)
"""Messages that wait on a connection before its socket is left unread, and at which it is read
again: each may be as large as the limit allows."""

LONG = 64 * 1024
"""Bytes of messages, begun or whole, that a connection may hold without a place."""

PLACES = 4
"""Connections that may hold more at a time, each two messages and the one that is handled."""

PATIENCE = 20.0
"""s in which a long message has to be there when others wait for a place."""


class Places:
    """The places for long messages of one event loop; see :meth:`of`."""

    _of_loops: ClassVar[dict[asyncio.AbstractEventLoop, Places]] = {}

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._taken: dict[Intake, float] = {}
        self._waiting: deque[Intake] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def of(cls, loop: asyncio.AbstractEventLoop) -> Places:
        """The places of a loop."""
        places = cls._of_loops.get(loop)
        if places is None:
            for ended in [each for each in cls._of_loops if each.is_closed()]:
                del cls._of_loops[ended]
            places = cls._of_loops[loop] = cls(loop)
        return places

    def take(self, intake: Intake) -> bool:
        """Take a place; without one free the connection waits, and is told."""
        if len(self._taken) < PLACES and not self._waiting:
            self._taken[intake] = self._loop.time()
            return True
        self._waiting.append(intake)
        self._watch()
        return False

    def leave(self, intake: Intake) -> None:
        """Give a place back, or stop waiting for one."""
        if self._taken.pop(intake, None) is None:
            if intake in self._waiting:
                self._waiting.remove(intake)
            return
        while self._waiting and len(self._taken) < PLACES:
            following = self._waiting.popleft()
            self._taken[following] = self._loop.time()
            following.placed()

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
    """A connection of the library that reads in turn, and long messages in a place.

    Attributes:
        waits: it is left unread until there is a place.
    """

    waits = False
    _unparsed = b""
    _in_hand = 0
    _has_place = False

    # What the link says

    def handled(self) -> None:
        """What was taken last is dealt with."""
        self._in_hand = 0
        if (self.waits or self._has_place) and self._held() <= LONG:
            self._has_place = False
            self._places.leave(self)
            self._go_on_reading()

    def took(self, size: int) -> None:
        """A message of ``size`` bytes was taken and is being dealt with."""
        self._in_hand = size

    # What the places say

    @property
    def is_peers_turn(self) -> bool:
        """True while a message has begun and its end has not come."""
        waits_for_us = self._in_hand or self._unparsed or self.recv_messages.frames.queue
        return not waits_for_us

    def placed(self) -> None:
        """There is a place now."""
        self._has_place = True
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        if self.waits:
            self.waits = False
            self._resume()

    def give_up(self) -> None:
        """The peer is too slow with a message that keeps others waiting."""
        self._has_place = False
        closing = self.loop.create_task(self.close(1008, "a long message came too slowly"))
        self._closing = closing  # a task needs somebody who knows it

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.max_size = READ_AT_ONCE  # type: ignore[attr-defined]  # asyncio's: 256 KiB
        self._turns = Turns.of(self.loop)
        self._places = Places.of(self.loop)
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
        self._places.leave(self)

    def _go_on(self) -> None:
        data, self._unparsed = self._unparsed, b""
        if data:
            self._parse(data)
            self._resume()

    def _parse(self, data: bytes) -> None:
        super().data_received(data)
        if self._has_place or self.waits:
            return
        if len(self.protocol.reader.buffer) <= LONG and not self.recv_messages.paused:
            return  # a message is long in the buffer before it is whole
        if self._held() <= LONG:
            return
        self._has_place = self._places.take(self)
        if not self._has_place:
            self.waits = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if not (self._unparsed or self.waits or self.recv_messages.paused):
            self.transport.resume_reading()

    def _held(self) -> int:
        """Bytes of messages that are here, whole or begun."""
        queue = self.recv_messages.frames.queue
        return (
            self._in_hand + len(self.protocol.reader.buffer) + sum(len(each.data) for each in queue)
        )


class ServerConnectionInTurn(Intake, ServerConnection):
    """A station's connection."""


class ClientConnectionInTurn(Intake, ClientConnection):
    """A connection to a central system."""
