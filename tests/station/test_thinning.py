"""Keeping a long series in bounded room."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from evtui.station.metering.thinning import Thinned


def thinned(count: int, capacity: int) -> Thinned[int]:
    series: Thinned[int] = Thinned(capacity)
    for item in range(count):
        series.append(item)
    return series


def test_a_series_that_fits_is_kept_whole() -> None:
    assert thinned(5, 5).items == [0, 1, 2, 3, 4]
    assert thinned(5, 5).dropped == 0


def test_every_second_item_goes_when_the_room_is_full() -> None:
    assert thinned(6, 4).items == [0, 2, 4]
    assert thinned(9, 4).items == [0, 4, 8]


@given(count=st.integers(1, 500), capacity=st.integers(1, 20))
def test_what_is_kept_fits_is_evenly_spread_and_begins_at_the_beginning(
    count: int, capacity: int
) -> None:
    series = thinned(count, capacity)
    kept = series.items
    assert 1 <= len(kept) <= capacity
    assert kept[0] == 0
    assert len({later - earlier for earlier, later in pairwise(kept)}) <= 1
    assert series.dropped == count - len(kept)


@given(count=st.integers(2, 500), capacity=st.integers(2, 20))
def test_the_room_is_used_at_least_by_half(count: int, capacity: int) -> None:
    assert len(thinned(count, capacity).items) >= min(count, capacity // 2)
