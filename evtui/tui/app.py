"""The terminal app: one screen over a lab that runs elsewhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from traceback import format_exc
from typing import ClassVar

from rich.text import Text
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from evtui.redaction import hide
from evtui.tui.driver import TerminalDriver
from evtui.tui.handle import LabHandle
from evtui.tui.screens.main import MainScreen

__all__ = ["EvtuiApp"]

RESIZE_SECONDS = 1.0
"""How often the size is compared with the terminal's."""


class EvtuiApp(App[None]):
    """Shows a lab and passes commands to it; starts and stops nothing.

    Args:
        handle: the lab.
        fps: frames a second: 10 locally, fewer over a slow link.
        theme: name of a Textual theme; None for the default, or what ``TEXTUAL_THEME`` says.
        known: what the lab's settings say of fields of operations, by name: ``idTag``.
        secrets: what is never shown, wherever it stands.
    """

    TITLE = "evtui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours is a command of the main screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "leave", "Leave at once", show=False, priority=True),
        # Textual's own, which would leave without a question.
        Binding("ctrl+q", "screen.command('app.quit')", "Leave", show=False, priority=True),
    ]

    def __init__(
        self,
        handle: LabHandle,
        *,
        fps: float = 10,
        theme: str | None = None,
        known: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        # With native colours NO_COLOR leaves the terminal's own two; otherwise Textual turns
        # colours to greys, dark red on dark among them, and an ANSI theme to black on black.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self._handle = handle
        self._fps = fps
        self._known = known
        self._secrets = secrets
        if theme is not None:
            self.theme = theme

    def get_default_screen(self) -> Screen[None]:
        """The only screen that is not a dialog."""
        return MainScreen(self._handle, self._known, self._secrets)

    def on_mount(self) -> None:
        """Begin to take events."""
        main = self.screen_stack[0]
        assert isinstance(main, MainScreen)

        def tick() -> None:
            if main.is_mounted:  # the timer does not wait for that
                main.tick()

        self.set_interval(1 / self._fps, tick)
        if isinstance(self._driver, TerminalDriver):
            self.set_interval(RESIZE_SECONDS, partial(self._follow, self._driver))

    def get_driver_class(self) -> type[Driver]:
        """Textual's choice, with our own in place of the one for a terminal."""
        chosen = super().get_driver_class()
        return TerminalDriver if chosen is LinuxDriver else chosen

    def _follow(self, driver: TerminalDriver) -> None:
        """Take over a size that was missed.

        In a quick series of SIGWINCH Textual's handler interrupts itself, and then an older
        size is told last.
        """
        size = Size(*driver.terminal_size())
        if size != self.size:
            self.post_message(Resize(size, size))

    def _fatal_error(self) -> None:
        """End with a traceback; Textual's own has the values of all variables in it."""
        self.bell()
        self._exit_renderables.append(Text(hide(format_exc())))
        self._close_messages_no_wait()

    @property
    def page_is_closed(self) -> bool:
        """True when the app was shown on a web page, and left because that is gone."""
        return self.is_web and self.return_code is None and not self.is_running

    async def action_leave(self) -> None:
        """Leave without a question; whoever runs the app makes the lab safe."""
        self.exit(return_code=128 + signal.SIGINT)
