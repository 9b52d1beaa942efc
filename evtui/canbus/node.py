"""A participant's place on a simulated bus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from evtui.canbus.controller import Controller, TransmitQueue
from evtui.canbus.frame import Frame
from evtui.canbus.statistics import NodeLoad
from evtui.events import CanFrame, current_cause

if TYPE_CHECKING:
    from evtui.canbus.bus import SimulatedBus

__all__ = ["Node", "Receiver"]

Receiver = Callable[[CanFrame], None]
"""Called on the loop with every frame that others sent, as it is published."""


class Node(Controller):
    """One participant's place on a bus, made by :meth:`SimulatedBus.attach`.

    What is known of its CAN controller (``queued``, ``state``, ``tec``, ``rec``) is at
    :class:`~evtui.canbus.controller.Controller`.

    Attributes:
        attached: False once the node has left or the bus was closed.
        dropped: frames lost since the start, because the queue was full or the node gone.
        sent: frames that have gone through.
        failed: times that a frame of its met an error.
        busy: s that its frames that went through occupied the line.
        told: transmit and receive error counter as they were published last.
    """

    def __init__(
        self,
        bus: SimulatedBus,
        name: str,
        on_frame: Receiver,
        on_detach: Callable[[], None] | None,
        *,
        queue: TransmitQueue,
        acknowledges: bool,
        fd: bool,
    ) -> None:
        super().__init__(name, queue=queue, acknowledges=acknowledges, fd=fd)
        self.attached = True
        self.dropped = 0
        self.sent = 0
        self.failed = 0
        self.busy = 0.0
        self.on_frame = on_frame
        self._on_detach = on_detach
        self._bus = bus
        self.told = 0, 0

    def send(self, frame: Frame, cause: int | None = None) -> bool:
        """Queue a frame; returns at once, and nobody has received it yet.

        Args:
            cause: sequence number of the event that made us send it; default: the event
                being handled now.

        Returns:
            False when the frame was dropped: queue full, or node no longer on the bus.

        Raises:
            ValueError: a CAN FD frame, and the node speaks classic CAN only.
        """
        bus = self._bus
        if not self.attached:
            self.dropped += 1
            return False
        if frame.fd and not self.fd:
            raise ValueError(f"{self.name} speaks classic CAN; a CAN FD frame needs a node with fd")
        if (self.queued >= self.depth or self.overwrites) and not bus._make_room(self, frame):
            return False
        if bus.mutes and any(mute(self, frame) for mute in bus.mutes):
            bus.muted += 1
            return True
        if cause is None:
            cause = current_cause()
        if bus._line.offer(bus._clock.now(), self, frame, cause) and not bus._handing_out:
            bus._arm()
        return True

    def send_and_yield(self, frame: Frame) -> None:
        """As :meth:`send`, by a callback of the loop that does nothing more after it.

        In virtual time the bus goes on at once where nothing else is to happen before the frame has
        passed: what hears it hears it then.  That spares the loop a turn.
        """
        bus = self._bus
        if bus._handing_out or bus._timer is not None:
            self.send(frame)
            return
        bus._handing_out = True
        try:
            self.send(frame)
        finally:
            bus._handing_out = False
        bus._no_cause.run(bus._wake_up, 0.0)

    def load(self) -> NodeLoad:
        """What it has sent, and how it stands."""
        return NodeLoad(
            frames=self.sent,
            busy=self.busy,
            queued=self.queued,
            dropped=self.dropped,
            failed=self.failed,
            tec=self.tec,
            rec=self.rec,
            state=self.state,
        )

    def withdraw(self) -> int:
        """Take back what waits, but not what is on the line; returns how many frames."""
        count = super().withdraw()
        self._bus._line.forget(self)
        return count

    def recover(self) -> None:
        """Take part again after 128 times 11 recessive bits, if it is bus off."""
        self._bus._recover(self)

    def detach(self) -> None:
        """Leave the bus: nothing more is received or accepted.  What is queued still goes out."""
        if self.attached:
            self.attached = False
            self.on_frame = _hear_nothing
            self._bus._remove(self)
            if self._on_detach is not None:
                self._on_detach()


def _hear_nothing(_: CanFrame) -> None:
    return
