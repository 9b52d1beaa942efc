"""An in-process CAN bus with a bit rate, arbitration, errors and a transmit queue per node.

Frames are handed to the nodes on the event loop: no thread, and no task per node.  Nothing is
ever delivered inside ``send()``; a frame arrives when its last bit has passed, and that moment,
not the moment the loop woke up, is its timestamp.  The loop wakes up about once a millisecond at
best; everything that has ended by then is delivered in order.  In virtual time the bus moves on by
itself from frame to frame as long as nothing else is to happen in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context

from evtui.canbus.controller import Counters, Disturber, ErrorKind, Queued, TransmitQueue
from evtui.canbus.frame import Frame
from evtui.canbus.lengths import worst_case_bits
from evtui.canbus.line import Line
from evtui.canbus.node import Node, Receiver
from evtui.canbus.notes import ThrottledNotes
from evtui.canbus.statistics import BusCounters, IdentifierLoad, NodeLoad
from evtui.canbus.telling import any_frame, error_frame, node_state
from evtui.events import BusLoad, CanFrame, EventStream, LabTime, caused_by, handling

__all__ = ["Mute", "Node", "Receiver", "SimulatedBus"]

Mute = Callable[["Node", Frame], bool]
"""Asked for each frame that a node sends: True keeps it off the line."""

AT_ONCE = 256
"""Frames handed out before the loop has its turn again, for signals and other threads."""


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
        bitrate: bit/s; None for an ideal bus: no frame takes time or fails, none is delivered
            inside ``send()``.
        data_bitrate: bit/s of the data phase of CAN FD frames that switch; default: the same.
        queue: how the controllers of its nodes keep what waits, unless a node has its own.
        recovers: nodes that are bus off recover by themselves, else by :meth:`Node.recover`.
        number: among the buses of a lab, from 0.

    Attributes:
        channel: ``can0``, what its frames are called in can.log and by python-can's loggers, which
            tell buses apart by digits at the end.
        frames: that have gone through since the start.
        guest_cause: says which event a frame of a guest is put down to, None for none.
        mutes: what attackers keep off the line, none as a rule; the first that says so counts.
        guard: says why nothing may be injected now, in one line; empty where it may.  A bus that is
            joined to a real one asks for more than one that is ours.
        outside: nodes that stand for what is on a real bus.
        real_bitrate: bit/s of the real bus that it is joined to; 0 for none.
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
        bitrate: int | None = 500_000,
        data_bitrate: int | None = None,
        queue: TransmitQueue | None = None,
        recovers: bool = True,
        number: int = 0,
    ) -> None:
        self.name = name
        self.channel = f"can{number}"
        self.station = station
        self.loop = loop or asyncio.get_running_loop()
        self.start_utc = clock.start_utc
        self.notes = ThrottledNotes(stream, source=name, station=station)
        self.frames = 0
        self._errors = 0
        self.dropped = 0
        self.mutes: list[Mute] = []
        self.muted = 0
        self.guard: Callable[[], str] = lambda: ""
        self.outside: frozenset[str] = frozenset()
        self.real_bitrate = 0
        self.guest_cause: Callable[[], int | None] = lambda: None
        self._queue = queue or TransmitQueue()
        self._stream = stream
        self._clock = clock
        self._line = Line(bitrate, data_bitrate, recovers=recovers)
        self._counters = BusCounters()
        self._slower = bitrate / data_bitrate if bitrate and data_bitrate else 1.0
        self._by_rank = self._counters.by_rank
        self._nodes: dict[str, Node] = {}
        self._attached: tuple[Node, ...] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._handing_out = False
        # A timer otherwise inherits the context of whoever sent first, its cause included.
        self._no_cause = Context()
        # A loop in virtual time moves on where nothing else is to happen.
        self._skip_to: Callable[[float], bool] = getattr(self.loop, "skip_to", _stay)
        self._zero = self.loop.time() - clock.now()
        self._closed = False

    @property
    def bitrate(self) -> int:
        """Bit/s; 0 on an ideal bus."""
        return self._line.bitrate or 0

    @property
    def data_bitrate(self) -> int:
        """Bit/s of the data phase of CAN FD frames that switch; 0 on an ideal bus."""
        return self._line.data_bitrate or 0

    @property
    def errors(self) -> int:
        """Error frames since the start.

        Those of a node that is error passive and alone count here, and are not told one by one.
        """
        return self._errors + self._line.unheard

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
        *,
        queue: TransmitQueue | None = None,
        acknowledges: bool = True,
        fd: bool = False,
    ) -> Node:
        """Join the bus.

        Args:
            name: unique on this bus.
            on_frame: called on the loop with every frame that others sent.
            on_detach: called once when the node leaves or the bus is closed.
            queue: how its controller keeps what waits; default: as the bus says.
            acknowledges: False for a node that only listens, and whom no sender notices.
            fd: it speaks CAN FD.

        Raises:
            ValueError: the name is taken.
            RuntimeError: the bus is closed.
        """
        if self._closed:
            raise RuntimeError(f"{self.name} is closed")
        if name in self._nodes:
            raise ValueError(f"{self.name} already has a node named {name!r}")
        node = self._nodes[name] = Node(
            self,
            name,
            on_frame,
            on_detach,
            queue=queue or self._queue,
            acknowledges=acknowledges,
            fd=fd,
        )
        self._attached = tuple(self._nodes.values())
        self._line.join(self._clock.now(), node)
        self._look()
        return node

    def disturb(self, hook: Disturber) -> Callable[[], None]:
        """Let ``hook`` say what happens to each frame that begins from now on.

        It is asked with the node and the frame, and again each time that the frame is sent once
        more; it returns an error (``"bit"``, ``"acknowledgement"``, ...), a
        :class:`~evtui.canbus.controller.Disturbance` that says more of it, or None.

        Returns:
            Ends it.
        """
        self._line.disturb(self._clock.now(), hook)
        self._look()

        def end() -> None:
            if hook in self._line.disturbers:
                self._line.disturbers.remove(hook)

        return end

    @property
    def disturbed(self) -> bool:
        """True while somebody has a say in what happens to frames."""
        return bool(self._line.disturbers)

    def load_by_identifier(self) -> Mapping[tuple[int, bool], IdentifierLoad]:
        """Frames, load and queueing delay by identifier and whether it has 29 bits."""
        return self._counters.by_identifier()

    def load_by_node(self) -> Mapping[str, NodeLoad]:
        """What each node on the bus has sent, and how it stands."""
        return {each.name: each.load() for each in self._attached}

    async def run(self) -> None:
        """Publish the bus load, and what was dropped, once a second; ends when cancelled."""
        with caused_by(None):
            begun = self.loop.time()
            second = 0
            then, frames = self._clock.now(), self.frames
            busy, worst = self._line.busy(then), self._counters.worst_bits
            while True:
                second += 1
                while begun + second <= self.loop.time():  # held up: one load for all of it
                    second += 1
                await asyncio.sleep(begun + second - self.loop.time())
                now = self._clock.now()
                elapsed = now - then
                more = self._counters.worst_bits - worst
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
                        worst_pct=100 * more * self._line.bit / elapsed,
                        errors=self.errors,
                        queued={
                            each.name: len(each.waiting) for each in self._attached if each.waiting
                        },
                    )
                )
                if self.errors:
                    for node in self._attached:
                        self._tell_counters(node, now)
                self.notes.flush()
                then, busy, frames = now, self._line.busy(now), self.frames
                worst = self._counters.worst_bits

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

    def _make_room(self, node: Node, frame: Frame) -> bool:
        room, lost = node.make_room(frame)
        if lost is not None:
            self._line.forget(node)
        if lost is not None or not room:
            node.dropped += 1
            self.dropped += 1
            what = "overwritten" if node.overwrites and room else "dropped"
            why = "" if node.overwrites and room else ", its transmit queue is full"
            self.notes.add("warning", f"{node.name}: frame {what}{why}")
        return room

    def _recover(self, node: Node) -> None:
        self._line.recover(self._clock.now(), node)
        self._look()

    def _remove(self, node: Node) -> None:
        self._nodes.pop(node.name, None)
        self._attached = tuple(self._nodes.values())
        self._line.leave(self._clock.now(), node)
        self._look()

    def _look(self) -> None:
        """Wake up in time for what may be next on the line now."""
        if not self._handing_out:
            self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        end = self._line.next_end
        if end is not None and not self._closed:
            when = self.loop.time() + (end - self._clock.now())
            self._timer = self.loop.call_at(when, self._wake_up, end, context=self._no_cause)

    def _wake_up(self, due: float) -> None:
        self._timer = None
        self._handing_out = True
        try:
            # The clock may read a rounding error less than the time this timer was set for.
            self._hand_out(max(due, self._clock.now()))
        finally:
            self._handing_out = False
            handling(None)
            self._arm()

    def _hand_out(self, now: float) -> None:
        line = self._line
        for _ in range(AT_ONCE):
            next_end = line.next_end
            if next_end is None:
                return
            if next_end > now:
                if not self._skip_to(next_end + self._zero):
                    return
                now = next_end
            ended = line.take(now)
            if ended is None:
                continue
            end, node, queued, error, change = ended
            if queued is not None:
                self._deliver(end, node, queued, error)  # type: ignore[arg-type]
            elif change is not None:
                self._tell_state(end, node, change)  # type: ignore[arg-type]

    def _deliver(self, end: float, sender: Node, entry: Queued, error: ErrorKind | None) -> None:
        rank, _, duration, frame, cause, offered = entry
        stream = self._stream
        if error is not None:
            self._errors += 1
            sender.failed += 1
            sent = error_frame(self, stream.number(), end, sender, frame, cause, error)
        else:
            sender.queued -= 1
            sender.sent += 1
            sender.busy += duration
            self.frames += 1
            if not frame.error:
                load = self._by_rank.get(rank)
                if load is None:
                    load = self._counters.begin(rank, frame)
                load.frames += 1
                load.busy += duration
                load.length += len(frame.data)
                delay = end - duration - offered
                load.delay += delay
                if delay > load.longest_delay:
                    load.longest_delay = delay
                if frame.fd:
                    classic = load.base + 10 * len(frame.data)
                    load.more += worst_case_bits(frame, self._slower) - classic
            if frame.extended or frame.remote or frame.error or frame.fd:
                sent = any_frame(self, stream.number(), end, sender, frame, cause)
            else:
                sent = CanFrame(
                    seq=stream.number(),
                    t=end,
                    source=sender.name,
                    cause=cause,
                    station=self.station,
                    bus=self.name,
                    node=sender.name,
                    arbitration_id=frame.arbitration_id,
                    data=frame.data,
                )
        stream.tell(sent)
        handling(sent.seq)
        for node in self._attached:
            if node is not sender:
                try:
                    node.on_frame(sent)
                except Exception as failure:
                    what = f"{node.name} failed on a frame"
                    self.notes.add("error", what, f"{type(failure).__name__}: {failure}")

    def _tell_state(self, end: float, node: Node, change: Counters) -> None:
        node.told = change.tec, change.rec
        self._stream.publish(node_state(self, node, change), t=end)
        if change.state == "bus off":
            self.notes.add("warning", f"{node.name} is bus off")

    def _tell_counters(self, node: Node, now: float) -> None:
        if node.told != (node.tec, node.rec):
            self._tell_state(now, node, Counters(node.state, node.tec, node.rec))


def _stay(_: float) -> bool:
    return False
