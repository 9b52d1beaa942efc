"""``ocpp fuzz --flood`` of the npm package ocpp-ws-cli beside a healthy station of ours.

Each worker sends one of 13 broken frames every 10 ms on a connection of its own.  Central system,
fuzzer and healthy station are a process each.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest

from evtui.central_system.system import CentralSystem
from evtui.events import LinkState, Note
from tests.peers.healthy_station import IDENTITY
from tests.peers.rig import Program, cli_has_reported, cli_report, program, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

WORKERS = 5
SECONDS = 60.0 if os.environ.get("EVTUI_FULL") == "1" else 8.0
WARM_UP = 4.0
"""s until everything that is kept in rings is full: what grows after that grows for ever."""

SLOWEST = 0.050
"""s, p99 of the healthy station's round trips."""

ANSWERED = 11 / 13
"""Share of frames to answer: an unknown message type is ignored (OCPP-J 1.6 section 4.1.3), and a
CALLERROR to nothing asks for no answer.  The fuzzer draws frames at random."""

OBJECTS_A_FRAME = 0.04
"""Python objects that may be left of a broken frame on average: one kept of one kind would make
0.08."""

MEMORY_MIB = 8.0
"""Growth of the process while 30,000 frames come; one KiB kept of each would be 29."""


class Trouble:
    """What a healthy central system does not say: errors, and that the healthy station is gone."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, event: Any) -> None:
        error = isinstance(event, Note) and event.level == "error"
        gone = isinstance(event, LinkState) and event.state == "offline"
        if error or (gone and event.station == IDENTITY):
            self.said.append(repr(event))


async def round_trips(station: Program) -> list[float]:
    """Those of the healthy station since the last time it was asked, in s."""
    already = len(station.lines)
    station.send("and?")
    await until(lambda: len(station.lines) > already, "the healthy station's round trips")
    return list(json.loads(station.lines[-1]))


def objects() -> int:
    """Objects alive that the collector knows."""
    gc.collect()
    return len(gc.get_objects())


def resident() -> float:
    """MiB of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def test_a_fuzzer_neither_slows_a_healthy_station_nor_leaves_anything_behind(
    ocpp_cli: Path, tmp_path: Path
) -> None:
    healthy_station = Path(__file__).with_name("healthy_station.py")
    async with CentralSystem() as csms:
        trouble = Trouble()
        csms.events.subscribe(trouble, LinkState, Note)
        async with (
            program(sys.executable, healthy_station, csms.url) as station,
            program(
                ocpp_cli, "fuzz", "--endpoint", csms.url, "--workers", str(WORKERS),
                "--flood", "--report", "json", "--report-dir", str(tmp_path),
            ) as fuzzer,
        ):  # fmt: skip
            await csms.until(lambda: len(csms.transactions.of(IDENTITY)) == 2)
            await asyncio.sleep(WARM_UP)
            before, memory = objects(), resident()
            await round_trips(station)
            await asyncio.sleep(SECONDS)
            seconds = await round_trips(station)
            left, more = objects() - before, resident() - memory
            fuzzer.interrupt()
            await until(lambda: cli_has_reported(tmp_path), "the fuzzer's report")
            said = list(trouble.said)
            stations = set(csms.stations)
            transactions = [each.station for each in csms.transactions]

    told = cli_report(tmp_path)["metrics"]
    frames = told["anomaliesSent"]
    p99 = quantiles(seconds, n=100, method="inclusive")[98]
    print(
        f"{frames} frames; {len(seconds)} round trips, p99 {p99 * 1000:.1f} ms, slowest "
        f"{max(seconds) * 1000:.1f} ms; {left} objects, {more:.1f} MiB left"
    )
    assert frames > WORKERS * 50 * SECONDS
    assert len(seconds) > 15 * SECONDS
    assert p99 < SLOWEST
    assert left < OBJECTS_A_FRAME * frames
    assert more < MEMORY_MIB
    assert said == []
    assert told["serverDrops"] == 0
    answered = told["serverErrors"] + told["serverTolerated"]
    assert answered / frames == pytest.approx(ANSWERED, abs=0.03)
    assert stations == {IDENTITY, *(f"Fuzzer-{n}" for n in range(1, WORKERS + 1))}
    assert transactions == [IDENTITY, IDENTITY]
