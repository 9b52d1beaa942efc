"""The terminal's keys and size, as far as Textual's driver has them too easily."""

from __future__ import annotations

import os
import select
import termios
import time
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import ScreenStackError
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.widgets import Input

from evtui.tui.keyboard import ESCAPE, Typing

__all__ = ["TerminalDriver"]

READ = 4096
"""Bytes of one read."""

LOOK_EVERY = 0.1
"""s between two looks at whether to end, and at what waits for more."""

MORE_WITHIN = 0.01
"""s in which what belongs together has come: the next of a text, but not of a key that is held."""

GATHER = 0.03
"""s that keys wait at most for what comes with them."""

END_OF_KEYBOARD_PROTOCOL = "\x1b[<u"
"""Takes kitty's keyboard protocol off the terminal's stack, before it is put there again."""


class TerminalDriver(LinuxDriver):
    """Reads what comes at once as a whole, so that pasted text is none of anybody's keys.

    Beside that: bytes that are no UTF-8 do not end the app, the size is the terminal's whatever
    the environment says, and after a stop from outside the terminal is taken over anew.
    """

    _modes: list[Any] | None = None
    """Modes of the terminal while it is ours (``termios``)."""
    _starting = False
    _said = ""
    """What the terminal was told when it was taken over."""

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._starting, self._said = True, ""
        try:
            super().start_application_mode()  # type: ignore[no-untyped-call]
            with suppress(termios.error):
                self._modes = termios.tcgetattr(self.fileno)
        finally:
            self._starting = False

    def stop_application_mode(self) -> None:
        """Give it back."""
        self._modes = None
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Write to the terminal."""
        if self._starting:
            self._said += data
        super().write(data)

    def terminal_size(self) -> tuple[int, int]:
        """Columns and rows."""
        with suppress(OSError, ValueError):
            columns, rows = os.get_terminal_size(self.fileno)
            if columns and rows:  # a serial line knows none
                return columns, rows
        return super()._get_terminal_size()

    def _get_terminal_size(self) -> tuple[int, int]:
        return self.terminal_size()

    def run_input_thread(self) -> None:
        """Read until told to end, or until there is no terminal any more."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        typing = Typing()
        while not self.exit_event.is_set():
            text = ""
            if self._is_ready(LOOK_EVERY):
                data = self._read()
                if not data:
                    return
                text = decode(data)
            for keys in typing.sort_out(text, time.monotonic(), in_field=self._is_in_field()):
                if keys == ESCAPE:  # which the parser would take together with the next
                    self.process_message(Key("escape", ESCAPE))
                    continue
                for event in parser.feed(keys):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _is_in_field(self) -> bool:
        with suppress(ScreenStackError):  # on the way in or out
            return isinstance(self._app.focused, Input)
        return False

    def _read(self) -> bytes:
        """What comes at once; nothing where the terminal is gone."""
        data = b""
        until = time.monotonic() + GATHER
        with suppress(OSError):
            while piece := os.read(self.fileno, READ):
                data += piece
                if time.monotonic() >= until or not self._is_ready(MORE_WITHIN):
                    break
        return data

    def _is_ready(self, within: float) -> bool:
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        return bool(poll.poll(within * 1000))

    def _sigcont_application(self, *_: object) -> None:
        # Later: this is a signal's handler, in the middle of anything.
        self._loop.call_soon_threadsafe(self._go_on)

    def _go_on(self) -> None:
        """Take the terminal over anew: whoever stopped the program has used it."""
        if self._modes is not None:
            # Stopped without having been asked first.  Nothing is flushed: a key that was
            # pressed meanwhile is somebody's.
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._modes)
            self.write(END_OF_KEYBOARD_PROTOCOL + self._said)
        elif self._must_signal_resume:
            self.resume_application_mode()
        self._app.refresh(repaint=True, layout=True)
