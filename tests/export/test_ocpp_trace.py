from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from evtui.events import OcppMessage, as_json
from evtui.export import export
from evtui.recording.read.reader import RunFolder
from evtui.recording.write.recorder import Recorder
from tests.recording.sample_run import START_UTC, Scene, sample_manifest

# The rules of Open OCPP Trace 1.1, from its specification.
RECORD: dict[str, Any] = {
    "type": "object",
    "required": ["schemaVersion", "timestamp", "transport", "direction", "messageType"],
    "additionalProperties": False,  # extensions belong into meta
    "properties": {
        "schemaVersion": {"const": "1.1"},
        "timestamp": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "ocppVersion": {"const": "1.6"},
        "transport": {"enum": ["json", "soap"]},
        "chargePointId": {"type": "string"},
        "connectorId": {"type": "integer", "minimum": 0},
        "direction": {"enum": ["cp-to-csms", "csms-to-cp"]},
        "messageType": {"enum": ["CALL", "CALLRESULT", "CALLERROR"]},
        "messageId": {"type": "string"},
        "action": {"type": "string"},
        "payload": {},
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "description": {"type": "string"}},
        },
        "meta": {"type": "object"},
    },
    "allOf": [
        {
            "if": {"properties": {"messageType": {"const": "CALL"}}},
            "then": {"required": ["action"]},
        },
        {
            "if": {"properties": {"messageType": {"const": "CALLERROR"}}},
            "then": {"required": ["error"]},
            "else": {"properties": {"error": False}},
        },
    ],
}


VALIDATOR = jsonschema.Draft202012Validator(RECORD)


def records(folder: Path, out: Path) -> list[dict[str, Any]]:
    export(RunFolder(folder), "open-ocpp-trace", out)
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    for record in found:
        VALIDATOR.validate(record)
    return found


def folder_lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "ocpp.jsonl").read_text().splitlines()]


def test_every_message_is_a_record_that_keeps_the_rules(sample: Path, tmp_path: Path) -> None:
    expected = [line for line in folder_lines(sample) if line["type"] is not None]
    found = records(sample, tmp_path / "x.jsonl")
    assert len(found) == len(expected) > 200
    for record, line in zip(found, expected, strict=True):
        assert record["messageId"] == line["id"]
        assert record["payload"] == line["payload"]
        assert record["meta"]["evtui"]["seq"] == line["seq"]
        assert record["timestamp"][:19] == line["t_utc"][:19]
        assert record["direction"] == line["direction"].replace("->", "-to-")


def test_every_response_correlates_with_the_call_it_answers(sample: Path, tmp_path: Path) -> None:
    open_calls: dict[tuple[str, str], str] = {}
    opposite = {"cp-to-csms": "csms-to-cp", "csms-to-cp": "cp-to-csms"}
    kinds: Counter[str] = Counter()
    for record in records(sample, tmp_path / "x.jsonl"):
        kinds[record["messageType"]] += 1
        if record["messageType"] == "CALL":
            open_calls[record["messageId"], record["direction"]] = record["action"]
        else:
            key = (record["messageId"], opposite[record["direction"]])
            assert open_calls.pop(key) == record["action"]
    assert open_calls == {}
    assert kinds["CALL"] == kinds["CALLRESULT"] > 100


def test_what_is_no_ocpp_message_is_counted_as_left_out(sample: Path, tmp_path: Path) -> None:
    done = export(RunFolder(sample), "open-ocpp-trace", tmp_path / "x.jsonl")
    assert done.left_out == {"invalid messages": 1}
    assert done.unit == "messages"


def test_injected_messages_are_marked(sample: Path, tmp_path: Path) -> None:
    injected = [
        record
        for record in records(sample, tmp_path / "x.jsonl")
        if record["meta"]["evtui"]["injected"]
    ]
    assert {record["action"] for record in injected} == {"SetChargingProfile"}
    assert injected[0]["meta"]["evtui"]["attackIds"] == ["fluctuation-1"]


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call that the link altered, answered with an error, and a call that it dropped."""
    folder = tmp_path_factory.mktemp("altered") / "run"
    recorder = Recorder(folder, sample_manifest(), start_utc=START_UTC, twins=frozenset({"CP1"}))
    scene = Scene(recorder.on_event)
    scene.clock.time = 1.0
    sent = scene.message("a", "Reset", {"type": "Soft"}, sender="central_system")
    scene.clock.time = 1.025
    scene.message(
        "a", "Reset", {"type": "Hard"}, sender="central_system", phase="delivered", cause=sent.seq
    )
    scene.stream.publish(
        OcppMessage(
            source="CP1",
            station="CP1",
            sender="charge_point",
            phase="sent",
            kind="error",
            uid="a",
            action="Reset",
            body=as_json({"more": [1]}),
            error="NotSupported",
            detail="no such thing",
            latency=0.5,
            link=1,
        )
    )
    scene.clock.time = 2.0
    scene.message("b", "Heartbeat", {})
    scene.clock.time = 3.0
    late = scene.message("c", "Authorize", {"idTag": "TAG1"})
    scene.clock.time = 4.0
    scene.message("c", "Authorize", {"idTag": "TAG1"}, phase="delivered", cause=late.seq)
    recorder.close(t_end=60.0)
    return folder


def test_an_error_has_code_description_and_details(altered: Path, tmp_path: Path) -> None:
    error = next(
        each
        for each in records(altered, tmp_path / "x.jsonl")
        if each["messageType"] == "CALLERROR"
    )
    assert "payload" not in error
    assert error["error"] == {
        "code": "NotSupported",
        "description": "no such thing",
        "details": {"more": [1]},
    }


def test_what_was_delivered_stands_beside_what_was_sent(altered: Path, tmp_path: Path) -> None:
    found = records(altered, tmp_path / "x.jsonl")
    reset = next(each for each in found if each["action"] == "Reset")
    assert reset["payload"] == {"type": "Soft"}
    delivered = reset["meta"]["evtui"]["delivered"]
    assert delivered["payload"] == {"type": "Hard"}
    assert delivered["timestamp"] == "2026-01-01T00:00:01.025000Z"
    beat = next(each for each in found if each["action"] == "Heartbeat")
    assert beat["meta"]["evtui"]["seen"] == "sent"


def test_a_message_that_was_delivered_late_is_one_record(altered: Path, tmp_path: Path) -> None:
    found = records(altered, tmp_path / "x.jsonl")
    assert [record["messageId"] for record in found] == ["a", "a", "b", "c"]
    done = export(RunFolder(altered), "open-ocpp-trace", tmp_path / "again.jsonl")
    assert done.left_out == {"late deliveries": 1}
