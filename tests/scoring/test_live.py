from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import Alarm, AnomalyState, Detection, EventStream, Sample
from evtui.scoring import LiveScorer

Change = Literal["on", "off", "safe", "failed", "cycle", "step", "parameters"]


class Clock:
    start_utc = 0.0

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


class Rig:
    """A scorer, and the three kinds of events it joins."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.stream = EventStream(self.clock)
        self.scorer = LiveScorer(self.stream)
        self.detections: list[Detection] = []
        self.stream.subscribe(
            lambda event: self.detections.append(event) if isinstance(event, Detection) else None
        )

    @property
    def scores(self) -> list[tuple[str, float | None]]:
        return [(each.attack_id, each.time_to_detect) for each in self.detections]

    def sample(self, t: float, current: float, station: str = "CP1", connector: int = 1) -> None:
        self.clock.time = t
        self.stream.publish(
            Sample(
                station=station,
                connector=connector,
                current=current,
                limit=0,
                target=0,
                voltage=0,
                power=0,
                energy=0,
                temperature=0,
                contactor=True,
                status="Charging",
            )
        )

    def truth(
        self,
        t: float,
        change: Change,
        attack: str = "a-1",
        station: str = "CP1",
        connector: int = 1,
        variant: str = "seed",
    ) -> None:
        self.clock.time = t
        self.stream.publish(
            AnomalyState(
                station=station,
                connector=connector,
                attack_id=attack,
                anomaly="x",
                change=change,
                active=change not in ("off", "safe", "failed"),
                variant=variant,
                parameters={},
            )
        )

    def alarm(
        self, t: float, *, raised: bool = True, station: str = "CP1", connector: int = 1
    ) -> Alarm:
        self.clock.time = t
        return self.stream.publish(
            Alarm(
                station=station,
                connector=connector,
                detector="d",
                view="can",
                raised=raised,
                evidence="",
            )
        )


def test_time_to_detect_runs_from_the_first_change_of_current() -> None:
    rig = Rig()
    rig.sample(9.0, 50.0)
    rig.truth(10.0, "on")
    rig.sample(11.0, 50.9)
    rig.sample(13.0, 40.0)
    rig.sample(14.0, 100.0)
    alarm = rig.alarm(29.5)
    assert rig.scores == [("a-1", 16.5)]
    assert rig.detections[0].cause == alarm.seq
    assert (rig.detections[0].station, rig.detections[0].detector) == ("CP1", "d")
    assert rig.detections[0].view == "can"


def test_to_an_attack_by_hand_an_alarm_belongs_without_a_change_of_current() -> None:
    rig = Rig()
    rig.sample(9.0, 50.0)
    rig.truth(10.0, "on", variant="by-hand")
    rig.alarm(14.0)
    rig.truth(15.0, "off", variant="by-hand")
    rig.alarm(16.0)
    rig.truth(17.0, "safe", variant="by-hand")
    rig.alarm(18.0)
    assert rig.scores == [("a-1", 4.0), ("a-1", 6.0), ("", None)]


def test_with_a_change_of_current_the_time_runs_from_there() -> None:
    rig = Rig()
    rig.truth(10.0, "on", variant="by-hand")
    rig.sample(13.0, 40.0)
    rig.alarm(20.0)
    assert rig.scores == [("a-1", 7.0)]


def test_an_alarm_in_several_attacks_belongs_to_each_the_newest_first() -> None:
    rig = Rig()
    rig.truth(1.0, "on", attack="a-1", variant="by-hand")
    rig.truth(2.0, "on", attack="b-2", variant="by-hand")
    rig.truth(3.0, "on", attack="c-3")
    rig.alarm(5.0)
    rig.sample(6.0, 40.0)
    rig.truth(7.0, "safe", attack="b-2", variant="by-hand")
    rig.alarm(9.0)
    assert rig.scores == [("b-2", 3.0), ("a-1", 4.0), ("c-3", 3.0), ("a-1", 3.0)]


def test_without_an_attack_an_alarm_is_false() -> None:
    rig = Rig()
    rig.sample(0.0, 0.0)
    rig.sample(1.0, 100.0)
    rig.alarm(2.0)
    assert rig.scores == [("", None)]


def test_before_the_current_has_changed_an_alarm_is_false() -> None:
    rig = Rig()
    rig.truth(1.0, "on")
    rig.sample(2.0, 0.5)
    rig.alarm(3.0)
    assert rig.scores == [("", None)]


def test_until_the_safe_state_an_alarm_belongs_to_the_attack() -> None:
    rig = Rig()
    rig.truth(1.0, "on")
    rig.sample(2.0, 10.0)
    rig.truth(5.0, "off")
    rig.alarm(5.5)
    assert rig.scores == [("a-1", 3.5)]


@pytest.mark.parametrize("end", ["safe", "failed"])
def test_after_the_injector_has_finished_an_alarm_is_false(end: Change) -> None:
    rig = Rig()
    rig.truth(1.0, "on")
    rig.sample(2.0, 10.0)
    rig.truth(5.0, "off")
    rig.truth(6.0, end)
    rig.alarm(7.0)
    assert rig.scores == [("", None)]


def test_the_next_attack_counts_from_its_own_first_change() -> None:
    rig = Rig()
    rig.truth(1.0, "on", "a-1")
    rig.sample(2.0, 10.0)
    rig.truth(3.0, "safe", "a-1")
    rig.truth(10.0, "on", "a-2")
    rig.sample(11.0, 10.5)
    rig.sample(12.0, 20.0)
    rig.alarm(15.0)
    assert rig.scores == [("a-2", 3.0)]


def test_an_attack_on_one_station_explains_no_alarm_of_another() -> None:
    rig = Rig()
    rig.truth(1.0, "on", station="CP1")
    rig.sample(2.0, 10.0, station="CP1")
    rig.sample(2.0, 10.0, station="CP2")
    rig.alarm(3.0, station="CP2")
    rig.alarm(4.0, station="CP1")
    assert rig.scores == [("", None), ("a-1", 2.0)]


def test_a_cleared_alarm_scores_nothing() -> None:
    rig = Rig()
    rig.alarm(1.0, raised=False)
    assert rig.scores == []


def test_a_closed_scorer_scores_nothing() -> None:
    rig = Rig()
    rig.scorer.close()
    rig.alarm(1.0)
    assert rig.scores == []


@given(
    on=st.floats(0, 50),
    to_change=st.floats(0, 50),
    to_end=st.floats(0, 50),
    alarm_at=st.floats(0, 200),
)
def test_an_alarm_is_true_exactly_between_first_change_and_end(
    on: float, to_change: float, to_end: float, alarm_at: float
) -> None:
    changed, end = on + to_change, on + to_change + to_end
    rig = Rig()
    script: list[tuple[float, Callable[[], object]]] = [
        (on, lambda: rig.truth(on, "on")),
        (changed, lambda: rig.sample(changed, 30.0)),
        (end, lambda: rig.truth(end, "safe")),
    ]
    for t, happen in script:
        if t <= alarm_at:
            happen()
    rig.alarm(alarm_at)
    true = changed <= alarm_at < end
    assert rig.scores == [("a-1", pytest.approx(alarm_at - changed)) if true else ("", None)]


def test_a_detection_names_the_connector_of_its_alarm() -> None:
    rig = Rig()
    rig.truth(10.0, "on", connector=2)
    rig.sample(11.0, 50.0, connector=2)
    rig.alarm(20.0, connector=2)
    rig.alarm(21.0, connector=1)
    assert [each.connector for each in rig.detections] == [2, 1]
    assert rig.scores == [("a-1", 9.0), ("", None)]
