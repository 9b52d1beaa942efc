from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.durations import read_moment
from evtui.tui.replay.times import show_time


@given(st.floats(0, 1e6), st.integers(0, 3))
def test_what_is_shown_is_read_as_the_same_time(t: float, digits: int) -> None:
    assert read_moment(show_time(t, digits)) == pytest.approx(t, abs=10.0**-digits)


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
