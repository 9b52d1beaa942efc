from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from evtui.tui.replay.player import NORMAL, SPEEDS, Player
from tests.tui.replay.fake_recording import Stopwatch

FIRST, END = 2.0, 62.0


def player() -> tuple[Player, Stopwatch]:
    clock = Stopwatch()
    return Player(FIRST, END, clock), clock


def test_it_begins_at_the_first_moment_and_waits_to_be_played() -> None:
    one, clock = player()
    clock.t += 5
    assert (one.position, one.playing, one.speed) == (FIRST, False, NORMAL)


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_second_of_the_clock_is_as_long_as_the_speed_says(speed: float) -> None:
    one, clock = player()
    one.change_speed(SPEEDS.index(speed) - SPEEDS.index(NORMAL))
    one.play()
    clock.t += 0.5
    assert one.position == pytest.approx(FIRST + 0.5 * speed)


def test_a_change_of_speed_counts_from_then_on() -> None:
    one, clock = player()
    one.play()
    clock.t += 3
    one.change_speed(2)
    clock.t += 2
    assert one.position == pytest.approx(FIRST + 3 + 2 * 4)


def test_speeds_end_where_the_table_ends() -> None:
    one, _ = player()
    one.change_speed(100)
    assert one.speed == 64
    one.change_speed(-100)
    assert one.speed == 0.25


def test_a_pause_keeps_the_position() -> None:
    one, clock = player()
    one.play()
    clock.t += 3
    one.pause()
    clock.t += 30
    assert one.position == pytest.approx(FIRST + 3)


def test_the_position_does_not_go_beyond_the_end() -> None:
    one, clock = player()
    one.play()
    clock.t += 1000
    assert one.position == END
    assert one.at_end


def test_it_stops_once_the_end_has_been_shown_and_not_before() -> None:
    one, clock = player()
    one.play()
    clock.t += 1000
    one.settle(END - 10)
    assert one.playing
    assert one.position == END - 10
    clock.t += 1000
    one.settle(END)
    assert not one.playing


def test_while_it_waits_time_stands_still_and_playing_goes_on_after_that() -> None:
    one, clock = player()
    one.play()
    one.seek(30.0)
    one.wait()
    clock.t += 5
    assert one.position == 30.0
    one.go_on()
    clock.t += 1
    assert one.position == pytest.approx(31.0)


def test_an_empty_recording_is_at_its_end() -> None:
    one = Player(0.0, 0.0, Stopwatch())
    one.play()
    one.seek(10.0)
    assert one.position == 0.0
    assert one.at_end


@given(
    rate=st.sampled_from(SPEEDS),
    ticks=st.lists(st.floats(0.001, 0.3), min_size=1, max_size=300),
)
def test_the_position_does_not_drift_however_often_it_is_asked_for(
    rate: float, ticks: list[float]
) -> None:
    clock = Stopwatch()
    one = Player(0.0, 1e9, clock)
    one.change_speed(SPEEDS.index(rate) - SPEEDS.index(NORMAL))
    one.play()
    start = clock.t
    for tick in ticks:
        clock.t += tick
        assert one.position == pytest.approx((clock.t - start) * rate, abs=1e-6)


class Session(RuleBasedStateMachine):
    """A person at the keys, and time that passes."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Stopwatch()
        self.one = Player(FIRST, END, self.clock)
        self.before = self.one.position

    @rule()
    def play(self) -> None:
        self.one.play()

    @rule()
    def pause(self) -> None:
        self.one.pause()

    @rule(t=st.floats(-1e6, 1e6))
    def seek(self, t: float) -> None:
        self.one.seek(t)
        assert self.one.position == min(max(t, FIRST), END)

    @rule(steps=st.integers(-20, 20))
    def change_speed(self, steps: int) -> None:
        before = self.one.position
        self.one.change_speed(steps)
        assert self.one.position == before

    @rule()
    def wait(self) -> None:
        self.one.wait()

    @rule()
    def go_on(self) -> None:
        self.one.go_on()

    @rule(reached=st.floats(FIRST, END))
    def settle(self, reached: float) -> None:
        before = self.one.position
        self.one.settle(reached)
        assert self.one.position == min(before, reached)

    @rule(seconds=st.floats(0, 1000))
    def let_time_pass(self, seconds: float) -> None:
        before = self.one.position
        self.clock.t += seconds
        assert before <= self.one.position <= before + seconds * self.one.speed + 1e-9
        assert self.one.playing or self.one.position == before

    @invariant()
    def it_stays_within_the_recording_and_its_speeds(self) -> None:
        assert FIRST <= self.one.position <= END
        assert self.one.speed in SPEEDS


test_whatever_a_person_does_the_cursor_stays_in_the_recording = Session.TestCase
