"""What is acted on although it breaks its schema."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.ocpp16.tolerance import VALUES_MAX, can_go_out, read_call, read_result
from evtui.ocpp16.validation import check
from evtui.ocppj.framing import OcppFrame, parse
from evtui.ocppj.version import MessageKind
from evtui.violations import Violation
from tests.messages import MESSAGES
from tests.ocpp16.slips import NOW, full, slips

STOP = {"transactionId": 7, "meterStop": 12, "timestamp": NOW}
START_CONF: dict[str, Any] = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}

ALL: list[tuple[str, MessageKind]] = [
    (action, kind)
    for action in dict.fromkeys(each.action for each in MESSAGES if each.section != "security")
    for kind in ("call", "result")
]


def never(action: str, payload: Any) -> bool:
    """Nothing is owed."""
    return False


def call(action: str, payload: Any, *, tolerant: bool = True, owed: bool = False) -> Any:
    """What is acted on for a call; None for nothing."""
    frame = OcppFrame("call", "q", action, payload)
    return read_call(frame, tolerant=tolerant, owes=lambda *_: owed).payload


def result(action: str, payload: Any, *, tolerant: bool = False) -> Any:
    return read_result(OcppFrame("result", "q", payload=payload), action, tolerant=tolerant).payload


@pytest.mark.parametrize(("action", "kind"), ALL)
def test_every_slip_is_tolerated_told_and_changes_nothing_of_what_came(
    action: str, kind: MessageKind
) -> None:
    for what, payload in slips(action, kind):
        before = deepcopy(payload)
        frame = OcppFrame(kind, "q", action, payload)
        reading = (
            read_call(frame, tolerant=True, owes=never)
            if kind == "call"
            else read_result(frame, action, tolerant=True)
        )
        assert payload == before
        assert reading.payload is not None, what
        if reading.violation is None:  # none to JSON, or to the schema
            assert what.endswith("1.0") or check(action, kind, payload) is None, what
        left = check(action, kind, reading.payload)
        assert left is None or left.code == "PropertyConstraintViolation", what


@pytest.mark.parametrize(("action", "kind"), ALL)
def test_what_conforms_is_read_as_it_is(action: str, kind: MessageKind) -> None:
    payload = full(action, kind)
    frame = OcppFrame(kind, "q", action, payload)
    reading = (
        read_call(frame, tolerant=False, owes=never)
        if kind == "call"
        else read_result(frame, action, tolerant=False)
    )
    assert reading.payload is payload
    assert reading.violation is None


@pytest.mark.parametrize(
    ("action", "came", "read"),
    [
        ("Heartbeat", {"x": 1, "y": 2}, {}),
        ("Authorize", {"idTag": "A" * 21}, {"idTag": "A" * 21}),
        ("Reset", {"type": "soft"}, {"type": "Soft"}),
        ("Reset", {"type": "Warm"}, {"type": "Warm"}),
        ("TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": None}, ...),
        ("StatusNotification", {"connectorId": 1, "status": "Available"}, ...),
        ("BootNotification", {}, {"chargePointVendor": "", "chargePointModel": ""}),
    ],
)
def test_a_tolerated_call_is_read_as_what_it_means(action: str, came: Any, read: Any) -> None:
    expected = {
        "TriggerMessage": {"requestedMessage": "Heartbeat"},
        "StatusNotification": {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
    }.get(action, read)
    assert call(action, came) == expected
    assert call(action, came, tolerant=False) is None


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("Authorize", {}),
        ("Authorize", {"idTag": 7}),
        ("Authorize", {"idTag": None}),
        ("Authorize", {"idTag": "A" * 1_001}),
        ("UnlockConnector", {"connectorId": 1.5}),
        ("UnlockConnector", {"connectorId": "1"}),
        ("UnlockConnector", {"connectorId": 1e400}),
        ("StatusNotification", {"connectorId": 1, "errorCode": "NoError"}),
        ("MeterValues", {"connectorId": 1, "meterValue": []}),
        ("MeterValues", {"connectorId": 1, "meterValue": [{"timestamp": NOW}]}),
        ("ReserveNow", {"connectorId": 1, "expiryDate": "soon", "idTag": "A", "reservationId": 1}),
        ("DataTransfer", []),
    ],
)
def test_what_cannot_be_acted_on_stays_refused(action: str, payload: Any) -> None:
    reading = read_call(OcppFrame("call", "q", action, payload), tolerant=True, owes=never)
    assert reading.payload is None
    assert reading.violation is not None


def test_a_quantity_is_rounded_and_an_id_is_not() -> None:
    start = {"connectorId": 1, "idTag": "A", "meterStart": 12.5, "timestamp": NOW}
    assert call("StartTransaction", start)["meterStart"] == 12
    assert call("StartTransaction", start | {"reservationId": 1.5}) is None


def values(count: int) -> list[dict[str, Any]]:
    """MeterValue elements with so many violations."""
    return [{"timestamp": NOW, "sampledValue": [{"value": "1", "unit": "Foo"}] * count}]


def test_a_message_with_very_many_values_is_not_mended_one_by_one() -> None:
    assert call("MeterValues", {"connectorId": 1, "meterValue": values(VALUES_MAX)}) is None
    payload = {"connectorId": 1, "meterValue": values(VALUES_MAX // 4)}
    assert call("MeterValues", payload) == payload


def test_an_owed_stop_with_very_many_values_is_read_without_what_is_optional() -> None:
    stop = STOP | {"transactionData": [[]] * 300_000, "meterStop": 12.5, "reason": "Local"}
    reading = read_call(
        OcppFrame("call", "q", "StopTransaction", stop), tolerant=False, owes=lambda *_: True
    )
    assert reading.payload == STOP
    assert reading.violation is not None
    assert "(what is optional left out); meterStop: 12.5" in reading.violation.detail


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"idTag": "A" * 21}, STOP | {"idTag": "A" * 21}),
        ({"idTag": 7}, STOP),
        ({"idTag": "A" * 1_001}, STOP),
        ({"meterStop": 12.5}, STOP),
        ({"meterStop": "12"}, STOP),
        ({"meterStop": "much"}, {"transactionId": 7, "timestamp": NOW}),
        ({"meterStop": None, "timestamp": "yesterday"}, {"transactionId": 7}),
        ({"transactionId": "7"}, STOP),
        ({"transactionId": 7.0}, STOP),
        ({"connectorId": 1}, STOP),
        ({"reason": "Foo"}, STOP | {"reason": "Foo"}),
        ({"reason": 1}, STOP),
        ({"transactionData": [{"timestamp": NOW, "sampledValue": [{"value": 1}]}]}, STOP),
        ({"transactionData": {"a": 1}}, STOP),
    ],
)
def test_an_owed_stop_is_read_as_far_as_it_can_be(change: Any, read: Any) -> None:
    assert call("StopTransaction", STOP | change, tolerant=False, owed=True) == read


@pytest.mark.parametrize("missing", ["meterStop", "timestamp"])
def test_an_owed_stop_may_lack_what_is_no_id(missing: str) -> None:
    stop = {name: value for name, value in STOP.items() if name != missing}
    assert call("StopTransaction", stop, tolerant=False, owed=True) == stop
    assert call("StopTransaction", stop, tolerant=True) is None


@given(
    st.dictionaries(
        st.sampled_from(
            ["meterStop", "timestamp", "idTag", "reason", "transactionData", "x", "transactionId"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        ),
    )
)
def test_whatever_a_stop_says_its_id_is_kept(fields: dict[str, Any]) -> None:
    stop = fields | {"transactionId": 7}
    read = call("StopTransaction", stop, tolerant=False, owed=True)
    unfit = check("StopTransaction", "call", stop)
    if unfit is None or "transactionId" in unfit.detail or read is not None:
        assert read is not None
        assert read["transactionId"] == 7
        assert isinstance(read.get("meterStop", 0), int)
        assert isinstance(read.get("timestamp", ""), str)
    else:  # no JSON: half of a surrogate pair
        assert unfit.code == "FormationViolation"


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"status": "Accepted"}, START_CONF),
        ({"idTagInfo": {"status": "Accepted", "expiryDate": None}}, START_CONF),
        ({"idTagInfo": {"status": "Accepted", "expiryDate": "soon"}}, START_CONF),
        ({"idTagInfo": {"status": "Accepted", "parentIdTag": 5}}, START_CONF),
        ({"idTagInfo": {"status": "Perhaps"}}, {"transactionId": 7}),
        ({"idTagInfo": {"status": "Perhaps", "x": 1}}, {"transactionId": 7}),
        ({"idTagInfo": "Accepted"}, {"transactionId": 7}),
        ({"transactionId": "7"}, None),
        ({"transactionId": 7.5}, None),
    ],
)
def test_an_answer_is_used_for_what_is_right_of_it(change: Any, read: Any) -> None:
    assert result("StartTransaction", START_CONF | change) == read


def test_an_answer_is_not_used_when_what_is_needed_of_it_is_wrong() -> None:
    assert result("Authorize", {"idTagInfo": {"status": "accepted"}}) is None
    tolerated = result("Authorize", {"idTagInfo": {"status": "accepted"}}, tolerant=True)
    assert tolerated == {"idTagInfo": {"status": "Accepted"}}
    assert result("DataTransfer", {}) is None
    assert result("DataTransfer", [], tolerant=True) is None


def test_a_tolerated_value_may_go_back_and_nothing_else_against_the_schema_may_go_out() -> None:
    assert can_go_out("Authorize", "call", {"idTag": "A" * 21})
    assert not can_go_out("Authorize", "call", {"idTag": "A" * 21, "x": 1})
    assert not can_go_out("Authorize", "call", {"idTag": 7})
    assert not can_go_out("Authorize", "call", {})


def test_what_was_made_of_each_violation_is_told_and_of_many_how_many_there_are() -> None:
    boot = {"chargePointVendor": "v" * 21, "chargePointModel": "m" * 21, "iccid": None, "x": 1}
    reading = read_call(OcppFrame("call", "q", "BootNotification", boot), tolerant=True, owes=never)
    assert reading.violation is not None
    told = reading.violation.detail
    assert '"vvvvvvvvvvvvvvvvvvvvv" is longer than 20 characters (taken as it is)' in told
    assert told.endswith("; and 1 more")


def answered(payload: str, *, tolerant: bool = False) -> Any:
    """What is read of the answer to a StartTransaction, and what is told of it."""
    reading = read_result(parse(f'[3,"q",{payload}]'), "StartTransaction", tolerant=tolerant)
    return reading.payload, reading.violation and reading.violation.detail


@pytest.mark.parametrize(
    ("payload", "strict", "tolerated"),
    [
        (
            '{"transactionId":7,"idTagInfo":{"status":"Accepted","status":"Accepted"}}',
            START_CONF,
            START_CONF,
        ),
        (
            '{"transactionId":7,"idTagInfo":{"status":"Invalid","status":"Accepted"}}',
            {"transactionId": 7},
            START_CONF,
        ),
        (
            '{"transactionId":7,"transactionId":7,"idTagInfo":{"status":"Accepted"}}',
            START_CONF,
            START_CONF,
        ),
        (
            '{"transactionId":6,"transactionId":7,"idTagInfo":{"status":"Accepted"}}',
            None,
            START_CONF,
        ),
        (
            '{"transactionId":7,"x":1,"x":2,"idTagInfo":{"status":"Accepted"}}',
            START_CONF,
            START_CONF,
        ),
    ],
)
def test_an_answer_with_a_name_twice_is_used_for_what_is_certain_of_it(
    payload: str, strict: Any, tolerated: Any
) -> None:
    for tolerant, read in ((False, strict), (True, tolerated)):
        used, told = answered(payload, tolerant=tolerant)
        assert used == read
        assert "twice in one object" in told


def test_an_answer_that_gives_two_ids_is_refused_with_both() -> None:
    _, told = answered('{"transactionId":6,"transactionId":7,"idTagInfo":{"status":"Accepted"}}')
    assert told == '"transactionId": 6, then "transactionId": 7: twice in one object'


@pytest.mark.parametrize("tolerant", [False, True])
@pytest.mark.parametrize("unfit", ["1e999", "9" * 5000, '"\\ud83d"'], ids=lambda text: text[:9])
def test_an_answer_is_used_without_an_optional_value_that_cannot_be_held(
    unfit: str, tolerant: bool
) -> None:
    for payload, read in (
        (f'{{"transactionId":7,"idTagInfo":{unfit}}}', {"transactionId": 7}),
        (
            f'{{"transactionId":7,"idTagInfo":{{"status":"Accepted","expiryDate":{unfit}}}}}',
            START_CONF,
        ),
        (f'{{"transactionId":{unfit},"idTagInfo":{{"status":"Accepted"}}}}', None),
    ):
        used, told = answered(payload, tolerant=tolerant)
        assert used == read
        assert "(read as null)" in told


def test_a_call_that_is_not_owed_is_refused_for_a_value_that_cannot_be_held() -> None:
    frame = parse('[2,"q","Authorize",{"idTag":"A","x":1e999}]')
    for tolerant in (False, True):
        reading = read_call(frame, tolerant=tolerant, owes=never)
        assert reading.payload is None
        assert reading.violation == Violation("FormationViolation", frame.unfit)
