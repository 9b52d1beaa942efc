from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.tui.replay.times import parse_time, show_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        (".5", 0.5),
        ("0", 0.0),
        ("90s", 90.0),
        ("90 s", 90.0),
        ("250ms", 0.25),
        ("5min", 300.0),
        ("1.5h", 5400.0),
        ("1:23", 83.0),
        ("75:00", 4500.0),
        ("00:12:03", 723.0),
        ("00:12:03.4", 723.4),
        ("24:00:00", 86400.0),
        (" 1:02 ", 62.0),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "-5", "1:2:3:4", "1:60", "1:60:00", "1:", ":5", "5 days", "nan", "inf"),
        *("1e3", "0x10", "٣", "9" * 400, "1:" + "9" * 400, "9" * 400 + ":00:00"),
    ],
)
def test_what_is_no_time_is_named_together_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time such as 12\.5, 1:23, 00:12:03 or 5min"):
        parse_time(text)


@given(st.text())
def test_any_text_is_a_finite_time_from_0_or_is_refused(text: str) -> None:
    seconds = 0.0
    with contextlib.suppress(ValueError):
        seconds = parse_time(text)
    assert 0 <= seconds < float("inf")


@given(st.floats(0, 1e6), st.integers(0, 3))
def test_what_is_shown_is_read_as_the_same_time(t: float, digits: int) -> None:
    assert parse_time(show_time(t, digits)) == pytest.approx(t, abs=10.0**-digits)


@pytest.mark.parametrize(
    ("t", "digits", "text"),
    [
        (0.0, 0, "00:00:00"),
        (59.96, 1, "00:00:59.9"),
        (723.4, 1, "00:12:03.4"),
        (0.3, 1, "00:00:00.3"),  # 0.3 * 10 is a little less than 3
        (3599.999, 0, "00:59:59"),
        (86400.0, 0, "24:00:00"),
        (360000.0, 0, "100:00:00"),
    ],
)
def test_a_shown_time_is_one_that_has_been_reached(t: float, digits: int, text: str) -> None:
    assert show_time(t, digits) == text
