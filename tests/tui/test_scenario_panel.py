"""The scenario panel: what it says in each size, and when it is there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtui.events import Event, ScenarioState, Verdict
from evtui.tui.panels.scenario_lines import ScenarioView
from evtui.tui.rows import row_text, row_width
from tests.tui.driving import Driven, driven
from tests.tui.fake_lab import FakeLab


def state(change: Any, t: float = 0.0, **other: Any) -> ScenarioState:
    return ScenarioState(t=t, scenario="night", change=change, steps=3, **other)


def verdict(expectation: str, met: bool, found: str = "found") -> Verdict:
    return Verdict(
        scenario="night", expectation=expectation, path="expect[0]", met=met, found=found
    )


BEGUN = state("begin", label="Charging through the night", ends=60.0)
WAITING = state(
    "waiting", 2.0, step=2, path="steps[1]", label="wait for status Charging", until=12.0, ends=60.0
)
JUDGED: list[Event] = [
    BEGUN,
    verdict("every step is done", True, "3 steps in 9.0 s"),
    verdict("alarm current-reversals within 30 s", False, "not raised"),
    verdict("status Charging", True, "reached at 0.2 s"),
    state("end", 60.0, detail="1 of 3 failed"),
]


def shown(events: list[Event], height: int, now: float = 5.0, width: int = 80) -> list[str]:
    view = ScenarioView()
    view.feed(events)
    return [row_text(row) for row in view.rows(width, height, now)]


def test_it_says_which_step_runs_what_it_waits_for_and_how_long_at_most() -> None:
    assert shown([BEGUN, WAITING], 4, now=4.5) == [
        "▶ step 2/3  wait for status Charging  steps[1]",
        "gives up in 7.5 s ▓▓░░░░░░░░",
        "ends in 56 s at the latest",
    ]


def test_a_step_that_takes_its_time_is_done_rather_than_given_up() -> None:
    step = state("step", 2.0, step=1, path="steps[0]", label="wait 4 s", until=6.0)
    assert shown([BEGUN, step], 2)[1] == "done in 1.0 s ▓▓▓▓▓▓▓▓░░"


def test_waiting_for_something_goes_on_from_when_the_step_began() -> None:
    step = state("step", 2.0, step=1, path="steps[0]", label="x", until=12.0)
    waiting = state("waiting", 7.0, step=1, path="steps[0]", label="x", until=12.0)
    assert shown([BEGUN, step, waiting], 2, now=7.0)[1] == "gives up in 5.0 s ▓▓▓▓▓░░░░░"


def test_the_verdicts_come_at_the_end_with_those_that_failed_first() -> None:
    assert shown(JUDGED, 4) == [
        "✗ 1 of 3 failed",
        "✗ alarm current-reversals within 30 s  not raised",
        "✓ every step is done  3 steps in 9.0 s",
        "✓ status Charging  reached at 0.2 s",
    ]


def test_one_line_says_the_same_in_fewer_words() -> None:
    (running,) = shown([BEGUN, WAITING], 1, now=4.5)
    assert running == (
        "scenario ▶ step 2/3  wait for status Charging  gives up in 7.5 s ▓▓░░░░░░░░"
    )
    assert shown([BEGUN, WAITING], 1, now=4.5, width=40) == ["▶ step 2/3  wait for status Charging"]
    (judged,) = shown(JUDGED, 1)
    assert judged == ("scenario ✗ 1 of 3 failed  alarm current-reversals within 30 s: not raised")
    good = [BEGUN, verdict("status Charging", True), state("end", detail="all 1 met")]
    assert shown(good, 1) == ["scenario ✓ all 1 met"]


def test_a_step_that_failed_stays_there_while_it_is_cleaned_up() -> None:
    failed = state("failed", 3.0, step=2, path="steps[1]", label="remote start", detail="Rejected")
    cleanup = state("cleanup", 3.1, path="cleanup[0]", label="plug in")
    assert shown([BEGUN, failed], 4)[0].startswith("✗ failed  remote start")
    assert shown([BEGUN, failed, cleanup], 4) == [
        "… cleanup  plug in  cleanup[0]",
        "✗ steps[1]: Rejected",
    ]


def test_a_scenario_that_begins_anew_forgets_the_verdicts_of_the_last_time() -> None:
    assert shown([*JUDGED, BEGUN, WAITING], 1)[0].startswith("scenario ▶ step 2/3")
    assert shown([*JUDGED, BEGUN, state("end", detail="interrupted: left")], 4) == [
        "■ interrupted: left"
    ]


def test_nothing_a_file_says_can_move_the_cursor() -> None:
    (line,) = shown([BEGUN, state("step", label="\x1b[2Jnote\u202e", step=1)], 1)
    assert r"\x1b[2Jnote\u202e" in line


changes = st.sampled_from(["begin", "step", "waiting", "failed", "cleanup", "end"])
times = st.floats(0, 1e6)
events = st.one_of(
    st.builds(
        ScenarioState,
        scenario=st.text(max_size=9),
        change=changes,
        t=times,
        path=st.text(max_size=20),
        step=st.integers(0, 9),
        steps=st.integers(0, 9),
        label=st.text(max_size=60),
        until=st.none() | times,
        ends=st.none() | times,
        detail=st.text(max_size=60),
    ),
    st.builds(
        Verdict,
        scenario=st.just("x"),
        expectation=st.text(max_size=60),
        path=st.just("expect[0]"),
        met=st.booleans(),
        found=st.text(max_size=60),
    ),
)


@given(
    told=st.lists(events, max_size=12),
    width=st.integers(1, 120),
    height=st.integers(1, 12),
    now=times,
)
def test_whatever_happens_it_fits(told: list[Event], width: int, height: int, now: float) -> None:
    view = ScenarioView()
    view.feed(told)
    rows = view.rows(width, height, now)
    assert len(rows) <= height
    assert all(row_width(row) <= width for row in rows)


# On the screen


def tell(lab: FakeLab, told: list[Event]) -> None:
    for event in told:
        lab.publish(msgspec.structs.replace(event))  # which takes an event only once


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50), (60, 15)])
async def test_without_a_scenario_there_is_no_panel_for_it(size: tuple[int, int]) -> None:
    async with driven(3.0, size=size) as one:
        assert not _is_there(one)
        await one.press("5")
        assert "no scenario: start evtui with --scenario" in one.text("#footer")
        for _ in range(4):
            await one.press("tab")
        assert one.main.focused_panel.id == "ocpp"


async def test_at_eighty_columns_it_is_one_line_under_the_anomaly() -> None:
    async with driven(3.0, size=(80, 24)) as one:
        tell(one.lab, [BEGUN, WAITING])
        await one.tick()
        scenario, anomaly = (one.main.query_one(f"#{name}").region for name in NAMES)
        assert scenario.height == 1
        assert scenario.y == anomaly.bottom
        assert "step 2/3  wait for status Charging" in one.text("#scenario")


NAMES = ("scenario", "anomaly")


async def test_its_title_is_that_of_the_scenario_and_the_countdown_moves() -> None:
    async with driven(3.0) as one:
        tell(one.lab, [BEGUN, WAITING])
        await one.tick()
        assert one.title("#scenario") == "Scenario · Charging through the night"
        before = one.text("#scenario")
        one.lab.clock.t += 1.0
        await one.tick()
        assert one.text("#scenario") != before


async def test_verdicts_without_room_are_counted_and_can_be_shown() -> None:
    async with driven(3.0) as one:
        many = [verdict(f"expectation {number}", True) for number in range(12)]
        tell(one.lab, [BEGUN, *many, state("end", detail="all 12 met")])
        await one.tick()
        panel = one.main.query_one("#scenario")
        assert str(panel.border_subtitle) == "+9 more   5 f show all"
        await one.press("5", "f")
        await one.tick()
        assert "expectation 11" in one.text("#scenario")
        assert str(panel.border_subtitle) == ""
        await one.press("f")
        assert _is_there(one)


async def test_a_panel_that_has_the_screen_keeps_it_when_a_scenario_begins() -> None:
    async with driven(3.0) as one:
        await one.press("2", "f")
        tell(one.lab, [BEGUN])
        await one.tick()
        assert not _is_there(one)
        await one.press("f")
        assert _is_there(one)
        for _ in range(4):
            await one.press("tab")
        assert one.main.focused_panel.id == "ocpp"


async def test_the_end_is_told_and_leaving_before_it_asks() -> None:
    async with driven(3.0) as one:
        tell(one.lab, [BEGUN])
        await one.tick()
        assert one.main.summary.running == "the scenario"
        tell(one.lab, [state("end", detail="all 3 met")])
        await one.tick()
        assert one.main.summary.running == ""
        assert "scenario night ended: all 3 met" in one.text("#footer")


def _is_there(one: Driven) -> bool:
    panel = one.main.query_one("#scenario")
    return bool(panel.region) and panel.display
