"""Memory of a connected station on the central system's side."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator

import psutil

from evtui.central_system.system import CentralSystem
from evtui.central_system.websocket_endpoint import WebSocketEndpoint
from evtui.events import EventStream
from evtui.runtime.clock import LoopClock
from tests.bench.measure import KIB, Options, Row
from tests.ocpp16.rig import until

__all__ = ["bench"]

WARM_UP = 50
"""Stations that come first, so that what is made once is not counted."""

STATIONS = """
import asyncio, json, sys
from websockets.asyncio.client import connect

async def main(url, first, count):
    stations = []
    for number in range(first, first + count):
        station = await connect(f"{url}/CP{number}", subprotocols=["ocpp1.6"], proxy=None)
        boot = {"chargePointVendor": "evtui", "chargePointModel": "lab"}
        await station.send(json.dumps([2, "1", "BootNotification", boot]))
        assert json.loads(await station.recv())[2]["status"] == "Accepted"
        stations.append(station)
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.read)

asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
"""
"""Charge points in a process of their own: connected, booted, idle until stdin is closed."""


def bench(options: Options) -> Iterator[Row]:
    """1,000 stations over loopback, connected and booted; they offer compression, in vain."""
    count = 300 if options.quick else 1_000
    # In a process of its own: one that has freed memory before need not grow for them.
    asked = [sys.executable, "-m", "tests.bench.station_memory", str(count)]
    grown = float(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    note = f"{count} connected and booted stations, {grown / KIB / KIB:.1f} MiB together"
    yield Row("memory (RSS) of a connected station", grown / count / KIB, "KiB", 40, note)


async def _growth(count: int) -> float:
    """Bytes that the process grows by when ``count`` stations come."""
    clock = LoopClock(asyncio.get_running_loop())
    stream = EventStream(clock)
    central = CentralSystem(stream, clock, WebSocketEndpoint(), connections_max=2 * count)
    processes: list[asyncio.subprocess.Process] = []

    async def come(first: int, number: int) -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", STATIONS, central.url, str(first), str(number)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        processes.append(process)
        assert process.stdout is not None
        assert await process.stdout.readline() == b"up\n"
        gc.collect()
        return int(psutil.Process().memory_info().rss)

    async with central:
        before = await come(0, WARM_UP)
        grown = await come(WARM_UP, count) - before
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()
        await until(lambda: not any(one.connected for one in central.stations.values()))
    return float(grown)


if __name__ == "__main__":
    print(asyncio.run(_growth(int(sys.argv[1]))))
