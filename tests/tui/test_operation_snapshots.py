"""Pictures of the forms of operations over the panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from evtui.events import LinkState
from evtui.tui.app import EvtuiApp
from evtui.tui.screens.main import MainScreen
from tests.tui.driving import handled, press
from tests.tui.fake_lab import FakeLab
from tests.tui.panel_app import text, until

Snapshot = Callable[..., bool]

SIZES = [
    (80, 24),
    pytest.param((120, 36), marks=pytest.mark.full),
    pytest.param((200, 50), marks=pytest.mark.full),
]
KNOWN = {"idTag": "ANOM_TEST", "location": "http://127.0.0.1:8080/files/"}


def shown(
    snap_compare: Snapshot,
    action: str,
    size: tuple[int, int],
    *keys: str,
    answer: str | Exception = "done",
) -> bool:
    lab = FakeLab()
    lab.play(3.0)
    lab.answer = answer
    for station in ("CP1", "CP2", "WALLBOX-0042"):
        lab.publish(LinkState(station=station, side="central_system", state="connected"))
    app = EvtuiApp(lab, fps=0.001, theme="textual-dark", known=KNOWN)

    async def settle(pilot: Pilot[None]) -> None:
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        main.current.display = False  # drawn on another thread, at its own pace
        main.tick()
        await main.run_action(f"send_operation({action!r})")
        await handled(pilot)
        await press(pilot, *keys)
        await handled(pilot)
        await until(pilot, lambda: text(main.footer).strip()[:20] in _keys_of(pilot.app.screen))

    return snap_compare(app, terminal_size=size, run_before=settle)


def _keys_of(dialog: Screen[Any]) -> str:
    """What its frame says, which the last line behind it repeats in its own time."""
    return next(str(told) for each in dialog.query("*") if (told := each.border_subtitle))


@pytest.mark.parametrize("size", SIZES)
def test_a_long_form_with_something_wrong(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    keys = [*["down"] * 12, "end", "comma", "5", "5"]
    assert shown(snap_compare, "SetChargingProfile", size, *keys)


@pytest.mark.parametrize("size", SIZES)
def test_a_short_form_that_was_answered(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, "Reset", size, "enter", answer="Reset: Accepted, 3 ms")


def test_a_form_that_could_not_be_sent(snap_compare: Snapshot) -> None:
    refused = ValueError("CP1: CALLERROR NotSupported: the station has no reservations")
    assert shown(snap_compare, "ReserveNow", (80, 24), "enter", answer=refused)


def test_an_optional_object_that_was_begun(snap_compare: Snapshot) -> None:
    assert shown(snap_compare, "RemoteStartTransaction", (120, 36), "down", "down", "1")


@pytest.mark.parametrize("size", SIZES)
def test_a_form_as_json(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert shown(snap_compare, "SendLocalList", size, "f2")
