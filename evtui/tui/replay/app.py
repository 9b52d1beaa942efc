"""The terminal app over a recording."""

from __future__ import annotations

from textual.screen import Screen

from evtui.tui.app import EvtuiApp
from evtui.tui.replay.handle import ReplayHandle
from evtui.tui.replay.screen import About, ReplayScreen

__all__ = ["ReplayApp"]


class ReplayApp(EvtuiApp):
    """Shows a recording.

    Args:
        handle: what is played.
        about: what is known of it.
        fps: frames a second.
        theme: name of a Textual theme, None for the default.
        sixteen_colours: whether the terminal has no more.
    """

    CSS_PATH = "../app.tcss"

    def __init__(
        self,
        handle: ReplayHandle,
        about: About,
        *,
        fps: float = 10,
        theme: str | None = None,
        sixteen_colours: bool = False,
    ) -> None:
        super().__init__(handle, fps=fps, theme=theme, sixteen_colours=sixteen_colours)
        self._replay = handle
        self._about = about

    def get_default_screen(self) -> Screen[None]:
        """The only screen that is not a dialog."""
        return ReplayScreen(self._replay, self._about)
