"""When a recording is due to be written: the one wall clock that the engine looks at.

It decides when bytes reach the disk, never which.
"""

from __future__ import annotations

import time

__all__ = ["FlushTimer"]


class FlushTimer:
    """Says when ``every`` seconds of wall time have gone by."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._next = time.monotonic() + every

    def due(self) -> bool:
        """True at most once in ``every`` s."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every
        return True
