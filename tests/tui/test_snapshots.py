"""Pictures of the whole screen at the three sizes it is made for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from evtui.events import Event, RecordingState
from evtui.tui.app import EvtuiApp
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.test_scenario_panel import BEGUN, JUDGED, WAITING, tell
from tests.tui.waves import anomaly

Snapshot = Callable[..., bool]

SIZES = [(80, 24), (120, 36), (200, 50)]


def shown(
    snap_compare: Snapshot,
    until: float,
    size: tuple[int, int],
    *keys: str,
    told: list[Event] | None = None,
) -> bool:
    lab = FakeLab()
    lab.play(until)
    tell(lab, told or [])
    app = EvtuiApp(lab, fps=0.001, theme="textual-dark")

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        # The chart is for its own tests: it is drawn on another thread, at its own pace.
        main.current.display = False
        main.tick()
        await handled(pilot)
        await press(pilot, *keys)
        await handled(pilot)

    return snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES)
def test_the_fluctuation_with_a_row_chosen(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, 26.5, size, "up", "up", "up")


@pytest.mark.parametrize("size", SIZES)
def test_a_scenario_that_waits_and_is_recorded(
    snap_compare: Snapshot, size: tuple[int, int]
) -> None:
    recording = RecordingState(folder="runs/20260101T120000Z-CP1", state="on", size=1_234_567)
    assert shown(snap_compare, 3.0, size, told=[BEGUN, WAITING, recording])


@pytest.mark.parametrize("size", SIZES)
def test_a_scenario_that_was_judged(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, 3.0, size, told=JUDGED)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_words_for_a_mark_being_typed(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, 3.0, size, "m", *"odd dip")


def test_the_trace_maximised(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 26.5, (80, 24), "t", "2", "f")


def test_the_detail_of_a_message(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 25.0, (120, 36), "up", "up", "up", "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_signals_of_a_frame(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, 26.5, size, "2", "end", "enter", "c")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_can_by_count_with_the_whole_screen(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, 26.5, size, "2", "f", "z", "z", "z")


def test_the_trace_with_the_time_since_the_row_before(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 26.5, (120, 36), "2", "f", "t", "u", "u")


def test_the_keys(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 3.0, (80, 24), "question_mark")


def test_a_filter_being_typed(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 26.5, (120, 36), "slash", *"/tx \\d")


def test_too_small(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, 3.0, (50, 12))


@pytest.mark.parametrize("size", SIZES)
def test_an_attack_by_hand_that_begins_beside_one_that_is_on(
    snap_compare: Snapshot, size: tuple[int, int]
) -> None:
    on = anomaly(
        2.9, "on", attack_id="jam-1", anomaly="jam", variant="by-hand", layer="link", connector=2
    )
    off = anomaly(2.9, "off", active=False, attack_id="dip-2", anomaly="dip", variant="by-hand")
    assert shown(snap_compare, 0.5, size, "A", "down", *"spoof", told=[on, off])
