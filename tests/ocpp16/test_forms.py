from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.ocpp16.forms import (
    OPERATIONS,
    FormError,
    Path,
    decode,
    defaults,
    fields,
    parse,
    parse_json,
    texts_of,
)
from evtui.ocpp16.validation import check

NOW = 1_767_268_800.0  # 2026-01-01 12:00:00 UTC
KNOWN = {"idTag": "ANOM_TEST", "transactionId": "7", "location": "http://127.0.0.1:8080/files/"}

PROFILE = "csChargingProfiles"
PERIODS = (PROFILE, "chargingSchedule", "chargingSchedulePeriod")
TAGS = ("localAuthorizationList",)

ACTIONS = st.sampled_from(sorted(OPERATIONS))
WORDS = st.sampled_from(
    [
        "1",
        "-1",
        "16.5",
        "16,5",
        "now",
        "+1h",
        "2026-01-01T12:00:00Z",
        "A",
        "soft",
        "TAG Accepted",
        "0 16; 3600 32 3",
        ";",
        "x=y",
        '""',
        "http://h/",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def texts_for(action: str) -> st.SearchStrategy[dict[Path, str]]:
    paths = [field.path for field in fields(action)]
    if not paths:
        return st.just({})
    return st.dictionaries(st.sampled_from(paths), WORDS | st.text(max_size=30))


def filled(action: str, **texts: str) -> dict[Path, str]:
    """What the form begins with, and ``texts`` by name."""
    named = {field.path: texts[field.name] for field in fields(action) if field.name in texts}
    return {**defaults(action, KNOWN), **named}


def read(action: str, **texts: str) -> dict[str, Any]:
    reading = parse(action, filled(action, **texts), NOW)
    assert reading.problems == {}
    return reading.payload


def problem(action: str, **texts: str) -> str:
    """The one thing that is wrong."""
    (line,) = parse(action, filled(action, **texts), NOW).problems.values()
    assert "\n" not in line
    return line


# Fields


@pytest.mark.parametrize("action", OPERATIONS)
def test_the_defaults_of_every_operation_make_a_payload_that_conforms(action: str) -> None:
    payload = read(action)
    assert check(action, "call", payload) is None


@pytest.mark.parametrize("action", OPERATIONS)
def test_what_must_be_given_and_is_not_is_named(action: str) -> None:
    needed = {each.path: each.name for each in fields(action) if each.required and not each.group}
    problems = parse(action, {}, NOW).problems
    assert problems.keys() == needed.keys()
    for path, name in needed.items():
        assert problems[path].startswith(f"{name}: missing; expected ")


def test_objects_within_are_flattened_and_their_fields_know_their_types() -> None:
    found = {field.path: field for field in fields("SetChargingProfile")}
    assert found[(PROFILE, "chargingSchedule", "startSchedule")].kind == "time"
    assert found[(PROFILE, "stackLevel")].kind == "whole number"
    assert found[(PROFILE, "chargingProfileKind")].choices == (
        "Absolute",
        "Recurring",
        "Relative",
    )
    assert found[(PROFILE, "chargingSchedule", "minChargingRate")].step == 0.1
    assert found[PERIODS].kind == "rows"
    assert found[PERIODS].required
    assert not found[(PROFILE, "transactionId")].required


def test_only_what_a_central_system_calls_has_a_form() -> None:
    assert len(OPERATIONS) == 19
    with pytest.raises(KeyError):
        fields("StartTransaction")


def test_an_optional_object_is_left_out_while_it_is_empty_and_needs_its_fields_once_it_is_not() -> (
    None
):
    assert read("RemoteStartTransaction") == {"connectorId": 1, "idTag": "ANOM_TEST"}
    begun = parse("RemoteStartTransaction", filled("RemoteStartTransaction", stackLevel="1"), NOW)
    assert {path[-1] for path in begun.problems} == {
        "chargingProfileId",
        "chargingProfilePurpose",
        "chargingProfileKind",
        "chargingRateUnit",
        "chargingSchedulePeriod",
    }


def test_the_transaction_that_runs_gets_a_tx_profile() -> None:
    profile = read("SetChargingProfile")[PROFILE]
    assert (profile["chargingProfilePurpose"], profile["transactionId"]) == ("TxProfile", 7)


def test_without_a_transaction_a_tx_default_profile_is_proposed() -> None:
    texts = defaults("SetChargingProfile", {"idTag": "T"})
    profile = parse("SetChargingProfile", texts, NOW).payload[PROFILE]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert "transactionId" not in profile


def test_what_is_known_for_one_operation_comes_before_what_is_known_for_all() -> None:
    known = KNOWN | {"UpdateFirmware.location": "http://127.0.0.1:8080/firmware/2.bin"}
    assert defaults("UpdateFirmware", known)[("location",)].endswith("firmware/2.bin")
    assert defaults("GetDiagnostics", known)[("location",)] == KNOWN["location"]


# Values


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", "2026-01-01T12:00:00Z"),
        ("+1h", "2026-01-01T13:00:00Z"),
        ("-5min", "2026-01-01T11:55:00Z"),
        ("+1d2h3m4s", "2026-01-02T14:03:04Z"),
        ("+1h30m", "2026-01-01T13:30:00Z"),
        ("-90", "2026-01-01T11:58:30Z"),
        (" Now ", "2026-01-01T12:00:00Z"),
        ("2030-06-01T00:00:00+02:00", "2030-06-01T00:00:00+02:00"),
    ],
)
def test_a_time_is_typed_from_now_or_in_full(text: str, moment: str) -> None:
    assert read("ReserveNow", expiryDate=text)["expiryDate"] == moment


def test_seconds_may_be_typed_as_a_duration() -> None:
    assert read("GetCompositeSchedule", duration="1h30m")["duration"] == 5400
    profile = read("SetChargingProfile", chargingSchedulePeriod="0 16; 1m 32")[PROFILE]
    periods = profile["chargingSchedule"]["chargingSchedulePeriod"]
    assert [each["startPeriod"] for each in periods] == [0, 60]


@pytest.mark.parametrize(
    ("action", "name", "text", "expected"),
    [
        ("Reset", "type", "hot", "type: hot is none of Hard, Soft"),
        ("CancelReservation", "reservationId", "1.5", "reservationId: 1.5 is no whole number"),
        ("CancelReservation", "reservationId", "٣", "reservationId: ٣ is no whole number"),
        ("ChangeConfiguration", "key", "k" * 51, "key: 51 characters; at most 50 are allowed"),
        (
            "ReserveNow",
            "expiryDate",
            "tomorrow",
            "expiryDate: tomorrow is no time; it may be now, +1h30m, -5m or 2026-01-01T13:00:00Z",
        ),
        (
            "ReserveNow",
            "expiryDate",
            "+999999d" + "999999d" * 3,
            "expiryDate: that is too far from now",
        ),
        (
            "GetCompositeSchedule",
            "duration",
            "1.5s",
            "duration: 1.5s is no whole number of seconds",
        ),
        ("GetDiagnostics", "location", "my disk", 'location: "my disk" is not a "uri"'),
        ("SetChargingProfile", "minChargingRate", "6.05", "minChargingRate: 6.05 is no multiple"),
        ("SetChargingProfile", "minChargingRate", "nan", "minChargingRate: nan is no number"),
        ("GetConfiguration", "key", "A, " + "k" * 51, "key: 51 characters; at most 50"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_names_field_and_value(
    action: str, name: str, text: str, expected: str
) -> None:
    assert problem(action, **{name: text}).startswith(expected)


def test_a_choice_is_taken_in_any_case_and_sent_as_the_standard_spells_it() -> None:
    assert read("Reset", type="HARD") == {"type": "Hard"}


def test_a_text_goes_out_as_it_was_typed_and_two_quotes_are_an_empty_one() -> None:
    assert read("ChangeConfiguration", value=" a  b ")["value"] == " a  b "
    assert read("ChangeConfiguration", value='""')["value"] == ""


def test_keys_are_typed_with_blanks_or_commas_between() -> None:
    assert read("GetConfiguration", key="A, B C")["key"] == ["A", "B", "C"]
    assert read("GetConfiguration", key="") == {}
    assert read("GetConfiguration", key=";") == {"key": []}


def test_a_number_takes_a_decimal_comma_and_steps_of_a_tenth_exactly() -> None:
    for tenths in range(0, 1000, 7):
        profile = read("SetChargingProfile", minChargingRate=f"{tenths / 10}".replace(".", ","))
        assert profile[PROFILE]["chargingSchedule"]["minChargingRate"] == tenths / 10


# Arrays of objects


def test_periods_are_typed_as_start_limit_and_phases() -> None:
    schedule = read("SetChargingProfile", chargingSchedulePeriod="0 16; 3600 32.5 3;")[PROFILE]
    assert schedule["chargingSchedule"]["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 16},
        {"startPeriod": 3600, "limit": 32.5, "numberPhases": 3},
    ]


def test_tags_are_typed_with_status_parent_and_expiry_and_a_tag_alone_is_removed() -> None:
    typed = "A Accepted; B blocked parent=GROUP expiry=+1d; C"
    assert read("SendLocalList", localAuthorizationList=typed)["localAuthorizationList"] == [
        {"idTag": "A", "idTagInfo": {"status": "Accepted"}},
        {
            "idTag": "B",
            "idTagInfo": {
                "status": "Blocked",
                "parentIdTag": "GROUP",
                "expiryDate": "2026-01-02T12:00:00Z",
            },
        },
        {"idTag": "C"},
    ]


@pytest.mark.parametrize(
    ("action", "text", "expected"),
    [
        (
            "SetChargingProfile",
            "0 16; x 32",
            "entry 2: startPeriod: expected a duration such as 90",
        ),
        ("SetChargingProfile", "0", "entry 1: limit: missing; expected number, steps of 0.1"),
        ("SetChargingProfile", "0 16.05", "entry 1: limit: 16.05 is no multiple of 0.1"),
        ("SetChargingProfile", "0 1 2 3", "entry 1: 3 is too much; as in 0 16; 3600 32 3"),
        ("SendLocalList", "A Yes", "entry 1: status: Yes is none of Accepted, Blocked,"),
        ("SendLocalList", "A parent=B", "entry 1: status: missing; expected Accepted or"),
        ("SendLocalList", "A; B Accepted dad=C", "entry 2: dad=C is none of parent=… and"),
        ("SendLocalList", "A Accepted parent=", "entry 1: parent= is none of parent=… and"),
        ("SendLocalList", "A Accepted expiry=soon", "entry 1: expiryDate: soon is no time"),
    ],
)
def test_a_wrong_entry_is_named_by_its_number(action: str, text: str, expected: str) -> None:
    name = "chargingSchedulePeriod" if action == "SetChargingProfile" else TAGS[0]
    assert problem(action, **{name: text}).startswith(f"{name}: {expected}")


# JSON


@pytest.mark.parametrize("action", OPERATIONS)
def test_the_form_shows_what_it_sent_and_sends_the_same_again(action: str) -> None:
    payload = read(action)
    assert parse(action, texts_of(action, payload), NOW).payload == payload


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"type": "Soft", "more": 1}, "more: the form has no such field"),
        ({"type": {"of": "reset"}}, 'type: {"of": "reset"} can be sent as JSON only'),
        ({"type": None}, "type: null can be sent as JSON only"),
    ],
)
def test_a_payload_that_the_form_cannot_hold_is_refused_with_its_place(
    payload: dict[str, Any], expected: str
) -> None:
    with pytest.raises(FormError) as refused:
        texts_of("Reset", payload)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("ChangeConfiguration", {"key": "A", "value": "two\nlines"}),
        ("ChangeConfiguration", {"key": "A", "value": '""'}),
        ("CancelReservation", {"reservationId": True}),
        ("CancelReservation", {"reservationId": "1"}),
        ("GetConfiguration", {"key": ["A B"]}),
        ("ReserveNow", {"expiryDate": "+1h"}),
        ("SendLocalList", {"localAuthorizationList": [{"idTag": "A;B"}]}),
        ("SendLocalList", {"localAuthorizationList": [{"idTagInfo": {}}]}),
        ("SendLocalList", {"localAuthorizationList": [5]}),
        ("RemoteStartTransaction", {"chargingProfile": {}}),
        ("SetChargingProfile", {PROFILE: [1]}),
    ],
)
def test_nothing_is_changed_on_the_way_into_the_form(action: str, payload: dict[str, Any]) -> None:
    with pytest.raises(FormError):
        texts_of(action, payload)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ('{"type":\n}', "not JSON: Expecting value at line 2, column 1"),
        ('{"type": NaN}', "not JSON: NaN is no number"),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ("[1]", "not an object: it begins with { and ends with }"),
        ('{"type": "hot"}', 'type: "hot" is not one of "Hard" or "Soft"'),
        ("{}", 'Reset: "type" is a required property'),
    ],
)
def test_what_is_wrong_with_json_is_said_in_one_line(text: str, expected: str) -> None:
    (line,) = parse_json("Reset", text).problems.values()
    assert line == expected


# Whatever is typed


@given(st.data(), ACTIONS)
def test_a_payload_conforms_or_something_is_named(data: st.DataObject, action: str) -> None:
    reading = parse(action, data.draw(texts_for(action)), NOW)
    assert (check(action, "call", reading.payload) is None) or reading.problems
    for line in reading.problems.values():
        assert "\n" not in line


@given(st.data(), ACTIONS)
def test_what_was_typed_survives_a_visit_to_json(data: st.DataObject, action: str) -> None:
    reading = parse(action, data.draw(texts_for(action)), NOW)
    assert again(action, json.loads(json.dumps(reading.payload))) in (None, reading.payload)


@given(ACTIONS, st.dictionaries(st.text(), JSON, max_size=3))
def test_no_json_is_changed_on_its_way_through_the_form(
    action: str, payload: dict[str, Any]
) -> None:
    assert again(action, payload) in (None, payload)


@given(st.text())
def test_no_text_breaks_the_reader_of_json(text: str) -> None:
    with suppress(FormError):
        assert isinstance(decode(text), dict)


def again(action: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the form would send for ``payload``; None where it says that it cannot hold it."""
    try:
        texts = texts_of(action, payload)
    except FormError:
        return None
    return parse(action, texts, NOW).payload
