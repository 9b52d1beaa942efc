"""What an anomaly does to the CAN bus of a charge point."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import msgspec

from evtui.anomalies.targets.base import Attempt, Site, Target
from evtui.canbus import CHARGE_POINT, Disturbance, Frame, Node, frame_bits
from evtui.canbus.packs import MalformedFrame, Said
from evtui.events import CanFrame, caused_by, current_cause

if TYPE_CHECKING:
    from evtui.canbus import Controller

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
"""s that one attempt to undo waits for what of ours is on the line to have passed."""

Striking = Callable[[Node, Frame], Disturbance | None]
"""Asked for each frame of the station's own nodes that begins: what happens to it."""


class BusTarget(Target[Site]):
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
        self._end_disturbance: Callable[[], None] | None = None
        self._struck: set[str] = set()
        self._lent: set[Node] = set()
        self._misled: set[int] = set()
        pack = self._pack = site.pack
        numbers, most = site.charge_point.connectors, pack.modules_max
        modules = (name for each in numbers for name in pack.nodes(each, modules=most))
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

    def current(self, amperes: float, like: Frame | CanFrame | None = None) -> Frame:
        """What its module reports, kept within what the protocol can say.

        Args:
            like: a genuine report, of which nothing else is changed.
        """
        return self._pack.reports(self._site.connector, amperes, like)[0]

    def limit(self, amperes: float, like: Frame | CanFrame | None = None) -> Frame:
        """A limit for its module, likewise."""
        return self._pack.limits(self._site.connector, amperes, like)[0]

    def start(self) -> tuple[Frame, ...]:
        """An order to its module to let current flow."""
        return self._pack.orders(self._site.connector, run=True)

    def stop(self) -> tuple[Frame, ...]:
        """An order to its module to let none flow."""
        return self._pack.orders(self._site.connector, run=False)

    @property
    def limits_again(self) -> bool:
        """True where the station says limits with every cycle: a forged one holds for one."""
        return self._pack.cyclic_limits

    @property
    def measured(self) -> float:
        """A that flow."""
        return self._site.current()

    @property
    def ordered(self) -> float:
        """A that the charge point allows its module now."""
        return self._site.charge_point.connectors[self._site.connector].limit

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

    def is_report(self, frame: Frame | CanFrame) -> bool:
        """True for a frame that only a module sends, whatever its data."""
        speaker = self._pack.speaker_of(frame.arbitration_id, extended=frame.extended)
        return speaker is not None and speaker.by == "module"

    def name(self, frame: Frame) -> str:
        """The identifier as steps of the truth have it, ``0x210``."""
        return f"0x{frame.arbitration_id:0{8 if frame.extended else 3}X}"

    @property
    def report(self) -> str:
        """The identifier of the module's reports, as :meth:`name` has it."""
        return self.name(self.current(0.0))

    def rate(self, frame: Frame, share: float) -> float:
        """Frames/s that take a share of the bus, 0 to 1; endless for all of it.

        Of a real bus all of it is no more than there is room for: the lab's own, which takes
        any number of them, is not where they have to get through.
        """
        bus = self._site.bus
        if bus.real_bitrate:
            return min(share, 1.0) * bus.real_bitrate / frame_bits(frame)
        if share >= 1.0 or not bus.bitrate:
            return float("inf")
        return share * bus.bitrate / frame_bits(frame)

    # Sending

    def send(self, frame: Frame, cause: int | None = None) -> bool:
        """Hand a frame to the bus; False when it does not take it.

        Args:
            cause: event that made us send it; default: the one being handled now.
        """
        self._may_mislead(frame)
        return self._joined().send(frame, cause)

    async def put(self, *frames: Frame) -> None:
        """Hand frames to the bus.

        Raises:
            ValueError: it does not take one.
        """
        for frame in frames:
            if not self.send(frame):
                raise ValueError("the bus does not take the frame")

    async def flow(
        self,
        frame: Callable[[], Frame | None],
        per_s: Callable[[], float],
        seconds: Callable[[], float] | None = None,
        *,
        by: str = "",
    ) -> None:
        """Send frames at a rate; what finds no room is left out, so nothing piles up.

        At its end what waits is taken back: a burst ends with the frame that is on the line.

        Args:
            frame: the next one; None leaves it out.
            per_s: frames/s, asked again and again; endless for as many as the line takes.
            seconds: until it ends, asked likewise; None for until cancelled.
            by: node of the station's own that sends them; default: one of the anomaly's.

        Raises:
            ValueError: there is no such node.
        """
        node, clock = self._joined() if not by else self._lend(by), self._site.clock
        send = self.send if not by else partial(self._send_by, node)
        begun = due = now = clock.now()
        while True:
            apart = 1.0 / per_s()
            while due <= now and node.queued < ROOM:
                if (each := frame()) is not None:
                    send(each)
                due += apart
            due = max(min(due, now + apart), now)
            pause = max(TICK, min(due - now, LOOK))
            if seconds is not None:
                left = begun + seconds() - now
                if left <= 0:
                    node.withdraw()
                    return
                pause = min(pause, left)
            await asyncio.sleep(pause)
            # The clock may read a rounding error less than the time this was to wake up.
            now = max(now + pause, clock.now())

    def _lend(self, name: str) -> Node:
        node = self.node(name)
        self._lent.add(node)
        return node

    def _send_by(self, node: Node, frame: Frame) -> bool:
        self._may_mislead(frame)
        return node.send(frame)

    # The station's own nodes

    @property
    def module_node(self) -> str:
        """Name of the first module of the connector, as a node of the bus."""
        return self._pack.nodes(self._site.connector)[0]

    @property
    def module_nodes(self) -> tuple[str, ...]:
        """Names of all modules of the connector, likewise."""
        pack = self._pack
        return pack.nodes(self._site.connector, modules=pack.modules_max)

    def node(self, name: str) -> Node:
        """A node of the station's own.

        Raises:
            ValueError: it is not on the bus.
        """
        found = next((each for each in self._site.bus.nodes if each.name == name), None)
        if found is None or name not in self._genuine:
            raise ValueError(f"{name} is not on {self._site.bus.name}")
        return found

    # Disturbing what is on the line

    @property
    def own(self) -> Node:
        """The anomaly's own node, with its error counters; it joins when it is asked for."""
        return self._joined()

    def reset(self) -> None:
        """Start the controller of the anomaly's own node anew: its error counters are 0."""
        if self._node is not None:
            self._node.withdraw()
            self._node.detach()
            self._node = None

    def disturb(self, which: Striking) -> None:
        """Let ``which`` say from now on what happens to frames of the station's own nodes.

        The error frames that come of it have as their cause what is being done now.

        Raises:
            ValueError: it is an ideal bus, on which no frame fails, as the lab's end of a real
                one is.
        """
        bus = self._site.bus
        if not bus.bitrate:
            where = f"{', '.join(bus.outside)} from here" if bus.outside else "an ideal bus"
            raise ValueError(f"no frame can be made to fail on {where}")
        self.leave_alone()
        cause = current_cause()

        def struck(node: Controller, frame: Frame) -> Disturbance | None:
            if node.name not in self._genuine:
                return None
            said = which(cast(Node, node), frame)
            if said is None:
                return None
            self._struck.add(node.name)
            self._may_mislead(frame)
            return msgspec.structs.replace(said, cause=cause)

        self._end_disturbance = self._site.bus.disturb(struck)

    def leave_alone(self) -> None:
        """Disturb nobody any more."""
        if self._end_disturbance is not None:
            self._end_disturbance()
            self._end_disturbance = None

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
    def _off(self) -> list[Node]:
        """Nodes of the station's own that are bus off because of what was done here."""
        nodes = self._site.bus.nodes
        return [each for each in nodes if each.name in self._struck and each.state == "bus off"]

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
        if self._end_disturbance is not None:
            reasons.append("frames are disturbed")
        if self._node is not None:
            reasons.append("its node is on the bus")
        if any(each.queued for each in self._lent):
            reasons.append("frames of its wait in a node of the station")
        if off := [each.name for each in self._off]:
            reasons.append(f"{', '.join(off)} is bus off")
        if self._misled:
            reasons.append("a module may obey a forged frame")
        return reasons

    async def undo(self, attempt: Attempt) -> None:
        """See :class:`Target`."""
        self.unmute()
        self.leave_alone()
        self._listener = None
        for each in self._off:
            each.recover()
        given_up = self._site.clock.now() + DRAINS
        ours = [*self._lent, *([] if self._node is None else [self._node])]
        for each in ours:
            each.withdraw()
        while any(each.queued and each.state != "bus off" for each in ours) or self._off:
            if self._site.clock.now() >= given_up:
                return
            await asyncio.sleep(TICK)
        self.reset()
        self._lent.clear()
        self._struck.clear()
        for number in sorted(self._misled):
            self._site.charge_point.connectors[number].order_again()
        self._misled.clear()
