"""A terminal that nobody reads must not make the station late."""

from __future__ import annotations

import time
from collections.abc import Iterator

from tests.bench.measure import Options, Row, probed, up
from tests.e2e.witness import Witness, gaps

__all__ = ["bench"]

LATE = 0.2
METER = 0.5


def bench(options: Options) -> Iterator[Row]:
    """120x36, charging against a foreign central system, the terminal unread for 10 s."""
    seconds = 5.0 if options.quick else 10.0
    log = options.home / "stalled.jsonl"
    with Witness(heartbeat_interval=1) as witness:
        arguments = ("--csms", witness.url, "--meter-interval", f"{METER}s", "--fps", "10")
        with up(*arguments, options=options, columns=120, rows=36, log=log) as terminal:
            terminal.send("b")
            witness.wait_for("MeterValues", count=2)
            witness.wait_for("Heartbeat")
            since = time.monotonic()
            terminal.stall()
            time.sleep(seconds)
            until = time.monotonic()
        frames = [event.at for event in probed(log) if event.detail == "300"]
        calls = {
            action: [call.at for call in witness.calls(action)]
            for action in ("Heartbeat", "MeterValues")
        }
    for what, moments, period in (
        ("Heartbeat", calls["Heartbeat"], 1.0),
        ("MeterValues", calls["MeterValues"], METER),
        ("0x300", frames, 0.1),
    ):
        inside = [at for at in moments if since - period <= at <= until]
        note = f"{len(inside)} in {seconds:g} s, period {period:g} s"
        yield Row(
            f"stalled terminal, worst gap of {what}", max(gaps(inside)), "s", period + LATE, note
        )
