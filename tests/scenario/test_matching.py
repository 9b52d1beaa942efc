"""Which messages are meant."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import OcppMessage, as_json
from evtui.scenario.judge.matching import TWINS_KEPT, FirstSight, answer_status, matches, status_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def message(**fields: Any) -> OcppMessage:
    given = {
        "station": "CP1",
        "sender": "central_system",
        "phase": "sent",
        "kind": "call",
        "uid": "1",
        "action": "Reset",
    }
    return OcppMessage(**(given | fields))


@given(JSON)
def test_everything_matches_itself(value: Any) -> None:
    assert matches(value, value)


@given(st.dictionaries(st.text(max_size=2), JSON, max_size=4), st.data())
def test_some_of_the_fields_are_enough(value: dict[str, Any], data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(value))) if value else st.just(set()))
    assert matches({name: value[name] for name in some}, value)


@given(st.lists(JSON, max_size=5), st.data())
def test_elements_of_a_list_may_have_others_between_them(
    value: list[Any], data: st.DataObject
) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(value), max_size=len(value)))
    assert matches([each for each, keep in zip(value, kept, strict=True) if keep], value)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([2, 1], [1, 2]),
        ([1, 1], [1]),
        ({"a": 1}, {}),
        ({"a": None}, {}),
        ({}, []),
        ([], {}),
        ("16", 16),
        (1, True),
        (False, 0),
        ({"a": {"b": 1}}, {"a": 1}),
    ],
)
def test_what_is_not_there_does_not_match(wanted: Any, found: Any) -> None:
    assert not matches(wanted, found)


def test_a_list_of_objects_is_matched_field_by_field() -> None:
    payload = {
        "meterValue": [
            {"sampledValue": [{"measurand": "SoC", "value": "20"}, {"measurand": "Voltage"}]}
        ]
    }
    assert matches({"meterValue": [{"sampledValue": [{"measurand": "Voltage"}]}]}, payload)


def test_a_message_that_is_sent_and_delivered_is_seen_once() -> None:
    first = FirstSight()
    assert first.of(message())
    assert not first.of(message(phase="delivered"))


def test_a_message_of_a_foreign_peer_is_seen_when_it_is_delivered() -> None:
    assert FirstSight().of(message(phase="delivered"))


def test_a_message_delivered_twice_counts_twice() -> None:
    first = FirstSight()
    seen = [first.of(message(phase=phase)) for phase in ("sent", "delivered", "delivered")]
    assert seen == [True, False, True]


def test_a_call_is_not_mistaken_for_its_answer() -> None:
    first = FirstSight()
    assert first.of(message())
    assert first.of(message(kind="result", sender="charge_point", phase="delivered"))


def test_messages_that_never_arrive_do_not_fill_the_memory() -> None:
    first = FirstSight()
    for number in range(TWINS_KEPT + 1):
        first.of(message(uid=str(number)))
    assert first.of(message(uid="0", phase="delivered"))
    assert not first.of(message(uid="1", phase="delivered"))


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "Accepted"}, "Accepted"),
        ({"idTagInfo": {"status": "Blocked"}, "transactionId": 1}, "Blocked"),
        ({"currentTime": "2026-01-01T00:00:00Z"}, ""),
        (None, ""),
    ],
)
def test_the_status_of_an_answer_is_found(answer: Any, status: str) -> None:
    assert status_of(answer) == status


def test_the_status_of_a_callerror_is_its_code() -> None:
    error = message(kind="error", body=as_json({}), error="NotSupported")
    assert answer_status(error) == "NotSupported"
