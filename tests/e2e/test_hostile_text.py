"""What somebody hostile has written, in a real terminal: every byte that reaches it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.e2e.conftest import Start
from tests.e2e.terminal import Terminal
from tests.hostile import HOSTILE, MARK, harm_in, hostile_folder
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e

FULL = os.environ.get("EVTUI_FULL") == "1"
ROTATIONS = range(0, len(HOSTILE), 1 if FULL else len(HOSTILE))


def harm(terminal: Terminal) -> list[str]:
    """What reached the terminal and should not have; the program's own sequences are others."""
    return harm_in(terminal.output.encode())


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_recording_through_every_screen(rotation: int, start: Start, tmp_path: Path) -> None:
    name = f"run{MARK}[b]\u202e\x1b[31337m"
    run = hostile_folder(tmp_path / name, rotation, actions=rotation % 16 > 7)
    terminal = start("replay", str(run), columns=120, rows=36)
    terminal.wait_for("REPLAY")
    terminal.send(" ")
    terminal.wait_for("‖ 1x")
    for keys in ("a", "E", "m", "mm", "c"):
        terminal.send(keys)
        terminal.watch(0.3)
    terminal.send("g")
    terminal.wait_for("Go to")
    terminal.send("62\r")  # what follows at once would be one text with it
    terminal.wait_for(lambda screen: "Go to" not in screen and "00:01:02.000" in screen)
    terminal.wait_for(MARK)
    terminal.send("?")
    terminal.wait_for("This recording")
    terminal.wait_for(lambda screen: screen.count(MARK) > 3)
    terminal.send("\x1b")
    terminal.wait_for("00:01:02.000")
    for _ in range(4):  # each list, a row of it in full, and all of that
        terminal.send("\t\x1b[A\r")
        terminal.watch(0.2)
        terminal.send("\x1b[6~\x1b[6~")
        terminal.watch(0.1)
        terminal.send("\x1b")
        terminal.wait_for("00:01:02.000")
    terminal.send("/" + MARK + "\r")
    terminal.watch(0.3)
    terminal.send("\x1b\x1b")
    terminal.watch(0.2)
    terminal.resize(80, 24)
    terminal.watch(0.3)
    terminal.send("q")
    assert terminal.wait() == 0, terminal.after_leaving
    assert harm(terminal) == []
    assert terminal.unclean == []


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that is only read."""
    folder = tmp_path_factory.mktemp("recorded") / f"run{MARK}\u202e\x1b[31337m"
    return hostile_folder(folder, 3, actions=True)


@pytest.mark.parametrize("command", [["export", "--format", "csv", "--table", "ocpp", "--out", "-"],
                                     ["export", "--format", "open-ocpp-trace", "--out", "-"],
                                     ["check"], ["check", "--json"]])  # fmt: skip
def test_a_recording_through_the_commands(command: list[str], start: Start, recorded: Path) -> None:
    terminal = start(command[0], str(recorded), *command[1:])
    assert terminal.wait() in (0, 1)
    assert MARK in terminal.output
    assert harm(terminal) == []


ADDRESS = re.compile(r"127\.0\.0\.1:(\d+)")
STATION = f"{MARK}[b]<i>=1+1\u3164"


@contextmanager
def talk(port: int, said: dict[str, str]) -> Iterator[None]:
    """A station that is connected, has booted, and puts ``said`` wherever it may say something."""
    url = f"ws://127.0.0.1:{port}/{quote(STATION)}"
    calls: list[tuple[str, dict[str, Any]]] = [
        ("BootNotification", {"chargePointVendor": said["20"], "chargePointModel": said["20"],
                              "firmwareVersion": said["50"], "iccid": said["20"]}),
        *(("StatusNotification", {"connectorId": connector, "errorCode": "OtherError",
                                  "status": "Faulted", "info": said["50"],
                                  "vendorErrorCode": said["50"], "vendorId": said["50"]})
          for connector in (0, 1)),
        ("Authorize", {"idTag": said["20"]}),
        ("DataTransfer", {"vendorId": said["50"], "messageId": said["50"], "data": said["50"]}),
        ("FirmwareStatusNotification", {"status": said["50"]}),
        (said["20"], {said["50"]: said["50"]}),
    ]  # fmt: skip
    with connect(url, subprotocols=[Subprotocol("ocpp1.6")]) as station:
        for number, (action, payload) in enumerate(calls):
            station.send(json.dumps([2, f"{number}{said['20']}", action, payload]))
            station.recv(timeout=PATIENCE)
        for text in (f'[4,{json.dumps(said["20"])},{json.dumps(said["20"])},"x",{{}}]', said["50"]):
            station.send(text)
        yield


@pytest.mark.parametrize("rotation", ROTATIONS)
def test_a_station_through_every_screen(rotation: int, start: Start, tmp_path: Path) -> None:
    hostile = "".join((HOSTILE * 2)[rotation : rotation + 3])
    hostile = hostile.replace("\ud83d", "")  # no UTF-8, and so never on a wire
    terminal = start("--port", "0", columns=120, rows=36)
    terminal.wait_for(lambda screen: ADDRESS.search(screen))
    found = ADDRESS.search(terminal.text)
    assert found is not None
    said = {length: (MARK + hostile)[: int(length)] for length in ("20", "50")}
    with talk(int(found[1]), said):
        terminal.wait_for(MARK)
        terminal.send("l")
        terminal.wait_for("Stations")
        terminal.wait_for(lambda screen: screen.count(MARK) > 1)
        terminal.send("\x1b[B")
        terminal.wait_for(lambda screen: screen.count(STATION[:9]) > 1)  # all that is known of it
        terminal.send("o")
        terminal.wait_for("Which operation")
        terminal.send("Reset")
        terminal.wait_for(lambda screen: "ClearCache" not in screen)
        terminal.send("\r")
        terminal.wait_for("enter send")
        terminal.send("\x1b")
        terminal.wait_for(lambda screen: "enter send" not in screen)
        for _ in range(3):  # the newest rows, in full
            terminal.send("\x1b[A\r")
            terminal.wait_for("enter or escape close")
            terminal.send("\x1b")
            terminal.wait_for(lambda screen: "enter or escape close" not in screen)
        terminal.send("/" + MARK)
        terminal.wait_for("filter Zq")
        terminal.send("\r")
        terminal.resize(80, 24)
        terminal.watch(0.3)
    terminal.watch(0.3)
    terminal.send("q")
    assert terminal.wait() == 0, terminal.after_leaving
    assert harm(terminal) == []
    assert terminal.unclean == []
