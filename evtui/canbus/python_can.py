"""A door for python-can programs: one more node on a simulated bus, as a ``can.BusABC``.

The program lives in the process that holds the bus, in a thread of its own.  It may be any
python-can code, for instance::

    import can
    from evtui.canbus import LabBus

    def program(lab_bus):
        with LabBus(lab_bus, "guest") as bus:
            bus.send(can.Message(arbitration_id=0x210, data=[50, 0], is_extended_id=False))
            bus.set_filters([{"can_id": 0x300, "can_mask": 0x7FF}])
            reader = can.BufferedReader()
            with can.Notifier(bus, [reader], timeout=0.1):
                current = reader.get_message(timeout=2.0)
            return int.from_bytes(current.data, "little")

and is started on the engine's loop with ``await asyncio.to_thread(program, lab_bus)``.  On the
loop itself nothing may block; there ``can.Notifier(bus, [...], loop=loop)`` reads the bus
without a thread, since the bus has a file descriptor.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import chain, count
from typing import Any

import can
from can.typechecking import CanFilters

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.frame import Frame
from evtui.canbus.node import Node
from evtui.events import CanFrame

__all__ = ["RECEIVE_QUEUE", "LabBus", "frame_of"]

RECEIVE_QUEUE = 10_000
"""Frames a guest may leave unread; more are dropped and counted."""

GUEST = "python-can"
"""Begins the names of nodes that did not choose one."""

_ATTACH_TIMEOUT_S = 5.0


class _Mailbox:
    """A bounded queue from the engine's thread to a guest's, with a file descriptor.

    The descriptor is readable exactly while a message is there.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._messages: deque[can.Message] = deque()
        self._changed = threading.Condition()
        self._readable, self._writable = socket.socketpair()
        self._closed = False

    def fileno(self) -> int:
        return self._readable.fileno()

    def put(self, message: can.Message) -> bool:
        """Returns False when the message did not fit; a closed mailbox takes and forgets all."""
        with self._changed:
            if self._closed:
                return True
            if len(self._messages) >= self._capacity:
                return False
            self._messages.append(message)
            if len(self._messages) == 1:
                self._writable.send(b"\0")
            self._changed.notify()
            return True

    def get(self, timeout: float | None) -> can.Message | None:
        """The oldest message; None when there is none within ``timeout`` s.

        Raises:
            can.CanOperationError: closed, and nothing is left.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._messages or self._closed, timeout)
            if not self._messages:
                if self._closed:
                    raise can.CanOperationError("the bus is shut down")
                return None
            message = self._messages.popleft()
            if not self._messages and not self._closed:
                self._readable.recv(1)
            return message

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._readable.close()
            self._writable.close()
            self._changed.notify_all()


class LabBus(can.BusABC):
    """A python-can bus whose other end is a node on ``bus``; usable from any thread.

    It sees the frames of every other node, not its own.  Timestamps are Unix time: lab time
    plus the lab's start.  Channels are ``can0``, ``can1``, ..., as in can.log.  When the engine
    ends, a waiting ``recv`` raises CanOperationError.

    Args:
        bus: the simulated bus to join.
        name: name of the node, unique on that bus; None takes ``python-can``, or
            ``python-can-2`` and so on where that is taken.
        can_filters: as in python-can; applied before a frame is queued.

    Attributes:
        dropped: frames lost because the program did not read them in time.

    Raises:
        can.CanInitializationError: the name is taken, or the engine's loop does not answer.
    """

    def __init__(
        self, bus: SimulatedBus, name: str | None, can_filters: CanFilters | None = None
    ) -> None:
        self.channel_info = f"{bus.name} as {name or GUEST}"
        self.dropped = 0
        self._name = name
        self._lab_bus = bus
        self._mailbox = _Mailbox(RECEIVE_QUEUE)
        self._lock = threading.Lock()
        self._entering = 0
        super().__init__(channel=bus.channel, can_filters=can_filters)
        try:
            self._node = self._attach()
        except Exception as error:
            super().shutdown()
            self._mailbox.close()
            raise can.CanInitializationError(f"{self.channel_info}: {error}") from error
        self.channel_info = f"{bus.name} as {self._node.name}"

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """Queue ``msg`` and return.

        Args:
            msg: a classic CAN frame.
            timeout: ignored, nothing is waited for.

        Raises:
            can.CanOperationError: the node's transmit queue is full (the line is slower than
                the program), or the bus is shut down.
            ValueError: not a valid classic CAN frame.
        """
        frame = frame_of(msg)
        with self._lock:
            if not self._node.attached:
                raise can.CanOperationError("the bus is shut down")
            if self._entering + self._node.queued >= self._node.depth:
                raise can.CanOperationError("the transmit queue is full")
            self._entering += 1
        self._on_engine(self._enter, frame)

    def set_filters(self, filters: CanFilters | None = None) -> None:
        """Receive from now on what matches ``filters``, as in python-can; None: everything."""
        # The engine's thread reads them for every frame, before it queues it.
        with self._lock:
            super().set_filters(filters)

    def fileno(self) -> int:
        """A descriptor that is readable while a message waits."""
        return self._mailbox.fileno()

    def shutdown(self) -> None:
        """Stop periodic tasks and leave the bus; frames already queued still go out."""
        if not self._is_shutdown:
            super().shutdown()
            self._mailbox.close()
            with contextlib.suppress(can.CanOperationError):
                self._on_engine(self._node.detach)

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        if timeout != 0 and self._on_engine_thread():
            raise can.CanOperationError(
                "a blocking recv on the engine's thread would stop the lab: "
                "use recv(0), can.Notifier(..., loop=loop) or a thread"
            )
        return self._mailbox.get(timeout), True

    def _attach(self) -> Node:
        def attach() -> Node:
            name = self._name or _free_name(self._lab_bus)
            return self._lab_bus.attach(name, self._receive, self._mailbox.close)

        if self._on_engine_thread() or not self._lab_bus.loop.is_running():
            return attach()
        attached: Future[Node] = Future()

        def attach_on_loop() -> None:
            if attached.set_running_or_notify_cancel():
                try:
                    attached.set_result(attach())
                except Exception as error:
                    attached.set_exception(error)

        self._lab_bus.loop.call_soon_threadsafe(attach_on_loop)
        try:
            return attached.result(_ATTACH_TIMEOUT_S)
        except TimeoutError:
            attached.cancel()
            raise TimeoutError("the engine does not answer") from None

    def _enter(self, frame: Frame) -> None:
        with self._lock:
            self._entering -= 1
        self._node.send(frame, self._lab_bus.guest_cause())

    def _receive(self, frame: CanFrame) -> None:
        message = can.Message(
            timestamp=self._lab_bus.start_utc + frame.t,
            channel=self._lab_bus.channel,
            arbitration_id=frame.arbitration_id,
            is_extended_id=frame.extended,
            is_remote_frame=frame.remote,
            is_error_frame=frame.error,
            dlc=frame.dlc,
            data=frame.data,
        )
        with self._lock:
            if not self._matches_filters(message):
                return
        if not self._mailbox.put(message):
            self.dropped += 1
            self._lab_bus.notes.add(
                "warning", f"{self._node.name}: frame dropped, the program does not read its queue"
            )

    def _on_engine(self, function: Callable[..., Any], *args: Any) -> None:
        if self._on_engine_thread():
            function(*args)
            return
        try:
            self._lab_bus.loop.call_soon_threadsafe(function, *args)
        except RuntimeError as error:
            raise can.CanOperationError("the engine has ended") from error

    def _on_engine_thread(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._lab_bus.loop
        except RuntimeError:
            return False


def _free_name(bus: SimulatedBus) -> str:
    taken = {node.name for node in bus.nodes}
    numbered = (f"{GUEST}-{number}" for number in count(2))
    return next(name for name in chain((GUEST,), numbered) if name not in taken)


def frame_of(message: can.Message) -> Frame:
    """What python-can calls a message.

    Raises:
        ValueError: not a valid classic CAN frame.
    """
    if message.is_fd:
        raise ValueError("the bus speaks classic CAN, not CAN FD")
    return Frame(
        message.arbitration_id,
        bytes(message.data),
        message.is_extended_id,
        message.is_remote_frame,
        message.is_error_frame,
        message.dlc if message.is_remote_frame else 0,
    )
