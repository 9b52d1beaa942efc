"""Calls a second of our two ends, beside a bare loop of the ``ocpp`` library as it comes."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

import ocpp.messages
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.datatypes import MeterValue, SampledValue
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from evtui.central_system.system import CentralSystem
from evtui.central_system.websocket_endpoint import WebSocketEndpoint
from evtui.events import EventStream
from evtui.ocpp16.version import OCPP_16, SUBPROTOCOL
from evtui.ocppj.limits import MessageRate
from evtui.ocppj.link import Link, MessageIds, SentMessages
from evtui.ocppj.websocket import dial, station_url
from evtui.runtime.clock import LoopClock
from tests.bench.measure import Options, Row
from tests.ocpp16.rig import BOOT, reading

__all__ = ["bench"]

MEASURANDS = (
    "Current.Import",
    "Voltage",
    "Power.Active.Import",
    "Energy.Active.Import.Register",
    "SoC",
)
TIME = "2026-01-01T00:00:00Z"
THEIRS = call.MeterValues(
    connector_id=1,
    meter_value=[
        MeterValue(
            timestamp=TIME,
            sampled_value=[SampledValue(value="1.0", measurand=one) for one in MEASURANDS],
        )
    ],
)
OURS = {
    "connectorId": 1,
    "meterValue": [
        {
            "timestamp": TIME,
            "sampledValue": [{"value": "1.0", "measurand": one} for one in MEASURANDS],
        }
    ],
}
"""The same MeterValues, as each of the two takes it."""

STATIONS = {1: 2.5, 100: 2.0}
"""Charge points, and how many times the library's calls a second are asked of us."""

UNLIMITED = MessageRate(per_s=1e9)
"""The pace is kept, and never holds anybody back: what is asked is how fast it can go."""

Call = Callable[[], Awaitable[object]]


def bench(options: Options) -> Iterator[Row]:
    """Both ends in one process on one loop over loopback, 1 and 100 charge points.

    Ours: compression off, every frame validated at both ends, tapped and published to a
    reader.  The library: with what it and ``websockets`` set by themselves, validation in its
    thread pool.  Repetitions take turns, and the median of their ratios counts.
    """
    assert ocpp.messages.ASYNC_VALIDATION
    repetitions, calls = (3, 400) if options.quick else (7, 1_500)
    for stations, asked in STATIONS.items():
        bare, ours = [], []
        for _ in range(repetitions):
            bare.append(asyncio.run(_bare(stations, calls // stations)))
            ours.append(asyncio.run(_ours(stations, 4 * calls // stations)))
        ratio = statistics.median(our / their for our, their in zip(ours, bare, strict=True))
        note = (
            f"{ratio:.1f} times the library: {statistics.median(ours):.0f} against "
            f"{statistics.median(bare):.0f} calls/s, {repetitions} turns"
        )
        name = "charge point" if stations == 1 else "charge points"
        yield Row(f"time of a call, {stations} {name}", 1 / ratio, "x", 1 / asked, note)


async def _rate(ends: list[Call], calls: int) -> float:
    """Calls a second when each end makes ``calls`` of them, one after the other."""

    async def make(end: Call, count: int) -> None:
        for _ in range(count):
            await end()

    await asyncio.gather(*(make(end, 2) for end in ends))
    begun = time.perf_counter()
    await asyncio.gather(*(make(end, calls) for end in ends))
    return len(ends) * calls / (time.perf_counter() - begun)


class _BareCentral(ChargePoint):  # type: ignore[misc]  # the library is untyped
    @on("MeterValues")  # type: ignore[untyped-decorator]
    def on_meter_values(self, **_: Any) -> Any:
        return call_result.MeterValues()


async def _bare(stations: int, calls: int) -> float:
    async def handle(connection: ServerConnection) -> None:
        await _until_closed(_BareCentral("CP", connection))

    async with (
        serve(handle, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as server,
        AsyncExitStack() as stack,
    ):
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ends: list[Call] = []
        for number in range(stations):
            connection = await stack.enter_async_context(
                connect(station_url(url, f"CP{number}"), subprotocols=[SUBPROTOCOL], proxy=None)
            )
            station = ChargePoint(f"CP{number}", connection)
            reader = asyncio.create_task(_until_closed(station))
            stack.callback(reader.cancel)
            ends.append(partial(station.call, THEIRS))
        return await _rate(ends, calls)


async def _until_closed(end: Any) -> None:
    with suppress(ConnectionClosed):
        await end.start()


async def _ours(stations: int, calls: int) -> float:
    clock = LoopClock(asyncio.get_running_loop())
    stream = EventStream(clock)
    stream.reader()
    ids, sent = MessageIds("run"), SentMessages()
    central = CentralSystem(
        stream, clock, WebSocketEndpoint(), ids=ids, sent=sent, message_rate=UNLIMITED
    )
    async with central, AsyncExitStack() as stack:
        ends: list[Call] = []
        for number in range(stations):
            name = f"CP{number}"
            transport, connection = await dial(station_url(central.url, name), SUBPROTOCOL)
            stack.push_async_callback(connection.close)
            link = Link(
                transport,
                version=OCPP_16,
                station=name,
                role="charge_point",
                stream=stream,
                source=name,
                ids=ids,
                sent=sent,
                supports=frozenset(),
                rate=UNLIMITED,
            )
            await stack.enter_async_context(reading(link))
            await link.call("BootNotification", BOOT)
            ends.append(partial(link.call, "MeterValues", OURS))
        return await _rate(ends, calls)
