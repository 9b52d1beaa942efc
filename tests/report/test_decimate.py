from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.report.decimate import Bins, Envelope

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400)


def envelope(values: list[float], columns: int) -> list[tuple[float, float]]:
    made = Envelope(0.0, float(len(values)), columns)
    for t, value in enumerate(values):
        made.add(float(t), value)
    return made.points()


@given(VALUES, st.integers(1, 50))
def test_no_spike_is_lost_and_order_is_kept(values: list[float], columns: int) -> None:
    points = envelope(values, columns)
    assert max(value for _, value in points) == max(values)
    assert min(value for _, value in points) == min(values)
    times = [t for t, _ in points]
    assert times == sorted(set(times))
    assert len(points) <= 2 * columns
    assert all(values[int(t)] == value for t, value in points)


@given(VALUES)
def test_a_short_series_stays_as_it_is(values: list[float]) -> None:
    assert [value for _, value in envelope(values, len(values))] == values


def test_what_was_drawn_can_be_drawn_again() -> None:
    made = Envelope(0.0, 10.0, 5)
    made.add(1.0, 3.0)
    assert made.points() == made.points() == [(1.0, 3.0)]


def test_a_series_of_one_moment_is_one_column() -> None:
    made = Envelope(5.0, 5.0, 100)
    made.add(5.0, 1.0)
    made.add(5.0, 2.0)
    assert [value for _, value in made.points()] == [1.0]


@given(st.lists(st.floats(0, 1e5), max_size=200), st.floats(0.5, 1e5))
def test_rates_times_their_lengths_give_back_the_count(times: list[float], end: float) -> None:
    bins = Bins(0.0, end)
    for t in times:
        bins.add(t)
    rates = bins.rates()
    ends = [start for start, _ in rates[1:]] + [end]
    count = sum(rate * (stop - start) for (start, rate), stop in zip(rates, ends, strict=True))
    assert count == pytest.approx(bins.total)
    assert bins.total == len(times)
    assert len(rates) <= 241


@pytest.mark.parametrize(
    ("length", "width"), [(1, 1), (120, 1), (600, 5), (3600, 20), (86400, 600)]
)
def test_bins_have_a_round_width(length: float, width: float) -> None:
    assert Bins(0.0, length).width == width


def test_a_few_events_in_a_short_rest_are_no_burst() -> None:
    bins = Bins(0.0, 10.01)
    for tenth in range(101):
        bins.add(tenth / 10)
    assert max(rate for _, rate in bins.rates()) < 12


def test_a_short_rest_counts_with_the_bin_before_it() -> None:
    bins = Bins(0.0, 4.1)
    for t in (0.5, 1.5, 2.5, 3.5, 3.6, 4.05):
        bins.add(t)
    starts, rates = zip(*bins.rates(), strict=True)
    assert starts == (0.0, 1.0, 2.0, 3.0)
    assert rates == pytest.approx((1.0, 1.0, 1.0, 3 / 1.1))


@pytest.mark.parametrize("end", [1.0, 1.2])
def test_a_run_of_hardly_more_than_one_bin_has_one_rate(end: float) -> None:
    bins = Bins(0.0, end)
    bins.add(0.5)
    ((start, rate),) = bins.rates()
    assert (start, rate) == pytest.approx((0.0, 1 / end))


def test_a_run_without_length_has_no_rates() -> None:
    bins = Bins(3.0, 3.0)
    bins.add(3.0)
    assert bins.rates() == []
