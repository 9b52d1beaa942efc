"""No secret that was given or came over the wire is in anything that is written or drawn."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from evtui.cli.main import main
from evtui.passwords import VARIABLE
from tests.e2e.conftest import Start
from tests.e2e.screens import up
from tests.e2e.terminal import EVTUI, Terminal
from tests.e2e.witness import Witness

pytestmark = pytest.mark.e2e

PASSWORD, QUERY = "pW4xCsmsxQ9", "qT5xTokenxR8"
SETTING, READ, SIGNATURE, FTP = "oC6xAuthxS7", "oC6xReadxT6", "sI7xSasxU5", "fT8xTokxV4"
BEARER, BROKEN = "hD9xBearxW3", "rA0xBrokxX2"
BASIC = base64.b64encode(b"joe:hD1xBasicxY1").decode()
SECRETS = (PASSWORD, QUERY, SETTING, READ, SIGNATURE, FTP, BEARER, BROKEN, BASIC, "hD1xBasicxY1")

DATE = "2026-01-01T00:00:00Z"
CALLS = (
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SETTING}),
    ("GetDiagnostics", {"location": f"http://127.0.0.1:9/up?sv=1&sig={SIGNATURE}"}),
    ("UpdateFirmware", {"location": f"ftp://{FTP}@127.0.0.1:9/f", "retrieveDate": DATE}),
    ("DataTransfer", {"vendorId": "x", "data": f"GET / HTTP/1.1\r\nAuthorization: Basic {BASIC}"}),
    ("DataTransfer", {"vendorId": "x", "data": json.dumps({"token": BEARER, "n": 1})}),
    ("DataTransfer", {"vendorId": "x", "data": f"you said {SETTING} and {PASSWORD}, {QUERY}"}),
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SETTING, "more": SETTING}),
)  # fmt: skip
RAW = (
    f'[2,"b1","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{BROKEN}"',
    rf'[2,"b2","UpdateFirmware",{{"location":"ftp:\/\/{BROKEN}@h\/f","x":}}]',
    f'{{"Authorization":"Bearer {BROKEN}"}}',
)


class Tempter(Witness):
    """A central system that is careless with secrets."""

    def __init__(self) -> None:
        super().__init__(heartbeat_interval=1)
        self.header = ""
        self.path = ""
        self._sends: asyncio.Task[None] | None = None

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.header = connection.request.headers.get("Authorization", "")
        self.path = connection.request.path
        self._sends = asyncio.create_task(self._send(connection))
        await super()._serve(connection)

    async def _send(self, connection: ServerConnection) -> None:
        while not self.calls("StatusNotification"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        for number, (action, payload) in enumerate(CALLS):
            await connection.send(json.dumps([2, f"c{number}", action, payload]))
            await asyncio.sleep(0.1)
        for text in RAW:
            await connection.send(text)
        await connection.send('[2,"z","TriggerMessage",{"requestedMessage":"Heartbeat"}]')


@pytest.fixture
def tempter() -> Iterator[Tempter]:
    one = Tempter()
    with one:
        yield one


def found_in(text: str) -> list[str]:
    """The secrets in it; escape sequences do not break them."""
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]|&#160;", "", text)
    return [secret for secret in SECRETS if secret in text or secret in plain]


def found_below(folder: Path, *but: Path) -> list[tuple[str, list[str]]]:
    """The secrets in every file of a folder, beside those they were given in."""
    files = (path for path in folder.rglob("*") if path.is_file() and path not in but)
    texts = ((path, path.read_bytes().decode("utf-8", "replace")) for path in files)
    return [(str(path), secrets) for path, text in texts if (secrets := found_in(text))]


def in_folder(folder: Path) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f'cd "{folder}" && exec "$@"', "sh", *EVTUI)


MOST_ROWS = 18
"""Rows that are opened: those of the calls and some beside them."""


def look_around(terminal: Terminal) -> None:
    """Open every row, take pictures, leave."""
    terminal.send("1")
    for _ in range(MOST_ROWS):
        terminal.send("\r")
        terminal.wait_for("enter or escape close")
        terminal.send("\x1b")
        terminal.wait_for(lambda screen: "enter or escape close" not in screen)
        terminal.send("\x1b[A")
    terminal.send("\x1b[19~")
    terminal.wait_for("screen saved as")
    leave(terminal)


def leave(terminal: Terminal) -> None:
    """Close whatever is open, and the program."""
    terminal.send("\x1b")
    terminal.watch(0.3)  # what follows an escape at once is taken for a part of it
    terminal.send("q")


WAYS = ["url", "environment", "password file", "settings file"]


@pytest.mark.parametrize("way", WAYS if os.environ.get("EVTUI_FULL") else WAYS[:1])
def test_no_secret_of_a_foreign_central_system_is_written_or_drawn(
    start: Start,
    tempter: Tempter,
    tmp_path: Path,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    host = tempter.url.removeprefix("ws://")
    query = f"?id={{id}}&token={QUERY}"
    given, keyfile = tmp_path / "lab.toml", tmp_path / "key.txt"
    keyfile.write_text(PASSWORD + "\n")
    user = "" if way in ("environment", "password file") else f"CP1:{PASSWORD}@"
    url = f"ws://{user}{host}/{{id}}{query}"
    given.write_text(f'csms = "{url}"\n')
    arguments = {
        "url": ("--csms", url),
        "environment": ("--csms", url),
        "password file": ("--csms", url, "--password-file", str(keyfile)),
        "settings file": ("--config", str(given)),
    }[way]
    terminal = up(
        start(
            *(*arguments, "--record", "run", "--events", "feed.jsonl", "--state", "lab.db"),
            columns=160,
            rows=40,
            env={VARIABLE: PASSWORD} if way == "environment" else {},
            command=in_folder(work),
        )
    )
    tempter.wait_for("Heartbeat")
    terminal.wait_for("TriggerMessage")
    look_around(terminal)
    assert terminal.wait() == 0
    expected = base64.b64encode(f"CP1:{PASSWORD}".encode()).decode()
    assert tempter.header == f"Basic {expected}"
    assert tempter.path == f"/CP1?id=CP1&token={QUERY}"
    feed = (work / "feed.jsonl").read_text()
    assert all(action in feed for action, _ in CALLS)
    assert "you said *** and ***, ***" in feed
    assert list(work.glob("*.svg"))
    monkeypatch.chdir(work)
    for command in (
        ["report", "run", "--out", "report.html"],
        ["export", "run", "--format", "open-ocpp-trace", "--out", "trace.jsonl"],
        ["check", "run"],
    ):
        main(command)
    assert (work / "report.html").exists()
    assert (work / "trace.jsonl").exists()
    assert found_in("".join(capsys.readouterr())) == []
    assert found_in(terminal.output) == []
    assert found_below(work) == []


SCENARIO = f"""\
schema: evtui.scenario/1
id: secrets
title: Secrets
inputs:
  key: {{type: string, default: none}}
lab: {{}}
steps:
  - ocpp: ChangeConfiguration
    with: {{key: AuthorizationKey, value: "${{key}}"}}
  - ocpp: UpdateFirmware
    with: {{location: "ftp://{FTP}@127.0.0.1/f", retrieveDate: "2026-01-01T00:00:00Z"}}
  - ocpp: GetDiagnostics
    with: {{location: "https://h/up?sig={SIGNATURE}"}}
  - ocpp: DataTransfer
    with: {{vendorId: x, data: "Authorization: Bearer {BEARER}"}}
  - note: "the key is ${{key}}, the password={READ}"
expect:
  - message: ChangeConfiguration
    with: {{key: AuthorizationKey, value: {SETTING}}}
  - message: DataTransfer
    with: {{data: "Authorization: Bearer {BROKEN}"}}
"""


def test_no_secret_of_a_scenario_is_written_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    given = tmp_path / "secrets.yaml"
    given.write_text(SCENARIO)
    arguments = ["run", "secrets.yaml", "--set", f"key={SETTING}"]
    for number, more in enumerate(([], ["--json"], ["--quiet"], ["--speed", "20"])):
        files = ["--out", f"run{number}", "--junit", f"{number}.xml", "--events", f"{number}.jsonl"]
        assert main([*arguments, *more, *files]) == 1, capfd.readouterr()
    said = "".join(capfd.readouterr())
    assert "message ChangeConfiguration" in said
    assert "***" in (tmp_path / "0.jsonl").read_text()
    assert found_in(said) == []
    assert main(["replay", "--verify", "run0"]) in (0, 1)
    assert found_in("".join(capfd.readouterr())) == []
    assert found_below(tmp_path, given) == []
