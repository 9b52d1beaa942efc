"""The tour: six tasks that notice by themselves that they are done, and are never in the way."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from evtui.commands import by_name, replay_commands
from evtui.events import Event, LabState, RecordingState
from evtui.tui.models.tour import CALM_FOR, TASKS, UNSEEN_FOR, Tour
from tests.tui.driving import driven
from tests.tui.waves import alarm, anomaly, sample

ON = anomaly(5.0, "on", cycle=1)
OFF = anomaly(9.0, "off", active=False)


def at(number: int) -> Tour:
    """A tour that is at this task, from 1."""
    tour = Tour()
    tour.begin()
    for _ in range(number - 1):
        tour.skip()
    return tour


def swing(seconds: float, amperes: float, begin: float = 10.0) -> list[Event]:
    return [
        sample(begin + tick / 2, amperes * (tick % 20 < 10)) for tick in range(int(seconds * 2) + 1)
    ]


def done(number: int, events: Iterable[Event]) -> bool:
    return at(number).feed(events) == [TASKS[number - 1].title]


def settings(vehicle: str = "battery", *, plugged: bool = True) -> LabState:
    return LabState(
        station="CP1",
        preset="seed",
        vehicle=vehicle,
        strict=False,
        plugged=plugged,
        meter_interval=1.0,
        detector_views=("can",),
    )


def recording(state: str) -> RecordingState:
    return RecordingState(folder="runs/x", state=state)  # type: ignore[arg-type]


REPLUGGED = [settings(), settings(plugged=False), settings()]


@pytest.mark.parametrize(
    ("number", "events"),
    [
        (1, [ON]),
        (2, [ON, anomaly(6.0, "on", anomaly="can-flood", attack_id="can-flood-2", layer="can")]),
        (3, [ON, *swing(UNSEEN_FOR + 1, 20.0)]),
        (3, [ON, alarm(9.0), alarm(9.5, raised=False), *swing(UNSEEN_FOR + 1, 20.0)]),
        (4, [*REPLUGGED, *swing(CALM_FOR + 1, 20.0)]),
        (5, [recording("on"), recording("off")]),
        (6, [settings("zoe"), sample(9.0, 20.0)]),
    ],
)
def test_a_task_notices_that_it_is_done(number: int, events: list[Event]) -> None:
    assert done(number, events)


@pytest.mark.parametrize(
    ("number", "events"),
    [
        (1, [anomaly(5.0, "parameters", active=False)]),
        (2, [ON, anomaly(6.0, "cycle", cycle=2)]),
        (3, swing(UNSEEN_FOR + 1, 20.0)),
        (3, [ON, *swing(UNSEEN_FOR - 1, 20.0)]),
        (3, [ON, *swing(UNSEEN_FOR + 1, 4.0)]),
        (3, [ON, alarm(9.0), *swing(UNSEEN_FOR + 1, 20.0)]),
        (3, [ON, *swing(30, 20.0), alarm(41.0), alarm(42.0, raised=False), *swing(40, 20.0, 42.0)]),
        (4, [settings(), *swing(CALM_FOR + 1, 20.0)]),
        (4, [*REPLUGGED, *swing(10, 20.0), alarm(21.0), *swing(CALM_FOR, 20.0, 21.0)]),
        (4, [*REPLUGGED, ON, *swing(CALM_FOR + 1, 20.0)]),
        (5, [recording("on")]),
        (5, [recording("off")]),
        (5, [recording("on"), recording("failed")]),
        (6, [settings("zoe"), sample(9.0, 0.0)]),
        (6, [settings("zoe"), settings("battery"), sample(9.0, 20.0)]),
    ],
)
def test_a_task_is_not_done_by_less(number: int, events: list[Event]) -> None:
    assert not done(number, events)


def test_a_task_that_begins_knows_what_is_on() -> None:
    tour = Tour()
    tour.feed([ON])
    tour.begin()
    tour.skip()
    second = anomaly(6.0, "on", anomaly="can-flood", attack_id="can-flood-2", layer="can")
    assert tour.feed([second]) == [TASKS[1].title]


def test_after_the_last_task_it_is_over_and_begins_anew() -> None:
    tour = at(len(TASKS))
    assert tour.feed([settings("ccs"), sample(9.0, 20.0)])
    assert not tour.on
    tour.begin()
    assert (tour.on, tour.number) == (True, 1)


def test_every_task_names_keys_that_there_are() -> None:
    for task in TASKS:
        assert task().told


async def test_the_key_begins_it_says_the_task_and_leaves_it() -> None:
    async with driven(2.0) as one:
        assert not one.main.tour.display
        before = one.main.focused
        await one.press("w")
        assert "tour 1 of 6: start an anomaly press s" in one.text("#tour")
        assert one.main.focused is before
        await one.press("w")
        assert not one.main.tour.display
        await one.press("w")
        assert "tour 1 of 6" in one.text("#tour")


async def test_what_is_done_is_said_and_the_next_task_comes() -> None:
    async with driven(2.0) as one:
        await one.press("w")
        await one.play(6.0)
        assert "tour 2 of 6: compare two layers" in one.text("#tour")
        assert one.main.footer.notice == "tour: done – start an anomaly"


async def test_every_key_works_while_it_is_on() -> None:
    async with driven(2.0) as one:
        await one.press("w", "s", "x", "0")
        assert one.lab.submitted == ["anomaly.start", "anomaly.stop", "lab.all_clear"]


async def test_a_task_can_be_skipped() -> None:
    async with driven(2.0) as one:
        await one.press("W")
        assert "no tour is on" in one.main.footer.notice
        await one.press("w", "W")
        assert "tour 2 of 6" in one.text("#tour")
        await one.press(*"WWWWW")
        assert not one.main.tour.display


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 36), (200, 50)])
async def test_no_task_is_cut_at_any_size(size: tuple[int, int]) -> None:
    async with driven(2.0, size=size) as one:
        await one.press("w")
        for number, task in enumerate(TASKS, start=1):
            shown = " ".join(one.text("#tour").split())
            assert f"tour {number} of 6: {task.title}" in shown
            assert "skips)" in shown
            await one.press("W")


async def test_it_is_offered_where_nothing_is_on_yet() -> None:
    async with driven(2.0, size=(120, 36)) as one:
        assert "w is a tour of six" in one.text("#current")
        assert "a lists all anomalies" in one.text("#current")


def test_there_is_none_in_a_replay() -> None:
    assert "app.tour" in by_name
    assert "app.tour" not in {each.name for each in replay_commands()}
