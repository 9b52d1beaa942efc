from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.detection import ReversalDetector
from evtui.power import PowerStage, Vehicle, preset

CURRENTS = st.lists(st.floats(0, 200), min_size=1, max_size=60)


def alarms(
    signal: Iterable[tuple[float, float]], detector: ReversalDetector | None = None
) -> list[tuple[float, str]]:
    """When the alarm changed, and to what."""
    detector = detector or ReversalDetector()
    changes = ((t, detector.update(t, current)) for t, current in signal)
    return [(t, change) for t, change in changes if change is not None]


def each_second(values: Iterable[float]) -> list[tuple[float, float]]:
    return [(float(t), value) for t, value in enumerate(values)]


@given(st.floats(-500, 500), st.integers(1, 200))
def test_a_constant_current_never_alarms(current: float, count: int) -> None:
    assert alarms(each_second([current] * count), ReversalDetector(count=1)) == []


@given(CURRENTS, st.booleans())
def test_a_current_that_only_rises_or_only_falls_never_alarms(
    values: list[float], falling: bool
) -> None:
    signal = each_second(sorted(values, reverse=falling))
    assert alarms(signal, ReversalDetector(count=1)) == []


@given(CURRENTS, st.floats(0.1, 50))
def test_swings_below_the_hysteresis_never_alarm(values: list[float], hysteresis: float) -> None:
    span = max(values) - min(values) or 1.0
    small = [value / span * hysteresis * 0.99 for value in values]
    assert alarms(each_second(small), ReversalDetector(hysteresis, count=1)) == []


@given(
    gaps=st.lists(st.floats(0.1, 40), min_size=1, max_size=40),
    count=st.integers(1, 6),
    swing=st.floats(8.0, 200.0),
)
def test_the_alarm_rises_exactly_when_enough_turns_lie_in_the_window(
    gaps: list[float], count: int, swing: float
) -> None:
    """Full swings at chosen times: each but the first, which sets the direction, is a turn."""
    detector = ReversalDetector(hysteresis=8.0, count=count, window=60.0)
    t, current = 0.0, 0.0
    turns: list[float] = []
    expected = False
    detector.update(t, current)
    for number, gap in enumerate(gaps):
        t += gap
        current = swing - current
        detector.update(t, current)
        if number > 0:
            turns.append(t)
        recent = [turn for turn in turns if t - turn <= 60.0]
        assert detector.turns == len(recent)
        expected = len(recent) >= count or (expected and len(recent) >= count / 2)
        assert detector.alarm == expected


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0, 200)), max_size=80))
def test_the_alarm_rises_and_clears_by_turns(moves: list[tuple[float, float]]) -> None:
    t = 0.0
    signal = []
    for gap, current in moves:
        t += gap
        signal.append((t, current))
    changes = [change for _, change in alarms(signal)]
    assert changes == (["raised", "cleared"] * len(changes))[: len(changes)]


def test_the_alarm_clears_when_the_swinging_is_over() -> None:
    swinging = [0.0, 100.0] * 4
    changes = alarms(each_second(swinging + [0.0] * 120))
    assert [change for _, change in changes] == ["raised", "cleared"]
    # Seven turns, at 2 s to 8 s: fewer than two are left once that at 7 s is out of the window.
    assert changes[1][0] == 68.0


def test_a_detector_needs_positive_settings() -> None:
    for hysteresis, count, window in ((0.0, 4, 60.0), (8.0, 0, 60.0), (8.0, 4, 0.0)):
        with pytest.raises(ValueError, match="must be positive"):
            ReversalDetector(hysteresis, count, window)


def seed_stage(limit_at: Callable[[float], float], seconds: float) -> Iterator[tuple[float, float]]:
    """Current of the seed's power stage every 0.1 s, as 0x300 reports it, in whole A."""
    stage = PowerStage(preset("seed"), Vehicle(soc=20.0))
    stage.start()
    for step in range(round(seconds * 10)):
        t = step / 10
        stage.set_limit(limit_at(t))
        yield t, float(round(stage.step(0.1).current))


def square(low: float, high: float, period: float, on: float) -> Callable[[float], float]:
    """``high`` for the first ``on`` s of each period, ``low`` for the rest."""
    return lambda t: high if t % period < on else low


@pytest.mark.parametrize(
    ("low", "high", "period", "on", "seconds"),
    [
        (0.0, 100.0, 8.0, 2.0, 16.0),
        (6.0, 32.0, 8.0, 4.0, 16.0),
        (22.0, 32.0, 8.0, 4.0, 17.0),
        (0.0, 100.0, 30.0, 15.0, 60.0),
    ],
)
def test_it_takes_as_long_as_was_measured_to_detect(
    low: float, high: float, period: float, on: float, seconds: float
) -> None:
    """Measured when detectors were compared; the worst of three runs, with 0.15 A of noise."""
    changes = alarms(seed_stage(square(low, high, period, on), 120.0))
    assert changes
    raised, what = changes[0]
    assert what == "raised"
    assert raised == pytest.approx(seconds, abs=1.0)


def test_a_fluctuation_of_a_minute_is_missed() -> None:
    assert alarms(seed_stage(square(0.0, 100.0, 60.0, 30.0), 600.0)) == []
