"""Bringing up a view that jumps to the middle of a run."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtui.events import (
    Alarm,
    AnomalyState,
    BusLoad,
    Detection,
    Event,
    LinkState,
    Mark,
    Note,
    QueueState,
    TransactionState,
)
from evtui.recording.read import states
from evtui.recording.read.reader import RunFolder
from evtui.recording.read.states import StateIndex, state_of
from tests.recording.reader_rig import recorded


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(recorded(tmp_path_factory.mktemp("states") / "run"))


def naively(run: RunFolder, t: float) -> list[Event]:
    """The same by reading everything from the beginning."""
    newest: dict[Hashable, Event] = {}
    for event in run.events(0.0, t):
        key = state_of(event)
        if key is not None:
            newest[key] = event
    closed = [
        key
        for key, event in newest.items()
        if isinstance(event, TransactionState) and event.state == "stopped"
    ]
    for key in closed:
        del newest[key]
    return sorted(newest.values(), key=lambda event: event.seq)


@settings(max_examples=30, deadline=None)
@given(t=st.one_of(st.floats(0, 121), st.sampled_from([0.0, 40.002, 60.1, 61.3, 83.002, 95.5])))
def test_a_jump_finds_what_a_view_that_watched_would_know(run: RunFolder, t: float) -> None:
    assert run.state_before(t) == naively(run, t)


def test_a_jump_into_an_attack_finds_it_with_its_alarms(run: RunFolder) -> None:
    found = {type(event): event for event in run.state_before(62.0)}
    anomaly = found[AnomalyState]
    assert isinstance(anomaly, AnomalyState)
    assert anomaly.active
    assert {Alarm, Detection, BusLoad, LinkState, TransactionState} <= set(found)
    assert not {Mark, Note} & set(found)


def test_nothing_holds_before_the_beginning(run: RunFolder) -> None:
    assert run.state_before(0.0) == []


def test_a_transaction_that_ended_is_no_longer_there() -> None:
    def transaction(seq: int, state: str) -> TransactionState:
        return TransactionState(
            seq=seq,
            t=float(seq),
            station="CP1",
            connector=1,
            state="started" if state == "started" else "stopped",
            transaction_id=1,
            meter=0,
            id_tag="TAG",
        )

    told = [transaction(1, "started"), transaction(2, "stopped")]
    index = StateIndex(lambda offset: list(enumerate(told))[offset or 0 :])
    assert index.before(2.0) == [told[0]]
    assert index.before(3.0) == []


def test_attacks_by_hand_are_beside_the_anomaly_until_they_are_over() -> None:
    def state(seq: int, attack_id: str, change: str, variant: str = "by-hand") -> AnomalyState:
        return AnomalyState(
            seq=seq,
            t=float(seq),
            station="CP1",
            connector=1,
            attack_id=attack_id,
            anomaly="x",
            change=change,  # type: ignore[arg-type]
            active=change == "on",
            variant=variant,
            parameters={},
        )

    told: list[Event] = [
        state(1, "fluctuation-1", "on", "seed"),
        state(2, "a-2", "on"),
        state(3, "a-3", "on"),
        state(4, "a-2", "off"),
        state(5, "a-2", "safe"),
        state(6, "fluctuation-1", "safe", "seed"),
    ]
    index = StateIndex(lambda offset: list(enumerate(told))[offset or 0 :])
    assert index.before(4.5) == [told[0], told[2], told[3]]
    assert index.before(9.0) == [told[2], told[5]]


def test_each_connector_has_states_of_its_own_and_a_queue_is_its_station_s() -> None:
    def detection(seq: int, connector: int) -> Detection:
        return Detection(
            seq=seq,
            t=float(seq),
            station="CP1",
            connector=connector,
            detector="current-reversals",
            view="can",
            attack_id=f"fluctuation-{connector}",
            time_to_detect=9.0,
        )

    def queue(seq: int, queued: int) -> QueueState:
        return QueueState(seq=seq, t=float(seq), station="CP1", queued=queued, capacity=100)

    told: list[Event] = [detection(1, 1), detection(2, 2), queue(3, 7), queue(4, 0)]
    index = StateIndex(lambda offset: list(enumerate(told))[offset or 0 :])
    assert index.before(9.0) == [told[0], told[1], told[3]]


@given(jumps=st.lists(st.integers(-1, 6000), min_size=1, max_size=8))
def test_any_jumps_in_a_long_run_find_the_newest(jumps: list[int]) -> None:
    events = [
        LinkState(seq=n + 1, t=float(n), station=f"CP{n % 3}", side="charge_point", state=str(n))
        for n in range(5000)
    ]
    index = StateIndex(lambda offset: ((at, events[at]) for at in range(offset or 0, 5000)))
    for t in jumps:
        assert index.before(t) == events[max(0, min(t, 5000) - 3) : max(0, t)]


def test_a_second_jump_reads_only_from_the_nearest_kept_states() -> None:
    events = [Mark(seq=n + 1, t=float(n), text="") for n in range(10_000)]
    read = 0

    def source(offset: int | None) -> list[tuple[int, Event]]:
        nonlocal read
        read = 0
        return list(counted(offset or 0))  # a list would hide what is not asked for

    def counted(begin: int) -> list[tuple[int, Event]]:
        nonlocal read
        read = len(events) - begin
        return [(at, events[at]) for at in range(begin, len(events))]

    index = StateIndex(source)
    index.before(9_999.0)
    assert read == 10_000
    index.before(9_500.0)
    assert read <= 500 + 2 * states.CHECKPOINT_EVERY
