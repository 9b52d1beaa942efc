"""Starting on terminals of all kinds, and refusing in one line where it cannot."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import QUICK, Start
from tests.e2e.screens import up
from tests.e2e.terminal import EVTUI

pytestmark = pytest.mark.e2e


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_in_use_is_named_in_one_line_before_the_screen_is_touched(
    start: Start, taken_port: int
) -> None:
    terminal = start("--port", str(taken_port))
    assert terminal.wait() == 2
    (line,) = terminal.output.splitlines()
    assert str(taken_port) in line
    assert "--port" in line
    assert not terminal.entered


def test_two_labs_run_side_by_side_on_free_ports(start: Start) -> None:
    labs = [up(start("--port", "0", columns=120)) for _ in range(2)]
    ports = {found[1] for lab in labs if (found := re.search(r"127\.0\.0\.1:(\d+)", lab.text))}
    assert len(ports) == 2


def test_without_a_terminal_there_is_one_line_and_no_traceback() -> None:
    done = subprocess.run(
        [*EVTUI, "--port", "0"], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "terminal" in line


def test_a_wrong_setting_is_told_in_one_line(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "evtui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("prot = 9000\n")
    terminal = start()
    assert terminal.wait() == 2
    (line,) = terminal.output.splitlines()
    assert "prot" in line
    assert not terminal.entered


@pytest.mark.parametrize(
    ("env", "unwanted"),
    [
        pytest.param({"NO_COLOR": "1"}, r"\x1b\[[\d;]*[345]8;", id="NO_COLOR"),
        pytest.param({"TERM": "xterm", "COLORTERM": ""}, r"\x1b\[[\d;]*[34]8;", id="16 colours"),
        pytest.param({"TEXTUAL_THEME": "ansi-dark"}, "Traceback", id="ansi-dark"),
        pytest.param(
            {"TEXTUAL_THEME": "ansi-light"}, "Traceback", id="ansi-light", marks=pytest.mark.full
        ),
    ],
)
def test_it_comes_up_and_leaves_with_few_colours(
    start: Start, env: dict[str, str], unwanted: str
) -> None:
    terminal = up(start(env=env))
    terminal.send("q")
    assert terminal.wait() == 0
    assert terminal.unclean == []
    assert terminal.after_leaving == ""
    assert not re.search(unwanted, terminal.output)


@pytest.mark.full
def test_over_ssh_there_are_fewer_frames(start: Start) -> None:
    ssh = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    here = up(start("--port", "0", *QUICK))
    there = up(start("--port", "0", *QUICK, env=ssh))
    before = []
    for terminal in (here, there):
        terminal.send("s")
        terminal.wait_for("cycle 1/")
        before.append(terminal.updates)
    here.watch(2.8)
    frames = [terminal.updates for terminal in (here, there)]
    assert frames[1] - before[1] < 0.7 * (frames[0] - before[0])
