"""Cursor and reading thread together, without a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from evtui.events import AnomalyState, CanFrame, Event, OcppMessage, Sample
from evtui.tui.replay import feed
from evtui.tui.replay.feed import Arrival
from evtui.tui.replay.handle import ReplayHandle
from tests.tui.replay.fake_recording import FakeRecording, Stopwatch, story

Play = Callable[..., "Played"]


class Played:
    """A handle with everything that it has shown."""

    def __init__(self, recording: FakeRecording) -> None:
        self.recording = recording
        self.clock = Stopwatch()
        self.handle = ReplayHandle(recording, self.clock)
        self.shown: list[Event] = []
        self.arrivals: list[Arrival] = []
        self.settle()

    def tick(self) -> None:
        """One frame of the terminal."""
        arrival = self.handle.advance()
        if arrival is not None:
            self.arrivals.append(arrival)
            if arrival.events is not None:
                self.shown = list(arrival.events)
        self.shown += self.handle.events.take()

    def settle(self) -> None:
        """Ticks until the panels show the moment of the cursor."""
        self.until(lambda: not self.handle.seeking)
        self.until(lambda: self.handle.now() >= self.handle.player.position)

    def until(self, condition: Callable[[], bool]) -> None:
        self.tick()
        while not condition():
            time.sleep(0.001)
            self.tick()

    def let_pass(self, seconds: float) -> None:
        """So much time, and more where reading is slower than this test's clock."""
        player = self.handle.player
        target = min(player.position + seconds * player.speed, player.end)
        self.tick()
        while self.handle.now() < target - 1e-9:
            self.clock.t += (target - player.position) / player.speed
            self.tick()
            time.sleep(0.001)

    @property
    def expected(self) -> list[Event]:
        """What a live view would have been told by now."""
        return [event for event in self.recording.everything if event.t <= self.handle.now()]


@pytest.fixture
def play() -> Iterator[Play]:
    begun: list[Played] = []

    def begin(recording: FakeRecording | None = None) -> Played:
        begun.append(Played(recording or FakeRecording()))
        return begun[-1]

    yield begin
    for one in begun:
        one.handle.close()


def test_playing_shows_every_event_once_and_in_order(play: Play) -> None:
    one = play()
    one.handle.toggle()
    for _ in range(75):
        one.let_pass(0.8)
        assert one.shown == one.expected
    one.clock.t += 1.0
    one.until(lambda: not one.handle.player.playing)
    assert one.shown == one.recording.everything


def test_the_panels_are_never_ahead_of_the_cursor(play: Play) -> None:
    one = play()
    one.handle.toggle()
    one.handle.player.change_speed(10)
    one.let_pass(0.1)
    assert one.handle.now() == one.handle.player.position == pytest.approx(6.4)


@pytest.mark.parametrize("t", [0.0, 12.34, 59.9, 60.0])
def test_a_seek_shows_what_a_live_view_would_have_shown(play: Play, t: float) -> None:
    one = play()
    one.handle.seek(60.0 - t)
    one.settle()
    one.handle.seek(t)
    one.settle()
    assert one.handle.now() == t
    assert one.shown == one.expected


def test_a_short_way_forward_goes_on_with_what_is_shown(play: Play) -> None:
    one = play()
    arrivals = len(one.arrivals)
    one.handle.skip(10.0)
    one.settle()
    assert [arrival.events for arrival in one.arrivals[arrivals:]] == [None]
    assert one.shown == one.expected
    assert one.handle.now() == 10.0


def test_a_long_way_begins_anew_with_the_states_of_before_and_ten_minutes(play: Play) -> None:
    one = play(FakeRecording(story(1300.0)))
    one.handle.seek(1300.0)
    one.settle()
    samples = [event.t for event in one.shown if isinstance(event, Sample)]
    assert (samples[0], samples[-1]) == pytest.approx((700.0, 1300.0))
    assert one.shown[: -len([e for e in one.shown if e.t >= 700.0])] == (
        one.recording.state_before(700.0)
    )
    states = [event for event in one.shown if isinstance(event, AnomalyState)]
    assert states[0].t < 700.0


def test_on_a_flooded_bus_history_is_cut_and_no_state_is_lost(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "HISTORY_EVENTS", 50)
    one = play()
    one.handle.seek(50.0)
    one.settle()
    history = one.shown[-50:]
    assert history == one.expected[-50:]
    assert one.shown[:-50] == one.recording.state_before(history[0].t)


def test_several_skips_in_a_row_are_all_made(play: Play) -> None:
    one = play()
    for _ in range(5):
        one.handle.skip(10.0)
    one.handle.skip(-1.0)
    assert one.handle.player.position == 49.0
    one.settle()
    assert one.handle.now() == 49.0
    assert one.shown == one.expected


def test_of_several_seeks_only_the_last_is_read(play: Play) -> None:
    one = play()
    gate = one.recording.gate
    gate.clear()
    one.handle.seek(50.0)
    one.until(lambda: one.recording.waiting)
    for t in (40.0, 31.0, 45.0):
        one.handle.seek(t)
    gate.set()
    one.settle()
    assert one.handle.now() == 45.0
    assert one.recording.reads[-2:] == [50.0 - 600.0, 45.0 - 600.0]
    assert one.shown == one.expected


@pytest.mark.parametrize("what", ["message", "frame", "alarm", "anomaly"])
def test_steps_lead_through_every_moment_of_a_kind_and_back(play: Play, what: str) -> None:
    one = play(FakeRecording(story(27.0)))
    moments = sorted(set(one.recording.times(what)))  # type: ignore[arg-type]
    one.handle.seek(0.0)
    found = [0.0] if moments[0] == 0.0 else []
    while not one.arrivals[-1].trouble:
        one.handle.step(what, forward=True)  # type: ignore[arg-type]
        one.settle()
        found.append(one.handle.now())
        assert one.shown == one.expected
    assert found[:-1] == moments
    one.handle.seek(27.0)
    back = []
    while True:
        one.handle.step(what, forward=False)  # type: ignore[arg-type]
        one.settle()
        if one.arrivals[-1].trouble:
            break
        back.append(one.handle.now())
    assert back == [t for t in reversed(moments) if t < 27.0]


def test_a_step_shows_the_event_it_leads_to(play: Play) -> None:
    one = play()
    one.handle.seek(7.0)
    one.settle()
    one.handle.step("message", forward=True)
    one.settle()
    newest = [event for event in one.shown if isinstance(event, OcppMessage)][-1]
    assert newest.t == one.handle.now() == 8.0


def test_two_steps_in_a_row_are_two_steps(play: Play) -> None:
    one = play()
    one.handle.step("frame", forward=True)
    one.handle.step("frame", forward=True)
    one.settle()
    assert one.handle.now() == [e for e in one.recording.everything if isinstance(e, CanFrame)][1].t


def test_where_there_is_no_further_step_it_stays_and_says_so(play: Play) -> None:
    one = play()
    one.handle.seek(40.0)
    one.settle()
    one.handle.step("anomaly", forward=True)
    one.settle()
    assert one.handle.now() == 40.0
    assert one.arrivals[-1].trouble == "no start or end of an anomaly after this moment"


def test_at_the_end_it_stops_and_plays_again_from_the_beginning(play: Play) -> None:
    one = play()
    one.handle.toggle()
    one.let_pass(100.0)
    assert one.handle.now() == 60.0
    assert not one.handle.player.playing
    one.handle.toggle()
    one.settle()
    assert one.handle.now() == 0.0
    one.let_pass(3.0)
    assert one.handle.now() == pytest.approx(3.0)
    assert one.shown == one.expected


def test_a_seek_while_playing_plays_on_from_there(play: Play) -> None:
    one = play()
    one.handle.toggle()
    one.handle.seek(50.0)
    one.clock.t += 5  # while it reads, the cursor waits
    one.settle()
    assert one.handle.now() == 50.0
    one.let_pass(2.0)
    assert one.handle.now() == pytest.approx(52.0)


def test_more_events_than_one_frame_can_show_slow_it_down_and_nothing_is_lost(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evtui.tui.replay.handle.TAKE_LIMIT", 40)
    one = play()
    one.handle.toggle()
    one.clock.t += 10.0
    one.tick()
    assert one.handle.now() < 10.0
    one.let_pass(60.0)
    assert one.handle.events.dropped == 0
    assert one.shown == one.recording.everything


def test_a_file_that_cannot_be_read_on_is_told_and_the_rest_stays(play: Play) -> None:
    one = play(FakeRecording())
    one.recording.fails_at = 30.0
    one.handle.seek(45.0)
    one.until(lambda: bool(one.arrivals and one.arrivals[-1].trouble))
    assert one.arrivals[-1].trouble == "cannot read on: [Errno 5] Input/output error"
    one.handle.seek(20.0)
    one.settle()
    assert one.handle.now() == 20.0
    assert one.shown == one.expected


def test_a_recording_without_anything_can_be_opened(play: Play) -> None:
    one = play(FakeRecording([]))
    one.handle.toggle()
    one.until(lambda: not one.handle.player.playing)
    assert one.handle.now() == 0.0


def test_a_recording_takes_no_orders(play: Play) -> None:
    answer = play().handle.submit("anomaly.start")
    with pytest.raises(
        ValueError, match=r"this is a recording: anomaly\.start needs a running lab"
    ):
        answer.result(0)
