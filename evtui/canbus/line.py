"""The two wires of a CAN bus: who may talk, until when, and what becomes of it.

Pure: times come in, times go out.  A frame takes exactly as long as its bits take at the bit rate;
while one is on the line the others wait, and when the line falls idle the lowest identifier goes
next among the heads of the nodes' transmit queues.  So a flood of identifier 0 starves everybody
else, as it does on a real bus.  Who is ready before the start of frame of another has passed (one
bit) still takes part in the arbitration.

A frame that meets an error is cut short by an error frame and sent again, and the error counters
of all nodes step as ISO 11898-1 has it.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from math import inf

from evtui.canbus.alone import Alone, alone
from evtui.canbus.bits import classic_bits
from evtui.canbus.controller import (
    RECOVERY,
    Controller,
    Counters,
    Disturbance,
    Disturber,
    Ended,
    Queued,
    disturbance,
)
from evtui.canbus.errors import QUIET, SUSPEND, count, cut_short, what_happens
from evtui.canbus.frame import Frame
from evtui.canbus.lengths import arbitration_rank, seconds
from evtui.canbus.outcome import what_ended

__all__ = ["Line"]


class Line:
    """Arbitration, a bit clock and fault confinement.

    The line is brought up to the given time before a frame is offered, so arbitration is
    decided among the frames that were really waiting then, however late the caller looks.

    Args:
        bitrate: bit/s; None for an ideal line, on which nothing takes time and nothing fails.
        data_bitrate: bit/s of the data phase of CAN FD frames that switch; default: the same.
        recovers: nodes that are bus off recover by themselves.

    Attributes:
        bit: s of a bit, 0 on an ideal line.
        disturbers: asked for each frame that begins, in order; the first that says so counts.
        unheard: times that a node alone on its bus has sent a frame without telling anybody.

    Raises:
        ValueError: a bit rate is not above 0.
    """

    def __init__(
        self,
        bitrate: int | None,
        data_bitrate: int | None = None,
        *,
        recovers: bool = True,
    ) -> None:
        if (bitrate is not None and bitrate <= 0) or (data_bitrate or 1) <= 0:
            raise ValueError("the bit rate must be above 0 bit/s")
        self.bitrate = bitrate
        self.data_bitrate = data_bitrate or bitrate
        self.recovers = recovers
        self.bit = 1 / bitrate if bitrate else 0.0
        self.disturbers: list[Disturber] = []
        self._data_bit = 1 / self.data_bitrate if bitrate and self.data_bitrate else 0.0
        self._controllers: list[Controller] = []
        self._contenders: list[Controller] = []  # those with a frame that waits
        self._acknowledging = 0
        self._hindered = False  # some counter is not 0, or somebody is bus off
        self._order = 0
        self._sender: Controller | None = None
        self._entry: Queued = _NONE
        self._error: Disturbance | None = None
        self._passive = False  # who sends it, if errors may come of it
        self._start = self._end = 0.0
        self.unheard = 0
        self._alone: Alone | None = None
        self._pending = inf  # when something happens next on an idle line
        self._ended: deque[Ended] = deque()
        self._busy = 0.0

    def join(self, now: float, controller: Controller) -> None:
        """Let a node take part from the next frame on: acknowledge, count errors."""
        self._interrupt(now)
        self._controllers.append(controller)
        self._take_stock()

    def leave(self, now: float, controller: Controller) -> None:
        """It takes part no more.

        Frames of its that wait still go out, unless it is bus off or nobody hears it.
        """
        self._advance(now)
        unheard = self._alone is not None and self._alone.node is controller
        if unheard:
            self._catch_up(now)
            self._alone = None
        self._controllers.remove(controller)
        if (unheard or controller.state == "bus off") and controller.waiting:
            controller.waiting.clear()
            self._contenders.remove(controller)
        self._take_stock()

    def disturb(self, now: float, disturber: Disturber) -> None:
        """Ask ``disturber`` too from now on."""
        self._interrupt(now)
        self.disturbers.append(disturber)

    def recover(self, now: float, controller: Controller) -> None:
        """Let a node that is bus off wait for its 128 sequences of 11 recessive bits."""
        self._interrupt(now)
        if controller.state == "bus off" and controller.quiet is None:
            controller.quiet, controller.quiet_since = 0, max(now, self._end)
            self._resume(now)

    # Frames

    def offer(self, now: float, node: Controller, frame: Frame, cause: int | None = None) -> bool:
        """Queue ``frame`` of ``node``; it starts now if it may.

        Returns:
            False when nothing has changed in what happens next on the line.
        """
        self._order = order = self._order + 1
        if frame.extended or frame.remote or frame.fd or frame.error:
            rank = arbitration_rank(frame)
            duration = seconds(frame, self.bit, self._data_bit)
        else:
            rank = frame.arbitration_id << 21
            duration = classic_bits(frame.arbitration_id, frame.data) * self.bit
        entry = rank, order, duration, frame, cause, now
        node.queued += 1
        if self._end <= now:
            self._advance(now)
        sender = self._sender
        if sender is not None:
            if now - self._start < self.bit and self._overtakes(node, rank):
                self._wait(sender, self._entry, again=True)
                self._busy -= self._end - self._start
                self._end = self._start
                self._begin(self._start, node, entry)
                return True
            waiting = node.waiting
            if not waiting:
                self._contenders.append(node)
            if node.fifo:
                waiting.append(entry)
            else:
                heappush(waiting, entry)
            return False
        if self._hindered:
            self._interrupt(now)
            self._wait(node, entry)
            self._resume(now)
        else:  # then nobody waits
            self._begin(now, node, entry)
        return True

    def forget(self, node: Controller) -> None:
        """Nothing of ``node`` waits any more; its queue was emptied from outside."""
        if node in self._contenders and not node.waiting:
            self._contenders.remove(node)

    def take(self, now: float) -> Ended | None:
        """Remove and return the oldest that has ended on the line by ``now``, or None."""
        if not self._ended:
            if self._end > now:
                return None
            if self._sender is not None and (ended := self._finish()) is not None:
                return ended
            self._advance(now)
        if self._ended and self._ended[0][0] <= now:
            return self._ended.popleft()
        return None

    @property
    def next_end(self) -> float | None:
        """When there is next something to be taken, or to be done, in lab seconds."""
        if self._ended:
            return self._ended[0][0]
        if self._sender is not None:
            return self._end
        return None if self._pending == inf else self._pending

    def busy(self, now: float) -> float:
        """Seconds the line was occupied until ``now``; call with times that never fall."""
        self._advance(now)
        self._catch_up(now)
        return self._busy - (self._end - now if self._sender else 0.0)

    # Time

    def _advance(self, now: float) -> None:
        while True:
            if self._sender is None:
                if self._pending > now:
                    return
                self._resume(now)
                if self._sender is None:
                    return
            if self._end > now:
                return
            if (ended := self._finish()) is not None:
                self._ended.append(ended)

    def _finish(self) -> Ended | None:
        """What is on the line has come to its end; the next one begins, if it may.

        Returns:
            What has ended; None where there is more to tell of it, all of which waits then.
        """
        sender, entry, error, end = self._sender, self._entry, self._error, self._end
        assert sender is not None
        self._sender = None
        if error is None and not self._hindered:
            contenders = self._contenders
            if contenders:
                node = contenders[0] if len(contenders) == 1 else self._first(contenders)
                self._begin(end, node, self._next_of(node))
            return end, sender, entry, None, None
        self._ended.append(
            what_ended(sender, entry, error, self._start, end, passive=self._passive)
        )
        self._settle(end, sender, entry, error)
        self._resume(end)
        return None

    def _first(self, contenders: list[Controller]) -> Controller:
        """Whose frame wins the arbitration; of equal ones the one that was offered first."""
        best = contenders[0]
        lowest = best.waiting[0]
        for node in contenders:
            head = node.waiting[0]
            if head < lowest:
                best, lowest = node, head
        return best

    def _next_of(self, node: Controller) -> Queued:
        entry = heappop(node.waiting) if not node.fifo else node.take()
        if not node.waiting:
            self._contenders.remove(node)
        return entry

    def _wait(self, node: Controller, entry: Queued, *, again: bool = False) -> None:
        if not node.waiting:
            self._contenders.append(node)
        node.put(entry, again=again)

    def _overtakes(self, node: Controller, rank: int) -> bool:
        """True for a frame that wins the arbitration that is still going on."""
        if node is self._sender or rank >= self._entry[0]:
            return False
        return not self._hindered or (node.state != "bus off" and node.free_at <= self._start)

    def _begin(self, start: float, node: Controller, entry: Queued) -> None:
        if start < self._end:  # a timer may fire a rounding error early, and no two may overlap
            start = self._end
        self._start, self._sender, self._entry, self._error = start, node, entry, None
        self._pending = inf
        duration = entry[2]
        if (
            self._hindered or self._acknowledging < 2 or self.disturbers or entry[3].fd
        ) and self.bit:
            duration = self._try(node, entry[3], duration)
        self._busy += duration
        self._end = start + duration

    # Errors

    def _try(self, node: Controller, frame: Frame, duration: float) -> float:
        """Seconds that a frame takes that may meet an error."""
        start = self._start
        for each in self._controllers:
            if each.quiet is not None and start > each.quiet_since:
                each.quiet += int((start - each.quiet_since) / (QUIET * self.bit) + 1e-6)
                each.quiet_since = start
        if frame.error:
            return duration
        self._passive = passive = node.state == "error passive"
        if frame.fd and passive:
            duration = seconds(frame, self.bit, self._data_bit, passive=True)
        receivers = self._receivers(node)
        error = what_happens(frame, receivers, disturbance(self.disturbers, node, frame))
        if error is None:
            return duration
        self._error = error
        if error.frame is not None and error.by is not None and passive:
            return seconds(error.frame, self.bit, self._data_bit)
        active = any(each.state == "error active" for each in receivers)
        return cut_short(
            frame, error, duration, self.bit, self._data_bit, passive=passive, active=active
        )

    def _receivers(self, node: Controller) -> list[Controller]:
        """Who may acknowledge a frame of ``node``."""
        return [
            each
            for each in self._controllers
            if each is not node and each.acknowledges and each.state != "bus off"
        ]

    def _settle(
        self, end: float, sender: Controller, entry: Queued, error: Disturbance | None
    ) -> None:
        """Count for everybody what has ended, and say whose state has changed."""
        before = {each: each.state for each in (*self._controllers, sender)}
        for each in self._controllers:
            if each.quiet is not None:
                each.quiet += 1
                each.quiet_since = end
        if not entry[3].error:
            count(sender, self._controllers, entry[3], error)
        if error is not None:
            self._wait(sender, entry, again=True)
        if sender.state == "error passive":
            sender.free_at = end + SUSPEND * self.bit
        for each, state in before.items():
            if each.state != state:
                self._changed(end, each)
        self._take_stock()

    def _changed(self, end: float, node: Controller) -> None:
        self._ended.append((end, node, None, None, Counters(node.state, node.tec, node.rec)))
        if node.state == "bus off" and self.recovers:
            node.quiet, node.quiet_since = 0, end

    def _take_stock(self) -> None:
        self._hindered = any(not each.sound for each in (*self._controllers, *self._contenders))
        self._acknowledging = sum(
            each.acknowledges and each.state != "bus off" for each in self._controllers
        )

    def _interrupt(self, now: float) -> None:
        """Something happens: whoever was alone goes on step by step, for a frame at least."""
        self._advance(now)
        if self._alone is not None:
            self._catch_up(now)
            self._alone.node.free_at = self._alone.begin
            self._alone = None
            self._resume(now, step_by_step=True)

    def _catch_up(self, now: float) -> None:
        if self._alone is not None:
            times, busy = self._alone.catch_up(now)
            self.unheard += times
            self._busy += busy

    def _is_alone(self, able: list[tuple[float, Controller]]) -> bool:
        """Note who will send one frame again and again, and change nothing by it."""
        if len(able) != 1 or self.disturbers:
            return False
        ((begin, node),) = able
        if not self._receivers(node):
            self._alone = alone(node, begin, self.bit, self._data_bit)
        return self._alone is not None

    def _resume(self, now: float, *, step_by_step: bool = False) -> None:
        """Do what is due by ``now`` on an idle line on which not everybody may begin at once."""
        self._pending = inf
        while self._sender is None and self._alone is None:
            recovery, recovering = min(
                (
                    (each.quiet_since + (RECOVERY - each.quiet) * QUIET * self.bit, place)
                    for place, each in enumerate(self._controllers)
                    if each.quiet is not None
                ),
                default=(inf, 0),
            )
            able = [
                (max(each.free_at, self._end, each.waiting[0][5]), each)
                for each in self._contenders
                if each.state != "bus off"
            ]
            if recovery == inf and not step_by_step and self._is_alone(able):
                return
            begin = min((ready for ready, _ in able), default=inf)
            if min(recovery, begin) > now:
                self._pending = min(recovery, begin)
                return
            if recovery <= begin:
                node = self._controllers[recovering]
                node.recovered()
                node.free_at = recovery
                self._changed(recovery, node)
                self._take_stock()
            else:
                node = self._first([each for ready, each in able if ready <= begin])
                self._begin(begin, node, self._next_of(node))


_NONE: Queued = (0, 0, 0.0, Frame(0), None, 0.0)
