"""The central system in a program of one's own."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

import evtui
from evtui import CentralSystem, EventStream, MessageRate
from evtui.events import CentralSystemLoad, LinkState, Note
from tests.ocpp16.rig import BOOT, client
from tests.patience import PATIENCE

EXAMPLE = Path(__file__).with_name("example.py")


async def test_it_needs_nothing_but_a_port() -> None:
    seen: list[object] = []
    async with CentralSystem(port=0) as csms:
        assert re.fullmatch(r"ws://127\.0\.0\.1:\d+", csms.url)
        assert isinstance(csms.events, EventStream)
        csms.events.subscribe(seen.append, LinkState)
        async with client(csms, "/X") as station:
            await station.call("BootNotification", BOOT)
            assert (await csms.wait_for("X", timeout=PATIENCE)).connected
            assert list(csms.stations) == ["X"]
        assert len(csms.transactions) == len(csms.id_tags) == 0
    assert len(seen) == 3
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(csms.url.rpartition(":")[2])))


async def test_it_can_be_started_and_stopped_again() -> None:
    csms = CentralSystem()
    for _ in range(2):
        await csms.start()
        with pytest.raises(RuntimeError, match="runs already"):
            await csms.start()
        async with client(csms):
            pass
        await csms.stop()
        await csms.stop()


async def test_a_port_in_use_is_an_error_of_start() -> None:
    async with CentralSystem() as first:
        second = CentralSystem(port=int(first.url.rpartition(":")[2]))
        with pytest.raises(OSError, match="address already in use"):
            await second.start()
        await second.stop()


async def test_the_size_and_the_rate_of_messages_are_its_arguments() -> None:
    bounds: dict[str, Any] = {
        "message_rate": MessageRate(per_s=100, burst=2),
        "max_message_bytes": 1_000,
    }
    loads: list[Any] = []
    async with CentralSystem(**bounds) as csms, client(csms) as station:
        csms.events.subscribe(loads.append, CentralSystemLoad)
        await station.call("BootNotification", BOOT)
        for _ in range(3):
            await station.call("Heartbeat", {})
        with pytest.raises(ConnectionClosed):
            await station.call("DataTransfer", {"vendorId": "v", "data": "x" * 1_000})
        assert station.connection.close_code == 1009
        load = await csms.until(lambda: loads[-1] if loads else None, timeout=PATIENCE)
    assert (load.oversize, load.throttled > 0) == (1, True)


async def test_ids_of_two_runs_are_never_the_same() -> None:
    uids = []
    for _ in range(2):
        async with CentralSystem() as csms, client(csms) as station:
            await station.call("BootNotification", BOOT)
            calling = asyncio.create_task(csms.call("CP1", "ClearCache"))
            uids.append((await station.hear())[1])
            calling.cancel()
    assert len(set(uids)) == 2


async def test_files_are_served_while_it_runs() -> None:
    async with CentralSystem() as csms:
        place = csms.files.add("fw.bin", b"x")
        port = int(re.findall(r":(\d+)/", place)[0])
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port))


async def test_what_goes_wrong_at_the_file_server_is_an_event() -> None:
    async with CentralSystem() as csms:
        notes: list[str] = []
        csms.events.subscribe(lambda e: notes.append(e.text) if isinstance(e, Note) else None)
        port = int(csms.files.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /firmware/none HTTP/1.1\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 404 ")
        writer.close()
        (note,) = await csms.until(lambda: notes)
        assert note.startswith("file server: GET /firmware/none from 127.0.0.1:")


def test_every_public_name_is_there_and_imported_only_when_asked_for() -> None:
    for name in evtui.__all__:
        assert getattr(evtui, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = evtui.Nothing
    program = (
        "import sys, evtui;"
        "print({m for m in sys.modules if m.startswith(('evtui.', 'ocpp', 'ws'))})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "{'evtui.lazy'}\n"


@pytest.mark.timeout(120)
def test_the_example_in_the_documentation_works() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, check=False, timeout=110
    )
    assert done.stderr == ""
    booted, started, stopped, charged, away = done.stdout.splitlines()
    assert booted == "CP1: evtui DC lab, Accepted"
    assert started == stopped == "{'status': 'Accepted'}"
    assert re.fullmatch(r"CARD charged \d+ Wh, Remote", charged)
    assert away.startswith("CP1 is not connected: closed by peer with 100")
