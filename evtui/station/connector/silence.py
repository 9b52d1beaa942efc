"""How long somebody has not been heard, in time in which this process could hear.  Pure."""

from __future__ import annotations

__all__ = ["Silence"]

ON_TIME = 0.02
"""s by which a look may come late without meaning anything: timers have a resolution."""

CATCHING_UP = 2.0
"""Times its lateness that a loop needs: as long again, to hear what was said meanwhile."""


class Silence:
    """Measures a silence on a loop that may be late itself.

    A loop that is held up hears nobody, however loud they are.  Looks at a steady interval
    show it: by what a look comes late, the loop was held up, and that is no silence.

    Args:
        every: s between two looks.
    """

    def __init__(self, every: float) -> None:
        self._every = every
        self._heard: float | None = None
        self._looked = 0.0
        self._deaf = 0.0  # s since it was heard last, as far as looks have told

    @property
    def begun(self) -> bool:
        """True once it was heard for the first time."""
        return self._heard is not None

    def heard(self, now: float) -> float | None:
        """There it was, at ``now`` s; returns the length of the silence in s before it.

        None for the first time.
        """
        before, length = self._heard, None
        if before is None:
            self._looked = now  # looks are under way, or begin now
        elif (length := now - before) > self._every:
            length = self.length(now)
        self._heard = now
        self._deaf = 0.0
        return length

    def look(self, now: float) -> float:
        """Length of the silence in s at ``now`` s; to be called every ``every`` s."""
        length = self.length(now)
        self._looked = now
        if self._heard is not None:
            self._deaf = now - self._heard - length
        return length

    def length(self, now: float) -> float:
        """Length of the silence in s at ``now`` s, 0 before anything was heard."""
        if self._heard is None:
            return 0.0
        return max(0.0, now - self._heard - self._deaf - self._held_up(now))

    def _held_up(self, now: float) -> float:
        """s since the last look in which nothing could be heard."""
        since = now - self._looked
        late = since - self._every
        return 0.0 if late <= ON_TIME else min(since, late * CATCHING_UP)
