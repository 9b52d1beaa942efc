"""The replay app over a recording in memory, driven by a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from textual.events import Key
from textual.keys import key_to_character
from textual.pilot import Pilot

from evtui.tui.replay.app import ReplayApp
from evtui.tui.replay.handle import ReplayHandle
from evtui.tui.replay.overview import Overview
from evtui.tui.replay.screen import About, ReplayScreen
from evtui.tui.rows import RowsWidget
from tests.tui.driving import handled
from tests.tui.replay.fake_recording import FakeRecording, Stopwatch

__all__ = ["Replayed", "app_over", "let_pass", "replayed", "settle"]


def app_over(
    recording: FakeRecording,
    clock: Stopwatch,
    problems: Sequence[str] = (),
    theme: str | None = None,
) -> ReplayApp:
    """So slow that only a test's own ticks happen."""
    about = About(
        name="night-run-7",
        lines=["/data/night-run-7", "recorded in virtual time"],
        problems=lambda: problems,
        overview=recording.overview,
    )
    return ReplayApp(ReplayHandle(recording, clock), about, fps=0.001, theme=theme)


class Replayed:
    """A running app with its recording."""

    def __init__(self, pilot: Pilot[None], recording: FakeRecording, clock: Stopwatch) -> None:
        self.pilot = pilot
        self.recording = recording
        self.clock = clock
        main = pilot.app.screen_stack[0]
        assert isinstance(main, ReplayScreen)
        self.main = main
        self.handle = main._replay

    async def settle(self) -> None:
        """Ticks until the panels show the moment of the cursor."""
        await settle(self.pilot)

    async def let_pass(self, seconds: float) -> None:
        """So much time of the clock."""
        await let_pass(self.pilot, self.clock, seconds)

    async def press(self, *keys: str) -> None:
        """Press keys as the driver would, and wait until what they brought about is shown."""
        for key in keys:
            self.pilot.app.post_message(Key(key, key_to_character(key)))
        await handled(self.pilot)
        await self.settle()

    async def type(self, text: str) -> None:
        for character in text:
            self.pilot.app.post_message(Key(character, character))
        await handled(self.pilot)

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.main.tick()
            await asyncio.sleep(0.001)

    def text(self, selector: str) -> str:
        """What a widget shows."""
        widget = self.main.query_one(selector, RowsWidget)
        return "\n".join(
            "".join(segment.text for segment in widget.render_line(y))
            for y in range(widget.size.height)
        )

    def title(self, selector: str) -> str:
        return str(self.main.query_one(selector)._border_title)


async def let_pass(pilot: Pilot[None], clock: Stopwatch, seconds: float) -> None:
    """So much time, and more where reading is slower than a test's clock."""
    main = pilot.app.screen_stack[0]
    assert isinstance(main, ReplayScreen)
    player = main._replay.player
    way = seconds * player.speed if player.playing else 0.0
    target = min(player.position + way, player.end) - 1e-9
    clock.t += seconds
    main.tick()
    while main._replay.now() < target:
        clock.t += max(0.0, target - player.position) / player.speed
        main.tick()
        await asyncio.sleep(0.001)


async def settle(pilot: Pilot[None]) -> None:
    main = pilot.app.screen_stack[0]
    assert isinstance(main, ReplayScreen)
    handle = main._replay
    main.tick()
    while handle.seeking or handle.now() < handle.player.position:
        await asyncio.sleep(0.001)  # a pause of the pilot is twenty times as long
        main.tick()


@asynccontextmanager
async def replayed(
    recording: FakeRecording | None = None,
    *,
    size: tuple[int, int] = (120, 36),
    problems: Sequence[str] = (),
) -> AsyncIterator[Replayed]:
    recording, clock = recording or FakeRecording(), Stopwatch()
    app = app_over(recording, clock, problems)
    async with app.run_test(size=size) as pilot:
        one = Replayed(pilot, recording, clock)
        await one.until(lambda: one.main.scrubber.overview != Overview())
        await one.settle()
        yield one
    one.handle.close()
