"""``evtui run --upstream``: between other people's ends without a terminal."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from evtui.cli import main
from evtui.recording.check import check_folder
from evtui.recording.format import layout
from evtui.recording.format.manifest import Manifest
from evtui.recording.read import RunFolder
from tests.patience import PATIENCE
from tests.proxy.rig import Upstream

Output = pytest.CaptureFixture[str]
SUBPROTOCOLS: Any = ["ocpp1.6"]


class Relay:
    """The program, with what it has said on standard error so far."""

    def __init__(self, process: asyncio.subprocess.Process, upstream: Upstream) -> None:
        self.process = process
        self.upstream = upstream
        self.said: list[str] = []

    async def hear(self, what: str) -> str:
        """Wait for a line."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self.process.stderr.readline()).decode()
                assert line, f"it ended without {what!r}: {self.said}"
                self.said.append(line.rstrip("\n"))
                if what in line:
                    return line

    async def end(self) -> int:
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            rest = await self.process.stderr.read()
            self.said += rest.decode().splitlines()
            return await self.process.wait()


@asynccontextmanager
async def relaying(*arguments: str, folder: Path) -> AsyncIterator[tuple[Relay, int]]:
    upstream = Upstream()
    async with serve(upstream.handle, "127.0.0.1", 0, subprotocols=SUBPROTOCOLS) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "evtui", "run", "--upstream", f"ws://127.0.0.1:{port}"),
            *("--listen", "127.0.0.1:0", "--out", str(folder), *arguments),
            stderr=subprocess.PIPE,
        )
        relay = Relay(process, upstream)
        try:
            line = await relay.hear("passes on to")
            found = re.search(r"through ws://127\.0\.0\.1:(\d+)", line)
            assert found
            yield relay, int(found[1])
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def beat(port: int, identity: str = "CP7") -> None:
    url = f"ws://127.0.0.1:{port}/{identity}"
    async with connect(url, subprotocols=SUBPROTOCOLS, proxy=None) as station:
        await station.send('[2,"1","Heartbeat",{}]')
        assert json.loads(await station.recv()) == [3, "1", {}]


async def test_ctrl_c_ends_it_and_what_passed_is_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    async with relaying(folder=folder) as (relay, port):
        await beat(port)
        await relay.hear("CP7 offline")
        relay.process.send_signal(signal.SIGINT)
        assert await relay.end() == 0
        assert any("CP7 connected (ocpp1.6)" in line for line in relay.said)
        assert relay.said[-1] == f"2 messages of 1 charge point; recorded in {folder}"
    assert check_folder(folder).findings == []
    assert [row.action for row in RunFolder(folder).messages()] == ["Heartbeat", "Heartbeat"]
    assert Manifest.load(folder / layout.MANIFEST).status == "complete"


async def test_it_ends_when_its_time_is_up(tmp_path: Path) -> None:
    async with relaying("--duration", "1s", folder=tmp_path / "run") as (relay, port):
        await beat(port)
        assert await relay.end() == 0


async def test_a_signal_before_its_time_is_up_is_an_interruption(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    async with relaying("--duration", "1h", folder=folder) as (relay, port):
        await beat(port)
        relay.process.terminate()
        assert await relay.end() == 130
    manifest = Manifest.load(folder / layout.MANIFEST)
    assert (manifest.status, manifest.interrupted) == ("interrupted", "SIGTERM")


async def test_quiet_says_nothing_of_who_comes_and_goes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    upstream = Upstream()
    async with serve(upstream.handle, "127.0.0.1", 0, subprotocols=SUBPROTOCOLS) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "evtui", "run", "--upstream", f"ws://127.0.0.1:{port}"),
            *("--listen", str(free), "--out", str(tmp_path / "run"), "--quiet"),
            *("--duration", "1s"),
            stderr=subprocess.PIPE,
        )
        async with asyncio.timeout(PATIENCE):
            _, said = await process.communicate()
    assert said == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--listen", "127.0.0.1:0"], "run: --listen and --insecure go with --upstream"),
        (["--insecure"], "run: --listen and --insecure go with --upstream"),
        (
            ["normal-charging", "--upstream", "ws://h"],
            "run: --upstream is in the place of a scenario or --anomaly",
        ),
        (["--upstream", "http://h"], '"http://h": it must begin with ws:// or wss://'),
        (
            ["--upstream", "ws://h", "--listen", "0.0.0.0:80"],
            "listen: expected an address on loopback, got 0.0.0.0",
        ),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    arguments: list[str], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: Output,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(["run", *arguments]) == 2
    told = capsys.readouterr().err
    assert error in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_taken_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["run", "--upstream", "ws://h", "--listen", place]) == 2
    told = capsys.readouterr().err
    assert told == (f"evtui: --listen {place}: cannot listen on {place}: address already in use\n")
