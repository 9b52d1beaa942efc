"""What the CAN controller of a node holds: transmit queue and error counters.  Pure.

Error counters and states are those of ISO 11898-1 (fault confinement): a transmitter whose frame
fails counts 8, one whose frame goes through takes 1 back; a receiver counts 1 for an error, and 8
more if it was the first to see it.  Above 127 a node is error passive, with a transmit counter
above 255 it is bus off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush
from operator import itemgetter
from typing import Literal, NamedTuple, get_args

import msgspec

from evtui.canbus.frame import Frame

__all__ = [
    "BUS_OFF",
    "OVERFLOWS",
    "PASSIVE",
    "TRANSMIT_QUEUE",
    "Controller",
    "Counters",
    "Disturbance",
    "Disturber",
    "Ended",
    "ErrorKind",
    "ErrorState",
    "Overflow",
    "QueueOrder",
    "Queued",
    "TransmitQueue",
    "disturbance",
]

TRANSMIT_QUEUE = 256
"""Frames a node may have waiting, unless it is said otherwise."""

PASSIVE = 128
"""Either counter from which a node is error passive."""

BUS_OFF = 256
"""Transmit error counter from which a node is bus off."""

RECOVERY = 128
"""Sequences of 11 recessive bits after which a node that was bus off takes part again."""

REC_BACK = 119
"""Receive error counter after a good frame when it was above 127; ISO 11898-1: 119 to 127."""

REC_MAX = 255
"""Where the receive error counter stops; more would say nothing more."""

ErrorKind = Literal["bit", "stuff", "CRC", "form", "acknowledgement"]
ErrorState = Literal["error active", "error passive", "bus off"]
QueueOrder = Literal["priority", "fifo"]
Overflow = Literal["refuse", "drop-oldest", "overwrite"]
OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)


class TransmitQueue(msgspec.Struct, frozen=True):
    """How a node's controller keeps what waits for the line.

    Attributes:
        depth: frames that wait or are being sent at most.
        order: ``priority`` sends the lowest identifier first, as mailboxes do; ``fifo`` sends in
            the order in which frames came, so an urgent one may wait behind others (priority
            inversion).
        overflow: when full ``refuse`` the new frame; ``drop-oldest`` loses the one that waits
            longest; ``overwrite`` puts it in the place of a waiting one with the same identifier,
            full or not, and refuses it when there is none and no room.
    """

    depth: int = TRANSMIT_QUEUE
    order: QueueOrder = "priority"
    overflow: Overflow = "refuse"

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise ValueError(f"a transmit queue of {self.depth} frames holds none; give 1 or more")


Queued = tuple[int, int, float, Frame, int | None, float]
"""A frame in a transmit queue; the lowest one wins the line.

The arbitration field as a number (see :func:`~evtui.canbus.lengths.arbitration_rank`); how many
frames were offered on the line before; s that it takes there; the frame; the event that made its
node send it; lab time in s at which it did.  A plain tuple, since one is made for each frame.
"""


class Controller:
    """One node's CAN controller, apart from what its node does with frames.

    Attributes:
        name: of the node.
        queue: how frames wait.
        depth: how many at most.
        fifo: in the order in which they came.
        overwrites: a new frame takes the place of a waiting one with its identifier.
        queued: frames that wait or are being sent.
        waiting: those that wait, the one that goes next in front: a heap, or if ``fifo`` a list.
        acknowledges: False for a node that only listens: it never sends a dominant bit, neither
            for an acknowledgement nor as an error flag.
        fd: it understands CAN FD; one that does not answers such frames with an error frame.
        tec: transmit error counter.
        rec: receive error counter.
        state: error state that follows from them.
        free_at: lab time in s before which it may not begin a frame (suspend transmission).
        quiet: sequences of 11 recessive bits seen since it began to recover; None while it
            does not.
        quiet_since: lab time in s from which on the next of them counts.
    """

    def __init__(
        self,
        name: str,
        *,
        queue: TransmitQueue | None = None,
        acknowledges: bool = True,
        fd: bool = False,
    ) -> None:
        self.name = name
        self.queue = queue or TransmitQueue()
        self.depth = self.queue.depth
        self.fifo = self.queue.order == "fifo"
        self.overwrites = self.queue.overflow == "overwrite"
        self.queued = 0
        self.waiting: list[Queued] = []
        self.acknowledges = acknowledges
        self.fd = fd
        self.tec = 0
        self.rec = 0
        self.state: ErrorState = "error active"
        self.free_at = 0.0
        self.quiet: int | None = None
        self.quiet_since = 0.0

    @property
    def sound(self) -> bool:
        """True while nothing has to be counted for it."""
        return self.tec == 0 and self.rec == 0 and self.state == "error active"

    def make_room(self, frame: Frame) -> tuple[bool, Queued | None]:
        """Ask for a place for ``frame`` where one is full, or overwrites.

        Returns:
            Whether there is one; the waiting frame that was lost for it.
        """
        waiting, overflow = self.waiting, self.queue.overflow
        lost: Queued | None = None
        if overflow == "overwrite":
            lost = next((each for each in waiting if _same_identifier(each[3], frame)), None)
        elif overflow == "drop-oldest" and waiting:
            lost = min(waiting, key=itemgetter(1))
        if lost is None:
            return self.queued < self.depth, None
        waiting.remove(lost)
        if not self.fifo:
            heapify(waiting)
        self.queued -= 1
        return True, lost

    def put(self, entry: Queued, *, again: bool = False) -> None:
        """Let ``entry`` wait.

        Args:
            again: it has lost the arbitration, or met an error.
        """
        if not self.fifo:
            heappush(self.waiting, entry)
        elif again:
            self.waiting.insert(0, entry)
        else:
            self.waiting.append(entry)

    def withdraw(self) -> int:
        """Empty the transmit queue but for what is on the line, as controllers abort mailboxes.

        Returns:
            Frames that wait no more.
        """
        count = len(self.waiting)
        self.waiting.clear()
        self.queued -= count
        return count

    def take(self) -> Queued:
        """The waiting frame that goes next, which waits no more."""
        return self.waiting.pop(0) if self.fifo else heappop(self.waiting)

    # Fault confinement

    def transmitted(self) -> None:
        """A frame of its own has gone through."""
        if self.tec:
            self.tec -= 1
            self._judge()

    def received(self) -> None:
        """A frame of another node has come without an error."""
        if self.rec:
            self.rec = REC_BACK if self.rec >= PASSIVE else self.rec - 1
            self._judge()

    def transmission_failed(self) -> None:
        """A frame of its own has met an error."""
        self.tec += 8
        self._judge()

    def reception_failed(self, *, first: bool) -> None:
        """A frame of another node has met an error.

        Args:
            first: its own error flag came first, so a dominant bit followed on it.
        """
        self.rec = min(self.rec + (9 if first else 1), REC_MAX)
        self._judge()

    def recovered(self) -> None:
        """It has been bus off, and takes part again."""
        self.tec = self.rec = 0
        self.quiet = None
        self.state = "error active"

    def _judge(self) -> None:
        if self.state == "bus off":
            return
        if self.tec >= BUS_OFF:
            self.state = "bus off"
        elif self.tec >= PASSIVE or self.rec >= PASSIVE:
            self.state = "error passive"
        else:
            self.state = "error active"


class Counters(NamedTuple):
    """A node's error state as it became, and the counters that it follows from."""

    state: ErrorState
    tec: int
    rec: int


Ended = tuple[float, Controller, Queued | None, ErrorKind | None, Counters | None]
"""Something that has ended on the line.

When, in lab seconds; whose frame it was, or whose error state has changed; the frame, None for a
change of state; what destroyed it, None for one that went through; the new state.
"""


class Disturbance(msgspec.Struct, frozen=True):
    """What happens to a frame on the line.

    Attributes:
        kind: the error that comes of it.  ``bit`` and ``acknowledgement`` are seen by the
            transmitter, the others by its receivers.
        at: bits from the start of frame after which it is seen, stuff bits included; default:
            behind the control field for a bit or stuff error, behind the CRC delimiter for a form
            error; of CRC and acknowledgement ISO 11898-1 says when.
        by: node that does it by sending at the same time, a transmitter too: its frame fails with
            this one while that one's error flag is active, and goes through when it is passive.
        frame: what ``by`` sends; None where nobody needs to hear it.
        cause: event that this comes of; None for that of the frame which meets it.
    """

    kind: ErrorKind
    at: int | None = None
    by: Controller | None = None
    frame: Frame | None = None
    cause: int | None = None


Disturber = Callable[[Controller, Frame], Disturbance | ErrorKind | None]
"""Asked for each frame that begins: what happens to it, None for nothing."""


def disturbance(
    disturbers: Iterable[Disturber], node: Controller, frame: Frame
) -> Disturbance | None:
    """What the first of them says that says anything."""
    for disturber in disturbers:
        said = disturber(node, frame)
        if said is not None:
            return said if isinstance(said, Disturbance) else Disturbance(said)
    return None


def _same_identifier(one: Frame, other: Frame) -> bool:
    return (one.arbitration_id, one.extended) == (other.arbitration_id, other.extended)
