"""An in-process CAN bus with a bit rate, arbitration and a bounded transmit queue per node.

Frames are handed to the nodes on the event loop: no thread, and no task per node.  Nothing is
ever delivered inside ``send()``; a frame arrives when its last bit has passed, and that moment,
not the moment the loop woke up, is its timestamp.  The loop wakes up about once a millisecond at
best; everything that has ended by then is delivered in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

from evtui.canbus.frame import Frame
from evtui.canbus.line import Line
from evtui.canbus.notes import ThrottledNotes
from evtui.events import BusLoad, CanFrame, EventStream, LabTime, caused_by, current_cause

__all__ = ["TRANSMIT_QUEUE", "Mute", "Node", "Receiver", "SimulatedBus"]

TRANSMIT_QUEUE = 256
"""Frames a node may have waiting; more are dropped and counted."""

Receiver = Callable[[CanFrame], None]
"""Called on the loop with every frame that others sent, as it is published."""

Mute = Callable[["Node", Frame], bool]
"""Asked for each frame that a node sends: True keeps it off the line."""


class Node:
    """One participant's place on a bus, made by :meth:`SimulatedBus.attach`.

    Attributes:
        name: unique on its bus.
        attached: False once the node has left or the bus was closed.
        queued: frames waiting for the line or being sent.
        dropped: frames refused since the start, because the queue was full or the node gone.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        name: str,
        on_frame: Receiver,
        on_detach: Callable[[], None] | None,
    ) -> None:
        self.name = name
        self.attached = True
        self.queued = 0
        self.dropped = 0
        self.on_frame = on_frame
        self._on_detach = on_detach
        self._bus = bus

    def send(self, frame: Frame, cause: int | None = None) -> bool:
        """Queue a frame; returns at once, and nobody has received it yet.

        Args:
            cause: sequence number of the event that made us send it; default: the event
                being handled now.

        Returns:
            False when the frame was dropped: queue full, or node no longer on the bus.
        """
        return self._bus._accept(self, frame, current_cause() if cause is None else cause)

    def detach(self) -> None:
        """Leave the bus: nothing more is received or accepted.  What is queued still goes out."""
        if self.attached:
            self.attached = False
            self._bus._remove(self)
            if self._on_detach is not None:
                self._on_detach()


_Outgoing = tuple[Node, Frame, int | None]
"""A frame on its way: who sends it, and the event that made it."""


class SimulatedBus:
    """A CAN bus inside the lab.

    Every frame is published once, as :class:`~evtui.events.CanFrame` with the time at which its
    last bit passed, before it is handed to the nodes; what a node does about it has the frame
    as its cause.  A receiver that raises is reported and disturbs nobody else.

    Use it on the event loop's thread only; :class:`~evtui.canbus.python_can.LabBus` lets other
    threads in.

    Args:
        name: of the bus, ``CP1/can``; source of its events.
        station: charge point it belongs to.
        stream: where frames, load and notes are published.
        clock: lab clock, reading the time of ``loop``.
        loop: the engine's loop; default: the running one.
        bitrate: bit/s.
        number: among the buses of a lab, from 0.

    Attributes:
        channel: ``can0``, what its frames are called in can.log and by python-can's loggers, which
            tell buses apart by digits at the end.
        guest_cause: says which event a frame of a guest is put down to, None for none.
        mutes: what attackers keep off the line, none as a rule; the first that says so counts.
        guard: says why nothing may be injected now, in one line; empty where it may.  A bus that is
            joined to a real one asks for more than one that is ours.
        outside: nodes that stand for what is on a real bus.
        muted: frames that never got onto the line for it, although their nodes think so.
    """

    def __init__(
        self,
        name: str,
        station: str,
        stream: EventStream,
        clock: LabTime,
        *,
        loop: asyncio.AbstractEventLoop | None = None,
        bitrate: int = 500_000,
        number: int = 0,
    ) -> None:
        self.name = name
        self.channel = f"can{number}"
        self.station = station
        self.loop = loop or asyncio.get_running_loop()
        self.start_utc = clock.start_utc
        self.notes = ThrottledNotes(stream, source=name, station=station)
        self.frames = 0
        self.dropped = 0
        self.mutes: list[Mute] = []
        self.muted = 0
        self.guard: Callable[[], str] = lambda: ""
        self.outside: frozenset[str] = frozenset()
        self.guest_cause: Callable[[], int | None] = lambda: None
        self._stream = stream
        self._clock = clock
        self._line: Line[_Outgoing] = Line(bitrate)
        self._nodes: dict[str, Node] = {}
        self._attached: tuple[Node, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        # A timer otherwise inherits the context of whoever sent first, its cause included.
        self._no_cause = Context()
        self._closed = False

    @property
    def bitrate(self) -> int:
        """Bit/s."""
        return self._line.bitrate

    @property
    def closed(self) -> bool:
        """True once nobody can join any more."""
        return self._closed

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Who is on the bus, in order of attachment."""
        return self._attached

    def attach(
        self,
        name: str,
        on_frame: Receiver,
        on_detach: Callable[[], None] | None = None,
    ) -> Node:
        """Join the bus.

        Args:
            name: unique on this bus.
            on_frame: called on the loop with every frame that others sent.
            on_detach: called once when the node leaves or the bus is closed.

        Raises:
            ValueError: the name is taken.
            RuntimeError: the bus is closed.
        """
        if self._closed:
            raise RuntimeError(f"{self.name} is closed")
        if name in self._nodes:
            raise ValueError(f"{self.name} already has a node named {name!r}")
        node = self._nodes[name] = Node(self, name, on_frame, on_detach)
        self._attached = tuple(self._nodes.values())
        return node

    async def run(self) -> None:
        """Publish the bus load, and what was dropped, once a second; ends when cancelled."""
        with caused_by(None):
            begun = self.loop.time()
            second = 0
            then, frames = self._clock.now(), self.frames
            busy = self._line.busy(then)
            while True:
                second += 1
                while begun + second <= self.loop.time():  # held up: one load for all of it
                    second += 1
                await asyncio.sleep(begun + second - self.loop.time())
                now = self._clock.now()
                elapsed = now - then
                self._stream.publish(
                    BusLoad(
                        source=self.name,
                        station=self.station,
                        bus=self.name,
                        bitrate=self.bitrate,
                        load_pct=100 * (self._line.busy(now) - busy) / elapsed,
                        frames_per_s=(self.frames - frames) / elapsed,
                        frames=self.frames,
                        dropped=self.dropped,
                    )
                )
                self.notes.flush()
                then, busy, frames = now, self._line.busy(now), self.frames

    def close(self) -> None:
        """Take every node off the bus; frames still waiting are lost."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for node in self.nodes:
            node.detach()
        self.notes.flush()

    def _accept(self, node: Node, frame: Frame, cause: int | None) -> bool:
        if not node.attached:
            node.dropped += 1
            return False
        if node.queued >= TRANSMIT_QUEUE:
            node.dropped += 1
            self.dropped += 1
            self.notes.add("warning", f"{node.name}: frame dropped, its transmit queue is full")
            return False
        if self.mutes and any(mute(node, frame) for mute in self.mutes):
            self.muted += 1
            return True
        node.queued += 1
        self._line.offer(self._clock.now(), frame, (node, frame, cause))
        self._arm()
        return True

    def _remove(self, node: Node) -> None:
        self._nodes.pop(node.name, None)
        self._attached = tuple(self._nodes.values())

    def _arm(self) -> None:
        if self._timer is not None or self._closed:
            return
        end = self._line.next_end
        if end is not None:
            when = self.loop.time() + (end - self._clock.now())
            self._timer = self.loop.call_at(when, self._wake_up, end, context=self._no_cause)

    def _wake_up(self, due: float) -> None:
        self._timer = None
        # The clock may read a rounding error less than the time this timer was set for.
        now = max(due, self._clock.now())
        try:
            while ended := self._line.take(now):
                self._deliver(ended.end, *ended.item)
        finally:
            self._arm()

    def _deliver(self, end: float, sender: Node, frame: Frame, cause: int | None) -> None:
        sender.queued -= 1
        self.frames += 1
        sent = self._stream.publish(
            CanFrame(
                source=sender.name,
                cause=cause,
                station=self.station,
                bus=self.name,
                node=sender.name,
                arbitration_id=frame.arbitration_id,
                data=frame.data,
                extended=frame.extended,
                error=frame.error,
                remote=frame.remote,
                requested=frame.requested,
            ),
            t=end,
        )
        with caused_by(sent.seq):
            for node in self._attached:
                if node is sender or not node.attached:
                    continue
                try:
                    node.on_frame(sent)
                except Exception as error:
                    what = f"{node.name} failed on a frame"
                    self.notes.add("error", what, f"{type(error).__name__}: {error}")
