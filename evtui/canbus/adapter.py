"""A CAN interface of python-can's with threads of its own, so that nothing of it blocks the loop.

One thread opens it and reads it, another one writes.  Between them and the loop are two bounded
queues; what finds no room is left out and counted.  What arrives was sent by somebody else and is
checked here, before it becomes a :class:`~evtui.canbus.frame.Frame`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import can
import msgspec

from evtui.can_addresses import CanAddress
from evtui.canbus.frame import Frame
from evtui.canbus.opening import CannotOpen, has_gone, one_line, open_interface
from evtui.canbus.python_can import frame_of

__all__ = ["INBOX", "OUTBOX", "Adapter", "Traffic"]

INBOX = 4_096
"""Frames of the wire that may wait for the loop: half a second of a full bus at 500 kbit/s."""

OUTBOX = 256
"""Frames that may wait for the wire."""

READ_FOR = 0.2
"""s that one look at the wire lasts: as long takes it to notice that it is to end."""

WRITE_FOR = 1.0
"""s that a driver may take for a frame."""

ECHO_WITHIN = 1.0
"""s in which what udp_multicast hears of itself comes back."""

PAUSE_AFTER_MALFORMED = 0.001
"""s; somebody who sends nothing but nonsense must not take a processor for it."""

ECHOING = frozenset({"udp_multicast"})
"""Interfaces that hear their own frames as if somebody else had sent them (python-can 4.6.1)."""

_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What parsers of python-can raise for what is no frame; an OSError in the chain is no nonsense."""


class Traffic(msgspec.Struct):
    """What has passed since the start, over all connections; each number has one writer.

    Attributes:
        received: frames from the wire that came onto the bus.
        errors: error frames among them.
        dropped: frames from the wire for which there was no room.
        malformed: what came and is no frame.
        sent: frames handed to the driver.
        unsent: frames that were not: refused by the driver, or there was no room.
        withheld: frames kept off the wire because it may only be listened to.
    """

    received: int = 0
    errors: int = 0
    dropped: int = 0
    malformed: int = 0
    sent: int = 0
    unsent: int = 0
    withheld: int = 0


class Adapter:
    """One connection to an interface, from opening it to its end; a new one is made for the next.

    Args:
        address: which.
        traffic: counts.
        listen_only: nothing is ever sent.
        call_soon: runs a function on the loop, from any thread.
        now: s; never falls; called from any thread.
        opened: called on the loop when it is open.
        ended: called on the loop once it is open no more, or never was; with the reason.
        arrived: called on the loop when frames wait, after there were none.
        complain: called on the loop with one line for people, about what may happen often.
    """

    def __init__(
        self,
        address: CanAddress,
        traffic: Traffic,
        *,
        listen_only: bool,
        call_soon: Callable[..., object],
        now: Callable[[], float],
        opened: Callable[[], None],
        ended: Callable[[str], None],
        arrived: Callable[[], None],
        complain: Callable[[str, str], None],
    ) -> None:
        self._address = address
        self._traffic = traffic
        self._listen_only = listen_only
        self._call_soon = call_soon
        self._now = now
        self._opened, self._ended = opened, ended
        self._arrived, self._complain = arrived, complain
        self._inbox: deque[Frame] = deque()
        self._outbox: deque[Frame] = deque()
        self._lock = threading.Lock()
        self._to_send = threading.Condition()
        self._closing = threading.Event()
        self._trouble = ""  # of the writer
        self._good = False  # a frame has come that is no error frame
        self._complaining: set[str] = set()
        self._echoes = _Echoes(now)
        self._reader = threading.Thread(target=self._read, name=f"read {address.name}", daemon=True)

    def start(self) -> None:
        """Begin to open it; returns at once."""
        self._reader.start()

    @property
    def alive(self) -> bool:
        """True until its threads have ended; a driver may keep them."""
        return self._reader.is_alive()

    def close(self) -> None:
        """Send what waits, as far as that goes quickly, and end; returns at once."""
        with self._to_send:
            self._closing.set()
            self._to_send.notify_all()

    def send(self, frame: Frame) -> bool:
        """Queue a frame for the wire; False when there is no room."""
        with self._to_send:
            if len(self._outbox) >= OUTBOX:
                return False
            self._outbox.append(frame)
            self._to_send.notify_all()
            return True

    @property
    def waiting(self) -> int:
        """Frames of the wire that have not been taken."""
        return len(self._inbox)

    def take(self, most: int) -> list[Frame]:
        """Up to so many of the frames that have come, the oldest first."""
        with self._lock:
            return [self._inbox.popleft() for _ in range(min(most, len(self._inbox)))]

    # On the reader's thread

    def _read(self) -> None:
        try:
            reason = self._work()
        except CannotOpen as error:
            reason = str(error)
        except BaseException as error:  # nobody else would ever hear of it
            reason = one_line(error)
        self._tell(self._ended, reason)

    def _work(self) -> str:
        """Open, read and close it; returns why that was the end.

        Raises:
            CannotOpen: it never was open.
        """
        bus = open_interface(self._address, listen_only=self._listen_only)
        self._tell(self._opened)
        writer = threading.Thread(
            target=self._write, args=(bus,), name=f"write {self._address.name}", daemon=True
        )
        writer.start()
        try:
            return self._read_on(bus)
        finally:
            self.close()
            writer.join(2 * WRITE_FOR)
            _shut_down(bus)

    def _read_on(self, bus: can.BusABC) -> str:
        """Read until it is to end, or cannot go on; returns why."""
        while not self._closing.is_set():
            try:
                message = bus.recv(READ_FOR)
            except Exception as error:  # a driver may raise anything
                if self._closing.is_set():
                    break
                if _is_nonsense(error):
                    self._malformed("what arrives is no CAN frame", one_line(error))
                    self._closing.wait(PAUSE_AFTER_MALFORMED)
                    continue
                return one_line(error)
            if message is None:
                if gone := has_gone(bus):
                    return gone
            elif message.is_rx:
                self._take_in(message)
        return self._trouble or "closed"

    def _take_in(self, message: can.Message) -> None:
        try:
            frame = _checked(message)
        except ValueError as error:
            self._malformed("frame left out", str(error))
            return
        if self._address.interface in ECHOING and self._echoes.heard(frame):
            return
        if frame.error:
            self._traffic.errors += 1
            self._complaint("error frame on the wire", self._about_errors)
        else:
            self._good = True
        with self._lock:
            full = len(self._inbox) >= INBOX
            if not full:
                self._inbox.append(frame)
            first = len(self._inbox) == 1 and not full
        if full:
            self._traffic.dropped += 1
            self._complaint("frame left out", "they come faster than they can be taken")
        elif first:
            self._tell(self._arrived)

    def _malformed(self, what: str, detail: str) -> None:
        self._traffic.malformed += 1
        self._complaint(what, detail)

    @property
    def _about_errors(self) -> str:
        good = self._good
        return "" if good else "nothing else has come: is the bit rate right?"

    def _complaint(self, what: str, detail: str) -> None:
        """Tell it, unless the loop has still to hear the last one of this kind."""
        with self._lock:
            pending = what in self._complaining
            self._complaining.add(what)
        if not pending:
            self._tell(self._hear_complaint, what, detail)

    def _hear_complaint(self, what: str, detail: str) -> None:
        with self._lock:
            self._complaining.discard(what)
        self._complain(what, detail)

    # On the writer's thread

    def _write(self, bus: can.BusABC) -> None:
        while (frame := self._next()) is not None:
            try:
                if self._transmit(bus, frame):
                    self._traffic.sent += 1
            except Exception as error:  # a driver may raise anything
                self._traffic.unsent += 1
                if isinstance(error, can.CanTimeoutError):
                    self._complaint("frame not sent", "the adapter does not take it")
                    continue
                reason = one_line(error)
                self._complaint("frame not sent", reason)
                if any(isinstance(each, OSError) for each in (error, error.__cause__)):
                    self._trouble = reason
                    self.close()

    def _next(self) -> Frame | None:
        with self._to_send:
            self._to_send.wait_for(lambda: self._outbox or self._closing.is_set())
            return self._outbox.popleft() if self._outbox and not self._trouble else None

    def _transmit(self, bus: can.BusABC, frame: Frame) -> bool:
        """The one place where something of ours gets onto a real wire.

        Returns:
            False where it may only be listened to; nothing was sent then.
        """
        if self._listen_only:
            self._traffic.withheld += 1
            return False
        if self._address.interface in ECHOING:
            self._echoes.sent(frame)
        bus.send(_message_of(frame), timeout=WRITE_FOR)
        return True

    def _tell(self, function: Callable[..., object], *arguments: Any) -> None:
        try:
            self._call_soon(function, *arguments)
        except RuntimeError:  # the loop has ended, and nobody is left who wants to know
            self._closing.set()


class _Echoes:
    """Frames of ours that come back, on an interface that cannot tell them from others.

    What has not come back in time was lost; the same frame may be somebody else's later.

    Args:
        now: s; never falls.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sent: dict[Frame, deque[float]] = {}
        self._lock = threading.Lock()

    def sent(self, frame: Frame) -> None:
        """It is on its way, and may be back before this thread goes on."""
        with self._lock:
            now = self._now()
            if len(self._sent) > OUTBOX:
                old = now - ECHO_WITHIN
                self._sent = {each: at for each, at in self._sent.items() if at[-1] >= old}
            self._sent.setdefault(frame, deque()).append(now)

    def heard(self, frame: Frame) -> bool:
        """True for one of ours; each comes back once."""
        with self._lock:
            times = self._sent.get(frame, deque())
            while times and times[0] < self._now() - ECHO_WITHIN:
                times.popleft()
            echo = bool(times) and times.popleft() is not None
            if not times:
                self._sent.pop(frame, None)
            return echo


def _checked(message: can.Message) -> Frame:
    """A message that somebody else sent, as a frame.

    Raises:
        ValueError: it is none that the bus can carry.
    """
    if message.is_error_frame:
        return Frame(0, error=True)  # what an interface puts into one is its own invention
    if not message.is_remote_frame and len(message.data) != message.dlc:
        raise ValueError(f"{len(message.data)} bytes of data where {message.dlc} are announced")
    if message.is_fd:
        return Frame(
            message.arbitration_id,
            bytes(message.data),
            message.is_extended_id,
            fd=True,
            brs=message.bitrate_switch,
            esi=message.error_state_indicator,
        )
    return frame_of(message)


def _message_of(frame: Frame) -> can.Message:
    return can.Message(
        arbitration_id=frame.arbitration_id,
        is_extended_id=frame.extended,
        is_remote_frame=frame.remote,
        is_error_frame=frame.error,
        dlc=frame.requested if frame.remote else len(frame.data),
        data=frame.data,
        is_fd=frame.fd,
        bitrate_switch=frame.brs,
        error_state_indicator=frame.esi,
    )


def _is_nonsense(error: BaseException) -> bool:
    chain = []
    each: BaseException | None = error
    while each is not None and each not in chain:
        chain.append(each)
        each = each.__cause__ or each.__context__
    return any(isinstance(each, _NONSENSE) for each in chain) and not any(
        isinstance(each, OSError) for each in chain
    )


def _shut_down(bus: can.BusABC) -> None:
    try:
        bus.shutdown()
    except Exception:  # an adapter that is gone cannot be told goodbye
        return
