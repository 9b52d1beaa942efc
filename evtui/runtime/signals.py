"""Leaving on SIGTERM, SIGHUP, SIGINT or a terminal that is gone, whatever the terminal does.

A handler on the app's loop is not enough: with a stalled terminal it never runs, and after a
hang-up the process goes on spinning.  So the signals are blocked before any thread starts, and
a small thread waits for them.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Callable

__all__ = ["ExitGuard"]

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

LOOK_EVERY = 1.0
"""s between two looks at whether the terminal is still there."""

# What a full-screen program may have switched on: synchronised output, mouse modes, focus
# reports, bracketed paste, the kitty keyboard, a hidden cursor, the alternate screen.
RESTORE = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l"
    b"\x1b[?2004l\x1b[<u\x1b[?2048l\x1b[0m\x1b[?25h\x1b[?1049l\r\n"
)


class ExitGuard:
    """Waits for a reason to leave and sees to it that the process does.

    Make it on the main thread before any other thread starts.

    Args:
        terminal: file descriptor of the controlling terminal.
    """

    def __init__(self, terminal: int = 0) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self._terminal = terminal
        self._modes: list[object] | None = None
        with contextlib.suppress(termios.error):
            self._modes = termios.tcgetattr(terminal)
        self._left = threading.Event()
        self._reason: int | None = None

    @property
    def signal(self) -> int | None:
        """Number of the signal that ends the program, None so far."""
        return self._reason

    def watch(
        self,
        make_safe: Callable[[], object],
        ask_to_leave: Callable[[], object],
        patience: float = 2.0,
    ) -> None:
        """Start waiting.

        Args:
            make_safe: brings the engine to its safe state; called first, on the guard's
                thread; must return within a few seconds.
            ask_to_leave: asks the app to end; must not block.
            patience: s the app gets to do so before the process is ended.
        """
        arguments = (make_safe, ask_to_leave, patience)
        threading.Thread(target=self._wait, args=arguments, name="exit-guard", daemon=True).start()

    def leave(self) -> None:
        """The app has left in good order: nothing more is forced."""
        self._left.set()

    def _wait(
        self,
        make_safe: Callable[[], object],
        ask_to_leave: Callable[[], object],
        patience: float,
    ) -> None:
        reason = self._next_reason()
        if self._left.is_set():
            return
        self._reason = reason
        # A bug in making safe must not keep the process from ending.
        with contextlib.suppress(Exception):
            make_safe()
        with contextlib.suppress(Exception):
            ask_to_leave()
        if not self._left.wait(patience):
            self._restore_terminal()
            os._exit(128 + reason)

    def _next_reason(self) -> int:
        while True:
            received = signal.sigtimedwait(SIGNALS, LOOK_EVERY)
            if received is not None:
                return received.si_signo
            if self._left.is_set() or self._terminal_is_gone():
                return signal.SIGHUP

    def _terminal_is_gone(self) -> bool:
        poll = select.poll()
        poll.register(self._terminal, 0)  # errors and hang-ups are reported all the same
        return any(what & (select.POLLHUP | select.POLLNVAL) for _, what in poll.poll(0))

    def _restore_terminal(self) -> None:
        """Leave the terminal as it was, even when nobody has read from it for a while."""
        with contextlib.suppress(termios.error, OSError):
            termios.tcflush(self._terminal, termios.TCOFLUSH)
            os.set_blocking(self._terminal, False)
            os.write(self._terminal, RESTORE)
            os.set_blocking(self._terminal, True)
        with contextlib.suppress(termios.error, OSError):
            if self._modes is not None:
                termios.tcsetattr(self._terminal, termios.TCSANOW, self._modes)
