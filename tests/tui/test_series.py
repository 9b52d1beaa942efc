from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from evtui.events import Mark, OcppMessage, as_json
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.series import (
    LONGEST_WINDOW,
    POINTS_KEPT,
    AlarmMark,
    AllSeries,
    AttackSpan,
    ChartColumn,
    CurrentSeries,
    column_of,
    decimate,
    nice_ceiling,
    runs,
)
from tests.tui.waves import alarm, anomaly, sample

amperes = st.floats(0, 500)
times = st.lists(st.floats(0, 700), max_size=300).map(sorted)
widths = st.floats(0.02, 10)


@given(times, st.data(), widths, st.integers(-50, 500), st.integers(1, 300))
def test_highest_and_lowest_value_of_every_window_survive(
    moments: list[float], data: st.DataObject, width: float, first: int, count: int
) -> None:
    values = data.draw(st.lists(amperes, min_size=len(moments), max_size=len(moments)))
    samples = list(zip(moments, values, strict=True))
    inside = [v for t, v in samples if first <= math.floor(t / width) < first + count]
    columns = [column for column in decimate(samples, width, first, count) if column]
    assert max((c.high for c in columns), default=None) == max(inside, default=None)
    assert min((c.low for c in columns), default=None) == min(inside, default=None)


@given(times, st.data(), widths, st.integers(0, 100), st.integers(0, 40))
def test_column_does_not_change_while_the_window_moves_on(
    moments: list[float], data: st.DataObject, width: float, first: int, moved: int
) -> None:
    values = data.draw(st.lists(amperes, min_size=len(moments), max_size=len(moments)))
    samples = list(zip(moments, values, strict=True))
    before = decimate(samples, width, first, 60)
    after = decimate(samples, width, first + moved, 60)
    assert after[: 60 - moved] == before[moved:]


def test_column_keeps_order_and_extremes() -> None:
    samples = [(0.0, 5.0), (0.1, 90.0), (0.2, 1.0), (0.3, 6.0)]
    assert decimate(samples, 1.0, 0, 2) == [ChartColumn(5.0, 1.0, 90.0, 6.0), None]


def test_seconds_without_samples_are_a_gap_and_not_a_line() -> None:
    column = ChartColumn(1.0, 1.0, 1.0, 1.0)
    columns = [column, None, column, None, None, column]
    assert [[x for x, _ in run] for run in runs(columns, longest_hole=1)] == [[0, 2], [5]]


def test_columns_narrower_than_the_sampling_are_bridged() -> None:
    column = ChartColumn(1.0, 1.0, 1.0, 1.0)
    assert len(runs([column, None, None, column], longest_hole=2)) == 1


def test_an_hour_of_traffic_is_kept_flat() -> None:
    series = CurrentSeries()
    for minute in range(60):
        start = minute * 600
        series.feed([sample((start + tick) / 10, 10.0) for tick in range(600)])
        series.feed([alarm(minute * 60.0, raised=bool(n % 2)) for n in range(20)])
    points = series.points
    assert LONGEST_WINDOW <= points[-1].t - points[0].t < LONGEST_WINDOW * 1.1
    assert len(series.alarms) < 300


def test_the_connector_that_came_first_is_shown_until_another_is_chosen() -> None:
    series = AllSeries()
    series.feed([sample(0.0, 1.0), sample(0.0, 99.0, connector=2), sample(0.1, 2.0)])
    assert [point.current for point in series.shown.points] == [1.0, 2.0]
    series.choose(ChosenPlace("CP1", 2))
    assert [point.current for point in series.shown.points] == [99.0]
    series.choose(ChosenPlace("CP2", 1))
    assert series.shown.points == ()


def test_an_attack_stands_in_the_series_of_its_connector_only() -> None:
    series = AllSeries()
    series.feed([sample(0.0), sample(0.0, connector=2), anomaly(5.0, "on", connector=2)])
    assert not series.shown.attacks
    series.choose(ChosenPlace("CP1", 2))
    assert series.shown.attacks == (AttackSpan(5.0),)


def test_many_connectors_share_what_is_kept() -> None:
    series = AllSeries()
    connectors = POINTS_KEPT // 1_000
    for tick in range(1_500):
        series.feed([sample(tick / 10, connector=1)])
    series.feed([sample(150.0, connector=n) for n in range(2, connectors + 1)])
    assert len(series.shown.points) == 1_000
    assert series.shown.newest is not None
    assert series.shown.newest.t == 149.9


def test_attack_lasts_from_on_to_off_and_its_effect_until_safe() -> None:
    series = CurrentSeries()
    series.feed([anomaly(0.0, "parameters", active=False), anomaly(5.0, "on")])
    series.feed([anomaly(7.0, "step"), anomaly(20.0, "off", active=False)])
    assert series.attacks == (AttackSpan(5.0, off=20.0),)
    series.feed([anomaly(23.0, "safe", active=False)])
    assert series.attacks == (AttackSpan(5.0, off=20.0, safe=23.0),)


def test_attack_that_fails_has_ended() -> None:
    series = CurrentSeries()
    series.feed([anomaly(5.0, "on"), anomaly(6.0, "failed", active=False)])
    assert series.attacks == (AttackSpan(5.0, off=6.0, safe=6.0),)


def meter(amperes: float, station: str = "CP1", phase: str = "delivered") -> OcppMessage:
    value = {"value": f"{amperes}", "measurand": "Current.Import", "unit": "A"}
    body = {"connectorId": 1, "meterValue": [{"timestamp": "", "sampledValue": [value]}]}
    return OcppMessage(
        t=1.0,
        station=station,
        sender="charge_point",
        phase=phase,  # type: ignore[arg-type]
        kind="call",
        uid="7",
        action="MeterValues",
        connector=1,
        body=as_json(body),
    )


def test_reported_is_what_arrived_where_a_line_has_changed_it() -> None:
    series = AllSeries()
    series.feed([sample(0.9, 100.0, reported=100.0), meter(100.0, phase="sent"), meter(10.0)])
    series.feed([meter(55.0, station="of somebody else"), sample(1.1, 100.0, reported=100.0)])
    assert [point.reported for point in series.shown.points] == [100.0, 10.0]


def test_measured_is_told_where_it_is_not_what_flowed_a_moment_ago() -> None:
    series = AllSeries()
    ramp = [sample(n / 10, 20.0 * n, measured=None if n == 0 else 20.0 * (n - 1)) for n in range(5)]
    series.feed(ramp)
    held = [sample(0.5 + n / 10, 100.0, measured=100.0 if n else 80.0) for n in range(6)]
    series.feed(held)
    assert [point.measured for point in series.shown.points] == [None] * 11
    series.feed([sample(1.1, 100.0, measured=40.0), sample(1.2, 100.0, measured=99.0)])
    assert [point.measured for point in series.shown.points[11:]] == [40.0, None]


def test_reported_is_what_was_sent_where_nobody_knows_what_arrived() -> None:
    series = AllSeries()
    series.feed([sample(0.9, 100.0, reported=90.0), meter(90.0, phase="sent")])
    series.feed([sample(1.1, 100.0, reported=90.0)])
    assert series.shown.points[-1].reported == 90.0


def test_an_effect_that_lasts_goes_on_until_its_end_is_told() -> None:
    series = CurrentSeries()
    series.feed([anomaly(1.0, "on"), anomaly(2.0, "off", active=False)])
    series.feed([anomaly(3.0, "safe", active=False, lasting=True)])
    assert series.attacks == (AttackSpan(1.0, off=2.0),)
    series.feed([anomaly(9.0, "effect_end", active=False)])
    assert series.attacks == (AttackSpan(1.0, off=2.0, safe=9.0),)


def test_attack_begun_before_the_last_was_safe_takes_over() -> None:
    series = CurrentSeries()
    series.feed([anomaly(5.0, "on"), anomaly(6.0, "off", active=False), anomaly(7.0, "on")])
    assert series.attacks == (AttackSpan(5.0, off=6.0, safe=7.0), AttackSpan(7.0))


def test_every_edge_is_counted_and_nothing_else() -> None:
    series = CurrentSeries()
    series.feed([anomaly(5.0, "on"), anomaly(6.0, "step"), alarm(9.0), alarm(12.0, raised=False)])
    assert series.edges == 3
    assert series.alarms == (AlarmMark(9.0, True), AlarmMark(12.0, False))


def test_marks_stand_at_the_moment_that_is_meant_on_the_station_that_is_meant() -> None:
    series = AllSeries()
    series.feed([sample(1.0), Mark(t=3.0, text="a", station="CP1"), Mark(t=9.0, text="b", at=7.5)])
    series.feed([Mark(t=10.0, text="another's", station="CP2")])
    assert series.shown.marks == (3.0, 7.5)
    assert series.shown.edges == 2


@given(st.floats(0, 5000))
def test_axis_reaches_the_highest_value(highest: float) -> None:
    assert nice_ceiling(highest) * 1.005 >= highest


def test_axis_does_not_grow_for_a_rounding_error() -> None:
    assert [nice_ceiling(a) for a in (0, 98.8, 100.2, 101, 140)] == [10, 100, 100, 150, 150]


def test_columns_are_aligned_to_absolute_time() -> None:
    assert [column_of(t, 0.5) for t in (-0.1, 0.0, 0.49, 0.5)] == [-1, 0, 0, 1]
