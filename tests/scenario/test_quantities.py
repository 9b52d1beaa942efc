"""Amounts with their units."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.scenario.language.model import Amperes, Duration, Percent, WattHours
from evtui.scenario.language.quantities import DURATION, LONGEST, QUANTITIES


@pytest.mark.parametrize(("value", "seconds"), [("1h30m", 5400.0), (90, 90.0), ("168h", LONGEST)])
def test_a_duration_is_in_seconds(value: object, seconds: float) -> None:
    read = DURATION.read(value)
    assert read == seconds
    assert type(read) is Duration


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("-5s", "finite and not negative"),
        ("169h", 'got "169h"; at most 168h'),
        ("1e99h", "at most 168h"),
        ("infs", "got"),
        ("nans", "got"),
        ("", 'got ""'),
        (None, "got nothing"),
        (True, "got true"),
        ([1], "got a list of 1"),
        (Amperes(5), "got 5"),
        ("٢s", "got"),
        ("1" * 10_000 + "s", "got"),
    ],
)
def test_what_is_no_duration_says_what_one_is(value: object, part: str) -> None:
    with pytest.raises(
        ValueError, match=r"^expected a duration such as 90, 500ms, 1m or 1h30m, "
    ) as why:
        DURATION.read(value)
    assert part in str(why.value)
    assert len(str(why.value)) < 200


@pytest.mark.parametrize(
    ("kind", "value", "amount"),
    [
        (Amperes, 32, 32.0),
        (Amperes, 32.5, 32.5),
        (Amperes, "32", 32.0),
        (Amperes, "32 A", 32.0),
        (Amperes, "32A", 32.0),
        (WattHours, 250, 250.0),
        (WattHours, "250 Wh", 250.0),
        (WattHours, "1.5 kWh", 1500.0),
        (Percent, "80 %", 80.0),
        (Percent, 100, 100.0),
    ],
)
def test_an_amount_may_have_its_unit_or_none(
    kind: type[float], value: object, amount: float
) -> None:
    assert QUANTITIES[kind].read(value) == amount


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Amperes, "32 kW"),
        (Amperes, "-1 A"),
        (Amperes, -1),
        (Amperes, float("inf")),
        (Amperes, float("nan")),
        (Amperes, True),
        (Amperes, Duration(2)),
        (WattHours, "1 MWh"),
        (Percent, 101),
        (Percent, "80 A"),
    ],
)
def test_an_amount_of_something_else_is_refused(kind: type[float], value: object) -> None:
    with pytest.raises(ValueError, match=r"^expected a"):
        QUANTITIES[kind].read(value)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    seconds = 0.0
    with suppress(ValueError):
        seconds = DURATION.read(text)
    assert 0 <= seconds <= LONGEST
