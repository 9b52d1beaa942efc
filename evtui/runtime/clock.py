"""The lab's clock: seconds since start from the event loop, UTC added to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from evtui.runtime.steady import SteadyLoop

__all__ = ["LoopClock", "StationClock", "iso", "keep_in_step"]

LOOK_EVERY = 1.0
"""s between two looks at the computer's clock."""

TOLERANCE = 0.5
"""s by which UTC may be off the computer's before it is set: less is not worth telling."""

STARTING = 5.0
"""s of lab time in which nobody is told that the program was held up: it was by its own start."""

STEADY = 0.1
"""s that may pass between two looks at the loop's time for one at the computer's clock to count:
a thread that was held up in between compares two moments."""


def iso(unix: float) -> str:
    """RFC 3339 in UTC with milliseconds, as OCPP 1.6 section 3.14 recommends.

    Args:
        unix: Unix time in s, within the years 1 to 9999.
    """
    utc = datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds")
    return utc.removesuffix("+00:00") + "Z"


class LoopClock:
    """Lab time read from an event loop, and UTC as the computer has it.

    A loop that jumps (virtual time) makes the whole lab jump, since nothing else is asked
    for the time.

    Lab time is what timers, charts and recordings go by; it never jumps in real time.  Linux
    stops it (CLOCK_MONOTONIC) while the computer sleeps.  UTC is what stands in messages; where
    the computer's clock is set, or the computer slept, it is set too by :meth:`follow`.

    Args:
        loop: the engine's loop.
        start_utc: Unix time in seconds that lab time 0 stands for; default: now.
        wall: Unix time in seconds by the computer's clock, to follow; default: that of this
            computer, unless ``start_utc`` is given or the loop's seconds are not the computer's.

    Attributes:
        start_utc: Unix time in seconds of lab time 0 as the clock was when it began; recordings
            go by it, so that their seconds and their UTC agree from the first row to the last.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        start_utc: float | None = None,
        *,
        wall: Callable[[], float] | None = None,
    ) -> None:
        self._loop = loop
        self._zero = loop.time()
        real = start_utc is None and abs(self._zero - time.monotonic()) < 1.0
        self._wall = _computer if wall is None and real else wall
        self.start_utc = (wall or _computer)() if start_utc is None else start_utc
        self._set_by = 0.0

    @property
    def follows(self) -> bool:
        """True when there is a clock outside that may be set."""
        return self._wall is not None

    def now(self) -> float:
        """Seconds since the lab started; callable from any thread."""
        return self._loop.time() - self._zero

    def unix(self, t: float | None = None) -> float:
        """Unix time in s of lab time ``t``, or of now, by the clock as it is set now."""
        return self.start_utc + self._set_by + (self.now() if t is None else t)

    def utc(self, t: float | None = None) -> datetime:
        """UTC of lab time ``t`` in seconds, or of now."""
        return datetime.fromtimestamp(self.unix(t), UTC)

    def iso(self, t: float | None = None) -> str:
        """The same as text; see :func:`iso`."""
        return iso(self.unix(t))

    def follow(self) -> float:
        """Set UTC by the computer's clock where the two have come apart.

        Returns:
            s by which it was set forward, negative for back, 0 when it was not.
        """
        if self._wall is None:
            return 0.0
        before = self.now()
        wall = self._wall()
        if self.now() - before > STEADY:
            return 0.0
        ahead = wall - self.unix(before)
        if abs(ahead) < TOLERANCE:
            return 0.0
        self._set_by += ahead
        return ahead


class StationClock(LoopClock):
    """The clock of one charge point: UTC as it has it may be wrong, lab time never is.

    Args:
        lab: what it agrees with until :meth:`skew`.
    """

    def __init__(self, lab: LoopClock) -> None:
        self._loop = lab._loop
        self._zero = lab._zero
        self._wall = None
        self._lab = lab
        self.start_utc = lab.start_utc
        self._ahead = 0.0
        self._drift = 0.0
        self._since = 0.0

    @property
    def skewed(self) -> bool:
        """True while its UTC is not that of the lab."""
        return bool(self._ahead or self._drift)

    def skew(self, ahead: float, drift: float = 0.0) -> None:
        """Be wrong from now on.

        Args:
            ahead: s by which it is fast, negative for slow.
            drift: s more in each s.
        """
        self._ahead, self._drift, self._since = ahead, drift, self.now()

    def unix(self, t: float | None = None) -> float:
        """See :class:`LoopClock`."""
        if not (self._ahead or self._drift):
            return self._lab.unix(t)
        passed = (self.now() if t is None else t) - self._since
        return self._lab.unix(t) + self._ahead + self._drift * passed


async def keep_in_step(
    clock: LoopClock,
    told: Callable[[str], object],
    *,
    lost: Callable[[], float] | None = None,
) -> None:
    """Follow the computer's clock until cancelled; lab time is the loop's, and never jumps.

    Args:
        told: what has happened, in one line; empty where the program was held up while it starts.
        lost: s so far in which the process was held up; default: what its loop says.
    """
    lost = lost or _lost_by_loop
    lost_before = lost()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        ahead = clock.follow()
        if not ahead:
            continue
        held_up, lost_before = lost() - lost_before, lost()
        if ahead > 0 and abs(ahead - held_up) < TOLERANCE:
            if clock.now() < STARTING:
                told("")
                continue
            what = f"the computer was busy for {ahead:.1f} s, or evtui was stopped"
        elif ahead > 0:
            what = f"the computer's clock was set forward by {ahead:.1f} s, or it slept"
        else:
            what = f"the computer's clock was set back by {-ahead:.1f} s"
        told(f"{what}: times in messages follow, the lab's seconds do not")


def _lost_by_loop() -> float:
    loop = asyncio.get_running_loop()
    return loop.lost if isinstance(loop, SteadyLoop) else 0.0


def _computer() -> float:
    return time.time()
