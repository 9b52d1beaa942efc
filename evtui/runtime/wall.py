"""The time of the world outside: how long a run takes, and when it is made."""

from __future__ import annotations

import time

__all__ = ["Stopwatch", "utc_now"]


class Stopwatch:
    """Wall time since it was made."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds."""
        return time.monotonic() - self._begun


def utc_now() -> float:
    """Unix time in s."""
    return time.time()
