from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import can
from hypothesis import example, given
from hypothesis import strategies as st

from evtui.events import Alarm, CanFrame, Note, Sample
from evtui.recording.format import ALARMS, FRAMES, SIGNALS
from evtui.recording.format.cell import csv_text
from evtui.recording.format.truth import CALM, Standing
from evtui.recording.write.lines import (
    Stamps,
    alarm_line,
    event_line,
    frame_lines,
    json_text,
    signal_line,
)
from evtui.recording.write.redaction import Redactor

START = 1_767_225_600.0
ATTACKED = Standing(True, True, ("a-1",), "a-1")


def at(t: float) -> Stamps:
    stamps = Stamps(START)
    stamps.at(t)
    return stamps


def sample(**changes: object) -> Sample:
    values: dict[str, object] = {
        "seq": 9,
        "station": "CP1",
        "connector": 1,
        "current": 83.33333,
        "limit": 100.0,
        "target": 100.0,
        "voltage": 400.0,
        "power": 33333.3333,
        "energy": 12.5,
        "temperature": 27.1,
        "contactor": True,
        "status": "Charging",
    }
    return Sample(**values | changes)  # type: ignore[arg-type]


def frame(**changes: object) -> CanFrame:
    values: dict[str, object] = {
        "seq": 3,
        "station": "CP1",
        "bus": "CP1/can",
        "node": "module",
        "arbitration_id": 0x300,
        "data": bytes.fromhex("620a"),
    }
    return CanFrame(**values | changes)  # type: ignore[arg-type]


def lines_of(event: CanFrame) -> tuple[str, dict[str, str]]:
    line, label = frame_lines(event, at(0.000123), "can0", CALM, attack=False)
    return line, dict(zip(FRAMES.names, next(csv.reader([label])), strict=True))


@given(st.floats(0, 1e6))
@example(0.3)
@example(0.9999999)
def test_the_three_ways_to_write_a_time_name_the_same_moment(t: float) -> None:
    stamps = at(t)
    unix = float(stamps.unix)
    assert abs(unix - START - t) < 2e-6
    assert abs(float(stamps.lab) - t) <= 1e-6
    utc = datetime.fromisoformat(stamps.utc)
    assert utc.tzinfo == UTC
    assert -1e-6 <= unix - utc.timestamp() < 0.001


def test_three_tenths_of_a_second_are_300_ms() -> None:
    assert at(0.3).utc == "2026-01-01T00:00:00.300Z"


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_csv_field_stays_on_one_line_and_reads_back_the_same_but_for_line_ends(text: str) -> None:
    line = csv_text(text) + ",end\n"
    assert line.count("\n") == 1
    (row,) = csv.reader(io.StringIO(line, newline=""))
    lined = "\n" in text or "\r" in text
    assert row == [" ".join(text.split()) if lined else text, "end"]


def test_each_value_of_a_signal_row_is_in_its_column() -> None:
    line = signal_line(sample(transaction_id=4, soc=35.12345, reported=80.0), at(1.0), ATTACKED)
    row = dict(zip(SIGNALS.names, line.rstrip("\n").split(","), strict=True))
    assert (
        row.items()
        >= {
            "t_s": "1.000000",
            "t_utc": "2026-01-01T00:00:01.000Z",
            "station": "CP1",
            "connector": "1",
            "current_a": "83.333",
            "limit_a": "100.000",
            "target_a": "100.000",
            "reported_a": "80.000",
            "voltage_v": "400.000",
            "power_w": "33333.333",
            "energy_wh": "12.500",
            "soc_pct": "35.123",
            "temperature_c": "27.100",
            "contactor": "1",
            "status": "Charging",
            "transaction_id": "4",
            "active": "1",
            "effect": "1",
            "attack_ids": "a-1",
            "phase": "",
            "seq": "9",
        }.items()
    )


def test_what_is_unknown_is_empty_and_nothing_is_minus_zero() -> None:
    line = signal_line(sample(current=-0.0001), at(1.0), CALM)
    row = dict(zip(SIGNALS.names, line.rstrip("\n").split(","), strict=True))
    assert (row["reported_a"], row["soc_pct"], row["transaction_id"]) == ("", "", "")
    assert row["current_a"] == "0.000"


def test_frames_are_written_as_candump_writes_them() -> None:
    stamp = "(1767225600.000123) can0"
    assert lines_of(frame())[0] == f"{stamp} 300#620A R\n"
    assert lines_of(frame(node="charge-point", arbitration_id=0x210))[0] == f"{stamp} 210#620A T\n"
    assert lines_of(frame(extended=True))[0] == f"{stamp} 00000300#620A R\n"
    assert lines_of(frame(remote=True, data=b"", requested=2))[0] == f"{stamp} 300#R2 R\n"
    error = frame(error=True, arbitration_id=0x88, data=bytes(8))
    assert lines_of(error)[0] == f"{stamp} 20000088#{'00' * 8} R\n"


def test_a_label_names_id_and_data_as_can_log_does() -> None:
    for event in (frame(), frame(extended=True), frame(error=True, arbitration_id=0x88)):
        line, label = lines_of(event)
        assert line.split()[2] == f"{label['arbitration_id']}#{label['data_field']}"
        assert f"({label['timestamp']})" == line.split()[0]


@given(
    st.integers(0, 0x7FF),
    st.binary(max_size=8),
    st.booleans(),
)
def test_python_can_reads_the_same_frame_back(number: int, data: bytes, extended: bool) -> None:
    line, _ = lines_of(frame(arbitration_id=number, data=data, extended=extended))
    (message,) = can.CanutilsLogReader(io.StringIO(line))
    assert message.arbitration_id == number
    assert bytes(message.data) == data
    assert message.is_extended_id == extended
    assert message.is_rx


def test_evidence_with_commas_and_quotes_stays_one_field() -> None:
    alarm = Alarm(
        station="CP1", connector=1, detector="d", view="can", raised=True, evidence='a, "b"\nc'
    )
    (row,) = csv.reader([alarm_line(alarm, at(1.0), alarm.evidence, None)])
    assert dict(zip(ALARMS.names, row, strict=True))["evidence"] == 'a, "b" c'


@given(st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x, max_size=3)))
def test_any_payload_becomes_one_line_of_json(value: object) -> None:
    text = json_text(value)
    assert "\n" not in text
    assert json.loads(text) == value


def test_a_lone_surrogate_in_a_program_s_text_does_not_stop_the_recording() -> None:
    line = event_line(Note(level="info", text="\ud800"), Redactor())
    assert json.loads(line.encode())["text"] == "\ud800"


def test_an_event_line_has_whole_microseconds_and_bytes_in_hex() -> None:
    note = json.loads(event_line(Note(t=0.1 + 0.2, level="info", text=""), Redactor()))
    assert note["t"] == 0.3
    assert json.loads(event_line(frame(error=True), Redactor()))["data"] == "620A"
