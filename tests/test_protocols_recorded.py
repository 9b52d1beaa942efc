"""A session in each protocol of real power modules, recorded, and decoded by cantools itself."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from evtui.cli import main

DECODED = re.compile(r"\((?P<t>[\d.]+)\).*? :: (?P<message>\w+)\((?P<signals>.*)\)$")
START = 1_767_225_600.0


class Decoded(NamedTuple):
    """A line of ``cantools decode``: s from the start, message, values as it prints them."""

    t: float
    message: str
    signals: dict[str, str]


@pytest.fixture(scope="module", params=["infy", "advantics"])
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def decoded(protocol: str, tmp_path_factory: pytest.TempPathFactory) -> list[Decoded]:
    """The whole session: charge, fluctuation, watchdog."""
    folder = tmp_path_factory.mktemp(protocol)
    run = ["run", "can-protocols", "--set", f"protocol={protocol}", "--out", str(folder / "run")]
    assert main(run) == 0
    (log,) = folder.glob("run/**/can.log")
    dbc = folder / f"{protocol}.dbc"
    dbc.write_bytes(tool("evtui", "dbc", protocol, "--modules", "2"))
    return list(lines(tool("cantools", "decode", "--single-line", str(dbc), stdin=log), log))


def tool(module: str, *arguments: str, stdin: Path | None = None) -> bytes:
    """What a program prints, with a file as its input."""
    given = stdin.read_bytes() if stdin else b""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], input=given, capture_output=True, check=True
    )
    return done.stdout


def lines(printed: bytes, log: Path) -> Iterator[Decoded]:
    told = printed.decode().splitlines()
    assert len(told) == len(log.read_bytes().splitlines()) > 1000, "a line for each frame"
    for line in told:
        found = DECODED.search(line)
        assert found is not None, line  # "Unknown frame id" among others
        pairs = (pair.partition(": ") for pair in found["signals"].split(", ") if pair)
        signals = {name: value for name, _, value in pairs}
        yield Decoded(float(found["t"]) - START, found["message"], signals)


def of(decoded: list[Decoded], *messages: str) -> list[Decoded]:
    return [each for each in decoded if each.message in messages]


def number(value: str) -> float:
    return float(value.split()[0])


REPORTS = {"infy": ("Output_0", "Output_1"), "advantics": ("Power_Modules_Status",)}
LIMITS = {"infy": ("SetOutput_0", "SetOutput_1"), "advantics": ("DC_Power_Control",)}
SIGNAL = {"infy": "Current", "advantics": "CurrentMax"}


def test_every_frame_is_decoded(decoded: list[Decoded]) -> None:
    assert decoded[0].t < 1.0
    assert decoded[-1].t > 90.0


def test_the_fluctuation_is_in_limits_and_reports(protocol: str, decoded: list[Decoded]) -> None:
    share = len(REPORTS[protocol])
    limits = [
        number(each.signals[SIGNAL[protocol]]) * share
        for each in of(decoded, *LIMITS[protocol])
        if 25 < each.t < 55
    ]
    assert {round(limit) for limit in limits} == {0, 100}
    reports = [
        number(each.signals["Current"]) * share
        for each in of(decoded, *REPORTS[protocol])
        if 25 < each.t < 55
    ]
    assert min(reports) < 2
    assert max(reports) > 98
    volts = [number(each.signals["Voltage"]) for each in of(decoded, *REPORTS[protocol])[-200:]]
    assert 0.0 <= min(volts) <= max(volts) <= 500.0


def test_the_modules_switch_off_and_say_so_when_their_station_is_silent(
    protocol: str, decoded: list[Decoded]
) -> None:
    by_modules = (*REPORTS[protocol], "DC_Power_Parameters")
    station = [each.t for each in decoded if each.message not in by_modules]
    begun, ended = max(pairwise(station), key=lambda pair: pair[1] - pair[0])
    assert begun > 75
    assert ended - begun == pytest.approx(14, abs=0.5)
    reports = [
        (each.t - begun, number(each.signals["Current"]), each.signals.get("Enabled"))
        for each in of(decoded, *REPORTS[protocol])
    ]
    share = len(REPORTS[protocol])
    if protocol == "infy":
        assert share * [current for t, current, _ in reports if t < 0][-1] > 98
        off = [
            each.t - begun
            for each in of(decoded, "Status_0", "Status_1")
            if each.signals["CommunicationInterrupted"] == "1" and each.signals["DcOff"] == "1"
        ]
        assert min(off) == pytest.approx(14, abs=1.5), "asked again, they tell"
        assert max(current for t, current, _ in reports if 14 < t < 15) == 0.0
    else:
        enabled = [t for t, _, said in reports if said == "1" and -20 < t < 10]
        assert 0.1 < max(enabled) < 0.35
        assert all(current == 0.0 for t, current, _ in reports if 3 < t < 14)
