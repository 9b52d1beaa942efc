from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.detection import ReportRateDetector

REPORT = 0x300


def alarms(
    times: Iterable[float], until: int, detector: ReportRateDetector | None = None
) -> list[tuple[int, str, str]]:
    """When the alarm changed, to what and why, with reports at ``times`` and a look a second."""
    detector = detector or ReportRateDetector()
    waiting = sorted(times)
    changes: list[tuple[int, str, str]] = []
    for second in range(1, until + 1):
        while waiting and waiting[0] <= second:
            detector.seen(waiting.pop(0), REPORT, False)
        if change := detector.look(float(second)):
            changes.append((second, change, detector.evidence))
    return changes


def cyclic(period: float, since: float, until: float) -> list[float]:
    return [since + n * period for n in range(int((until - since) / period))]


def test_a_report_that_stays_away_raises_and_one_that_is_back_clears() -> None:
    times = [*cyclic(0.1, 0.05, 20.0), *cyclic(0.1, 25.05, 40.0)]
    assert alarms(times, 40) == [
        (21, "raised", "0x300 came 0 times in 1 s, usually 10"),
        (26, "cleared", "0x300 came 10 times in 1 s, usually 10"),
    ]


def test_a_report_that_comes_twice_as_often_raises() -> None:
    times = [*cyclic(0.1, 0.05, 30.0), *cyclic(0.1, 10.02, 15.0)]
    assert [(t, what) for t, what, _ in alarms(times, 30)] == [(11, "raised"), (16, "cleared")]


@given(
    period=st.floats(0.02, 6.0),
    jitter=st.lists(st.floats(-0.2, 0.2), min_size=200, max_size=200),
    since=st.floats(0.0, 3.0),
)
def test_jitter_of_a_fifth_of_the_period_never_alarms(
    period: float, jitter: list[float], since: float
) -> None:
    times = [since + (1 + n + jitter[n % 200]) * period for n in range(min(200, int(100 / period)))]
    assert alarms(times, int(times[-1])) == []


@given(period=st.floats(0.02, 1.5), since=st.floats(0.0, 3.0))
def test_silence_is_noticed_within_two_windows(period: float, since: float) -> None:
    times = cyclic(period, since, 60.0)
    ((t, what, _),) = alarms(times, 90)
    window = max(1.0, 4 * period)
    assert what == "raised"
    assert times[-1] < t <= times[-1] + 2 * window + 2


def test_slow_reports_are_judged_over_four_of_them() -> None:
    ((t, _, evidence),) = alarms(cyclic(1.0, 0.5, 30.0), 60)
    assert evidence.startswith("0x300 came ")
    assert evidence.endswith(" in 4 s, usually 4")
    assert 31 <= t <= 38


def test_the_alarm_is_raised_while_any_report_is_off() -> None:
    detector = ReportRateDetector()
    changes = []
    for second in range(1, 31):
        for n in range(10):
            if not 10 < second <= 15:
                detector.seen(second - 1 + n / 10, 0x300, False)
            if not 13 < second <= 20:
                detector.seen(second - 1 + n / 10, 0x0282_0000, True)
        if change := detector.look(float(second)):
            changes.append((second, change, detector.evidence))
    assert changes == [
        (11, "raised", "0x300 came 0 times in 1 s, usually 10"),
        (21, "cleared", "0x02820000 came 10 times in 1 s, usually 10"),
    ]


def test_who_was_held_up_judges_nothing() -> None:
    """A program that was stopped for a minute has seen no report in it, and there was none."""
    detector = ReportRateDetector()
    for n in range(100):
        detector.seen(n / 10, REPORT, False)
        if n % 10 == 9:
            detector.look((n + 1) / 10)
    assert detector.look(70.0) is None
    assert detector.look(71.0) == "raised", "but it does go on looking"


def test_nothing_is_said_before_a_rate_is_learned_nor_of_what_never_came() -> None:
    assert alarms([], 100) == []
    assert alarms([0.5, 0.6, 0.7, 3.0], 5) == []


def test_made_up_identifiers_are_not_watched_without_end() -> None:
    detector = ReportRateDetector()
    for n in range(10_000):
        detector.seen(n / 1000, n, True)
    assert len(detector._reports) == 64


@pytest.mark.parametrize(
    "wrong", [{"learn": 0}, {"window": 0}, {"few": 1.0}, {"few": -0.1}, {"many": 1.0}], ids=str
)
def test_a_detector_needs_settings_that_make_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ReportRateDetector(**wrong)
