"""Periodic messages on a simulated bus, beside the analysis of their worst-case response times."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

import msgspec

from evtui.canbus import Frame, Node, frame_bits, worst_case_bits
from evtui.canbus.response_times import MessageStream, worst_response_times
from evtui.events import CanFrame
from tests.canbus.rig import Rig, ignore
from tests.virtual_loop import run_virtual

__all__ = ["HEAD", "SETS", "MessageSet", "analysed", "in_a_run", "in_critical_instant", "rows"]


class Message(msgspec.Struct, frozen=True):
    """A message of a set; the most urgent one has the lowest identifier.

    Attributes:
        length: bytes of data.
        period: ms.
    """

    length: int
    period: float


class MessageSet(msgspec.Struct, frozen=True):
    """Messages that share a bus, the most urgent one first; each has a node of its own."""

    name: str
    bitrate: int
    messages: tuple[Message, ...]
    extended: bool = False

    @property
    def bit(self) -> float:
        """s of a bit."""
        return 1 / self.bitrate

    def frame(self, place: int, chance: random.Random) -> Frame:
        """A frame of the message at ``place``, with random data."""
        identifier = 0x0C0F_0000 + 0x1_1000 * place if self.extended else 0x80 + 0x11 * place
        return Frame(identifier, chance.randbytes(self.messages[place].length), self.extended)


DAVIS = MessageSet(
    "Davis et al., table 2", 125_000, (Message(7, 2.5), Message(7, 3.5), Message(7, 3.5))
)
"""The three messages by which the paper refutes the analysis that went before it.

125 bits at the most are 1 ms; the third one's second instance has the longest response, 3.5 ms,
where the older analysis gave 3.
"""

SAE = MessageSet(
    "SAE benchmark",
    125_000,
    tuple(
        Message(length, period)
        for length, period in (
            (1, 50), (2, 5), (1, 5), (2, 5), (1, 5), (2, 5), (6, 10), (1, 10), (2, 10), (3, 10),
            (1, 50), (4, 100), (1, 100), (1, 100), (3, 1000), (1, 1000), (1, 1000),
        )
    ),
)  # fmt: skip
"""An electric vehicle, 53 signals that Tindell and Burns ("Guaranteeing message latencies on
Control Area Network", 1994) have put into 17 messages: bytes, and period in ms."""

CHARGER = MessageSet(
    "charger with 8 modules",
    250_000,
    tuple(
        Message(length, period)
        for length, period in ((8, 10), (8, 20), *8 * ((8, 20), (8, 50), (6, 100)), (4, 1000))
    ),
    extended=True,
)
"""29-bit identifiers at 250 kbit/s: a controller, and of each module set points and readings."""

SETS = (DAVIS, SAE, CHARGER)


def analysed(of: MessageSet, frames: Sequence[Frame] | None = None) -> list[float]:
    """Worst-case response times in s: of ``frames`` as they are stuffed, default: the worst."""
    if frames is None:
        chance = random.Random(0)
        bits = [worst_case_bits(of.frame(place, chance)) for place in range(len(of.messages))]
    else:
        bits = [frame_bits(frame) for frame in frames]
    return worst_response_times(
        [
            MessageStream(name=str(place), duration=bits * of.bit, period=each.period / 1000)
            for place, (each, bits) in enumerate(zip(of.messages, bits, strict=True))
        ],
        of.bit,
    )


class _Traffic:
    """A rig on which messages are released, and their response times."""

    def __init__(self, of: MessageSet) -> None:
        self.rig = Rig(of.bitrate)
        self.nodes = [
            self.rig.bus.attach(f"node {place}", ignore) for place in range(len(of.messages))
        ]
        self.longest: dict[int, float] = defaultdict(float)
        self._released: dict[int, deque[float]] = defaultdict(deque)
        self.rig.stream.subscribe(self._sent, CanFrame)

    def release(self, node: Node, frame: Frame) -> None:
        """Queue a frame now."""
        self._released[frame.arbitration_id].append(self.rig.clock.now())
        assert node.send(frame)

    def every(self, period: float, node: Node, frame: Callable[[], Frame], at: float) -> None:
        """Queue a frame at ``at`` and after each period."""
        loop = self.rig.loop

        def release(number: int) -> None:
            self.release(node, frame())
            loop.call_at(at + (number + 1) * period, release, number + 1)

        loop.call_at(at, release, 0)

    def _sent(self, event: CanFrame) -> None:
        response = event.t - self._released[event.arbitration_id].popleft()
        known = self.longest[event.arbitration_id]
        self.longest[event.arbitration_id] = max(known, response)


def in_a_run(of: MessageSet, seconds: float, seed: int) -> list[float]:
    """Longest response times in s seen with random phases and random data."""

    async def scenario() -> list[float]:
        chance = random.Random(seed)
        traffic = _Traffic(of)
        for place, each in enumerate(of.messages):
            period = each.period / 1000
            traffic.every(
                period,
                traffic.nodes[place],
                partial(of.frame, place, chance),
                0.001 + chance.random() * period,
            )
        await asyncio.sleep(seconds)
        identifiers = [of.frame(place, chance).arbitration_id for place in range(len(of.messages))]
        return [traffic.longest[identifier] for identifier in identifiers]

    return run_virtual(scenario())


def in_critical_instant(of: MessageSet, frames: Sequence[Frame], place: int) -> float:
    """Longest response time in s of a message in its worst case.

    The longest of the less urgent frames has begun a little more than its start of frame ago when
    the message and all more urgent ones are released, which then come again after each period.
    """

    async def scenario() -> float:
        traffic = _Traffic(of)
        begin = 0.01
        blocking = max(frames[place + 1 :], key=frame_bits, default=None)
        if blocking is not None:
            node = traffic.nodes[frames.index(blocking)]
            traffic.rig.loop.call_at(begin - 1.001 * of.bit, traffic.release, node, blocking)
        for number in range(place + 1):
            period = of.messages[number].period / 1000
            frame = frames[number]
            traffic.every(period, traffic.nodes[number], partial(_same, frame), begin)
        await asyncio.sleep(begin + max(0.1, 4 * of.messages[place].period / 1000))
        return traffic.longest[frames[place].arbitration_id]

    return run_virtual(scenario())


def _same(frame: Frame) -> Frame:
    return frame


HEAD = (
    "set",
    "message",
    "bytes",
    "period",
    "at most",
    "with these data",
    "reached",
    "longest in a run",
)

RUN_S, SEED = 20.0, 1

SHOWN = 20
"""Messages of a set up to which all are in the table; of a larger one it has every fifth."""


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    rows = []
    for of in SETS:
        chance = random.Random(SEED)
        frames = [of.frame(place, chance) for place in range(len(of.messages))]
        bound, exact = analysed(of), analysed(of, frames)
        longest = in_a_run(of, RUN_S, SEED)
        for place, each in enumerate(of.messages):
            if len(of.messages) > SHOWN and place % 5 and place != len(of.messages) - 1:
                continue
            times = (
                bound[place],
                exact[place],
                in_critical_instant(of, frames, place),
                longest[place],
            )
            rows.append(
                (
                    of.name,
                    str(place + 1),
                    str(each.length),
                    f"{each.period:g} ms",
                    *(f"{1000 * time:.3f} ms" for time in times),
                )
            )
    return tuple(rows)


def rows() -> Iterator[tuple[str, ...]]:
    """The table of the chapter: response times as analysed, and as they were on the bus."""
    yield from _rows()
