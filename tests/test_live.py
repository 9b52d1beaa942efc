from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import AnomalyState, Event, LinkState, Order, PartState, Sample
from evtui.live import LiveLab
from evtui.station.state.file import StateFile
from evtui.station.state.store import StateError
from tests.patience import PATIENCE


class Live:
    """A lab on its thread, in real time, and what it has said."""

    def __init__(self, lab: LiveLab) -> None:
        self.lab = lab
        self.events: list[Event] = []

    def order(self, command: str, **arguments: object) -> str:
        return self.lab.submit(command, **arguments).result(PATIENCE).text

    def until(self, condition: Callable[[Event], object]) -> Event:
        """The first event, past or to come, for which ``condition`` holds."""
        until = time.monotonic() + PATIENCE
        looked = 0
        while time.monotonic() < until:
            self.events += self.lab.events.take()
            for event in self.events[looked:]:
                looked += 1
                if condition(event):
                    return event
            time.sleep(0.005)
        raise AssertionError(f"not seen in {PATIENCE} s")


@contextmanager
def live(listener: socket.socket | None = None, **settings: Any) -> Iterator[Live]:
    lab = LiveLab(Settings(**({"port": 0} | settings)), listener)
    lab.start()
    try:
        yield Live(lab)
    finally:
        assert lab.stop(PATIENCE)


def test_orders_are_taken_at_once_and_done_when_the_lab_is_there() -> None:
    with live() as run:
        assert run.order("detector.view") == "detector fed from CAN"
        with pytest.raises(Exception, match="no command 'nonsense'"):
            run.order("nonsense")


def test_every_event_since_the_first_is_there_to_be_taken() -> None:
    with live() as run:
        run.until(lambda event: isinstance(event, Sample))
        assert [event.seq for event in run.events[:5]] == [1, 2, 3, 4, 5]
        assert run.lab.events.dropped == 0
        assert run.lab.now() > 0
        assert abs(run.lab.start_utc + run.lab.now() - time.time()) < 1.0


def test_an_anomaly_swings_the_current_and_stopping_the_lab_ends_it_safely() -> None:
    with live(waits_s=(0.05, 0.05, 0.3, 0.3)) as run:
        run.until(lambda event: isinstance(event, Sample) and event.status == "Preparing")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                assert run.order("anomaly.start") == "fluctuation/seed started"
                break
            except Exception as error:
                assert "not connected" in str(error)  # noqa: PT017 - it may not be yet
                time.sleep(0.01)
        run.until(lambda event: isinstance(event, Sample) and event.current > 10)
    run.until(lambda event: isinstance(event, AnomalyState) and event.change == "safe")
    assert run.lab.failure is None


def test_after_the_end_orders_fail_at_once() -> None:
    with live() as run:
        pass
    with pytest.raises(RuntimeError, match="the lab has ended"):
        run.order("anomaly.start")


def test_a_listener_that_was_opened_before_is_taken_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with live(listener, port=port) as run:
            run.until(lambda event: getattr(event, "url", "") == f"ws://127.0.0.1:{port}")


def test_a_lab_that_cannot_be_built_is_told_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no lab today")

    monkeypatch.setattr("evtui.lab.Lab.__init__", broken)
    with live() as run:
        crash = run.until(lambda event: isinstance(event, PartState))
        assert isinstance(crash, PartState)
        assert (crash.part, crash.state) == ("lab", "crashed")
        assert crash.detail == "ValueError: no lab today"
        with pytest.raises((CancelledError, RuntimeError)):
            run.order("anomaly.start")
    assert repr(run.lab.failure) == "ValueError('no lab today')"


def test_a_second_lab_on_the_same_port_says_which_port() -> None:
    with live() as first:
        state = first.until(lambda event: getattr(event, "listening", False))
        port = int(str(getattr(state, "url", "")).rpartition(":")[2])
        with live(port=port) as second:
            crash = second.until(
                lambda event: isinstance(event, PartState) and event.state == "crashed"
            )
            assert isinstance(crash, PartState)
            assert str(port) in crash.detail


class Follower:
    """What is fed every event."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.on_event = self.events.append

    def close(self, within: float = 0.0) -> None: ...


def test_a_state_that_cannot_be_used_is_one_line_on_the_screen_and_on_the_feed(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "state.db")
    state, feed = StateFile(path), Follower()
    state.station("CP1").save("availability", {"nonsense": 1})
    lab = LiveLab(Settings(port=0), state=state, feed=feed)
    lab.start()
    run = Live(lab)
    crash = run.until(lambda event: isinstance(event, PartState))
    assert lab.stop(PATIENCE)
    assert isinstance(crash, PartState)
    assert crash.detail == lab.trouble
    assert lab.trouble.startswith(f"{path}: station CP1: document availability: ")
    assert lab.trouble.endswith("name another file")
    assert isinstance(lab.failure, StateError)
    assert feed.events[-1] == crash
    assert [event.seq for event in feed.events] == list(range(1, crash.seq + 1))


def test_a_lab_that_crashes_while_it_runs_says_why_to_whoever_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("no more\nlab today")

    monkeypatch.setattr("evtui.lab.Lab._bring_up", broken)
    feed = Follower()
    lab = LiveLab(Settings(port=0), feed=feed)
    lab.start()
    crash = Live(lab).until(lambda event: isinstance(event, PartState) and event.part == "lab")
    assert lab.stop(PATIENCE)
    assert isinstance(crash, PartState)
    assert (crash.state, crash.detail) == ("crashed", "RuntimeError: no more lab today")
    assert lab.trouble == crash.detail
    assert feed.events[-1] == crash


@pytest.mark.parametrize("command", ["anomaly.start", "station.charge", "station.swipe"])
def test_an_order_for_a_charge_point_that_is_on_its_way_waits_for_it(command: str) -> None:
    with live() as run:  # ordered before it is built
        run.order(command, station="CP1", connector=1)
        accepted = run.until(
            lambda event: isinstance(event, LinkState) and event.state == "accepted"
        )
        ordered = run.until(lambda event: isinstance(event, Order) and event.command == command)
        assert isinstance(ordered, Order)
        assert ordered.done
        assert accepted.seq < ordered.seq


@pytest.mark.parametrize("command", ["anomaly.stop", "lab.all_clear"])
def test_an_order_that_waits_is_called_off_by_what_makes_safe(command: str) -> None:
    with live() as run:
        started = run.lab.submit("anomaly.start", station="CP1", connector=1)
        run.order(command, **({"station": "CP1", "connector": 1} if "stop" in command else {}))
        with pytest.raises(ValueError, match=r"anomaly.start was called off before CP1 was there"):
            started.result(PATIENCE)


def test_an_order_waits_no_longer_than_a_charge_point_needs_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evtui.live.FIRST_CONTACT", 0.2)
    with live(csms="ws://127.0.0.1:9") as run:  # nobody listens there, and one charges offline
        run.order("station.charge", station="CP1", connector=1)
        ordered = run.until(lambda event: isinstance(event, Order))
        assert ordered.t >= 0.2
        before = run.lab.now()
        run.order("station.charge", station="CP1", connector=1)
        assert run.lab.now() - before < PATIENCE / 10
