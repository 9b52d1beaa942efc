"""A panel alone on the screen, and how to wait for what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from evtui.tui.rows import RowsWidget, row_text
from tests.patience import PATIENCE


class PanelApp(App[None]):
    """One panel, as large as the terminal.

    Args:
        panel: the panel.
        theme: Textual's name of a theme.
    """

    CSS = "Screen { padding: 0; }"

    def __init__(self, panel: RowsWidget, theme: str = "textual-dark") -> None:
        super().__init__()
        self.panel = panel
        self.start_theme = theme

    def on_mount(self) -> None:
        """Take the theme before the first frame."""
        self.theme = self.start_theme

    def compose(self) -> ComposeResult:
        """The panel."""
        yield self.panel


def text(panel: RowsWidget) -> str:
    """What the panel shows, a line a row."""
    return "\n".join(row_text(row) for row in panel.rows)


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the app run until ``condition`` holds.

    Raises:
        TimeoutError: it does not, for all :data:`PATIENCE`.
    """
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause(0.005)
