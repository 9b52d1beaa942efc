"""What the proxy adds to a message's way, and what it costs, beside a bare relay."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from tests.bench.measure import Options, Row, cpu_share, percentile
from tests.bench.throughput import OURS

__all__ = ["bench"]

BARE = Path(__file__).with_name("bare_relay.py")
PACE = 20.0
"""Calls a second of each station: 40 messages with their answers."""

FULL = 125
"""Stations whose calls and answers are 5,000 messages a second."""

TEXT = json.dumps(OURS, separators=(",", ":"))


def bench(options: Options) -> Iterator[Row]:
    """MeterValues of 1 and 100 stations, 20 calls/s each, and 5,000 messages/s of 125.

    Both relays are programs of their own, one after the other; stations and central system are in
    this one.  The proxy records, and holds every message against its schema.
    """
    seconds = 4.0 if options.quick else 20.0
    for stations in (1, 100):
        bare, ours = asyncio.run(_compare(options, stations, seconds))
        added = 1000 * (percentile(ours[0], 0.99) - percentile(bare[0], 0.99))
        yield Row(
            f"proxy, {stations} at 20 calls/s: p99 added",
            added,
            "ms",
            2,
            f"round trip of a call, bare relay {1000 * percentile(bare[0], 0.99):.1f} ms, "
            f"{len(ours[0]):,} calls",
        )
    bare, ours = asyncio.run(_compare(options, FULL, seconds))
    pace = 2 * len(ours[0]) / seconds
    yield Row(
        "proxy, 5,000 messages/s: CPU",
        ours[1] / bare[1],
        "x",
        3,
        f"{ours[1]:.0f} % of a core, the bare relay {bare[1]:.0f} %; {pace:,.0f} messages/s, "
        "recorded and validated",
    )


_Seen = tuple[list[float], float]
"""Round trips in s, and per cent of a core."""


async def _compare(options: Options, stations: int, seconds: float) -> tuple[_Seen, _Seen]:
    async def answer(connection: ServerConnection) -> None:
        async for text in connection:
            uid = str(text)[4 : str(text).index('"', 4)]
            await connection.send(f'[3,"{uid}",{{}}]')

    subprotocols: Any = ["ocpp1.6"]
    async with serve(answer, "127.0.0.1", 0, subprotocols=subprotocols, compression=None) as server:
        upstream = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        found = []
        for start in (_bare, _ours):
            with start(options, upstream) as (pid, port):
                found.append(await _drive(pid, port, stations, seconds))
    return found[0], found[1]


async def _drive(pid: int, port: int, stations: int, seconds: float) -> _Seen:
    subprotocols: Any = ["ocpp1.6"]
    trips: list[float] = []
    ends: list[ClientConnection] = []
    for number in range(stations):
        url = f"ws://127.0.0.1:{port}/CP{number}"
        ends.append(await connect(url, subprotocols=subprotocols, compression=None, proxy=None))

    async def work(station: ClientConnection, phase: float) -> None:
        begun = time.monotonic() + phase
        for number in range(round(seconds * PACE)):
            await asyncio.sleep(max(0.0, begun + number / PACE - time.monotonic()))
            sent = time.monotonic()
            await station.send(f'[2,"{number}","MeterValues",{TEXT}]')
            await station.recv()
            trips.append(time.monotonic() - sent)

    read = cpu_share(pid)
    before, since = read(), time.monotonic()
    await asyncio.gather(*(work(end, number / stations / PACE) for number, end in enumerate(ends)))
    share = (read() - before) / (time.monotonic() - since)
    for end in ends:
        await end.close()
    return trips, share


@contextmanager
def _bare(_: Options, upstream: str) -> Iterator[tuple[int, int]]:
    command = [sys.executable, str(BARE), upstream]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with _started(command, **quiet) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())


@contextmanager
def _ours(options: Options, upstream: str) -> Iterator[tuple[int, int]]:
    out = options.home / f"proxy-{time.monotonic_ns()}"
    command = [sys.executable, "-P", "-m", "evtui", "run", "--upstream", upstream]
    command += ["--listen", "127.0.0.1:0", "--out", str(out)]
    with _started(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        line = process.stderr.readline().decode()
        found = re.search(r"through ws://127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield process.pid, int(found[1])


@contextmanager
def _started(command: Sequence[str], **streams: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **streams)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
