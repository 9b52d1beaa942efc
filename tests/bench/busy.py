"""A program with a terminal, and a CAN bus that is full: evtui, or python-can's own viewer.

Started by the bench on a pseudo-terminal.  Both get the same frames at the same pace; the file
that ``EVTUI_TRAFFIC`` names is told how many frames there have been.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
import threading
import time
from collections.abc import Iterator

IDENTIFIERS = 40
FIRST = 0x310
RATE = 4_000
"""Frames a second: what a bus of 500 kbit/s has room for, with 8 bytes in each."""

PACE = 0.01
"""s between two helpings."""

NOTED = 10
"""Helpings between two times that the number of frames is noted, which takes longer than them."""


def traffic() -> Iterator[tuple[int, bytes]]:
    """Identifiers in turn; a constant, a counter, and bytes that are different each time."""
    chance = random.Random(1)
    turn = 0
    while True:
        for number in range(IDENTIFIERS):
            counter = (turn & 0xFFFF).to_bytes(2, "big")
            yield FIRST + number, b"\x10\x27" + counter + chance.randbytes(4)
        turn += 1


def _note(count: int) -> None:
    with open(os.environ["EVTUI_TRAFFIC"], "w") as file:
        file.write(f"{count}")


def viewer() -> None:
    """python-can's viewer on a bus inside this process."""
    import can
    from can import viewer as python_can_viewer

    def send() -> None:
        source, count = traffic(), 0
        with can.Bus(interface="virtual", channel="busy") as bus:
            begun = time.monotonic()
            for turn in itertools.count():
                time.sleep(PACE)
                due = int((time.monotonic() - begun) * RATE)
                for _ in range(min(due - count, RATE)):
                    identifier, data = next(source)
                    bus.send(
                        can.Message(arbitration_id=identifier, data=data, is_extended_id=False)
                    )
                    count += 1
                if turn % NOTED == 0:
                    _note(count)

    threading.Thread(target=send, daemon=True).start()
    sys.argv[1:] = ["-i", "virtual", "-c", "busy"]
    python_can_viewer.main()


def evtui() -> int:
    """The lab, with one more node on its bus that keeps it full."""
    from evtui.canbus import Frame, SimulatedBus
    from evtui.cli import main

    run = SimulatedBus.run

    async def keep_full(bus: SimulatedBus) -> None:
        source = traffic()
        node = bus.attach("traffic", lambda frame: None)
        begun, count = bus.loop.time(), 0
        for turn in itertools.count():
            await asyncio.sleep(PACE)
            due = int((bus.loop.time() - begun) * RATE)
            while count < due and node.queued < 200:
                identifier, data = next(source)
                node.send(Frame(identifier, data))
                count += 1
            if turn % NOTED == 0:
                _note(bus.frames)

    async def run_full(bus: SimulatedBus) -> None:
        filling = asyncio.create_task(keep_full(bus))
        try:
            await run(bus)
        finally:
            filling.cancel()
            _note(bus.frames)

    SimulatedBus.run = run_full  # type: ignore[method-assign, assignment]
    return main()


if __name__ == "__main__":
    if sys.argv.pop(1) == "viewer":
        viewer()
    else:
        sys.exit(evtui())
