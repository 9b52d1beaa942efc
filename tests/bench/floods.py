"""Peers that send a flood of allowed messages beside a station of ours that charges."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.bench.measure import MIB, Options, Row, probed, up
from tests.bench.peers import FLOODS
from tests.e2e.witness import gaps

__all__ = ["bench"]

STATIONS = 10
METER = 0.5
LATE = 0.2
RSS_MAX = 150.0
RECORDED_MAX = 2.0


def bench(options: Options) -> Iterator[Row]:
    """120x36, charging; the peers are in a process of their own."""
    yield from _bursts(options, "heartbeats", pause=3.0)
    yield from _bursts(options, "secrets", pause=0.0)
    yield from _floods(options)


def _bursts(options: Options, name: str, pause: float) -> Iterator[Row]:
    seconds, port = 5.0 if options.quick else 20.0, _free_port()
    log = options.home / "bursts.jsonl"
    folder = options.home / "bursts"
    arguments = ("--port", str(port), "--meter-interval", f"{METER}s", "--record", str(folder))
    with up(*arguments, options=options, columns=120, rows=36, log=log) as terminal:
        terminal.send("b")
        time.sleep(3)
        with _peers(port, name, messages=1_000, pause=pause):
            since = time.monotonic()
            until = since + seconds
            while time.monotonic() < until:
                time.sleep(0.2)
                terminal.forget()
    events = [event for event in probed(log) if since - 1 <= event.at <= until]
    faults = sum(event.detail == "Faulted" for event in events)
    heard = sum(event.detail == FLOODS[name][0] for event in events)
    shutil.rmtree(folder)
    for what, detail, period in (("0x300", "300", 0.1), ("MeterValues", "MeterValues", METER)):
        yield Row(
            f"{STATIONS} stations in bursts of {name}, worst gap of {what}",
            max(gaps([event.at for event in events if event.detail == detail])),
            "s",
            period + LATE,
            f"{heard / 2 / seconds:.0f} {FLOODS[name][0]}/s",
        )
    yield Row(f"faults of our station beside {name}", faults, "", 0)


def _floods(options: Options) -> Iterator[Row]:
    seconds = 5.0 if options.quick else 10.0
    names = ["empty arrays", "meter values"] if options.quick else list(FLOODS)
    sizes, rates = {}, {}
    for name in names:
        port, folder = _free_port(), options.home / "flooded"
        arguments = ("--port", str(port), "--record", str(folder))
        with up(*arguments, options=options, columns=120, rows=36) as terminal:
            terminal.send("b")
            process = psutil.Process(terminal.pid)
            before, since, size = _bytes_in(folder), time.monotonic(), 0.0
            with _peers(port, name, messages=1_000, pause=0.0):
                while time.monotonic() < since + seconds:
                    time.sleep(0.05)
                    terminal.forget()
                    size = max(size, process.memory_info().rss / MIB)
            rates[name] = (_bytes_in(folder) - before) / (time.monotonic() - since) / 1e6
            sizes[name] = size
        shutil.rmtree(folder)
    for what, measured, unit, most in (
        ("memory (RSS) in a flood, most", sizes, "MiB", RSS_MAX),
        ("growth of a recording in a flood, most", rates, "MB/s", RECORDED_MAX),
    ):
        note = ", ".join(f"{name} {value:.3g}" for name, value in measured.items())
        yield Row(what, max(measured.values()), unit, most, f"{STATIONS} stations: {note}")


@contextmanager
def _peers(port: int, name: str, *, messages: int, pause: float) -> Iterator[None]:
    asked = [f"ws://127.0.0.1:{port}", name, str(STATIONS), str(messages), str(pause)]
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.peers", *asked])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
