from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evtui.events import OcppMessage
from evtui.recording.format import layout
from evtui.recording.write.metrics import KEYS_KEPT, RunTally
from evtui.violations import Violation
from tests.recording.folders import rows
from tests.recording.sample_run import record_sample


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("metrics") / "run"
    record_sample(folder)
    return folder


def metrics(folder: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((folder / layout.METRICS).read_text())
    return data


def message(**changes: Any) -> OcppMessage:
    values: dict[str, Any] = {
        "station": "CP1",
        "sender": "charge_point",
        "phase": "delivered",
        "kind": "call",
        "uid": "1",
        "action": "Heartbeat",
    }
    return OcppMessage(**values | changes)


def test_energy_and_currents_agree_with_the_signals(run: Path) -> None:
    signals = rows(run, layout.SIGNALS)
    (connector,) = metrics(run)["connectors"]
    currents = [float(row["current_a"]) for row in signals]
    energy = float(signals[-1]["energy_wh"]) - float(signals[0]["energy_wh"])
    assert connector["samples"] == len(signals)
    assert connector["highest_current_a"] == max(currents)
    assert connector["mean_current_a"] == pytest.approx(sum(currents) / len(currents), abs=0.002)
    assert connector["energy_wh"] == pytest.approx(energy, abs=0.002)


def test_messages_are_counted_once_by_direction_action_and_kind(run: Path) -> None:
    ocpp = metrics(run)["ocpp"]
    assert ocpp["messages"] == len((run / layout.OCPP).read_text().splitlines())
    by = ocpp["by_direction_and_action"]
    assert by["cp->csms"]["MeterValues"] == {"calls": by["csms->cp"]["MeterValues"]["results"]}
    assert by["csms->cp"]["RemoteStartTransaction"] == {"calls": 1}
    assert (ocpp["invalid"], ocpp["schema_violations"]) == (1, 1)


def test_a_violation_that_was_tolerated_is_counted_once_with_both_ends_seen() -> None:
    tally = RunTally()
    tally.message(message(phase="sent"))
    tally.judge(message(violation=Violation("FormationViolation", "x: a field too many")))
    ocpp = tally.summary(1.0, [])["ocpp"]
    assert (ocpp["calls"], ocpp["schema_violations"]) == (1, 1)


def test_frames_are_counted_by_id_and_error_frames_apart(run: Path) -> None:
    can = metrics(run)["can"]
    assert can["frames"] == len((run / layout.CAN_LOG).read_text().splitlines())
    assert can["by_id"]["300"] == 1200
    assert can["error_frames"] == 1


def test_attacks_carry_the_time_to_detect_of_each_view(run: Path) -> None:
    numbers = metrics(run)
    (attack,) = numbers["attacks"]
    assert attack["time_to_detect_s"] == {
        "current-reversals/can": 19.9,
        "current-reversals/ocpp": 21.1,
    }
    assert numbers["alarms"] == {"raised": 2, "false": 0}
    assert [verdict["met"] for verdict in numbers["verdicts"]] == [True]


def test_a_fuzzer_does_not_fill_the_memory() -> None:
    tally = RunTally()
    for number in range(KEYS_KEPT + 10):
        tally.frame(number, True, False)
        tally.message(message(action=f"A{number}"))
    summary = tally.summary(1.0, [])
    assert summary["can"]["by_id"]["other"] == 10
    assert summary["ocpp"]["by_direction_and_action"]["cp->csms"]["other"] == {"calls": 10}
