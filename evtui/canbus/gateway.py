"""A node between the lab's bus and a real one, and the one place that says who may send there.

What arrives on the wire is sent on the lab's bus by a node that is called like the interface; what
the lab's own ends of the bus say goes out on the wire.  Anything else, an anomaly, a frame by hand,
a guest's, a replay's, goes out only while the gateway is armed.  It opens the interface in a thread
and opens it again, after a while, as often as it is lost.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from evtui.can_addresses import CanAddress, Side
from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.frame import Frame
from evtui.canbus.lengths import frame_bits
from evtui.canbus.nodes import CHARGE_POINT, is_module
from evtui.events import CanFrame, CanInterfaceState, EventStream, Note, caused_by
from evtui.runtime import Backoff

if TYPE_CHECKING:
    from evtui.canbus.adapter import Adapter

__all__ = ["Gateway"]

FIRST_RETRY = 0.5
LONGEST_RETRY = 30.0
"""s between two attempts to open it: doubled from the first to the longest, plus chance."""

STEADY = 5.0
"""s that it must have been open for the next retry to be quick again."""

SLOW = 15.0
"""s after which it is said that a driver takes long."""

END_WITHIN = 3.0
"""s that a driver may take to close; after that its thread is left to itself."""

TELL_EVERY = 1.0
"""s between two words about what has passed, while anything passes."""

USUAL_BITRATE = 500_000
"""bit/s that what is injected goes by where nobody has said how fast the real bus is."""

ROOM = 64
"""Frames of the wire that may wait for the line of the lab's bus."""

BATCH = 256
"""Frames taken at a time, so that others get their turn on the loop."""

TICK = 0.001
"""s until the line is looked at again when it was full."""

ARM_KEY = "!"
"""Of the command view.arm; a test compares."""

State = Literal["opening", "open", "lost", "failed", "closed"]


class Gateway:
    """Joins the lab's bus to a real one; a supervised part: :meth:`run` until cancelled.

    Args:
        address: the real one.
        side: which end of it is ours.
        bus: the lab's.
        stream: where its state goes.
        chance: spreads the retries.
        listen_only: nothing is ever sent.
        disarmed: called when the time of an armed gateway has run out.
        opened: called whenever it was opened.

    Attributes:
        name: of the interface, and of its node on the lab's bus.
        state: of the interface.
    """

    def __init__(
        self,
        address: CanAddress,
        side: Side,
        bus: SimulatedBus,
        stream: EventStream,
        chance: random.Random,
        *,
        listen_only: bool = False,
        disarmed: Callable[[], None] = lambda: None,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        from evtui.canbus.adapter import Traffic

        self.name = address.name
        self.side: Side = side
        self.listen_only = listen_only
        self.state: State = "closed"
        self.traffic = Traffic()
        self.blocked = 0
        self.disarmed = disarmed
        self.opened = opened
        self._address = address
        self._bus = bus
        self._stream = stream
        self._chance = chance
        self._adapter: Adapter | None = None
        self._node: Node | None = None
        self._armed_until: float | None = None
        self._end_of_arming: asyncio.TimerHandle | None = None
        self._told: tuple[str, str] = ("", "")
        self._detail = ""
        self._next_try: float | None = None
        self._published: tuple[object, ...] = ()
        self._bits = 0  # on the wire since it was told last
        self._load = 0.0
        bus.guard = lambda: self.refusal
        bus.outside = frozenset({self.name})
        bus.real_bitrate = address.bitrate or USUAL_BITRATE

    @property
    def our_controller(self) -> bool:
        """True where the charge point is an end of the bus."""
        return self.side in ("controller", "both")

    @property
    def our_modules(self) -> bool:
        """True where our modules are an end of the bus."""
        return self.side in ("module", "both")

    # Who may send there

    @property
    def armed(self) -> bool:
        """True while anything may be sent on the real bus."""
        return self._armed_until is not None

    @property
    def refusal(self) -> str:
        """Why nothing may be injected now, in one line with the way out; empty where it may."""
        if self.armed or self.listen_only:
            return ""
        return (
            f"{self.name} is a real bus and not armed: {ARM_KEY} in the terminal arms it, or "
            "can.arm, or --arm from the start"
        )

    def arm(self, seconds: float) -> float:
        """Let anything be sent on the real bus for a while; once more makes it last from now.

        Returns:
            Lab time in s at which that ends.

        Raises:
            ValueError: it is only listened to.
        """
        if self.listen_only:
            raise ValueError(f"{self.name} is only listened to: nothing can be sent, nor armed")
        self._disarm()
        until = self._armed_until = self._stream.now() + seconds
        self._end_of_arming = self._bus.loop.call_later(seconds, self._time_is_up)
        self._note(f"{self.name} is armed for {seconds:g} s", "warning")
        self._publish()
        return until

    def disarm(self) -> bool:
        """Keep everything off the real bus but what our ends say; False when it was so."""
        was_armed = self.armed
        self._disarm()
        if was_armed:
            self._note(f"{self.name} is no longer armed", "info")
            self._publish()
        return was_armed

    def _disarm(self) -> None:
        self._armed_until = None
        if self._end_of_arming is not None:
            self._end_of_arming.cancel()
            self._end_of_arming = None

    def _time_is_up(self) -> None:
        with caused_by(None):
            self.disarm()
            self.disarmed()

    def _may_send(self, node: str) -> bool:
        """True for a frame of this node; the one place that says so."""
        if self.armed:
            return True
        return (node == CHARGE_POINT and self.our_controller) or (
            is_module(node) and self.our_modules
        )

    # From the lab's bus to the wire

    def _on_frame(self, sent: CanFrame) -> None:
        if sent.error:  # is made by a controller, and cannot be sent by one
            return
        if not self._may_send(sent.node):
            self.blocked += 1
            self._bus.notes.add("warning", f"{sent.node}: frame kept off {self.name}, not armed")
            return
        frame = Frame(
            sent.arbitration_id,
            sent.data,
            sent.extended,
            sent.remote,
            requested=sent.requested,
            fd=sent.fd,
            brs=sent.brs,
            esi=sent.esi,
        )
        adapter = self._adapter
        if adapter is None or self.state != "open":
            self.traffic.unsent += 1
        elif not adapter.send(frame):
            self.traffic.unsent += 1
            self._bus.notes.add("warning", f"{self.name}: frame not sent, its queue is full")
        elif not self.listen_only:
            self._bits += frame_bits(frame)

    # From the wire to the lab's bus

    def _drain(self) -> None:
        adapter, node = self._adapter, self._node
        if adapter is None or node is None or not node.attached:
            return
        room = max(0, ROOM - node.queued)
        for frame in adapter.take(min(room, BATCH)):
            self.traffic.received += 1
            self._bits += frame_bits(frame)
            if self.side != "both":
                node.send(frame)
        if adapter.waiting:
            self._bus.loop.call_later(0 if room else TICK, self._drain)

    # Open as long as it may be

    async def run(self) -> None:
        """Keep the interface open until cancelled."""
        self._node = self._bus.attach(self.name, self._on_frame, fd=True)
        telling = asyncio.create_task(self._tell_traffic(), name=f"traffic of {self.name}")
        backoff = Backoff(self._chance, FIRST_RETRY, LONGEST_RETRY)
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._change("opening")
                reason, opened = await self._use()
                if opened is not None and loop.time() - opened >= STEADY:
                    backoff.reset()
                wait = backoff.next()
                state: State = "failed" if opened is None else "lost"
                self._change(state, reason, self._stream.now() + wait)
                await asyncio.sleep(wait)
        finally:
            telling.cancel()
            self._node.detach()
            self._disarm()
            self._change("closed")

    async def _use(self) -> tuple[str, float | None]:
        """Open it and wait for its end; returns why it ended and when (loop time) it was open."""
        from evtui.canbus.adapter import Adapter  # with python-can, which few labs need

        loop = asyncio.get_running_loop()
        ended: asyncio.Future[str] = loop.create_future()
        opened_at: float | None = None

        def opened() -> None:
            nonlocal opened_at
            opened_at = loop.time()
            self._change("open")
            self.opened()

        def has_ended(reason: str) -> None:
            if not ended.done():
                ended.set_result(reason)

        adapter = self._adapter = Adapter(
            self._address,
            self.traffic,
            listen_only=self.listen_only,
            call_soon=loop.call_soon_threadsafe,
            now=loop.time,
            opened=opened,
            ended=has_ended,
            arrived=self._drain,
            complain=self._complain,
        )
        adapter.start()
        try:
            await asyncio.wait({ended}, timeout=SLOW)
            if not ended.done() and opened_at is None:
                self._change("opening", f"the driver has not answered for {SLOW:g} s")
            return await asyncio.shield(ended), opened_at
        finally:
            adapter.close()
            await asyncio.wait({ended}, timeout=END_WITHIN)
            self._drain()
            self._adapter = None

    # What is told

    def _complain(self, what: str, detail: str) -> None:
        self._bus.notes.add("warning", f"{self.name}: {what}", detail)

    def _change(self, state: State, detail: str = "", next_try: float | None = None) -> None:
        self.state, self._detail, self._next_try = state, detail, next_try
        self._publish()
        if state == "open":
            self._note(f"{self.name} is open{self._manner}", "info")
            self._told = ("", "")
        elif state in ("lost", "failed") and self._told != (state, detail):
            self._told = (state, detail)
            verb = "cannot be opened" if state == "failed" else "is lost"
            self._note(f"{self.name} {verb}: {detail}; tried again", "warning")

    @property
    def _manner(self) -> str:
        from evtui.canbus.opening import acknowledges

        if not self.listen_only:
            return ""
        silent = ", listening only"
        if acknowledges(self._address):
            silent += "; its controller may acknowledge frames, unless set up otherwise"
        return silent

    async def _tell_traffic(self) -> None:
        loop = self._bus.loop
        with caused_by(None):
            told = loop.time()
            while True:
                await asyncio.sleep(TELL_EVERY)
                begun, told = told, loop.time()
                before = self._load
                self._measure(told - begun)
                if self._counts != self._published or self._load != before:
                    self._publish()

    def _measure(self, seconds: float) -> None:
        """Work out the load of a stretch of time that ends now."""
        bits, self._bits = self._bits, 0
        if self._address.bitrate is not None:
            self._load = 100 * bits / seconds / self._address.bitrate

    @property
    def _counts(self) -> tuple[int, ...]:
        return (*msgspec.structs.astuple(self.traffic), self.blocked)

    def _publish(self) -> None:
        self._published = self._counts
        traffic = self.traffic
        self._stream.publish(
            CanInterfaceState(
                source=self.name,
                station=self._bus.station,
                bus=self._bus.name,
                interface=self.name,
                side=self.side,
                listen_only=self.listen_only,
                state=self.state,
                detail=self._detail,
                bitrate=self._address.bitrate,
                load_pct=None if self._address.bitrate is None else self._load,
                next_try=self._next_try,
                armed_until=self._armed_until,
                received=traffic.received,
                errors=traffic.errors,
                dropped=traffic.dropped,
                malformed=traffic.malformed,
                sent=traffic.sent,
                unsent=traffic.unsent,
                withheld=traffic.withheld + self.blocked,
            )
        )

    def _note(self, text: str, level: Literal["info", "warning"]) -> None:
        self._stream.publish(
            Note(source=self._bus.name, station=self._bus.station, level=level, text=text)
        )
