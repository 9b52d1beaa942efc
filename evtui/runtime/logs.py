"""Warnings of libraries as events: anything on stderr would land in the middle of the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evtui.events import EventStream, Note

__all__ = ["logs_as_notes"]


class _NoteHandler(logging.Handler):
    def __init__(self, stream: EventStream, call_soon: Callable[..., object]) -> None:
        super().__init__(logging.WARNING)
        self._stream = stream
        self._call_soon = call_soon

    def emit(self, record: logging.LogRecord) -> None:
        first_line = record.getMessage().partition("\n")[0]
        if record.exc_info and record.exc_info[1] is not None:
            first_line = f"{first_line} ({record.exc_info[1]!r})"
        note = Note(
            source=record.name,
            level="error" if record.levelno >= logging.ERROR else "warning",
            text=f"{record.name}: {first_line}"[:300],
        )
        self._call_soon(self._stream.publish, note)


# A peer that breaks the handshake or the connection is an event of ours already.
QUIET = ("websockets", "websockets.server", "websockets.client")


@contextmanager
def logs_as_notes(stream: EventStream, call_soon: Callable[..., object]) -> Iterator[None]:
    """While inside, warnings logged anywhere are published and printed nowhere.

    Args:
        call_soon: runs a function on the engine's loop, from any thread.
    """
    root = logging.getLogger()
    handler = _NoteHandler(stream, call_soon)
    loggers = [logging.getLogger(name) for name in QUIET]
    levels = [logger.level for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        root.removeHandler(handler)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
