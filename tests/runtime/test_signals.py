from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.patience import PATIENCE

# A program with a guard; what the app does when asked to leave is the argument.
PROGRAM = """
import fcntl, os, sys, termios, time, tty
from pathlib import Path
from evtui.runtime import signals
signals.LOOK_EVERY = 0.05
if sys.argv[3] == "controlling":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
guard = signals.ExitGuard(terminal=0)
tty.setraw(0)
log = Path(sys.argv[2])
asked = []

def make_safe():
    log.write_text("safe")
    if sys.argv[1] == "defective":
        raise RuntimeError("defect")

def ask_to_leave():
    log.write_text(log.read_text() + " asked")
    asked.append(True)

guard.watch(make_safe, ask_to_leave, patience=0.2 if sys.argv[1] != "obeys" else 10.0)
print("up", flush=True)
if sys.argv[1] == "writes":
    os.write(1, b"." * 1_000_000)
    guard.leave()
    os._exit(99)
while not (sys.argv[1] == "obeys" and asked):
    time.sleep(0.01)
guard.leave()
sys.exit(100 + guard.signal)
"""


class Program:
    """The program on a pseudo-terminal of its own."""

    def __init__(
        self, process: subprocess.Popen[bytes], terminal: int, name: str, log: str
    ) -> None:
        self.process = process
        self.terminal = terminal
        self.name = name
        self._log = log

    @property
    def log(self) -> str:
        """What was called, in order."""
        with open(self._log) as file:
            return file.read()

    def read_until(self, text: bytes) -> bytes:
        """Output up to ``text``."""
        got = b""
        while text not in got:
            ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
            assert ready, f"{text!r} has not come: {got!r}"
            got += os.read(self.terminal, 4096)
        return got


@contextmanager
def program(behaviour: str, log: str, *, controlling: bool = True) -> Iterator[Program]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, behaviour, log, "controlling" if controlling else "mere"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    try:
        yield Program(process, ours, os.ttyname(theirs), log)
    finally:
        process.kill()
        process.wait()
        for descriptor in (ours, theirs):
            try:
                os.close(descriptor)
            except OSError:
                continue


@pytest.fixture
def log(tmp_path: os.PathLike[str]) -> str:
    return os.path.join(tmp_path, "log")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_makes_safe_and_ends_even_an_app_that_does_not_listen(
    number: signal.Signals, log: str
) -> None:
    with program("ignores", log) as run:
        before = termios.tcgetattr(run.terminal)
        run.read_until(b"up\n")
        assert termios.tcgetattr(run.terminal)[3] != before[3]
        run.process.send_signal(number)
        written = run.read_until(b"\x1b[?1049l")
        assert run.process.wait(PATIENCE) == 128 + number
        assert run.log == "safe asked"
        assert termios.tcgetattr(run.terminal) == before
        assert b"\x1b[?25h" in written
        assert b"\x1b[?1006l" in written


def test_a_defect_in_making_safe_does_not_keep_the_process_alive(log: str) -> None:
    with program("defective", log) as run:
        run.read_until(b"up\n")
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert run.log == "safe asked"


def test_an_app_that_leaves_when_asked_keeps_its_own_exit_code(log: str) -> None:
    with program("obeys", log) as run:
        run.read_until(b"up\n")
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(PATIENCE) == 100 + signal.SIGTERM
        assert run.log == "safe asked"


def test_a_terminal_nobody_reads_does_not_keep_the_process_alive(log: str) -> None:
    """The app's output fills the terminal; restoring it must not block."""
    with program("ignores", log) as run:
        run.read_until(b"up\n")
        fill(run.name)
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_an_app_that_gets_free_while_the_terminal_is_restored_does_not_end_before_that(
    log: str,
) -> None:
    """What the app waits for is room to write, and restoring makes some."""
    with program("writes", log) as run:
        run.read_until(b"up\n")
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(PATIENCE) == 128 + signal.SIGTERM
        assert run.read_until(b"\x1b[?1049l").count(b"\x1b[?2026l") == 1


@pytest.mark.parametrize("controlling", [True, False], ids=["signalled", "unsignalled"])
def test_a_terminal_that_is_gone_is_a_hang_up(controlling: bool, log: str) -> None:
    """The kernel sends SIGHUP for a controlling terminal only."""
    with program("ignores", log, controlling=controlling) as run:
        run.read_until(b"up\n")
        os.close(run.terminal)
        assert run.process.wait(PATIENCE) == 128 + signal.SIGHUP
        assert run.log == "safe asked"


def fill(terminal: str) -> None:
    """Write to a terminal until it takes no more."""
    descriptor = os.open(terminal, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x" * 4096)
    os.close(descriptor)
