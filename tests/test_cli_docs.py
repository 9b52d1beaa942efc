"""``evtui docs``: chapters in a pipe and in a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

import pytest

from evtui.chapters import TOPICS, text_of
from evtui.cli import main


@pytest.mark.parametrize("topic", TOPICS)
def test_a_chapter_goes_into_a_pipe_as_markdown(
    topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", topic]) == 0
    text = capsys.readouterr().out
    assert text == text_of(topic)
    assert text.startswith("# ")
    assert "<!--" not in text


def test_without_a_topic_every_chapter_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs"]) == 0
    listed = capsys.readouterr().out
    assert re.findall(r"^([\w-]+)  ", listed, re.MULTILINE) == [*TOPICS]
    assert max(map(len, listed.splitlines())) <= 80


def test_another_topic_is_refused_with_what_may_be_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["docs", "scenario"]) == 2
    assert capsys.readouterr().err == 'evtui: no chapter "scenario"; did you mean scenarios?\n'
    assert main(["docs", "\x1b[2J"]) == 2
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert "known: screen, keys, " in told


def in_a_terminal(topic: str, **environment: str) -> str:
    """What the terminal gets, 24 rows of 80 columns, with a pager that lets everything through."""
    leader, follower = pty.openpty()
    program = subprocess.Popen(
        [sys.executable, "-m", "evtui", "docs", topic],
        stdin=follower,
        stdout=follower,
        env={**os.environ, "PAGER": "cat", "COLUMNS": "80", "LINES": "24", **environment},
    )
    os.close(follower)
    shown = b""
    with suppress(OSError):  # the other end is closed
        while more := os.read(leader, 65536):
            shown += more
    os.close(leader)
    assert program.wait() == 0
    return shown.decode()


def test_in_a_terminal_it_is_laid_out_and_goes_through_the_pager() -> None:
    shown = in_a_terminal("anomaly")
    assert "\x1b[" in shown
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert max(map(len, plain.splitlines())) <= 80
    assert "| --- |" not in plain
    assert "(evtui docs can)" in " ".join(plain.split())  # a link to another chapter


def test_no_color_is_heeded() -> None:
    assert not re.search(r"\x1b\[[\d;]*(3\d|4\d|9\d)m", in_a_terminal("anomaly", NO_COLOR="1"))
