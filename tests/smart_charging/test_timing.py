"""Occurrences to the last bit of a float (OCPP 1.6 section 7.37, errata 3.44 and 3.79)."""

from __future__ import annotations

from math import nextafter

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evtui.smart_charging.timing import period_at
from tests.smart_charging.station import default

DAY = 86_400.0
LATE = {"0:00": 10, "12:00": 20}


@example(17_002_657_223, 28_225)  # one bit before, and the quotient is one too high
@settings(deadline=None, max_examples=300)
@given(st.integers(0, 2_000) | st.integers(16_000_000_000, 18_000_000_000), st.integers(1, 5_000))
def test_an_occurrence_begins_at_its_moment_and_not_one_rounding_before(
    tenths: int, number: int
) -> None:
    first = tenths / 10
    daily = default(LATE, begins="Mon 00:00", repeats="Daily").profile
    profile = replace(daily, start_schedule=first)
    now = first + number * DAY
    before, change = period_at(profile, nextafter(now, 0), None)
    assert before is not None
    assert (before.limit, change) == (20, now)
    after, change = period_at(profile, now, None)
    assert after is not None
    assert (after.limit, change) == (10, now + DAY / 2)
