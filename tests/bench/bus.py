"""Frames through our CAN bus, beside python-can's virtual one with a Notifier.

With ``EVTUI_BENCH_OLDER=FOLDER``, a work tree of an earlier version, beside its bus too.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import can

from evtui.canbus import Frame, SimulatedBus
from evtui.events import CanFrame, EventStream
from evtui.runtime.clock import LoopClock
from evtui.runtime.virtual import run_virtual
from tests.bench.measure import Options, Row

__all__ = ["bench"]

NODES = 5
"""Who hears each frame, beside the one that sends them all."""

AT_ONCE = 100
"""Frames that wait for the line at one time."""

TIMES_FASTER = 8.0
"""Frames a second asked of our bus, in those of python-can's."""

SHARE_OF_OLDER = 0.7
"""Time of a frame asked of our bus, in that of the build of 2026-11-29 (commit 3ab0cc8)."""

OLDER = "EVTUI_BENCH_OLDER"

WITH_MESSAGES = """
import asyncio, random, sys, time
import can
from evtui.canbus import SimulatedBus
from evtui.events import EventStream
from evtui.runtime.clock import LoopClock
from evtui.runtime.virtual import run_virtual

count, nodes_count, at_once = map(int, sys.argv[1:])
chance = random.Random(1)
messages = [
    can.Message(
        arbitration_id=chance.randrange(0x800), data=chance.randbytes(8), is_extended_id=False
    )
    for _ in range(count)
]

async def send_all():
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, 0.0)
    bus = SimulatedBus("CP1/can", "CP1", EventStream(clock), clock)
    heard = []
    for number in range(nodes_count):
        bus.attach(f"node {number}", heard.append)
    sender = bus.attach("sender", heard.append)
    begun = time.perf_counter()
    for at in range(0, count, at_once):
        for message in messages[at : at + at_once]:
            sender.send(message)
        await asyncio.sleep(0.05)
        assert len(heard) == nodes_count * min(at_once, count - at)
        heard.clear()
    return (time.perf_counter() - begun) / count

print(run_virtual(send_all()))
"""
"""What is measured, as a program for the earlier version, whose frames are python-can messages."""


def bench(options: Options) -> Iterator[Row]:
    """Random 11-bit identifiers, 8 random bytes, from one node to five that keep what they hear.

    Ours in virtual time, with everything on that it has: exact stuffing, arbitration, error states,
    statistics, and each frame published.  The best of turns taken one after the other, since on a
    busy machine others take more of it than what is measured.
    """
    repetitions, frames = (3, 2_000) if options.quick else (7, 10_000)
    older = os.environ.get(OLDER)
    ours, theirs, earlier = [], [], []
    for _ in range(repetitions):
        ours.append(run_virtual(_ours(frames)))
        theirs.append(_python_can(frames // 5))
        if older:
            earlier.append(_older(Path(older), frames))
    ratio = min(ours) / min(theirs)
    note = (
        f"{1 / ratio:.1f} times as many frames a second: {min(ours) * 1e6:.1f} "
        f"against {min(theirs) * 1e6:.1f} us a frame, {repetitions} turns"
    )
    yield Row("time of a CAN frame to 5 nodes", ratio, "x", 1 / TIMES_FASTER, note)
    if older:
        ratio, note = min(ours) / min(earlier), f"{min(earlier) * 1e6:.1f} us a frame before"
        yield Row("the same, beside an earlier version", ratio, "x", SHARE_OF_OLDER, note)


async def _ours(count: int) -> float:
    chance = random.Random(1)
    frames = [Frame(chance.randrange(0x800), chance.randbytes(8)) for _ in range(count)]
    clock = LoopClock(asyncio.get_running_loop(), 0.0)
    bus = SimulatedBus("CP1/can", "CP1", EventStream(clock), clock)
    heard: list[CanFrame] = []
    for number in range(NODES):
        bus.attach(f"node {number}", heard.append)
    sender = bus.attach("sender", heard.append)
    begun = time.perf_counter()
    for at in range(0, count, AT_ONCE):
        for frame in frames[at : at + AT_ONCE]:
            sender.send(frame)
        await asyncio.sleep(0.05)
        assert len(heard) == NODES * min(AT_ONCE, count - at)
        heard.clear()
    taken = time.perf_counter() - begun
    assert bus.frames == count
    assert sum(each.frames for each in bus.load_by_identifier().values()) == count
    return taken / count


def _python_can(count: int) -> float:
    chance = random.Random(1)
    messages = [
        can.Message(
            arbitration_id=chance.randrange(0x800), data=chance.randbytes(8), is_extended_id=False
        )
        for _ in range(count)
    ]
    buses = [can.Bus(interface="virtual", channel="bench") for _ in range(NODES)]
    heard: list[can.Message] = []
    notifier = can.Notifier(buses, [heard.append], timeout=0.01)
    sender = can.Bus(interface="virtual", channel="bench")
    begun = time.perf_counter()
    for at in range(0, count, AT_ONCE):
        for message in messages[at : at + AT_ONCE]:
            sender.send(message)
        while len(heard) < NODES * min(AT_ONCE, count - at):
            time.sleep(0.0005)
        heard.clear()
    taken = time.perf_counter() - begun
    notifier.stop()
    for bus in (*buses, sender):
        bus.shutdown()
    return taken / count


def _older(tree: Path, count: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", WITH_MESSAGES, str(count), str(NODES), str(AT_ONCE)],
        env={**os.environ, "PYTHONPATH": str(tree)},
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)
