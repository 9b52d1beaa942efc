"""Frames that somebody has sent by hand: one, or one again and again with values that may change.

All go out by one node, which is on the bus while something is sent.  Deadlines are absolute, so
a period does not drift; after a late wake-up the turns that are over are left out and counted,
since whoever listens would take a burst of them for another period.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Literal

import msgspec

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.frame import Frame
from evtui.events import EventStream, PeriodicState

__all__ = ["BY_HAND_NODE", "SHORTEST_PERIOD", "Periodic", "PeriodicSender"]

BY_HAND_NODE = "by-hand"
"""Node of all that is sent by hand."""

SHORTEST_PERIOD = 0.001
"""s; a loop does not wake up more often."""

ROOM = 16
"""Frames that may wait for the line, as many as a controller with 16 transmit mailboxes holds.

What comes due while they wait is left out, so there is little to wait for once it is stopped.
"""


class Periodic(msgspec.Struct):
    """One message that is sent again and again.

    Attributes:
        name: of the message.
        frame: that goes out at the next turn.
        period: s between two turns.
        values: of its signals.
        says: the same for people.
        turns: still to come, None for as many as there are until it is stopped.
        sent: frames handed to the bus.
        left_out: turns at which there was no room, or which were over when the loop woke up.
    """

    name: str
    frame: Frame
    period: float
    values: dict[str, float]
    says: str = ""
    turns: int | None = None
    sent: int = 0
    left_out: int = 0


class _Running(msgspec.Struct):
    """A message with its timer: turn ``number`` is due at ``begun + number * period``."""

    told: Periodic
    cause: Callable[[], int | None]
    begun: float
    number: int = 0
    timer: asyncio.TimerHandle | None = None


class PeriodicSender:
    """Sends by hand on one bus.

    Args:
        bus: where.
        stream: takes a :class:`~evtui.events.PeriodicState` of each that begins, changes or ends.
    """

    def __init__(self, bus: SimulatedBus, stream: EventStream) -> None:
        self._bus = bus
        self._stream = stream
        self._running: dict[str, _Running] = {}
        self._node: Node | None = None
        self._unsettled = False

    @property
    def running(self) -> tuple[Periodic, ...]:
        """What is sent again and again, in the order in which it began."""
        return tuple(each.told for each in self._running.values())

    def values(self, name: str) -> dict[str, float] | None:
        """What a running message says now; None where it does not run."""
        each = self._running.get(name)
        return None if each is None else each.told.values

    def once(self, frame: Frame) -> None:
        """Send one frame, which goes out when the line lets it.

        Raises:
            ValueError: the bus does not take it.
        """
        if why := self._bus.guard():
            raise ValueError(why)
        node = self._node or self._join()
        self._unsettled = True
        taken = node.send(frame)
        if self._node is None:
            node.detach()
        if not taken:
            raise ValueError(f"{self._bus.name} does not take the frame: its queue is full")

    def start(
        self,
        name: str,
        frame: Frame,
        period: float | None,
        values: Mapping[str, float],
        *,
        says: str = "",
        turns: int | None = None,
        cause: Callable[[], int | None] = lambda: None,
    ) -> Periodic:
        """Send a message now and again after each period; one that runs goes on as told now.

        Its turns stay where they were unless its period changes; then the next is due one new
        period after the last, or now where that is over.

        Args:
            name: of the message.
            period: s, at least :data:`SHORTEST_PERIOD`; None for that of the running one.
            values: of its signals.
            says: the same for people.
            turns: how often from now on; None until it is stopped.
            cause: asked for each frame: the event that it is put down to.

        Raises:
            ValueError: no period is known, or nobody can join the bus.
        """
        running = self._running.get(name)
        if running is not None:
            told = running.told
            told.frame, told.values, told.says, told.turns = frame, dict(values), says, turns
            running.cause = cause
            if period is not None and period != told.period:
                last = running.begun + (running.number - 1) * told.period
                now = asyncio.get_running_loop().time()
                running.begun, running.number = max(last, now - period), 1
                told.period = period
                self._arm(running)
            self._publish(told, "changed")
            return told
        if period is None:
            raise ValueError(f"{name} has no cycle time in the DBC: give a period in s")
        if self._node is None:
            self._node = self._join()
        self._unsettled = True
        told = Periodic(name, frame, period, dict(values), says, turns)
        running = _Running(told, cause, asyncio.get_running_loop().time())
        self._running[name] = running
        self._publish(told, "on")
        self._turn(running)
        return told

    def stop(self, name: str | None = None) -> tuple[str, ...]:
        """Send a message no more, or none of them; without effect where it does not run.

        Returns:
            Names of those that have been stopped.
        """
        names = tuple(self._running) if name is None else (name,)
        stopped = [self._running.pop(each) for each in names if each in self._running]
        for each in stopped:
            if each.timer is not None:
                each.timer.cancel()
            self._publish(each.told, "off")
        if not self._running and self._node is not None:
            self._node.withdraw()
            self._node.detach()
            self._node = None
        return tuple(each.told.name for each in stopped)

    def settle(self) -> bool:
        """Stop everything; True where something was sent since the last time.

        Whoever heard it may have obeyed it.
        """
        self.stop()
        unsettled, self._unsettled = self._unsettled, False
        return unsettled

    def _join(self) -> Node:
        if why := self._bus.guard():
            raise ValueError(why)
        try:
            return self._bus.attach(BY_HAND_NODE, lambda _: None)
        except RuntimeError as error:  # closed
            raise ValueError(str(error)) from None

    def _turn(self, running: _Running) -> None:
        """Send it, and set the timer for the next turn that is still to come."""
        running.timer = None
        told, node = running.told, self._node
        why = "" if node is None else self._bus.guard()
        if why:
            self._bus.notes.add("warning", f"{told.name} is sent no more", why)
        if node is None or not node.attached or why:
            self.stop(told.name)
            return
        if node.queued < ROOM and node.send(told.frame, running.cause()):
            told.sent += 1
        else:
            told.left_out += 1
        running.number += 1
        if told.turns is not None:
            told.turns -= 1
            if not told.turns:
                self.stop(told.name)
                return
        now = asyncio.get_running_loop().time()
        while running.begun + running.number * told.period <= now:
            running.number += 1
            told.left_out += 1
        self._arm(running)

    def _arm(self, running: _Running) -> None:
        if running.timer is not None:
            running.timer.cancel()
        due = running.begun + running.number * running.told.period
        # A timer otherwise inherits the cause of whoever ordered the message.
        running.timer = asyncio.get_running_loop().call_at(
            due, self._turn, running, context=Context()
        )

    def _publish(self, told: Periodic, change: Literal["on", "changed", "off"]) -> None:
        self._stream.publish(
            PeriodicState(
                source=BY_HAND_NODE,
                station=self._bus.station,
                bus=self._bus.name,
                message=told.name,
                change=change,
                arbitration_id=told.frame.arbitration_id,
                extended=told.frame.extended,
                period=told.period,
                values=dict(told.values),
                says=told.says,
                sent=told.sent,
                left_out=told.left_out,
            )
        )
