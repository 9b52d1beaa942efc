"""A recording in a real terminal: opening, playing, going somewhere, every way out."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.terminal import Terminal
from tests.recording.sample_run import record_sample

pytestmark = pytest.mark.e2e

SIGNALS = {signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGINT: 130}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two minutes."""
    made = tmp_path_factory.mktemp("runs") / "sample"
    record_sample(made)
    return made


def _cursor(screen: str) -> float:
    """Position that the time line gives, s; -1 while it gives none."""
    found = re.search(r"(\d\d):(\d\d):(\d\d\.\d) [/s]", screen)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else -1


def _playing(terminal: Terminal) -> Terminal:
    terminal.wait_for(lambda screen: "REPLAY" in screen and _cursor(screen) > 0.2)
    return terminal


def test_it_plays_seeks_steps_and_leaves_with_a_clean_terminal(start: Start, folder: Path) -> None:
    terminal = _playing(start("replay", str(folder), columns=120, rows=36))
    terminal.send(" ")
    terminal.wait_for("‖ 1x")
    terminal.send("a")
    terminal.wait_for(lambda screen: _cursor(screen) == 60.1 and "ALARM ▲" in screen)
    terminal.send("E")
    terminal.wait_for(lambda screen: _cursor(screen) == 40.0 and "ALARM · none" in screen)
    terminal.send("\x1b[1;2C")  # shift and right
    terminal.wait_for(lambda screen: _cursor(screen) == 50.0)
    terminal.send("\x1b[H")
    terminal.wait_for(lambda screen: _cursor(screen) == 0.0)
    terminal.type("g1:55\r")  # not at once: the keys before it were answered in no time
    terminal.wait_for(lambda screen: _cursor(screen) == 115.0 and "00:01:55.000" in screen)
    terminal.type("]]] ")
    terminal.wait_for("▶ 8x")
    terminal.wait_for("end of the recording")
    terminal.send("q")
    assert terminal.wait() == 0
    assert terminal.unclean == []
    assert terminal.survivors == []


def test_a_click_on_the_time_line_goes_there(start: Start, folder: Path) -> None:
    terminal = _playing(start("replay", str(folder)))
    terminal.send(" ")
    terminal.wait_for("‖ 1x")
    for kind in "Mm":
        terminal.send(f"\x1b[<0;79;23{kind}")
    terminal.wait_for(lambda screen: _cursor(screen) == 120.0)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        pytest.param(signal.SIGHUP, marks=pytest.mark.full),
        pytest.param(signal.SIGINT, marks=pytest.mark.full),
    ],
    ids=["SIGTERM", "SIGHUP", "SIGINT"],
)
def test_a_signal_ends_it_with_a_clean_terminal(
    start: Start, folder: Path, number: signal.Signals
) -> None:
    terminal = _playing(start("replay", str(folder)))
    terminal.kill(number)
    assert terminal.wait() == SIGNALS[number]
    assert terminal.unclean == []
    assert terminal.survivors == []


def test_closing_the_window_ends_it(start: Start, folder: Path) -> None:
    terminal = _playing(start("replay", str(folder)))
    terminal.hang_up()
    assert terminal.wait() == 129
    assert terminal.survivors == []


def test_a_folder_that_was_left_in_the_middle_opens_and_says_so(
    start: Start, folder: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn"
    shutil.copytree(folder, torn)
    (torn / "manifest.json").unlink()
    (torn / "signals.csv").write_bytes((folder / "signals.csv").read_bytes()[:100_001])
    terminal = _playing(start("replay", str(torn)))
    terminal.wait_for("! manifest.json")
    terminal.send("?")
    terminal.wait_for("signals.csv")


def test_a_can_log_alone_shows_its_frames(start: Start, folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "foreign.log"
    shutil.copy(folder / "can.log", log)
    terminal = _playing(start("replay", str(log), "--decode"))
    terminal.wait_for("300 Current")
    terminal.wait_for("nothing up to this moment of the recording")
