"""Recorded frames on the bus once more, in the times in which they were heard.

Gaps stay as long as they were, divided by the speed, unless a longest one is told.  The times
that come in never go back: whoever reads a log puts it in order.  When the line, or the loop,
is behind, frames wait for it and none is left out; what follows keeps its distance.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import NamedTuple

import msgspec

from evtui.canbus.bus import Node, SimulatedBus
from evtui.canbus.frame import Frame
from evtui.events import EventStream, Note

__all__ = ["PLAYER_NODE", "LogPlayer", "Playing", "Recorded", "id_filter"]

PLAYER_NODE = "log"
"""Node of what is played."""

ROOM = 16
"""Frames that may wait for the line, as many as a controller with 16 transmit mailboxes holds."""

PAUSE = 0.001
"""s between two looks whether there is room, and at least from one turn to the next."""

_ONE = re.compile(r"(?:0x)?([0-9a-f]{1,8})", re.IGNORECASE)
_RANGE = re.compile(r"(?:0x)?([0-9a-f]{1,8})-(?:0x)?([0-9a-f]{1,8})", re.IGNORECASE)
_MASKED = re.compile(r"(?:0x)?([0-9a-f]{1,8}):(?:0x)?([0-9a-f]{1,8})", re.IGNORECASE)


class Recorded(NamedTuple):
    """A frame, and when it was heard: s from the begin of what is played, never going back."""

    t: float
    frame: Frame


class Playing(msgspec.Struct):
    """What is played.

    Attributes:
        name: of the log.
        speed: times the pace at which it was recorded.
        turns: how often it is still to be played, the running time included; None until stopped.
        longest_gap: s that no silence is longer than, before the speed counts; None for any.
        steps: frames that may go out before it waits again; None where it does not wait.
        sent: frames handed to the bus.
        turn: how often it has begun.
    """

    name: str
    speed: float = 1.0
    turns: int | None = 1
    longest_gap: float | None = None
    steps: int | None = None
    sent: int = 0
    turn: int = 0


def id_filter(text: str) -> Callable[[int], bool]:
    """Which identifiers are meant by ``300``, ``200-21F``, ``300:7F0`` and several of these.

    Numbers are hexadecimal; behind a colon stands a mask, as filters of CAN controllers have it.
    An empty text means all.

    Raises:
        ValueError: a piece is none of these; the text is one line.
    """
    tests: list[tuple[int, int, int]] = []  # mask, lowest, highest
    for piece in text.replace(",", " ").split():
        if found := _RANGE.fullmatch(piece):
            tests.append((-1, int(found[1], 16), int(found[2], 16)))
        elif found := _MASKED.fullmatch(piece):
            mask = int(found[2], 16)
            wanted = int(found[1], 16) & mask
            tests.append((mask, wanted, wanted))
        elif found := _ONE.fullmatch(piece):
            tests.append((-1, int(found[1], 16), int(found[1], 16)))
        else:
            raise ValueError(
                f"{piece[:30]}: no identifiers; 300, 200-21F and 300:7F0 (id:mask) are"
            )
    if not tests:
        return lambda _: True
    return lambda number: any(low <= number & mask <= high for mask, low, high in tests)


class LogPlayer:
    """Plays one log at a time on one bus.

    Args:
        bus: where.
        stream: is told when one begins, has ended or was stopped.
    """

    def __init__(self, bus: SimulatedBus, stream: EventStream) -> None:
        self._bus = bus
        self._stream = stream
        self._task: asyncio.Task[None] | None = None
        self._stepped = asyncio.Event()
        self._unsettled = False
        self.playing: Playing | None = None

    def play(
        self,
        told: Playing,
        frames: Sequence[Recorded],
        cause: Callable[[], int | None] = lambda: None,
    ) -> None:
        """Begin; what was played before is stopped.

        Args:
            told: how.
            frames: in order of time.
            cause: asked for each frame: the event that it is put down to.

        Raises:
            ValueError: there is no frame, nobody can join the bus, or a real bus behind it is
                not armed.
        """
        if not frames:
            raise ValueError(f"{told.name}: there is no frame to be played")
        if why := self._bus.guard():
            raise ValueError(why)
        self.stop()
        try:
            fd = any(each.frame.fd for each in frames)
            node = self._bus.attach(PLAYER_NODE, lambda _: None, fd=fd)
        except RuntimeError as error:  # closed
            raise ValueError(str(error)) from None
        self.playing = told
        self._unsettled = True
        self._stepped.clear()
        # A task otherwise inherits the cause of whoever ordered it.
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(
            self._run(node, told, tuple(frames), cause), name="log", context=Context()
        )

    def step(self, frames: int) -> Playing:
        """Let so many more frames out of what waits.

        Raises:
            ValueError: nothing is played, or it does not wait.
        """
        told = self.playing
        if told is None or told.steps is None:
            raise ValueError("no log is played step by step")
        told.steps += frames
        self._stepped.set()
        return told

    def stop(self) -> str:
        """Play no more; without effect where nothing is played.

        Returns:
            Name of the log that has been stopped, empty for none.
        """
        told, task = self.playing, self._task
        if told is None or task is None:
            return ""
        task.cancel()
        self._over(f"{told.name} is stopped after {_frames(told.sent)}")
        return told.name

    def settle(self) -> bool:
        """Stop; True where something was sent since the last time, which somebody may obey."""
        self.stop()
        unsettled, self._unsettled = self._unsettled, False
        return unsettled

    def _over(self, text: str) -> None:
        self.playing = self._task = None
        for node in self._bus.nodes:
            if node.name == PLAYER_NODE:
                node.detach()
        self._tell(text)

    def _tell(self, text: str) -> None:
        self._stream.publish(
            Note(source=PLAYER_NODE, station=self._bus.station, level="info", text=text)
        )

    async def _run(
        self,
        node: Node,
        told: Playing,
        frames: tuple[Recorded, ...],
        cause: Callable[[], int | None],
    ) -> None:
        self._tell(f"{told.name} is played: {_frames(len(frames))}")
        due = asyncio.get_running_loop().time()
        while told.turns is None or told.turns > 0:
            told.turn += 1
            try:
                due = await self._turn(node, told, frames, cause, due)
            except ValueError as error:  # the bus does not take a frame
                self._over(f"{told.name} is stopped after {_frames(told.sent)}: {error}")
                return
            if not node.attached:  # the bus was closed
                break
            if told.turns is not None:
                told.turns -= 1
            due += PAUSE
        self._over(f"{told.name} is over: {_frames(told.sent)} sent")

    async def _turn(
        self,
        node: Node,
        told: Playing,
        frames: tuple[Recorded, ...],
        cause: Callable[[], int | None],
        due: float,
    ) -> float:
        """Play all of it once, the first frame at ``due``; when the last one was sent."""
        loop = asyncio.get_running_loop()
        before = frames[0].t
        for t, frame in frames:
            gap, before = max(0.0, t - before), t
            if told.longest_gap is not None:
                gap = min(gap, told.longest_gap)
            due += gap / told.speed
            if told.steps is not None:
                await self._step(told)
                due = loop.time()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            while node.queued >= ROOM and node.attached:
                await asyncio.sleep(PAUSE)
                due = max(due, loop.time())
            if not node.attached:
                break
            if node.send(frame, cause()):
                told.sent += 1
        return due

    async def _step(self, told: Playing) -> None:
        while told.steps == 0:
            self._stepped.clear()
            await self._stepped.wait()
        if told.steps is not None:
            told.steps -= 1


def _frames(number: int) -> str:
    return "1 frame" if number == 1 else f"{number:,} frames"
