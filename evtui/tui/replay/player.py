"""Where the cursor of a recording is: position, speed, playing or not.  Pure."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["NORMAL", "SPEEDS", "Player"]

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Recorded seconds a second."""

NORMAL = 1.0


class Player:
    """A position that moves with a clock while it plays, and never leaves the recording.

    The position is worked out from the moment of the last change, never added up, so it does
    not drift however often it is asked for.

    Args:
        first: s, beginning of the recording.
        end: s, its end; not before ``first``.
        clock: monotonic seconds.
    """

    def __init__(self, first: float, end: float, clock: Callable[[], float]) -> None:
        self.first = first
        self.end = end
        self._clock = clock
        self._speed = NORMAL
        self._playing = False
        self._waiting = False
        self._from = first
        self._since = clock()

    @property
    def position(self) -> float:
        """Recorded time in s of the cursor."""
        if not self._playing or self._waiting:
            return self._from
        return min(self.end, self._from + (self._clock() - self._since) * self._speed)

    @property
    def speed(self) -> float:
        """Recorded seconds a second, while it plays."""
        return self._speed

    @property
    def playing(self) -> bool:
        """True from :meth:`play` to :meth:`pause`, or until :meth:`settle` has met the end."""
        return self._playing

    @property
    def at_end(self) -> bool:
        """True when there is nothing left to play."""
        return self.position >= self.end

    def play(self) -> None:
        """Go on from where it is."""
        self._hold(self.position)
        self._playing = True

    def pause(self) -> None:
        """Stay where it is."""
        self._hold(self.position)
        self._playing = False

    def seek(self, t: float) -> None:
        """Go to recorded time ``t`` in s, or as far as the recording goes."""
        self._hold(min(max(t, self.first), self.end))

    def wait(self) -> None:
        """Stay, playing or not, until :meth:`go_on`: what is to be shown is not there yet."""
        self._hold(self.position)
        self._waiting = True

    def go_on(self) -> None:
        """End the wait."""
        self._hold(self.position)
        self._waiting = False

    def settle(self, reached: float) -> None:
        """Fall back to ``reached`` (s), the last moment that could be shown; stop at the end."""
        self.seek(min(self.position, reached))
        if self.at_end:
            self._playing = False

    def change_speed(self, steps: int) -> None:
        """So many of :data:`SPEEDS` up or down, as far as they go."""
        self._hold(self.position)
        index = SPEEDS.index(self._speed) + steps
        self._speed = SPEEDS[min(max(index, 0), len(SPEEDS) - 1)]

    def _hold(self, position: float) -> None:
        self._from = position
        self._since = self._clock()
