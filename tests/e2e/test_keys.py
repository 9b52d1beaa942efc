"""Keys as they really come: several in one read, faster than anybody types, no text at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from evtui.commands import COMMANDS, Command, replay_commands
from tests.e2e.conftest import Start
from tests.e2e.screens import actual, connected, up
from tests.e2e.terminal import EVTUI, Terminal
from tests.recording.sample_run import record_sample

pytestmark = pytest.mark.e2e

BYTES = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "minus": "-",
    "plus": "+",
    "equals_sign": "=",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "slash": "/",
    "comma": ",",
    "full_stop": ".",
    "colon": ":",
    "question_mark": "?",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "space": " ",
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "left": "\x1b[D",
    "right": "\x1b[C",
    "shift+left": "\x1b[1;2D",
    "shift+right": "\x1b[1;2C",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f8": "\x1b[19~",
    "ctrl+p": "\x10",
}
"""What a terminal sends for keys that are no letters."""

FULL = bool(os.environ.get("EVTUI_FULL"))
TIMES = (2, 3) if FULL else (3,)

IN = {"lab": COMMANDS, "replay": replay_commands()}

DIALOGS = {
    "lab": (("e", "\r"), ("m", "x\r"), (":", "help\r"), ("o", "Clear\r"), ("l", "\r"), ("?", "\r")),
    "replay": (("g", "1\r"), (":", "help\r"), ("?", "\r"), ("l", "\r")),
}
"""By the program: a key that opens a dialog, and what closes it."""

TEXT = "qy\rsx0o:\r?R-+ \u00e9\t"


def _opened(start: Start, where: str, tmp_path: Path) -> Terminal:
    """In a folder of its own, where pictures and recordings may go."""
    command = ("/bin/sh", "-c", f'cd "{tmp_path}" && exec "$@"', "sh", *EVTUI)
    if where == "lab":
        return up(start("--port", "0", columns=120, rows=36, command=command))
    record_sample(tmp_path / "sample")
    terminal = start("replay", str(tmp_path / "sample"), columns=120, rows=36, command=command)
    terminal.wait_for("REPLAY")
    terminal.wait_for("q quit")
    return terminal


def _keys(commands: Sequence[Command]) -> list[str]:
    keys = dict.fromkeys(key for command in commands for key in command.keys)
    # What leaves comes last, in a test of its own.
    return [BYTES.get(key, key) for key in keys if key != "q"]


def _answers(terminal: Terminal, opened: int = 4) -> None:
    """It lives, and takes keys, once what may have been opened is closed."""
    for _ in range(opened):
        terminal.send("\x1b")
        terminal.watch(0.15)
    terminal.send("?")
    terminal.wait_for("─ Keys ─")
    terminal.send("\x1b")
    terminal.wait_for(lambda screen: "─ Keys ─" not in screen)
    assert not terminal.ended


@pytest.mark.full
@pytest.mark.parametrize("where", IN)
def test_every_command_is_pressed_twice_and_thrice_in_one_read(
    start: Start, where: str, tmp_path: Path
) -> None:
    terminal = _opened(start, where, tmp_path)
    for times in TIMES:
        for key in _keys(IN[where]):
            terminal.send(key * times)
            terminal.watch(0.03)
            terminal.send("\x1b")
            terminal.watch(0.12)
            assert not terminal.ended, repr(key)
    _answers(terminal)


@pytest.mark.full
@pytest.mark.parametrize("where", IN)
def test_every_dialog_is_closed_twice_and_thrice_in_one_read(
    start: Start, where: str, tmp_path: Path
) -> None:
    terminal = _opened(start, where, tmp_path)
    for times in TIMES:
        for opening, closing in DIALOGS[where]:
            terminal.send(opening)
            terminal.watch(0.3)
            terminal.send(closing + closing[-1] * (times - 1))
            terminal.watch(0.2)
            terminal.send("\x1b")
            terminal.watch(0.15)
            terminal.send(opening + closing + closing[-1] * (times - 1))  # while it opens, too
            terminal.watch(0.2)
            terminal.send("\x1b")
            terminal.watch(0.15)
            assert not terminal.ended, (opening, closing)
        _answers(terminal)


def test_leaving_twice_leaves_once(start: Start, tmp_path: Path) -> None:
    terminal = _opened(start, "lab", tmp_path)
    terminal.send("b")
    terminal.wait_for(lambda screen: actual(screen) >= 10)
    terminal.send("qqq")  # asks, and takes the next for a no
    terminal.watch(0.5)
    _answers(terminal)
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("yyy")
    assert terminal.wait() == 0
    assert terminal.unclean == []


@pytest.mark.parametrize("where", ["lab", pytest.param("replay", marks=pytest.mark.full)])
def test_ten_thousand_characters_that_nobody_typed_press_nothing(
    start: Start, where: str, tmp_path: Path
) -> None:
    terminal = _opened(start, where, tmp_path)
    terminal.send((TEXT * 1000)[:10_000])
    terminal.wait_for("it presses no keys")
    assert "─ Keys ─" not in terminal.text
    assert "Leave?" not in terminal.text
    assert "started" not in terminal.text
    terminal.watch(0.2)
    _answers(terminal)
    assert {each.name for each in tmp_path.iterdir()} <= {"sample", "config"}


def is_gone(text: str, screen: str) -> bool:
    return text not in screen


def test_escape_and_a_key_in_one_read_close_and_then_act(start: Start, tmp_path: Path) -> None:
    terminal = _opened(start, "lab", tmp_path)
    for opening, title in (("A", "enter begin"), ("e", "Edit repeated"), ("m", "enter keep")):
        terminal.send(opening)
        terminal.wait_for(title)
        terminal.send("\x1b?")
        terminal.wait_for("─ Keys ─")
        terminal.wait_for(partial(is_gone, title))  # the frame may come in two pieces
        terminal.send("\x1b")
        terminal.wait_for(lambda screen: "─ Keys ─" not in screen)
    terminal.send("A")
    terminal.wait_for("enter begin")
    terminal.send("\x1b\r")  # the detail of a message, and no attack
    terminal.wait_for("enter or escape close")
    _answers(terminal)
    assert "ANOMALY ■ idle" in terminal.text


def test_text_that_drips_presses_nothing(start: Start, tmp_path: Path) -> None:
    terminal = _opened(start, "lab", tmp_path)
    for size, every in ((12, 0.03), (8, 0.05), (3, 0.02)):
        for place in range(0, 72, size):
            terminal.send((TEXT * 20)[place : place + size])
            terminal.watch(every)
        terminal.wait_for("it presses no keys")
        terminal.watch(0.2)
    _answers(terminal)
    assert "ANOMALY ■ idle" in terminal.text


def test_text_without_brackets_gets_into_a_field(start: Start, tmp_path: Path) -> None:
    terminal = _opened(start, "lab", tmp_path)
    terminal.send("m")
    terminal.wait_for("enter keep")
    terminal.send("the fan of the second module was loud")
    terminal.wait_for("the fan of the second module was loud")
    terminal.watch(0.3)  # what comes at once after it belongs to the text
    terminal.send("\r")
    terminal.wait_for("marked: the fan of the second module was loud")


def test_bytes_that_are_no_text_end_nothing(start: Start, tmp_path: Path) -> None:
    terminal = _opened(start, "replay", tmp_path)
    for junk in (b"\xff", b"\xff\xfe\x80", b"\xe4\xf6\xfc", b"\x00", b"\xf0\x9f"):
        terminal.send(junk)
        terminal.watch(0.2)
        _answers(terminal, opened=1)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("COLUMNS",), marks=pytest.mark.full),
        pytest.param(("LINES",), marks=pytest.mark.full),
        ("COLUMNS", "LINES"),
    ],
)
def test_the_size_is_the_terminals_whatever_the_environment_says(
    start: Start, names: tuple[str, ...]
) -> None:
    terminal = start("--port", "0", columns=90, rows=30, env=dict.fromkeys(names, "77"))
    terminal.wait_for(connected)
    assert max(map(len, terminal.text.splitlines())) == 90
    terminal.resize(130, 40)
    terminal.wait_for(lambda screen: max(map(len, screen.splitlines())) == 130)
    assert os.get_terminal_size(terminal._far) == (130, 40)


def test_an_order_of_the_first_moment_waits_for_the_charge_point(
    start: Start, tmp_path: Path
) -> None:
    terminal = start("--port", "0")
    terminal.wait_for("q quit")
    terminal.send("s")
    terminal.wait_for(lambda screen: "▶ fluctuation" in screen)
    assert "not connected" not in terminal.output
