"""Pictures of several charge points at the sizes the screen is made for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from evtui.tui.app import EvtuiApp
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.fleet import asks, foreign, load, offline, several, two_connectors

Snapshot = Callable[..., bool]

SIZES = [(80, 24), (120, 36), (200, 50)]


def shown(snap_compare: Snapshot, lab: FakeLab, size: tuple[int, int], *keys: str) -> bool:
    app = EvtuiApp(lab, fps=0.001, theme="textual-dark")

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        # The chart is for its own tests: it is drawn on another thread, at its own pace.
        main.current.display = False
        main.tick()
        await handled(pilot)
        await press(pilot, *keys)
        lab.clock.t += 1.0
        main.tick()
        await handled(pilot)

    return snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES)
def test_the_list_of_one_of_ours_and_two_foreign_ones_of_which_one_asks(
    snap_compare: Snapshot, size: tuple[int, int]
) -> None:
    lab = FakeLab()
    lab.play(12.0)
    foreign(lab)
    asks(lab)
    load(lab)
    assert shown(snap_compare, lab, size, "l")


@pytest.mark.parametrize("size", SIZES)
def test_two_connectors_of_which_the_second_is_chosen(
    snap_compare: Snapshot, size: tuple[int, int]
) -> None:
    lab = FakeLab()
    two_connectors(lab, 12.0)
    assert shown(snap_compare, lab, size, "c")


@pytest.mark.parametrize("size", SIZES)
def test_two_charge_points_and_a_foreign_one(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    lab = FakeLab()
    several(lab, 26.0)
    offline(lab, "CP2")
    load(lab, invalid=2, throttled=40)
    assert shown(snap_compare, lab, size)
