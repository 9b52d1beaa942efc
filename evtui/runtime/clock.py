"""The lab's clock: seconds since start from the event loop, UTC added to it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class LoopClock:
    """Lab time read from an event loop.

    A loop that jumps (virtual time) makes the whole lab jump, since nothing else is asked
    for the time.

    Args:
        loop: the engine's loop.
        start_utc: Unix time in seconds that lab time 0 stands for; default: now.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, start_utc: float | None = None) -> None:
        self._loop = loop
        self._zero = loop.time()
        self.start_utc = time.time() if start_utc is None else start_utc

    def now(self) -> float:
        """Seconds since the lab started; callable from any thread."""
        return self._loop.time() - self._zero

    def utc(self, t: float | None = None) -> datetime:
        """UTC of lab time ``t`` in seconds, or of now."""
        return datetime.fromtimestamp(self.start_utc + (self.now() if t is None else t), UTC)

    def iso(self, t: float | None = None) -> str:
        """RFC 3339 in UTC with milliseconds, as OCPP 1.6 section 3.14 recommends."""
        return self.utc(t).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
