"""What is told of messages that somebody on the line has handled."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from evtui.events import AnomalyState, OcppMessage
from evtui.recording.check import check_folder
from evtui.scenario.language.loader import load
from evtui.scenario.run.headless import Options, run_headless
from evtui.tui.models.exchanges import OcppLog
from tests.anomalies.rig import run_anomaly
from tests.lab_rig import LabRig, running_lab
from tests.virtual_loop import run_virtual


def test_the_ocpp_panel_can_tell_what_was_delivered_otherwise_than_it_was_sent() -> None:
    rig = run_anomaly("meter-falsify", 20.0)
    log = OcppLog()
    log.feed(rig.of(OcppMessage))
    log.store.publish()
    falsified = [log.exchange_of(step.cause or 0) for step in rig.steps]
    assert len(falsified) == 20
    assert all(each is not None and each.altered for each in falsified)
    assert sum(each.altered for each in map(log.store.row, range(len(log.store)))) == 20


def test_each_step_is_caused_by_the_message_that_was_handled() -> None:
    rig = run_anomaly("link-delay", 20.0)
    sent = {m.seq for m in rig.of(OcppMessage) if m.phase == "sent"}
    assert rig.steps
    assert {step.cause for step in rig.steps} <= sent


# Recorded


def recorded(name: str, folder: Path) -> list[dict[str, Any]]:
    """The lines of ocpp.jsonl of a built-in scenario."""
    run_headless(load(name, duration=60.0), Options(folder=folder))
    assert check_folder(folder).sound
    return [json.loads(line) for line in (folder / "ocpp.jsonl").read_text().splitlines()]


def test_a_recording_marks_as_injected_what_was_changed_and_nothing_else(tmp_path: Path) -> None:
    lines = recorded("meter-falsify", tmp_path / "run")
    changed = [line for line in lines if "payload" in (line["delivered"] or {})]
    assert len(changed) > 40
    assert all(line["attack_ids"] == ["meter-falsify-1"] for line in changed)
    assert [line for line in lines if line["injected"]] == changed


def test_a_recording_marks_as_injected_what_was_forged(tmp_path: Path) -> None:
    lines = recorded("fluctuation-link", tmp_path / "run")
    forged = [
        (line["seen"], line["injected"])
        for line in lines
        if line["action"] == "SetChargingProfile" and line["type"] == 2
    ]
    assert forged == [("delivered", True)] * 15


def test_a_recording_marks_as_injected_what_was_dropped(tmp_path: Path) -> None:
    lines = recorded("link-drop", tmp_path / "run")
    dropped = [(line["seen"], line["delivered"]) for line in lines if line["injected"]]
    assert dropped
    assert set(dropped) == {("sent", None)}


def test_a_recording_marks_as_injected_what_was_held(tmp_path: Path) -> None:
    lines = recorded("link-delay", tmp_path / "run")
    held = [line for line in lines if line["injected"]]
    assert {line["seen"] for line in held} == {"sent", "delivered"}
    late = {line["cause"] for line in held if line["seen"] == "delivered"}
    assert late == {line["seq"] for line in held if line["seen"] == "sent"}


# With a central system of others


FALSIFY = {"name": "meter-falsify", "parameters": {"factor": 0.5}}
DROP = {"name": "link-drop", "parameters": {"action": "Reset", "probability": 1.0}}


async def charging_guest(host: LabRig) -> LabRig:
    """A lab whose charge point charges at the central system of another lab."""
    url = host.lab.central_system.url
    guest = LabRig(csms=url, id="CP2", preset="dc", meter_interval=1.0)
    await host.until(lambda: host.has_told_status("CP2"))
    await guest.execute("station.charge")
    await guest.until(lambda: guest.current > 99.0)
    return guest


def test_what_leaves_for_a_central_system_of_others_is_told_as_it_arrives_there() -> None:
    async def scenario() -> None:
        async with running_lab() as host:
            guest = await charging_guest(host)
            since = guest.lab.stream.last_seq
            await guest.execute("anomaly.start", **FALSIFY)
            await asyncio.sleep(10.0)
            await guest.execute("anomaly.stop", name="meter-falsify")
            told: dict[str, list[OcppMessage]] = {}
            for m in guest.of(OcppMessage):
                if m.seq > since and (m.action, m.kind) == ("MeterValues", "call"):
                    told.setdefault(m.uid, []).append(m)
            changed = [pair for pair in told.values() if len(pair) == 2]
            assert len(changed) >= 9
            assert all(left.says_otherwise(sent) for sent, left in changed)
            steps = {s.seq for s in guest.of(AnomalyState) if s.change == "step"}
            assert {left.cause for _, left in changed} <= steps
            arrived = {m.uid: m.payload for m in host.of(OcppMessage) if m.kind == "call"}
            assert all(arrived[left.uid] == left.payload for _, left in changed)
            await guest.down()

    run_virtual(scenario())


def test_what_came_from_a_central_system_of_others_is_told_as_it_was_sent() -> None:
    async def scenario() -> None:
        async with running_lab(call_timeout=5.0) as host:
            guest = await charging_guest(host)
            await guest.execute("anomaly.start", **DROP)
            with pytest.raises(TimeoutError):
                await host.lab.central_system.call("CP2", "Reset", {"type": "Hard"})
            (lost,) = (m for m in guest.of(OcppMessage) if m.action == "Reset")
            assert (lost.phase, lost.sender) == ("sent", "central_system")
            assert guest.current > 99.0
            await guest.execute("anomaly.stop", name="link-drop")
            await guest.down()

    run_virtual(scenario())
