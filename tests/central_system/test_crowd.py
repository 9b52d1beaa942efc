"""Many connections at once: stations get in, and what is no station does not keep them out."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from evtui.central_system.system import CentralSystem
from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.transport import LinkClosed
from evtui.ocppj.websocket import WebSocketTransport, dial, station_url
from evtui.runtime.loopback import HOST
from tests.central_system.crowd import BOOT
from tests.central_system.test_handshakes import REQUEST, calling
from tests.ocpp16.rig import Rig, running, until

FULL = bool(os.environ.get("EVTUI_FULL"))

needs_files = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 2_500, reason="too few open files allowed"
)


@asynccontextmanager
async def crowd(central: CentralSystem, count: int, late: float) -> AsyncIterator[dict[str, Any]]:
    """``count`` stations of another process that have tried once; how that went."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.central_system.crowd", central.url, str(count), str(late)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(120):
            yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        async with asyncio.timeout(60):
            await process.wait()


@pytest.mark.parametrize(
    ("count", "late"),
    [
        (500, 0.0),
        pytest.param(500, 2.0, marks=pytest.mark.skipif(not FULL, reason="EVTUI_FULL=1")),
        pytest.param(2_000, 0.0, marks=pytest.mark.skipif(not FULL, reason="EVTUI_FULL=1")),
        pytest.param(2_000, 2.0, marks=pytest.mark.skipif(not FULL, reason="EVTUI_FULL=1")),
        pytest.param(500, 8.0, marks=pytest.mark.skipif(not FULL, reason="EVTUI_FULL=1")),
    ],
)
@needs_files
async def test_all_that_come_at_once_get_in_at_their_first_attempt(count: int, late: float) -> None:
    rig = Rig()
    central = rig.central_system()
    async with running(central):
        async with crowd(central, count, late) as result:
            print(f"\n{count} stations, request {late:g} s after the connection: {result}")
            assert (result["accepted"], result["why_not"]) == (count, [])
            accepted = [one for one in central.stations.values() if one.connected and one.accepted]
            assert len(accepted) == count
        await until(lambda: not any(one.connected for one in central.stations.values()), 60)
    assert rig.messages(kind="invalid") == []


@pytest.mark.skipif(not FULL, reason="EVTUI_FULL=1")
async def test_one_that_drips_its_request_over_eight_seconds_gets_in_beside_a_crowd() -> None:
    rig = Rig()
    central = rig.central_system()

    async def drip() -> str:
        async with calling(central, HOST) as caller:
            size = len(REQUEST) // 16 + 1
            for start in range(0, len(REQUEST), size):
                await asyncio.sleep(0.5)
                await caller.say(REQUEST[start : start + size])
            return await caller.hear()

    async with running(central):
        dripping = asyncio.create_task(drip())
        async with crowd(central, 500, 0.0) as result:
            assert result["accepted"] == 500
            assert "101" in await dripping
    assert rig.messages(kind="invalid") == []


async def get_in(url: str) -> WebSocketTransport:
    """The connection of a station that comes again when it is hung up on."""
    while True:
        with suppress(LinkClosed):
            return (await dial(station_url(url, "CP1"), SUBPROTOCOL))[0]
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("limit", [40, 300])
async def test_connections_that_take_every_file_are_few_rows_and_keep_nobody_out_for_long(
    limit: int,
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.central_system.scarce", str(limit)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            url = (await process.stdout.readline()).decode().strip()
            port = int(url.rpartition(":")[2])
            callers = [await asyncio.open_connection(HOST, port) for _ in range(500)]
            transport = await get_in(url)
            await transport.send(BOOT)
            assert "Accepted" in str(await transport.recv())
            await transport.close()
            process.stdin.close()
            told = json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()
        for _, writer in callers:
            writer.close()
    assert set(told["errors"]) <= {"too many open files", "too many connections"}
    assert told["rows"] < 50
    assert told["notes"] == []
    assert told["refused"] > 500 - limit
