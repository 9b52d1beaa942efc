from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.detection.feed import reported_current
from evtui.ocpp16.sampled import number_in
from evtui.tui.models.facts import fact
from evtui.tui.models.text import number


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *(("16", 16), ("16.5", 16.5), ("-3", -3), ("+.5", 0.5), ("7.", 7), (" 5 ", 5)),
        *(("1E2", 100), ("1e-3", 0.001), ("007", 7), ("1e308", 1e308)),
    ],
)
def test_a_decimal_number_is_read(value: str, expected: float) -> None:
    assert number_in({"value": value}) == expected


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "inf", "-Infinity", "nan", "1e999", "-1e999", "9" * 400, "1_000", "0x10"),
        *("１２", "٣", "1,5", "1 5", "5 A", "+-1", ".", "e5", "1e99999999999999999999"),
        *(16, 16.5, True, None, ["1"]),
    ],
)
def test_whatever_else_is_no_number_anywhere(value: Any) -> None:
    sample = {"measurand": "Current.Import", "value": value}
    payload = {"connectorId": 1, "meterValue": [{"sampledValue": [sample]}]}
    assert number_in(sample) is None
    assert reported_current(payload) is None
    shown = fact("MeterValues", payload, None)
    assert not shown.endswith(" A") or shown.startswith('"')


def test_a_value_that_is_no_number_is_shown_as_it_came_and_without_a_unit() -> None:
    sample = {"measurand": "Current.Import", "value": "1e999", "unit": "A"}
    assert fact("MeterValues", {"meterValue": [{"sampledValue": [sample]}]}, None) == '"1e999"'


def test_signed_data_is_no_number_though_it_may_look_like_one() -> None:
    assert number_in({"value": "1234", "format": "SignedData"}) is None


def test_minus_zero_is_zero() -> None:
    assert str(number_in({"value": "-0.0"})) == "0.0"
    assert number(-0.0) == number(-0.04) == "0"


@given(st.text(max_size=12) | st.floats().map(str) | st.from_regex(r"[-+0-9.eE_ ]{1,9}"))
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    found = number_in({"value": text})
    assert found is None or abs(found) < float("inf")


@given(st.integers() | st.sampled_from([10**400, -(10**400), 10**15]) | st.floats(allow_nan=False))
def test_a_number_for_people_is_short_however_large(value: float) -> None:
    assert len(number(value)) <= 18
