"""An app over a fake lab, driven by a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.events import Key
from textual.keys import key_to_character
from textual.pilot import Pilot
from textual.screen import Screen

from evtui.tui.app import EvtuiApp
from evtui.tui.rows import RowsWidget
from evtui.tui.screens.main import MainScreen
from tests.tui.fake_lab import FakeLab
from tests.tui.frames import draw

ROUNDS = 3
"""What a message brings about is at most so many messages deep."""


async def handled(pilot: Pilot[Any]) -> None:
    """Wait until what was posted, and what that posted, is handled, and draw it.

    ``Pilot.pause`` without a delay waits until the process uses no processor time, at least
    20 ms.
    """
    for _ in range(ROUNDS):
        await pilot.pause(0)
    draw(pilot.app)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys as the driver would; ``Pilot.press`` waits 80 ms for each."""
    for key in keys:
        pilot.app.post_message(Key(key, key_to_character(key)))
        await handled(pilot)


class Driven:
    """A running app with its lab; ticks come from the test, not from a timer."""

    def __init__(self, pilot: Pilot[None], lab: FakeLab) -> None:
        self.pilot = pilot
        self.lab = lab
        self.app: App[None] = pilot.app
        main = pilot.app.screen_stack[0]
        assert isinstance(main, MainScreen)
        self.main = main

    async def play(self, until: float) -> None:
        """Let the story go on and show it."""
        self.lab.play(until)
        await self.tick()

    async def tick(self) -> None:
        self.main.tick()
        await handled(self.pilot)

    @property
    def screen(self) -> Screen[object]:
        """The screen on top."""
        return self.app.screen

    def shows(self, kind: type[Screen[Any]]) -> bool:
        """True while a screen of this kind is on top."""
        return isinstance(self.app.screen, kind)

    async def press(self, *keys: str) -> None:
        await press(self.pilot, *keys)

    def text(self, selector: str) -> str:
        """What a widget shows."""
        widget = self.main.query_one(selector, RowsWidget)
        return "\n".join(
            "".join(segment.text for segment in widget.render_line(y))
            for y in range(widget.size.height)
        )

    def title(self, selector: str) -> str:
        return str(self.main.query_one(selector)._border_title)


@asynccontextmanager
async def driven(
    until: float = 10.0, *, size: tuple[int, int] = (120, 36), lab: FakeLab | None = None
) -> AsyncIterator[Driven]:
    lab = lab or FakeLab()
    # So slow that only the test's own ticks happen.
    app = EvtuiApp(lab, fps=0.001)
    async with app.run_test(size=size) as pilot:
        one = Driven(pilot, lab)
        if until:
            await one.play(until)
        yield one
