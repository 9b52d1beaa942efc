"""From a key press to the CAN frame it causes, and to what it changes on the screen."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator, Sequence

from tests.bench.measure import Options, Row, Seen, percentile, probed, up

__all__ = ["bench"]

FRAMES = ("200", "201")
LOST = 0.5
"""s after which a key press counts as without effect (the station was busy and refused)."""


def bench(options: Options) -> Iterator[Row]:
    """120x36, 10 frames/s, the fluctuation running, ``b`` beginning and ending transactions.

    The key is timed where it is written to the terminal, the frame where the engine publishes
    it.  Frames that the anomaly itself causes have a step of the anomaly among their causes
    and do not count.
    """
    presses = 30 if options.quick else 200
    log = options.home / "latency.jsonl"
    arguments = ("--port", "0", "--fps", "10")
    chance = random.Random(1)
    with up(*arguments, options=options, columns=120, rows=36, log=log) as terminal:
        terminal.send("s")
        time.sleep(options.warm_up)
        keys = []
        for _ in range(presses):
            keys.append(terminal.send("b"))
            time.sleep(chance.uniform(0.1, 0.3))
        echoes = []
        terminal.watch(0)
        for turn in range(presses // 4):
            pressed = terminal.send("t")
            seen = terminal.wait_for("CAN · trace" if turn % 2 == 0 else "CAN · by id")
            echoes.append(1000 * (seen - pressed))
            terminal.watch(chance.uniform(0.1, 0.3))
    waits = [1000 * wait for wait in _waits(keys, probed(log))]
    yield Row(
        "key to CAN frame, p99",
        percentile(waits, 0.99),
        "ms",
        50,
        f"median {statistics.median(waits):.0f} ms, {len(waits)} frames of {presses} keys",
    )
    yield Row(
        "key to screen, p99",
        percentile(echoes, 0.99),
        "ms",
        note=f"median {statistics.median(echoes):.0f} ms, {len(echoes)} keys",
    )


def _waits(keys: Sequence[float], events: Sequence[Seen]) -> Iterator[float]:
    by_seq = {event.seq: event for event in events}

    def ours(event: Seen) -> bool:
        while event.cause is not None:
            event = by_seq[event.cause]
        return event.kind != "AnomalyState"

    frames = [e.at for e in events if e.kind == "CanFrame" and e.detail in FRAMES and ours(e)]
    for pressed, next_key in zip(keys, [*keys[1:], keys[-1] + LOST], strict=True):
        after = [at for at in frames if pressed < at < next_key]
        if after:
            yield after[0] - pressed
