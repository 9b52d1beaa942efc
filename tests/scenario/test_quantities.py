"""Amounts with their units."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.scenario.model import Amperes, Duration, Percent, WattHours
from evtui.scenario.quantities import DURATION, LONGEST, QUANTITIES, duration_text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2s", 2.0),
        ("500ms", 0.5),
        ("5min", 300.0),
        ("1.5h", 5400.0),
        (" 2 s ", 2.0),
        ("0s", 0.0),
        ("1100ms", 1.1),
        ("0.1min", 6.0),
        ("168h", LONGEST),
    ],
)
def test_a_duration_is_in_seconds(text: str, seconds: float) -> None:
    read = DURATION.read(text)
    assert read == seconds
    assert type(read) is Duration


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (5, "got 5, which has no unit (ms, s, min or h)"),
        (2.5, "got 2.5, which has no unit"),
        ("5", 'got "5", which has no unit'),
        ("5 sec", "its unit may be ms, s, min or h"),
        ("5m", "its unit may be"),
        ("1d", "its unit may be"),
        ("-5s", "finite and not negative"),
        ("169h", 'got "169h"; at most 168h'),
        ("1e99h", "at most 168h"),
        ("1s 2s", "got"),
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
        ValueError, match=r"^expected a duration such as 500ms, 2s or 5min, "
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


@given(st.just(0.0) | st.floats(1e-9, LONGEST))
def test_a_duration_is_read_as_it_is_written(seconds: float) -> None:
    assert DURATION.read(duration_text(seconds)) == seconds


@given(st.integers(0, 604_800_000))
def test_milliseconds_are_exact(milliseconds: int) -> None:
    assert DURATION.read(f"{milliseconds}ms") == milliseconds / 1000


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    seconds = 0.0
    with suppress(ValueError):
        seconds = DURATION.read(text)
    assert 0 <= seconds <= LONGEST
