"""One grammar of durations, wherever one is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.durations import PATTERN, duration_text, read_duration, read_moment

UNITS = {"ms": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}

DURATIONS = [
    ("90", 90.0),
    ("90s", 90.0),
    ("90 s", 90.0),
    ("90 sec", 90.0),
    (" 2 s ", 2.0),
    ("1m", 60.0),
    ("1min", 60.0),
    ("1h30m", 5400.0),
    ("1h 30min", 5400.0),
    ("30m1h", 5400.0),
    ("1d", 86400.0),
    ("1d2h3m4s5ms", 93784.005),
    ("500ms", 0.5),
    ("2.5s", 2.5),
    ("2,5 s", 2.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("+5", 5.0),
    ("-5min", -300.0),
    ("1e3", 1000.0),
    ("1_000", 1000.0),
    ("1100ms", 1.1),
    ("0.1min", 6.0),
]

NONE_OF_THEM = [
    *("", " ", "soon", "2 days", "ms", "1h30", "1h-5m", "5x", "5M", "1e3e3", "0x10", "٣", "٢s"),
    *("nan", "inf", "infs", "--5", "1__0", "1:2:3:4", "1.2.3", "9" * 400, "9" * 400 + "s"),
    "1s" * 10_000,
]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", [*NONE_OF_THEM, "1:23"])
def test_what_is_no_duration_is_shown_with_examples_of_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a duration such as 90, 500ms, ") as caught:
        read_duration(text)
    assert f'got "{text[:60]}' in str(caught.value)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *((text, seconds) for text, seconds in DURATIONS if text[0] not in "+-"),
        ("1:23", 83.0),
        ("75:00", 4500.0),
        ("1:02:03", 3723.0),
        ("00:12:03.4", 723.4),
        ("24:00:00", 86400.0),
        (" 1:02 ", 62.0),
    ],
)
def test_a_moment_may_be_written_as_on_a_clock_too(text: str, seconds: float) -> None:
    assert read_moment(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *(*NONE_OF_THEM, "-5", "+5", "1:60", "1:60:00", "1:", ":5"),
        *("1:" + "9" * 400, "9" * 400 + ":00:00"),
    ],
)
def test_what_is_no_moment_is_shown_with_examples_of_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a time such as 90, 1h30m, 1:23 or 1:02:03, "):
        read_moment(text)


@given(st.just(0.0) | st.floats(1e-9, 1e15))
def test_what_is_written_is_read_as_the_same_float(seconds: float) -> None:
    assert read_duration(duration_text(seconds)) == seconds


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.sampled_from(list(UNITS))), min_size=1, max_size=6)
)
def test_parts_add_up_exactly(parts: list[tuple[int, str]]) -> None:
    text = "".join(f"{count}{unit}" for count, unit in parts)
    exact = Fraction(sum(count * UNITS[unit] for count, unit in parts), 1000)
    assert read_duration(text) == float(exact)


@pytest.mark.parametrize("read", [read_duration, read_moment])
@given(text=st.text() | st.from_regex(rf"\s*[-+]?{PATTERN}\s*", fullmatch=True))
def test_any_text_is_a_finite_time_or_is_refused(read: Callable[[str], float], text: str) -> None:
    try:
        seconds = read(text)
    except ValueError as error:
        assert str(error).startswith("expected a ")  # noqa: PT017 - most raise, some are values
    else:
        assert abs(seconds) < float("inf")
        assert re.search("[0-9]", text)
