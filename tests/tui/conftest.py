"""Apps that cost no more than they must, pictures that do not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.strip import Strip

from tests.tui.frames import draw_late, read_style_sheets_once

STILL = 3
"""Pictures in a row that must be the same."""


async def still(pilot: Pilot[None]) -> None:
    """Wait until the screen has stopped changing: a layout may come some frames after a key."""
    pictures: list[list[Strip]] = []
    while len(pictures) < STILL or any(each != pictures[-1] for each in pictures[-STILL:]):
        await pilot.pause(0.02)
        pictures.append(pilot.app.screen._compositor.render_strips())


@pytest.fixture(autouse=True, scope="package")
def _apps_that_cost_little() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        draw_late(patch)
        read_style_sheets_once(patch)
        yield


@pytest.fixture(autouse=True)
def _notices_that_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the footer says does not go before a slow machine has looked at it."""
    for name in ("NOTICE_SECONDS", "ERROR_SECONDS"):
        monkeypatch.setattr(f"evtui.tui.panels.footer.{name}", 600.0)


@pytest.fixture
def snap_compare(snap_compare: Callable[..., bool]) -> Callable[..., bool]:
    """The plug-in's comparison, of a screen that has come to rest."""

    def compare(
        app: Any, *, run_before: Callable[[Pilot[None]], Awaitable[None]], **options: Any
    ) -> bool:
        async def settle(pilot: Pilot[None]) -> None:
            await run_before(pilot)
            await still(pilot)

        return snap_compare(app, run_before=settle, **options)

    return compare
