"""``evtui run --csms``: a scenario at a central system of somebody else."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, basic_auth, serve

from evtui.cli import main
from evtui.recording.check import check_folder
from evtui.recording.read import RunFolder
from tests.scenario.files import minimal

Output = pytest.CaptureFixture[str]
SUBPROTOCOLS: Any = ["ocpp1.6"]

ANSWERS: dict[str, dict[str, Any]] = {
    "BootNotification": {
        "status": "Accepted",
        "interval": 300,
        "currentTime": "2026-12-01T00:00:00Z",
    },
    "Heartbeat": {"currentTime": "2026-12-01T00:00:00Z"},
    "Authorize": {"idTagInfo": {"status": "Accepted"}},
    "StartTransaction": {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
    "StopTransaction": {"idTagInfo": {"status": "Accepted"}},
}
CHARGE = minimal(
    "[{command: station.swipe}, {wait_for: {status: Charging, timeout: 10s}}, {wait: 1s}, "
    "{command: station.charge}, {wait_for: {message: StopTransaction, timeout: 10s}}]",
    "expect: [{message: StartTransaction, with: {connectorId: 1}}, {message: StopTransaction, "
    "with: {transactionId: 77}}, {current: {between: [90 A, 110 A], measure: peak}}, "
    "no_schema_violation]",
)


@contextmanager
def elsewhere(**options: Any) -> Iterator[tuple[str, list[str]]]:
    """A central system on a thread of its own; its URL, and the actions that it was asked for."""
    asked: list[str] = []
    ready: Future[int] = Future()
    loop = asyncio.new_event_loop()
    leave = asyncio.Event()

    async def answer(connection: ServerConnection) -> None:
        async for text in connection:
            _, uid, action, *_ = json.loads(text)
            asked.append(action)
            await connection.send(json.dumps([3, uid, ANSWERS.get(action, {})]))

    async def work() -> None:
        async with serve(answer, "127.0.0.1", 0, subprotocols=SUBPROTOCOLS, **options) as server:
            ready.set_result(next(iter(server.sockets)).getsockname()[1])
            await leave.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{ready.result(20)}/ocpp", asked
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join(20)
        loop.close()


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(text: str, *arguments: str) -> int:
    Path("one.yaml").write_text(text, "utf-8")
    return main(["run", "./one.yaml", "--out", "run", *arguments])


def test_our_charge_point_charges_there_and_is_judged(capsys: Output) -> None:
    with elsewhere() as (url, asked):
        assert run(CHARGE, "--csms", url, "--junit", "result.xml") == 0
    assert [each for each in asked if each != "StatusNotification"][:3] == [
        "BootNotification",
        "Authorize",
        "StartTransaction",
    ]
    assert "StopTransaction" in asked
    told = capsys.readouterr().out
    assert "FAILED" not in told
    assert 'failures="0"' in Path("result.xml").read_text()
    assert check_folder(Path("run")).findings == []
    assert {row.seen for row in RunFolder(Path("run")).messages()} == {"sent", "delivered"}


def test_the_url_may_stand_in_the_scenario_and_the_one_on_the_command_line_comes_first() -> None:
    with elsewhere() as (url, asked):
        assert run(f"{CHARGE}\nlab: {{csms: '{url}'}}") == 0
        assert "StartTransaction" in asked
    with elsewhere() as (url, asked):
        text = f"{CHARGE}\nlab: {{csms: 'ws://127.0.0.1:1'}}"
        assert main(["run", "./one.yaml", "--out", "again", "--csms", url]) == 0
        Path("one.yaml").write_text(text, "utf-8")
        assert main(["run", "./one.yaml", "--out", "once more", "--csms", url]) == 0


def test_what_is_not_met_there_fails(capsys: Output) -> None:
    text = CHARGE.replace("transactionId: 77", "transactionId: 78")
    with elsewhere() as (url, _):
        assert run(text, "--csms", url) == 1
    assert "FAILED" in capsys.readouterr().out


def test_a_password_is_read_from_a_file_and_stands_nowhere(capsys: Output) -> None:
    secret = "verysecretindeed"
    Path("key").write_text(f"{secret}\n")
    Path("key").chmod(0o600)
    guard = basic_auth(realm="lab", credentials=("CP1", secret))
    with elsewhere(process_request=guard) as (url, _):
        assert run(CHARGE, "--csms", url, "--password-file", "key") == 0
    said = capsys.readouterr()
    written = b"".join(each.read_bytes() for each in Path("run").iterdir())
    assert secret not in said.out + said.err
    assert secret.encode() not in written


def test_a_central_system_that_lets_nobody_in_is_a_failed_run_with_the_reason(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.scenario.run.runner.READY_WITHIN", 3.0)
    guard = basic_auth(realm="lab", credentials=("CP1", "x"))
    with elsewhere(process_request=guard) as (url, _):
        assert run(CHARGE, "--csms", url) == 1
    assert "it wants a password" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("steps", "place", "what"),
    [
        ("[start]", "steps[0].start", "a remote start is sent by"),
        ("[{start: TAG}]", "steps[0].start", "a remote start is sent by"),
        ("[stop]", "steps[0].stop", "a remote stop is sent by"),
        ("[{set_limit: 10 A}]", "steps[0].set_limit", "a charging profile is set by"),
        (
            "[{repeat: 2, do: [{ocpp: ClearCache}]}]",
            "steps[0].do[0].ocpp",
            "what a central system sends is sent by",
        ),
        (
            "[{anomaly: repeated-current-fluctuation, duration: 1s}]",
            "steps[0].anomaly",
            "repeated-current-fluctuation acts through",
        ),
    ],
)
def test_what_only_our_central_system_can_do_is_refused_before_the_start(
    steps: str, place: str, what: str, capsys: Output
) -> None:
    assert run(minimal(steps), "--csms", "ws://127.0.0.1:1") == 2
    told = capsys.readouterr().err
    assert f"{place}: {what} evtui's own central system" in told
    assert not Path("run").exists()


def test_a_step_of_our_charge_point_is_taken() -> None:
    text = minimal("[{ocpp: Heartbeat, from: charge_point}, {wait: 100ms}]")
    with elsewhere() as (url, asked):
        assert run(text, "--csms", url) == 0
    assert "Heartbeat" in asked


def test_an_anomaly_of_the_link_can_be_tried_there(capsys: Output) -> None:
    arguments = ["run", "--anomaly", "signal-drift", "--csms"]
    with elsewhere() as (url, asked):
        assert main([*arguments, url, "--duration", "2s", "--out", "run"]) in (0, 1)
    assert "StartTransaction" in asked
    assert [row.type for row in RunFolder(Path("run")).truth()] == ["signal-drift"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--csms", "ws://h", "--speed", "max"], "somebody else's central system time is real"),
        (["--password-file", "key"], "--password-file goes with --csms"),
        (["--csms", "http://h"], "it must begin with ws:// or wss://"),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    arguments: list[str], error: str, capsys: Output
) -> None:
    assert run(CHARGE, *arguments) == 2
    told = capsys.readouterr().err
    assert error in told
    assert told.count("\n") == 1
