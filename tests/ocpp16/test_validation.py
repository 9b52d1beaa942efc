from __future__ import annotations

import json
from importlib import resources
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.ocpp16 import validation
from evtui.ocpp16.validation import accept, check, is_known_action
from tests.ocpp16.rig import NOW

SCHEMAS = {
    file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8-sig"))
    for file in (resources.files("ocpp.v16") / "schemas").iterdir()
}
MESSAGES = sorted(SCHEMAS)

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": NOW}


def code(action: str, payload: Any, kind: Literal["call", "result"] = "call") -> str | None:
    violation = check(action, kind, payload)
    return None if violation is None else violation.code


def limit(amperes: float) -> dict[str, Any]:
    """A SetChargingProfile with one period."""
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amperes}],
            },
        },
    }


def meter_values(**sampled: str) -> dict[str, Any]:
    """A MeterValues with one sampled value."""
    return {"connectorId": 1, "meterValue": [{"timestamp": NOW, "sampledValue": [sampled]}]}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_schema_compiles_and_is_found_under_the_name_of_its_action(name: str) -> None:
    action = name.removesuffix("Response")
    kind: Literal["call", "result"] = "result" if name.endswith("Response") else "call"
    assert is_known_action(action)
    assert code(action, {"noSuchField": 1}, kind) is not None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"idTag": ...}, "OccurenceConstraintViolation"),
        ({"idTag": 7}, "TypeConstraintViolation"),
        ({"idTag": None}, "TypeConstraintViolation"),
        ({"connectorId": "1"}, "TypeConstraintViolation"),
        ({"connectorId": 1.5}, "TypeConstraintViolation"),
        ({"connectorId": True}, "TypeConstraintViolation"),
        ({"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ({"idTag": "é" * 20}, None),
        ({"timestamp": "yesterday"}, "PropertyConstraintViolation"),
        ({"extra": 1}, "FormationViolation"),
    ],
)
def test_each_kind_of_violation_has_its_code(change: dict[str, Any], expected: str | None) -> None:
    payload = {key: value for key, value in {**START, **change}.items() if value is not ...}
    assert code("StartTransaction", payload) == expected


def test_a_value_outside_the_enumeration_is_a_property_violation() -> None:
    assert code("Reset", {"type": "Hard"}) is None
    assert code("Reset", {"type": "hard"}) == "PropertyConstraintViolation"


def test_an_empty_list_where_one_entry_is_needed_is_an_occurrence_violation() -> None:
    payload = {"connectorId": 1, "meterValue": []}
    assert code("MeterValues", payload) == "OccurenceConstraintViolation"


@pytest.mark.parametrize("payload", [None, [], [1], "x", 7, 1.5, True])
def test_a_payload_that_is_no_object_is_a_formation_violation(payload: Any) -> None:
    assert code("Heartbeat", payload, "result") == "FormationViolation"


def test_the_detail_names_the_place() -> None:
    violation = check("SetChargingProfile", "call", limit(0.05))
    assert violation is not None
    assert "chargingSchedulePeriod.0.limit" in violation.detail
    assert "\n" not in violation.detail


def test_the_detail_stays_short_whatever_the_payload() -> None:
    violation = check("Reset", "call", {"type": "x" * 100_000})
    assert violation is not None
    assert len(violation.detail) <= 300


@pytest.mark.parametrize("unit", ["Celcius", "Celsius"])
def test_both_spellings_of_the_temperature_unit_are_accepted(unit: str) -> None:
    sampled = {"value": "40", "measurand": "Temperature", "unit": unit}
    stop = {
        "transactionId": 1,
        "meterStop": 0,
        "timestamp": NOW,
        "transactionData": [{"timestamp": NOW, "sampledValue": [sampled]}],
    }
    assert code("MeterValues", meter_values(**sampled)) is None
    assert code("StopTransaction", stop) is None
    assert code("MeterValues", meter_values(value="40", unit="C")) == "PropertyConstraintViolation"


def test_a_stop_without_a_reason_is_accepted() -> None:
    assert code("StopTransaction", {"transactionId": 1, "meterStop": 0, "timestamp": NOW}) is None


@settings(deadline=None, max_examples=500)
@given(tenths=st.integers(0, 10_000_000))
def test_a_limit_of_whole_tenths_is_never_refused(tenths: int) -> None:
    assert code("SetChargingProfile", limit(tenths / 10)) is None


@settings(deadline=None)
@given(
    tenths=st.integers(0, 10_000),
    rest=st.sampled_from([0.01, 0.02, 0.05, 0.051, 0.09]),
)
def test_a_limit_with_a_second_decimal_is_refused(tenths: int, rest: float) -> None:
    assert code("SetChargingProfile", limit(tenths / 10 + rest)) == "PropertyConstraintViolation"


@pytest.mark.parametrize("amperes", [float("nan"), float("inf"), float("-inf")])
def test_a_limit_that_json_cannot_say_is_refused(amperes: float) -> None:
    assert code("SetChargingProfile", limit(amperes)) == "TypeConstraintViolation"


@pytest.mark.parametrize(
    ("timestamp", "accepted"),
    [
        ("2026-01-01T00:00:00Z", True),
        ("2026-01-01T00:00:00.123456789Z", True),
        ("2026-01-01T00:00:00+01:00", True),
        ("2026-01-01t00:00:00z", True),
        ("2026-01-01T00:00:00", True),
        ("2026-02-30T00:00:00Z", False),
        ("2026-01-01T25:00:00Z", False),
        ("2026-01-01 00:00:00Z", False),
        ("2026-01-01", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_a_timestamp_needs_date_and_time(timestamp: str, accepted: bool) -> None:
    assert (check("Heartbeat", "result", {"currentTime": timestamp}) is None) is accepted


def test_a_firmware_location_must_be_a_uri() -> None:
    update = {"location": "ftp://files.example/fw.bin", "retrieveDate": NOW}
    assert code("UpdateFirmware", update) is None
    assert code("UpdateFirmware", update | {"location": "no"}) == "PropertyConstraintViolation"


def nested(depth: int) -> dict[str, Any]:
    """Objects within objects."""
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"x": inner}
    return inner


@pytest.mark.parametrize(
    "payload",
    [nested(400), {"x": "\ud800"}, {"x": object()}, {1: 2}],
    ids=["deep", "surrogate", "foreign type", "key"],
)
def test_what_json_cannot_hold_is_a_violation_and_no_exception(payload: Any) -> None:
    assert code("Heartbeat", payload) == "FormationViolation"


@pytest.mark.parametrize(
    "action", ["", "Fly", "heartbeat", "HeartbeatResponse", "../Reset", "a\x00b", "x" * 100_000]
)
def test_what_is_no_action_is_not_known(action: str) -> None:
    assert not is_known_action(action)


def test_names_that_peers_make_up_leave_nothing_behind() -> None:
    before = len(validation.schemas())
    for number in range(100):
        is_known_action(f"Made{number}")
        assert code(f"Made{number}", {"x": 1}) is None
    assert len(validation.schemas()) == before


@settings(deadline=None)
@given(
    action=st.sampled_from([name for name in MESSAGES if not name.endswith("Response")]),
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["connectorId", "key", "idTag", "type"]), inner)
        ),
        max_leaves=8,
    ),
)
def test_any_payload_is_judged_without_an_exception(action: str, payload: Any) -> None:
    assert code(action, payload) in {
        None,
        "TypeConstraintViolation",
        "OccurenceConstraintViolation",
        "FormationViolation",
        "PropertyConstraintViolation",
    }


@pytest.mark.parametrize("written", ["100.0", "1e2", "100", "1.0E+2"])
def test_an_integer_is_one_however_json_writes_it(written: str) -> None:
    payload = json.loads(f'{{"transactionId": {written}, "meterStop": -0.0, "timestamp": "{NOW}"}}')
    came = dict(payload)
    taken, violation = accept("StopTransaction", "call", payload)
    assert violation is None
    assert {name: type(value) for name, value in taken.items()}["transactionId"] is int
    assert taken == {"transactionId": 100, "meterStop": 0, "timestamp": NOW}
    assert [type(value) for value in payload.values()] == [type(value) for value in came.values()]


def test_a_number_with_a_fraction_and_one_where_a_text_belongs_are_violations() -> None:
    for change in ({"connectorId": 1.5}, {"idTag": 7.0}, {"connectorId": True}):
        payload, violation = accept("StartTransaction", "call", START | change)
        assert violation is not None
        assert violation.code == "TypeConstraintViolation"
        assert payload == START | change


def test_what_else_is_wrong_is_still_found_beside_an_integer_written_as_1_0() -> None:
    _, violation = accept("StartTransaction", "call", START | {"meterStart": 1.0, "extra": 1})
    assert violation is not None
    assert violation.code == "FormationViolation"
