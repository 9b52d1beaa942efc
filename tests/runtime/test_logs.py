from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from evtui.events import Event, EventStream, Note
from evtui.runtime.clock import LoopClock
from evtui.runtime.logs import QUIET, logs_as_notes


@contextmanager
def bare_root() -> Iterator[logging.Logger]:
    """The root logger as a program has it: without pytest's handlers."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        yield root
    finally:
        root.handlers = handlers


async def notes_of(log: logging.Logger, *records: tuple[int, str]) -> list[Note]:
    loop = asyncio.get_running_loop()
    stream = EventStream(LoopClock(loop))
    seen: list[Event] = []
    stream.subscribe(seen.append)
    with bare_root(), logs_as_notes(stream, loop.call_soon_threadsafe):
        for level, text in records:
            log.log(level, text)
        await asyncio.sleep(0)
    return [event for event in seen if isinstance(event, Note)]


async def test_a_warning_becomes_a_note_of_one_line_and_nothing_is_printed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log = logging.getLogger("some.library")
    (note, error) = await notes_of(
        log, (logging.WARNING, "first line\nsecond line"), (logging.ERROR, "x" * 1000)
    )
    assert (note.level, note.text) == ("warning", "some.library: first line")
    assert note.source == "some.library"
    assert error.level == "error"
    assert len(error.text) == 300
    assert capfd.readouterr() == ("", "")


async def test_what_is_less_than_a_warning_is_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("some.library")
    log.setLevel(logging.DEBUG)
    assert await notes_of(log, (logging.INFO, "chatter")) == []
    assert capfd.readouterr() == ("", "")


async def test_the_exception_that_was_logged_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    loop = asyncio.get_running_loop()
    stream = EventStream(LoopClock(loop))
    seen: list[Event] = []
    stream.subscribe(seen.append)
    with bare_root(), logs_as_notes(stream, loop.call_soon_threadsafe):
        loop.call_exception_handler({"message": "task died", "exception": OSError("gone")})
        await asyncio.sleep(0)
    (note,) = seen
    assert isinstance(note, Note)
    assert note.text == "asyncio: task died (OSError('gone'))"
    assert capfd.readouterr() == ("", "")


async def test_a_peer_that_breaks_its_connection_is_told_once_by_us_not_by_the_library(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name in QUIET:
        assert await notes_of(logging.getLogger(name), (logging.ERROR, "handshake failed")) == []
    assert capfd.readouterr() == ("", "")


async def test_afterwards_logging_is_as_it_was() -> None:
    loop = asyncio.get_running_loop()
    levels = [logging.getLogger(name).level for name in QUIET]
    with bare_root() as root:
        with logs_as_notes(EventStream(LoopClock(loop)), loop.call_soon_threadsafe):
            assert len(root.handlers) == 1
        assert root.handlers == []
    assert [logging.getLogger(name).level for name in QUIET] == levels
