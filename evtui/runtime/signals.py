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
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

__all__ = ["ExitGuard"]

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

LOOK_EVERY = 1.0
"""s between two looks at whether the terminal is still there."""

RESTORE_WITHIN = 5.0
"""s for getting a word in on a terminal that takes no output.

A busy machine may need them all where the app still has a megabyte to write: each flush makes room
for 4 KiB or so of it.
"""

# What a full-screen program may have switched on: synchronised output, mouse modes, focus
# reports, bracketed paste, the kitty keyboard, no line wrap, a hidden cursor, the alternate
# screen.
RESTORE = (
    b"\x1b[?2026l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l"
    b"\x1b[?2004l\x1b[<u\x1b[?2048l\x1b[?7h\x1b[0m\x1b[?25h\x1b[?1049l\r\n"
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
        self._modes: list[Any] | None = None
        with contextlib.suppress(termios.error):
            self._modes = termios.tcgetattr(terminal)
        self._left = threading.Event()
        self._ending = threading.Lock()
        self._reason: int | None = None
        self._never_written = -1

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
        """The app has left in good order: nothing more is forced.

        Does not return when the process is already being ended: making room on a terminal that
        nobody read from lets the app leave as well, and it must not be gone before the terminal
        is as it was.
        """
        with self._ending:
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
        if self._terminal_is_gone():
            self._unplug()
            patience = 0.0
        # A bug in making safe must not keep the process from ending.
        with contextlib.suppress(Exception):
            make_safe()
        with contextlib.suppress(Exception):
            ask_to_leave()
        if self._left.wait(patience):
            return
        with self._ending:
            if not self._left.is_set():
                self._restore_terminal()
                os._exit(128 + reason)

    def _next_reason(self) -> int:
        # No sigtimedwait: interrupted by a stop that outlasts it, it gives a record nobody filled.
        received: SimpleQueue[int] = SimpleQueue()

        def wait() -> None:
            received.put(signal.sigwait(SIGNALS))

        threading.Thread(target=wait, name="exit-signals", daemon=True).start()
        while True:
            try:
                return received.get(timeout=LOOK_EVERY)
            except Empty:
                if self._left.is_set() or self._terminal_is_gone():
                    return signal.SIGHUP

    def _terminal_is_gone(self) -> bool:
        poll = select.poll()
        poll.register(self._terminal, 0)  # errors and hang-ups are reported all the same
        return any(what & (select.POLLHUP | select.POLLNVAL) for _, what in poll.poll(0))

    def _unplug(self) -> None:
        """Put a pipe that stays silent in the place of a terminal that is gone.

        Whoever waits for keys is told of input at once and for ever by a dead terminal, and
        would spin while the engine is being made safe.
        """
        with contextlib.suppress(OSError):
            silent, self._never_written = os.pipe()
            os.dup2(silent, self._terminal)

    def _restore_terminal(self) -> None:
        """Leave the terminal as it was, even when nobody has read from it for a while.

        The app's writer may be in the middle of a frame: what it has written is thrown away
        until it is through, and what it writes after that goes nowhere.
        """
        modes = self._modes
        if modes is None:  # the app is on a web page: the terminal here is somebody else's
            return
        with contextlib.suppress(termios.error, OSError):
            # A description of our own: not blocking must not be left to the shell.
            own = os.open(os.ctermid(), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for output in (1, 2):
                os.dup2(nowhere, output)
            written, deadline = 0, time.monotonic() + RESTORE_WITHIN
            while written < len(RESTORE) and time.monotonic() < deadline:
                termios.tcflush(own, termios.TCOFLUSH)
                # A flush wakes no writer that waits for room; off and on again does.
                termios.tcflow(own, termios.TCOOFF)
                termios.tcflow(own, termios.TCOON)
                try:
                    # All of it each time: the flush throws away what went before.
                    written = os.write(own, RESTORE)
                except BlockingIOError:
                    time.sleep(0.001)
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(self._terminal, termios.TCSANOW, modes)
