from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evtui.events import as_json
from evtui.ocppj.framing import (
    ERROR_TEXT_MAX,
    MESSAGE_ID_MAX,
    NESTING_MAX,
    PARTS_MAX,
    UNREADABLE_ID,
    BloatedFrame,
    MalformedMessage,
    OcppFrame,
    UnknownMessageType,
    encode_call,
    encode_error,
    encode_result,
    parse,
)

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.text(), values, max_size=4)
uids = st.text(max_size=MESSAGE_ID_MAX)


def parsed(text: str | bytes) -> OcppFrame | None:
    """The frame, or None where ``text`` is refused in one of the two documented ways."""
    try:
        return parse(text)
    except (MalformedMessage, UnknownMessageType):
        return None


def refused(text: str | bytes) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as caught:
        parse(text)
    return caught.value


@settings(deadline=None)
@given(uid=uids, action=st.text(min_size=1), payload=objects)
def test_a_call_comes_back_as_it_went(uid: str, action: str, payload: dict[str, Any]) -> None:
    assert parse(encode_call(uid, action, payload)) == OcppFrame(
        "call", uid, action, payload, as_json(payload)
    )


@settings(deadline=None)
@given(uid=uids, payload=values.filter(lambda payload: payload is not None))
def test_a_result_comes_back_as_it_went(uid: str, payload: Any) -> None:
    assert parse(encode_result(uid, payload)) == OcppFrame(
        "result", uid, payload=payload, body=as_json(payload)
    )


@settings(deadline=None)
@given(uid=uids, code=st.text(min_size=1), description=st.text(), details=values)
def test_an_error_comes_back_as_it_went(
    uid: str, code: str, description: str, details: Any
) -> None:
    expected = {} if details is None else details
    frame = parse(encode_error(uid, code, description, details))
    assert frame == OcppFrame("error", uid, "", expected, as_json(expected), code, description)


@settings(deadline=None)
@given(message=values | st.tuples(st.sampled_from([2, 3, 4]), uids | values, values, values))
def test_any_json_is_a_frame_or_refused(message: Any) -> None:
    frame = parsed(json.dumps(message))
    assert frame is None or list(message)[1] == frame.uid


@settings(deadline=None)
@given(text=st.text(st.characters(exclude_categories=())) | st.binary())
@example("\ud800")
@example('[2,"\ud800","Heartbeat",{}]')
@example(b'[2,"\xff","Heartbeat",{}]')
def test_any_text_is_a_frame_or_refused(text: str | bytes) -> None:
    frame = parsed(text)
    assert frame is None or frame.kind in ("call", "result", "error")


@settings(deadline=None)
@given(pieces=st.lists(st.sampled_from('[]{},:" \\2340.eE-au\x00'), max_size=30))
def test_text_that_looks_like_json_is_a_frame_or_refused(pieces: list[str]) -> None:
    frame = parsed("[2," + "".join(pieces))
    assert frame is None or frame.kind == "call"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"type": 2}',
        "null",
        "2",
        "[]",
        '["2", "a", "Heartbeat", {}]',
        '[null, "a", "Heartbeat", {}]',
        '[true, "a", "Heartbeat", {}]',
        '[[2], "a", "Heartbeat", {}]',
        '[2.5, "a", "Heartbeat", {}]',
        '[2, "a", "Heartbeat", {}',
        '[2, "a", "Heartbeat", {}] trailing',
        '[2, "a", "Heartbeat", {"x": NaN}]',
        '[2, "a", "Heartbeat", {"x": Infinity}]',
        '[2, "a", "Heartbeat", {"x": 1e999, "y": NaN}]',
        '[2, "a", "Heartbeat", {"x": "\\ud800"}',
        '[2, "\\ud800", "Heartbeat", {}]',
        '[2, "\\udc00x", "Heartbeat", {}]',
        "[" + "9" * 5000 + ', "a"]',
        "[" * 100_000 + "]" * 100_000,
        "[" * 100_000,
        '[2, "a", "Heartbeat", ' + '{"x":' * 100_000 + "1" + "}" * 100_000 + "]",
    ],
    ids=lambda text: text[:30],
)
def test_a_text_without_a_readable_type_is_answered_under_the_id_for_unreadable_ones(
    text: str,
) -> None:
    error = refused(text)
    assert (error.uid, error.answerable, error.action) == (UNREADABLE_ID, True, "")


@pytest.mark.parametrize(
    ("text", "uid", "action"),
    [
        ("[2]", UNREADABLE_ID, ""),
        ('[2, 7, "Heartbeat", {}]', UNREADABLE_ID, ""),
        ('[2, null, "Heartbeat", {}]', UNREADABLE_ID, ""),
        ('[2, {}, "Heartbeat", {}]', UNREADABLE_ID, ""),
        ('[2, "' + "x" * 37 + '", "Heartbeat", {}]', "x" * 37, ""),
        ('[2, "a"]', "a", ""),
        ('[2, "a", "Heartbeat"]', "a", "Heartbeat"),
        ('[2, "a", "Heartbeat", {}, {}]', "a", "Heartbeat"),
        ('[2, "a", {}, {}]', "a", ""),
        ('[2, "a", null, {}]', "a", ""),
        ('[2, "a", "", {}]', "a", ""),
        ('[2, "a", "Heartbeat", []]', "a", "Heartbeat"),
        ('[2, "a", "Heartbeat", "{}"]', "a", "Heartbeat"),
        ('[2, "a", "Heartbeat", 0]', "a", "Heartbeat"),
        ('[2, "a", "Heartbeat", false]', "a", "Heartbeat"),
        ('[2, "a", "Heartbeat", ' + "[" * 200 + "]" * 200 + "]", "a", ""),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_call_is_answered_under_its_own_id_where_it_has_one(
    text: str, uid: str, action: str
) -> None:
    error = refused(text)
    assert (error.uid, error.answerable, error.action) == (uid, True, action)


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("[3]", UNREADABLE_ID),
        ("[4]", UNREADABLE_ID),
        ("[3, 7, {}]", UNREADABLE_ID),
        ('[3, "' + "x" * 37 + '", {}]', "x" * 37),
        ('[3, "a"]', "a"),
        ('[3, "a", {}, {}]', "a"),
        ('[3, "a", ' + "[" * 200 + "]" * 200 + "]", "a"),
        ('[4, "a"]', "a"),
        ('[4, "a", ""]', "a"),
        ('[4, "a", 12, "", {}]', "a"),
        ('[4, "a", "GenericError", "", {}, 6]', "a"),
        ('[4, "a", "GenericError", "", ' + "[" * 900 + "]" * 900 + "]", "a"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_answer_is_never_answered(text: str, uid: str) -> None:
    error = refused(text)
    assert (error.uid, error.answerable) == (uid, False)


@pytest.mark.parametrize("kind", ["0", "1", "5", "-2", "22", "9" * 100])
def test_another_message_type_is_told_apart_from_broken_ones(kind: str) -> None:
    with pytest.raises(UnknownMessageType):
        parse(f'[{kind}, "a", "Heartbeat", {{}}]')


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1e999", '"x": 1e999 is out of range (read as null)'),
        ("[[-1e999]]", '"x": -1e999 is out of range (read as null)'),
        ("9" * 5000, f'"x": {"9" * 50}… has 5,000 digits (read as null)'),
        ('"A\\ud83d"', '"x": "\\ud83d" is half of a surrogate pair (read as null)'),
        ('{"\\ude00":1}', '"\\ude00": a name with half of a surrogate pair (left out)'),
    ],
    ids=lambda text: text[:20],
)
def test_what_stands_beside_a_value_that_cannot_be_held_is_read(value: str, told: str) -> None:
    frame = parse(f'[2, "a", "Heartbeat", {{"x": {value}, "y": 1, "z": "\\ud83d\\ude00"}}]')
    assert (frame.kind, frame.uid, frame.action) == ("call", "a", "Heartbeat")
    assert (frame.payload["y"], frame.payload["z"]) == (1, "\U0001f600")
    assert frame.unfit == told
    assert parse(f'[3, "a", {{"x": {value}}}]').unfit == told
    assert parse(f'[4, "a", "GenericError", "", {{"x": {value}}}]').unfit == told


@pytest.mark.parametrize(
    ("text", "uid", "answerable", "action"),
    [
        ('[2, "a", "Heartbeat", {"x": 1e999}, 5]', "a", True, "Heartbeat"),
        ('[2, "a", "Heartbeat", 1e999, 5]', "a", True, "Heartbeat"),
        ('[2, "a", "\\ud800", {}]', "a", True, ""),
        ('[2, "\\ud800", "Heartbeat", {}]', UNREADABLE_ID, True, ""),
        ('[3, "a", {"x": 1e999}, 5]', "a", False, ""),
        ('[3, "\\ud800", {}]', UNREADABLE_ID, False, ""),
        ('[4, "a", "\\ud800"]', "a", False, ""),
    ],
)
def test_a_broken_message_with_such_a_value_keeps_the_id_it_has(
    text: str, uid: str, answerable: bool, action: str
) -> None:
    error = refused(text)
    assert (error.uid, error.answerable, error.action) == (uid, answerable, action)
    assert "(read as null)" in str(error)
    assert "not JSON" not in str(error)


def test_of_many_values_that_cannot_be_held_only_the_beginning_is_told() -> None:
    many = ",".join(["1e999"] * 1_000)
    frame = parse(f'[2, "a", "Heartbeat", {{"{"x" * 5_000}": [{many}]}}]')
    assert frame.unfit.endswith("; and 997 more")
    assert len(frame.unfit) < 500


@pytest.mark.parametrize(
    ("payload", "certain"),
    [
        ('{"a": 1, "a": 2, "b": 3}', {"a": None, "b": 3}),
        ('{"a": 1, "a": 1.0}', {"a": 1.0}),
        ('{"a": 1, "a": true}', {"a": None}),
        ('{"a": 1e999, "a": 1}', {"a": None}),
        ('{"a": {"b": [1]}, "a": {"b": [1]}}', {"a": {"b": [1]}}),
        ('{"a": {"b": [1]}, "a": {"b": [2]}}', {"a": None}),
        ('{"a": {"b": 1, "b": 2}}', {"a": {"b": None}}),
    ],
)
def test_what_is_given_twice_is_certain_when_it_is_the_same(payload: str, certain: Any) -> None:
    assert parse(f'[2, "a", "Heartbeat", {payload}]').certain == certain
    assert parse(f'[3, "a", {payload}]').certain == certain


def test_a_null_payload_is_an_empty_one() -> None:
    assert parse('[2, "a", "Heartbeat", null]').payload == {}
    assert parse('[3, "a", null]').payload == {}


def test_the_last_of_two_equal_keys_counts() -> None:
    assert parse('[2, "a", "Reset", {"type": "Soft", "type": "Hard"}]').payload == {"type": "Hard"}


def test_a_huge_integer_in_a_payload_is_kept_exactly() -> None:
    assert parse('[2, "a", "Reset", {"n": ' + "9" * 100 + "}]").payload == {"n": 10**100 - 1}


def test_an_id_of_36_characters_is_taken() -> None:
    assert parse(encode_call("é" * 36, "Heartbeat", {})).uid == "é" * 36


def test_nesting_is_taken_to_its_limit_and_no_deeper() -> None:
    def nested(depth: int) -> str:
        return '[3, "a", ' + "[" * (depth - 1) + "]" * (depth - 1) + "]"

    assert parse(nested(NESTING_MAX)).uid == "a"
    assert str(refused(nested(NESTING_MAX + 1))) == "JSON nested too deeply"


@pytest.mark.parametrize(
    ("text", "description", "details"),
    [
        ('[4, "a", "Anything"]', "", {}),
        ('[4, "a", "Anything", "because"]', "because", {}),
        ('[4, "a", "Anything", "because", ["a", 1]]', "because", ["a", 1]),
        ('[4, "a", "Anything", 7, {}]', "7", {}),
        ('[4, "a", "Anything", "\\ud800", {}]', "", {}),
    ],
)
def test_errors_of_careless_peers_are_taken(text: str, description: str, details: object) -> None:
    frame = parse(text)
    assert (frame.code, frame.description, frame.payload) == ("Anything", description, details)


BLOAT = ",".join(["[]"] * 340_000)
FIELDS = ",".join(['"":0'] * 200_000)


@pytest.mark.parametrize(
    ("text", "uid", "answerable", "action"),
    [
        (f'[2,"7","MeterValues",{{"meterValue":[{BLOAT}]}}]', "7", True, "MeterValues"),
        (
            f'[ 2 , "7", "DataTransfer", {{"vendorId": "v", "x": [{BLOAT}]}} ]',
            "7",
            True,
            "DataTransfer",
        ),
        (f'[3,"7",{{"x":[{BLOAT}]}}]', "7", False, ""),
        (f'[4,"7","GenericError","",[{BLOAT}]]', UNREADABLE_ID, True, ""),
        (f'[2,"{"7" * 40}","MeterValues",[{BLOAT}]]', UNREADABLE_ID, True, "MeterValues"),
        (f"[{BLOAT}]", UNREADABLE_ID, True, ""),
        (f"{{{FIELDS}}}", UNREADABLE_ID, True, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_would_cost_too_much_is_refused_under_its_id_without_being_decoded(
    text: str, uid: str, answerable: bool, action: str
) -> None:
    error = refused(text)
    assert isinstance(error, BloatedFrame)
    assert (error.uid, error.answerable, error.action) == (uid, answerable, action)
    assert f"{PARTS_MAX:,}" in str(error)


def test_what_looks_like_parts_inside_a_string_costs_nothing() -> None:
    data = '[{\\",' * 150_000 + "\\\\"
    text = f'[2,"7","DataTransfer",{{"vendorId":"v","data":"{data}"}}]'
    assert parse(text).payload["data"] == '[{",' * 150_000 + "\\"


def test_a_megabyte_of_meter_values_is_taken() -> None:
    sampled = (
        '{"value":"1.0","context":"Sample.Periodic","measurand":"Voltage","phase":"L1","unit":"V"}'
    )
    value = f'{{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{",".join([sampled] * 50)}]}}'
    count = 2**20 // len(value)
    text = f'[2,"7","MeterValues",{{"connectorId":1,"meterValue":[{",".join([value] * count)}]}}]'
    assert len(parse(text).payload["meterValue"]) == count


def test_what_a_peer_puts_into_an_error_is_cut() -> None:
    frame = parse(f'[4,"7","{"E" * 500_000}","{"d" * 500_000}",{{}}]')
    assert len(frame.code) == len(frame.description) == ERROR_TEXT_MAX
