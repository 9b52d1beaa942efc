"""Pictures of a replay at the three sizes the screen is made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from textual.pilot import Pilot

from evtui.tui.replay.screen import ReplayScreen
from tests.tui.driving import handled, press
from tests.tui.replay.driving import app_over, settle
from tests.tui.replay.fake_recording import FakeRecording, Stopwatch

Snapshot = Callable[..., bool]

SIZES = [(80, 24), (120, 36), (200, 50)]


def shown(
    snap_compare: Snapshot, size: tuple[int, int], *keys: str, problems: Sequence[str] = ()
) -> bool:
    app = app_over(FakeRecording(), Stopwatch(), problems, theme="textual-dark")

    async def look(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, ReplayScreen)
        # The chart is for its own tests: it is drawn on another thread, at its own pace.
        main.current.display = False
        await handled(pilot)
        main.scrubber.update(main._about.overview())
        await settle(pilot)
        main._replay.seek(26.5)
        await settle(pilot)
        for key in keys:
            await press(pilot, key)
            await settle(pilot)
        await handled(pilot)

    try:
        return snap_compare(app, terminal_size=size, run_before=look)
    finally:
        app._replay.close()


@pytest.mark.parametrize("size", SIZES)
def test_playing(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, size)


def test_at_an_alarm_with_a_message_chosen(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, (120, 36), "home", "a", "up", "up", "up")


def test_a_folder_that_is_not_complete(snap_compare: Snapshot) -> None:
    problems = ["can.log is not there", "signals.csv: the last line is torn"]
    assert shown(snap_compare, (80, 24), problems=problems)


def test_the_help_with_what_is_missing(snap_compare: Snapshot) -> None:
    problems = ["can.log is not there", "signals.csv: the last line is torn"]
    assert shown(snap_compare, (80, 24), "question_mark", problems=problems)


def test_asking_for_a_time(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, (80, 24), "space", "g", *"2min")
