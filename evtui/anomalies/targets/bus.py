"""What an anomaly does to the CAN bus of a charge point."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.canbus import CHARGE_POINT, Frame, Node, frame_bits
from evtui.canbus.packs import MalformedFrame, Said
from evtui.events import CanFrame, caused_by, current_cause

__all__ = ["BusTarget"]

TICK = 0.001
"""s between two looks at what is due: a loop does not wake up more often."""

LOOK = 0.5
"""s after which a rate that has changed is noticed at the latest."""

ROOM = 64
"""Frames of ours that may wait for the line, 17 ms of the longest at 500 kbit/s.

Enough to keep the line busy over a late wake-up, and little enough to be gone at once.
"""

DRAINS = 1.0
"""s that one attempt to undo waits for the line to take what we have said already."""


class BusTarget(Target):
    """A node of the anomaly's own, and a hand on the wires of the others.

    Its frames have as their cause whatever is being done, so the truth knows which are forged.
    A module that obeyed them, or missed its orders, is told by its charge point once more what
    it should do; only then is that undone.
    """

    def __init__(self, site: Site, name: str) -> None:
        super().__init__(site, name)
        self._node: Node | None = None
        self._listener: Callable[[CanFrame], None] | None = None
        self._listening_for: int | None = None
        self._mute: Callable[[Node, Frame], bool] | None = None
        self._misled: set[int] = set()
        pack = self._pack = site.pack
        modules = (name for each in site.charge_point.connectors for name in pack.nodes(each))
        self._genuine = {CHARGE_POINT, *modules, *site.bus.outside}

    @property
    def unreachable(self) -> str:
        """See :class:`Target`."""
        bus = self._site.bus
        if bus.closed:
            return f"{bus.name} is closed"
        if self._node is None and self._node_name in (node.name for node in bus.nodes):
            return f"{bus.name} has a node called {self._node_name} already"
        return ""

    # What there is to say about the connector

    def current(self, amperes: float) -> Frame:
        """What its module reports, rounded and kept within what 16 bits can say."""
        return self._pack.reports(self._site.connector, amperes)[0]

    def limit(self, amperes: float) -> Frame:
        """A limit for its module, likewise."""
        return self._pack.limits(self._site.connector, amperes)[0]

    def start(self) -> Frame:
        """An order to its module to let current flow."""
        return self._pack.orders(self._site.connector, run=True)[0]

    def stop(self) -> Frame:
        """An order to its module to let none flow."""
        return self._pack.orders(self._site.connector, run=False)[0]

    def said(self, frame: Frame | CanFrame) -> Said | None:
        """What a frame says of this connector; None for nothing, or where it is malformed."""
        try:
            said = self._pack.decode(frame)
        except MalformedFrame:
            return None
        return said if said is not None and said.connector == self._site.connector else None

    def is_ours(self, frame: Frame | CanFrame) -> bool:
        """True for a frame about this connector, whatever its data."""
        speaker = self._pack.speaker_of(frame.arbitration_id, extended=frame.extended)
        return speaker is not None and speaker.connector == self._site.connector

    def rate(self, frame: Frame, share: float) -> float:
        """Frames/s that take a share of the bus, 0 to 1; endless for all of it."""
        if share >= 1.0 or not self._site.bus.bitrate:
            return float("inf")
        return share * self._site.bus.bitrate / frame_bits(frame)

    # Sending

    def send(self, frame: Frame, cause: int | None = None) -> bool:
        """Hand a frame to the bus; False when it does not take it.

        Args:
            cause: event that made us send it; default: the one being handled now.
        """
        self._may_mislead(frame)
        return self._joined().send(frame, cause)

    async def put(self, frame: Frame) -> None:
        """Hand one frame to the bus.

        Raises:
            ValueError: it does not take it.
        """
        if not self.send(frame):
            raise ValueError("the bus does not take the frame")

    async def flow(
        self,
        frame: Callable[[], Frame | None],
        per_s: Callable[[], float],
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """Send frames at a rate; what finds no room is left out, so nothing piles up.

        Args:
            frame: the next one; None leaves it out.
            per_s: frames/s, asked again and again; endless for as many as the line takes.
            seconds: until it ends, asked likewise; None for until cancelled.
        """
        node, clock = self._joined(), self._site.clock
        begun = due = now = clock.now()
        while True:
            apart = 1.0 / per_s()
            while due <= now and node.queued < ROOM:
                if (each := frame()) is not None:
                    self.send(each)
                due += apart
            due = max(min(due, now + apart), now)
            pause = max(TICK, min(due - now, LOOK))
            if seconds is not None:
                left = begun + seconds() - now
                if left <= 0:
                    return
                pause = min(pause, left)
            await asyncio.sleep(pause)
            # The clock may read a rounding error less than the time this was to wake up.
            now = max(now + pause, clock.now())

    # Hearing and muting

    def listen(self, on_frame: Callable[[CanFrame], None] | None) -> None:
        """Have each genuine frame told from now on; None for no more of them.

        What is sent in answer has as its cause what is being done now.
        """
        self._joined()
        self._listener, self._listening_for = on_frame, current_cause()

    def mute(
        self,
        which: Callable[[Frame], bool],
        instead: Callable[[Frame], Frame | None] | None = None,
    ) -> None:
        """Keep frames of the station's own nodes off the line from now on.

        Args:
            which: asked for each, in the order in which they are sent.
            instead: gives the one that goes in its place, at the same moment.
        """
        self.unmute()
        cause = current_cause()

        def muted(node: Node, frame: Frame) -> bool:
            if node.name not in self._genuine or not which(frame):
                return False
            self._may_mislead(frame)
            forged = None if instead is None else instead(frame)
            if forged is not None:
                self.send(forged, cause)
            return True

        self._mute = muted
        self._site.bus.mutes.append(muted)

    def unmute(self) -> None:
        """Whoever was muted is heard again."""
        if self._mute is not None:
            self._site.bus.mutes.remove(self._mute)
            self._mute = None

    def _joined(self) -> Node:
        if self._node is None:
            self._node = self._site.bus.attach(self._node_name, self._heard)
        return self._node

    def _heard(self, frame: CanFrame) -> None:
        if self._listener is not None and frame.node in self._genuine:
            with caused_by(self._listening_for):
                self._listener(frame)

    def _may_mislead(self, frame: Frame) -> None:
        """A module may obey a frame that only a charge point sends, or miss one."""
        speaker = self._pack.speaker_of(frame.arbitration_id, extended=frame.extended)
        if speaker is None or speaker.by == "module":
            return
        connectors = self._site.charge_point.connectors
        self._misled.update(number for number in connectors if speaker.connector in (None, number))

    @property
    def _node_name(self) -> str:
        """Unique on the bus: an anomaly may be on at several connectors."""
        connector = self._site.connector
        return self._name if connector == 1 else f"{self._name}-{connector}"

    # Afterwards

    @property
    def aftermath(self) -> str:
        """What still shows at the connector although all is undone; empty when nothing does."""
        connector = self._site.charge_point.connectors[self._site.connector]
        if connector.status_report.facts.faulted:
            return "the connector is Faulted"
        return self._site.disturbance()

    def left(self) -> list[str]:
        """See :class:`Target`."""
        reasons = []
        if self._mute is not None:
            reasons.append("a node is muted")
        if self._node is not None:
            reasons.append("its node is on the bus")
        if self._misled:
            reasons.append("a module may obey a forged frame")
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        self.unmute()
        self._listener = None
        if self._node is not None:
            node, given_up = self._node, self._site.clock.now() + DRAINS
            while node.queued:
                if self._site.clock.now() >= given_up:
                    return
                await asyncio.sleep(TICK)
            node.detach()
            self._node = None
        for number in sorted(self._misled):
            self._site.charge_point.connectors[number].order_again()
        self._misled.clear()
