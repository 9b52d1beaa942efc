"""A charge point of ours in a process of its own: ``python healthy_station.py ENDPOINT``.

It charges at both connectors and reports their meters ten times a second.  Every line on stdin
is answered with a JSON line: the round trips since the last one, in s.  In the central system's own
process a stall would delay the call with its answer, and would not show.
"""

from __future__ import annotations

import asyncio
import json
import sys

from evtui.config import Settings
from evtui.events import Event, OcppMessage
from evtui.lab import Lab

IDENTITY = "HEALTHY"
CONNECTORS = (1, 2)


class RoundTrips:
    """Seconds from each call of ours to its answer."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._sent: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        assert isinstance(event, OcppMessage)
        if event.kind == "call" and event.sender == "charge_point":
            self._sent[event.uid] = event.t
        elif event.uid in self._sent:
            self.seconds.append(event.t - self._sent.pop(event.uid))

    def take(self) -> list[float]:
        """Those since the last time."""
        taken, self.seconds = self.seconds, []
        return taken


async def main(endpoint: str) -> None:
    settings = Settings(
        id=IDENTITY, csms=endpoint, port=0, connectors=len(CONNECTORS), meter_interval=0.1
    )
    stdin = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    async with Lab(settings) as lab:
        trips = RoundTrips()
        lab.stream.subscribe(trips, OcppMessage)
        for connector in CONNECTORS:
            await lab.execute("station.charge", connector=connector)
        while await stdin.readline():
            print(json.dumps(trips.take()), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
