"""Completion in a shell: what the program answers, and what bash, zsh and fish make of it."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from evtui.cli import main
from evtui.cli.main import _COMMANDS
from evtui.config import SETTINGS
from tests.patience import PATIENCE

SHELLS = ("bash", "zsh", "fish")
SETTING_FLAGS = {flag for setting in SETTINGS for flag in setting.flag.split("/")}


SCENARIO = """\
schema: evtui.scenario/1
id: own
title: Own
inputs:
  curve: {type: string, default: none}
  high: {type: float, default: 1}
  hot: {type: bool, default: true}
  view: {type: string, default: can, choices: [can, meter]}
steps: [plug]
"""


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with files, and the program in the search path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "evtui"
    root = Path(__file__).parent.parent
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(root))} exec {sys.executable} -m evtui "$@"\n'
    )
    program.chmod(0o755)
    here = tmp_path / "here"
    (here / "run folder").mkdir(parents=True)
    (here / "my first.yaml").touch()
    (here / "lab.toml").touch()
    (here / "own.yaml").write_text(SCENARIO, encoding="utf-8")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(here)
    return here


def answer(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[list[str]]:
    """What the program answers when ``line`` is before the cursor: kind, value, help."""
    monkeypatch.setenv("COMP_LINE", line)
    monkeypatch.setenv("_EVTUI_COMPLETE", "bash_complete")
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert err == ""
    return [row.split("\t") for row in out.splitlines() if row]


@pytest.mark.parametrize(
    ("line", "kind", "values"),
    [
        ("evtui ", "plain", {*_COMMANDS, "config"}),
        ("evtui r", "plain", {"run", "replay", "report"}),
        ("evtui --port 5 conf", "plain", {"config"}),
        ("evtui --preset ", "plain", {"seed", "dc", "ccs", "ac"}),
        ("evtui --preset=d", "plain", {"dc"}),
        ("evtui config --variant tx", "plain", {"txprofile", "txdefault"}),
        ("evtui --theme drac", "plain", {"dracula"}),
        ("evtui --theme 'drac", "plain", {"dracula"}),
        ("evtui docs ch", "plain", {"charge-point", "changelog"}),
        ("evtui replay --ver", "plain", {"--verify"}),
        ("evtui run --record-trouble ", "plain", {"stop", "continue"}),
        ("evtui scenarios fluctuation-seed-", "plain", {"fluctuation-seed-strict"}),
        ("evtui run --seed 5 preset", "plain", {"preset-comparison"}),
        ("evtui --scenario preset", "plain", {"preset-comparison"}),
        ("evtui export a --format tr", "plain", {"trc"}),
        ("evtui export a --format csv --table ", "plain",
         {"frames", "signals", "ocpp", "alarms", "truth"}),
        ("evtui completion ", "plain", {*SHELLS}),
        ("evtui run repeated-current-fluctuation --set h", "open", {"high="}),
        ("evtui --scenario repeated-current-fluctuation --set j", "open", {"jitter="}),
        ("evtui run own.yaml --set view=", "plain", {"can", "meter"}),
        ("evtui run own.yaml --set=view=c", "plain", {"can"}),
        ("evtui run own.yaml --set hot=", "plain", {"true", "false"}),
        ("evtui run own.yaml --set curve=la", "file", {""}),
        ("evtui run own.yaml --set=curve=la", "file", {""}),
        ("evtui run own.yaml --set high=5", "plain", set()),
        ("evtui run ", "file", {""}),
        ("evtui --config ", "file", {""}),
        ("evtui --config=la", "file", {""}),
        ("evtui --record ", "dir", {""}),
        ("evtui --state ", "file", {""}),
        ("evtui run x --out ", "dir", {""}),
        ("evtui check ", "dir", {""}),
        ("evtui replay ", "file", {""}),
        ("evtui report a ", "file", {""}),
    ],
)  # fmt: skip
def test_the_program_answers_with_what_can_stand_there(
    line: str,
    kind: str,
    values: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
) -> None:
    rows = answer(line, monkeypatch, capsys)
    assert {value for each, value, _ in rows if each == kind} == values


@pytest.mark.parametrize("command", ["", "config "])
def test_every_option_of_the_settings_is_offered_with_its_help(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = answer(f"evtui {command}--", monkeypatch, capsys)
    offered = {value: text for _, value, text in rows}
    assert SETTING_FLAGS | {"--config", "--help"} <= {*offered}
    assert offered["--port"].startswith("Port of the central system")


@pytest.mark.parametrize(
    "line", ["evtui run x --set h", "evtui nonsense ", "evtui --zzz ", "evtui run 'x", "evtui \\"]
)
def test_where_nothing_is_known_there_is_no_complaint(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(line, monkeypatch, capsys) is not None


def test_completing_needs_nothing_heavy(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "evtui"],
        env=os.environ | {"COMP_LINE": "evtui run ", "_EVTUI_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "normal-charging" in done.stdout
    for package in ("asyncio", "can", "ocpp", "textual", "websockets"):
        assert f" {package}\n" not in done.stderr


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_the_shell_takes_the_script(shell: str, folder: Path) -> None:
    script = subprocess.run(
        ["evtui", "completion", shell], capture_output=True, text=True, check=True
    ).stdout
    subprocess.run([shell, "-n"], input=script, text=True, check=True)


class Terminal:
    """An interactive shell in a pseudo-terminal."""

    def __init__(self, *arguments: str, setup: str) -> None:
        process, self._fd = pty.fork()
        if process == 0:
            os.environ |= {"TERM": "xterm", "PS1": "$ ", "LC_ALL": "C.UTF-8"}
            os.execvp(arguments[0], arguments)
        self._process = process
        self._screen = pyte.Screen(150, 40)
        self._stream = pyte.ByteStream(self._screen)
        self.does(setup)

    def does(self, command: str) -> None:
        """Run a command to its end."""
        self._screen.reset()
        os.write(self._fd, f"{command}; echo rea''dy\n".encode())
        self._wait_for("ready")

    def becomes(self, typed: str, line: str) -> None:
        """``typed`` and a tabulator make ``line``; then the line is taken away again."""
        self._screen.reset()
        os.write(self._fd, typed.encode() + b"\t")
        self._wait_for(line)
        os.write(self._fd, b"\x05\x15")  # Ctrl+E, Ctrl+U

    def _wait_for(self, text: str) -> None:
        until = time.monotonic() + PATIENCE
        while not any(text in row for row in self._screen.display):
            left = until - time.monotonic()
            assert left > 0, "\n".join(row.rstrip() for row in self._screen.display if row.strip())
            if select.select([self._fd], [], [], left)[0]:
                self._stream.feed(os.read(self._fd, 65536))

    def close(self) -> None:
        os.close(self._fd)  # which hangs up
        os.waitpid(self._process, 0)


@pytest.fixture
def terminal(folder: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    match request.param:
        case "bash":
            arguments, setup = ["--norc", "--noprofile", "-i"], ""
        case _:
            arguments, setup = ["-f", "-i"], "autoload -U compinit; compinit -u -D; "
    load = f'{setup}eval "$(evtui completion {request.param})"'
    made = Terminal(request.param, *arguments, setup=load)
    yield made
    made.close()


@pytest.mark.e2e
@pytest.mark.parametrize(
    "terminal",
    [pytest.param(shell, marks=needs(shell)) for shell in ("bash", "zsh")],
    indirect=True,
)
def test_a_tabulator_completes_in_a_shell(terminal: Terminal) -> None:
    for typed, line in (
        ("evtui conf", "evtui config "),
        ("evtui --theme dra", "evtui --theme dracula "),
        ("evtui --theme=dra", "evtui --theme=dracula "),
        ("evtui run preset-c", "evtui run preset-comparison "),
        ("evtui run my", "evtui run my\\ first.yaml "),
        ("evtui run ./my", "evtui run ./my\\ first.yaml "),
        ("evtui config --config=la", "evtui config --config=lab.toml "),
        ("evtui check r", "evtui check run\\ folder/"),
        ("evtui run repeated-current-fluctuation --set hi", "--set high="),
        ("evtui run own.yaml --set curve=la", "--set curve=lab.toml "),
        ("evtui run own.yaml --set=curve=la", "--set=curve=lab.toml "),
        ("evtui run own.yaml --set view=m", "--set view=meter "),
    ):
        terminal.becomes(typed, line)


@pytest.mark.e2e
@pytest.mark.parametrize("terminal", [pytest.param("bash", marks=needs("bash"))], indirect=True)
def test_bash_replaces_what_it_takes_for_the_word_wherever_words_break(terminal: Terminal) -> None:
    for typed, line in (
        ('evtui run own.yaml --set "view=m', '--set "view=meter"'),
        ("evtui run own.yaml --set 'curve=la", "--set 'curve=lab.toml'"),
        ("evtui run own.yaml --set vi=m\x02\x02", "--set view=m"),  # two characters back
    ):
        terminal.becomes(typed, line)
    terminal.does("COMP_WORDBREAKS=${COMP_WORDBREAKS//=}")
    for typed, line in (
        ("evtui run own.yaml --set view=m", "--set view=meter "),
        ("evtui run own.yaml --set=vi", "--set=view="),
        ("evtui run own.yaml --set vi=m\x02\x02", "--set view=m"),
        ("evtui config --config=la", "evtui config --config=lab.toml"),
    ):
        terminal.becomes(typed, line)


@needs("fish")
@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("evtui conf", ["config\tShow every setting and where it came from."]),
        ("evtui --theme dra", ["dracula"]),
        ("evtui --theme=dra", ["--theme=dracula"]),
        ("evtui run preset-c", ["preset-comparison"]),
        ("evtui run my", ["my first.yaml"]),
        ("evtui config --config=la", ["--config=lab.toml"]),
        ("evtui check r", ["run folder/\tDirectory"]),
        ("evtui run repeated-current-fluctuation --set hi", ["high="]),
        ("evtui run own.yaml --set curve=la", ["curve=lab.toml"]),
        ("evtui run own.yaml --set=curve=la", ["--set=curve=lab.toml"]),
        ("evtui run own.yaml --set view=m", ["view=meter"]),
    ],
)
def test_fish_offers_the_candidates(line: str, candidates: list[str], folder: Path) -> None:
    done = subprocess.run(
        ["fish", "-N", "-c", f"evtui completion fish | source; complete -C {shlex.quote(line)}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [row.rstrip("\t") for row in done.stdout.splitlines()] == candidates
