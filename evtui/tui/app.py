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
from textual.widgets import Input, TextArea

from evtui.config import FAVOURITES, no_colours
from evtui.redaction import hide
from evtui.tui.colours import ANSI_THEMES, legible, sixteen_colour_theme
from evtui.tui.driver import TerminalDriver
from evtui.tui.handle import LabHandle
from evtui.tui.models.selection import ChosenPlace
from evtui.tui.screens.main import MainScreen
from evtui.tui.theme_choice import remember_theme

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
        sixteen_colours: whether the terminal has no more.
        first: connector that is chosen at the start; None for the one that appears first.
        told: a line for people to begin with.
        favourites: names of the anomalies that have a key of their own.
    """

    TITLE = "evtui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # ours is a command of the main screen
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "copy_or_leave", "Copy, or leave", show=False, priority=True),
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
        sixteen_colours: bool = False,
        first: ChosenPlace | None = None,
        told: str = "",
        favourites: Sequence[str] = FAVOURITES,
    ) -> None:
        # With native colours NO_COLOR leaves the terminal's own two; otherwise Textual turns
        # colours to greys, dark red on dark among them, and an ANSI theme to black on black.
        super().__init__(ansi_color=True if no_colours(os.environ) else None)
        self.animation_level = "none"
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]
        self._handle = handle
        self._fps = fps
        self._known = known
        self._secrets = secrets
        self._favourites = favourites
        self._sixteen_colours = sixteen_colours
        self._first = first
        self._told = told
        for ansi in ANSI_THEMES:
            self.register_theme(ansi)
        self.show_theme(theme or self.theme)

    def show_theme(self, name: str) -> str:
        """Show a theme, or one of the terminal's own colours where it has sixteen.

        Returns:
            the name of what is shown.
        """
        if self._sixteen_colours:
            name = sixteen_colour_theme(self.available_themes[name])
        self.theme = name
        return name

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, with text that can be read."""
        return legible(super().get_css_variables())

    def get_default_screen(self) -> Screen[None]:
        """The only screen that is not a dialog."""
        return MainScreen(
            self._handle, self._known, self._secrets, self._first, self._told, self._favourites
        )

    @property
    def _main(self) -> MainScreen:
        main = self.screen_stack[0]
        assert isinstance(main, MainScreen)
        return main

    def on_mount(self) -> None:
        """Begin to take events."""
        main = self._main

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

    def action_take_theme(self, name: str) -> None:
        """Show a theme, now and the next time."""
        shown = self.show_theme(name)
        told = f"theme {name}" + (f", in sixteen colours {shown}" if shown != name else "")
        try:
            remember_theme(name)
        except OSError as error:
            self._main.notice(f"{told}; not kept for the next time: {error.strerror}", "warning")
        else:
            self._main.notice(told)

    def action_copy_or_leave(self) -> None:
        """Copy the text that is selected; else leave without a question.

        Whoever runs the app makes the lab safe. What was copied is selected no longer, so a second
        press leaves.
        """
        text = self._take_selected()
        if text:
            self.copy_to_clipboard(text)
            self._main.notice(f"copied {len(text):,} characters")
        else:
            self.exit(return_code=128 + signal.SIGINT)

    def _take_selected(self) -> str:
        """What is selected, which it then is no longer."""
        text = self.screen.get_selected_text() or ""
        self.screen.clear_selection()
        typed = self.screen.focused
        if not text and isinstance(typed, Input) and not typed.password:
            text = typed.selected_text
            typed.cursor_position = typed.cursor_position  # which ends the selection
        elif not text and isinstance(typed, TextArea):
            text = typed.selected_text
            typed.move_cursor(typed.cursor_location)
        return text
