"""What was said at the bottom of the screen, kept to be read again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from evtui.tui.models.text import clock

__all__ = ["LEVEL_MARKS", "Notice", "NoticeLevel", "Notices"]

NoticeLevel = Literal["info", "warning", "error"]

LEVEL_MARKS: dict[NoticeLevel, str] = {"info": "·", "warning": "!", "error": "✗"}

MOST = 500
"""Notices kept."""


class Notice(NamedTuple):
    """One line for people.

    Attributes:
        utc: Unix time in seconds at which it was said.
        text: harmless to a terminal.
        level: how grave it is.
    """

    utc: float
    text: str
    level: NoticeLevel


class Notices:
    """The last ones, oldest first.

    Args:
        now: Unix time in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._kept: deque[Notice] = deque(maxlen=MOST)

    def add(self, text: str, level: NoticeLevel) -> None:
        """Keep one."""
        self._kept.append(Notice(self._now(), text, level))

    def told(self) -> str:
        """All of them with their times, newest first, one a line."""
        return "\n".join(
            f"{clock(each.utc)}  {LEVEL_MARKS[each.level]} {each.text}"
            for each in reversed(self._kept)
        )
