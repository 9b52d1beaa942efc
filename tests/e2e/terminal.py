"""The real program in a real pseudo-terminal, with a screen to look at.

The harness keeps the terminal's far side open, so that modes and settings can still be looked
at after the program has gone, and closing the near side hangs up as a closed window does.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import pyte

from tests.patience import PATIENCE

__all__ = ["EVTUI", "PASTE_END", "PASTE_START", "Terminal", "TerminalTimeout"]

EVTUI = (sys.executable, "-m", "evtui")
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"

DEFAULT_ON = frozenset({7, 25})
"""Private modes a terminal has on by itself: line wrap and the cursor."""

BETWEEN_KEYS = 0.25
"""s between two keys of a person: longer than different keys count as one text (``RATE``)."""

PAUSE = 0.02
"""s without output after which what comes next counts as a new update."""

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_KITTY = re.compile(rb"\x1b\[([<>])\d*u")
_LEFT = b"\x1b[?1049l"

# What a person's shell may say about its terminal must not decide a test.
_AMBIENT = (
    "NO_COLOR",
    "COLORTERM",
    "SSH_CONNECTION",
    "SSH_TTY",
    "SSH_CLIENT",
    "TMUX",
    "COLUMNS",
    "LINES",
)

Predicate = Callable[[str], object]


class TerminalTimeout(AssertionError):
    """What was waited for did not come; the text shows the screen."""


class Terminal:
    """A program on a pseudo-terminal of its own session.

    Args:
        arguments: given to the command.
        home: folder that stands in for the user's settings.
        columns: width in cells.
        rows: height in cells.
        env: environment variables to add.
        command: what to run, default ``python -m evtui``.
    """

    def __init__(
        self,
        *arguments: str,
        home: Path,
        columns: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = EVTUI,
    ) -> None:
        self._near, self._far = pty.openpty()
        self._set_size(columns, rows)
        self._settings = termios.tcgetattr(self._far)
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lines: dict[int, str] = {}
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._changed = threading.Condition()
        self._raw = bytearray()
        self._status: int | None = None
        self.bytes_read = 0
        """Bytes the program has written so far."""
        self.updates = 0
        """How often it has begun to write after a pause, which is about once a frame."""
        self.cpu_seconds = 0.0
        """CPU time it has used, user and system, known after its end."""

        self._read_at = 0.0
        self._may_read = threading.Event()
        self._may_read.set()
        self._closing = False
        self._wake, self._waker = os.pipe()
        self.started_at = time.monotonic()
        """Monotonic seconds when the process was started."""
        self.pid = self._spawn([*command, *arguments], _environment(home, env or {}))
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()
        self._ended = threading.Event()
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What a person does

    def send(self, keys: str | bytes) -> float:
        """Type; returns the monotonic seconds at which the keys were written."""
        data = keys.encode() if isinstance(keys, str) else keys
        moment = time.monotonic()
        while data:
            data = data[os.write(self._near, data) :]
        return moment

    def type(self, keys: str) -> None:
        """Press one key after the other as a person does, so that they are not taken for text."""
        for key in keys:
            time.sleep(BETWEEN_KEYS)
            self.send(key)

    def paste(self, text: str) -> None:
        """Paste, in brackets as a terminal does it that was asked to."""
        self.send(f"{PASTE_START}{text}{PASTE_END}")

    def resize(self, columns: int, rows: int) -> None:
        """Drag the window to another size; the program is told by SIGWINCH."""
        with self._changed:
            self._feed()
            self._screen.resize(rows, columns)
            self._set_size(columns, rows)

    def stall(self) -> None:
        """Read no more, as a link that stands still."""
        self._may_read.clear()
        self._rouse()

    def resume(self) -> None:
        """Read again."""
        self._may_read.set()

    def hang_up(self) -> None:
        """Close the window: the session gets SIGHUP, the terminal is gone."""
        self._stop_reading()
        os.close(self._near)
        os.close(self._far)
        self._near = self._far = -1

    def kill(self, number: int) -> None:
        """Send a signal to the program."""
        os.kill(self.pid, number)

    # What a person sees

    @property
    def text(self) -> str:
        """Screen as of the last wait, one line a row, without trailing blanks."""
        for row in self._screen.dirty:  # pyte's display looks at every cell each time
            self._lines[row] = self._line(row)
        self._screen.dirty.clear()
        return "\n".join(self._lines.get(row, "") for row in range(self._screen.lines))

    def _line(self, row: int) -> str:
        cells = self._screen.buffer[row]
        # The second cell of a wide character is empty.
        return "".join(cells[column].data for column in range(self._screen.columns)).rstrip()

    def wait_for(self, what: str | Predicate, timeout: float = PATIENCE) -> float:
        """Wait until a text is on the screen, or a condition of the screen's text holds.

        Returns:
            Monotonic seconds when what made it true was read.

        Raises:
            TerminalTimeout: it did not come in ``timeout`` seconds, or the program ended.
        """
        holds: Predicate = (lambda screen: what in screen) if isinstance(what, str) else what
        moment = time.monotonic()
        deadline = moment + timeout
        with self._changed:
            while not holds(self.text):
                while not self._chunks:
                    if self._ended.is_set():  # its last words may still be on the way
                        deadline = min(deadline, time.monotonic() + 0.2)
                    left = deadline - time.monotonic()
                    if left <= 0:
                        raise TerminalTimeout(self._complaint(what, timeout))
                    self._changed.wait(min(left, 0.1))
                moment, data = self._chunks.popleft()
                self._stream.feed(_plain(data))
        return moment

    def watch(self, seconds: float) -> None:
        """Keep looking for a while: a measurement's window, or a person who does nothing."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (left := deadline - time.monotonic()) > 0 and not self._ended.is_set():
                self._feed()
                self._changed.wait(min(left, 0.1))
            self._feed()

    def forget(self) -> None:
        """Throw away what has been read and not looked at, to keep a long run small."""
        with self._changed:
            self._chunks.clear()
            self._raw.clear()

    # What is left

    @property
    def ended(self) -> bool:
        """True once the program has ended."""
        return self._ended.is_set()

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for the end and return the exit status as a shell says it.

        Raises:
            TerminalTimeout: it has not ended in ``timeout`` seconds.
        """
        if not self._ended.wait(timeout):
            raise TerminalTimeout(self._complaint("the end of the program", timeout))
        assert self._status is not None
        self._stop_reading()
        if self._near >= 0:
            while select.select([self._near], [], [], 0)[0]:
                self._take(os.read(self._near, 65536))
        with self._changed:
            self._feed()
        code = os.waitstatus_to_exitcode(self._status)
        return code if code >= 0 else 128 - code

    @property
    def survivors(self) -> list[int]:
        """Processes of the program's session that still run."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
            except (OSError, psutil.Error):
                continue
        return found

    @property
    def entered(self) -> bool:
        """True when the program has switched to the alternate screen at some time."""
        return b"\x1b[?1049h" in self._raw

    @property
    def output(self) -> str:
        """Everything written, with escape sequences."""
        return self._raw.decode(errors="replace")

    @property
    def after_leaving(self) -> str:
        """What was written after the alternate screen was left for the last time."""
        tail = bytes(self._raw).rpartition(_LEFT)[2]
        return re.sub(rb"\x1b\[[<>?]?[\d;]*[a-zA-Z]", b"", tail).decode(errors="replace").strip()

    @property
    def unclean(self) -> list[str]:
        """What the program has left changed in the terminal, in words; empty when nothing."""
        raw = bytes(self._raw)
        modes: dict[int, bool] = {}
        for match in _MODE.finditer(raw):
            for mode in match[1].split(b";"):
                modes[int(mode)] = match[2] == b"h"
        found = [
            f"mode {mode} left {'on' if on else 'off'}"
            for mode, on in sorted(modes.items())
            if on is not (mode in DEFAULT_ON)
        ]
        kitty = [match[1] for match in _KITTY.finditer(raw)]
        if kitty.count(b">") > kitty.count(b"<"):
            found.append("kitty keyboard left on")
        if self._far >= 0 and termios.tcgetattr(self._far) != self._settings:
            found.append("terminal settings changed")
        return found

    def close(self) -> None:
        """Kill whatever of the session is left and give everything back."""
        if not self._ended.is_set():
            for pid in {self.pid, *self.survivors}:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            self._ended.wait(5)
        self._stop_reading()
        for descriptor in (self._near, self._far, self._wake, self._waker):
            if descriptor >= 0:
                os.close(descriptor)
        self._near = self._far = self._wake = self._waker = -1

    # Inside

    def _spawn(self, command: list[str], environment: dict[str, str]) -> int:
        # A session leader without a terminal gets the first one it opens as its own: no code
        # of ours has to run between fork and exec.
        return os.posix_spawn(
            command[0],
            command,
            environment,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(self._far), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGHUP, signal.SIGTERM, signal.SIGINT],
        )

    def _reap(self) -> None:
        _, self._status, usage = os.wait4(self.pid, 0)
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self._ended.set()

    def _read(self) -> None:
        while not self._closing:
            self._may_read.wait()
            ready, _, _ = select.select([self._near, self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 1)
            elif self._may_read.is_set():
                self._take(os.read(self._near, 65536))

    def _take(self, data: bytes) -> None:
        now = time.monotonic()
        with self._changed:
            self._chunks.append((now, data))
            self._raw += data
            self.updates += now - self._read_at > PAUSE
            self._read_at = now
            self.bytes_read += len(data)
            self._changed.notify_all()

    def _feed(self) -> None:
        while self._chunks:
            self._stream.feed(_plain(self._chunks.popleft()[1]))

    def _rouse(self) -> None:
        if self._waker >= 0:
            os.write(self._waker, b".")

    def _stop_reading(self) -> None:
        self._closing = True
        self._may_read.set()
        if self._reader.is_alive():
            self._rouse()
            self._reader.join(5)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._far, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _complaint(self, what: object, timeout: float) -> str:
        how = f"ended with {self._status}" if self._ended.is_set() else "still runs"
        return f"{what!r} did not come in {timeout:g} s; the program {how}; screen:\n{self.text}"


def _plain(data: bytes) -> bytes:
    """Without the sequences of the kitty keyboard, which pyte would print as text."""
    return _KITTY.sub(b"", data)


def _environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, Any] = {
        name: value
        for name, value in os.environ.items()
        if name not in _AMBIENT and not name.startswith("TEXTUAL")
    }
    return {
        **kept,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        **extra,
    }
