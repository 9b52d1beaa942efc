"""Leave to inject at what is not ours, for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from evtui.events import ArmingState, EventStream, Note, caused_by

__all__ = ["StationArming"]


class StationArming:
    """Whether a charge point of somebody else is armed; it is not, at first.

    Args:
        stream: told whenever that changes.
        station: identity of the charge point.
        ended: called when the time of an armed one has run out.
    """

    def __init__(self, stream: EventStream, station: str, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._station = station
        self._ended = ended
        self._end: asyncio.TimerHandle | None = None

    def refusal(self) -> str:
        """Why nothing may be injected now, in one line with the way out; empty where it may."""
        if self._end is not None:
            return ""
        return (
            f"{self._station} is not ours and not armed: ! in the terminal arms it, or proxy.arm, "
            "or --arm from the start"
        )

    def arm(self, seconds: float) -> float:
        """Allow it for a while; once more makes that last from now.

        Returns:
            Lab time in s at which it ends.
        """
        self._cancel()
        self._end = asyncio.get_running_loop().call_later(seconds, self._time_is_up)
        until = self._stream.now() + seconds
        self._tell(f"{self._station} is armed for {seconds:g} s", until)
        return until

    def disarm(self) -> bool:
        """Allow it no longer; False when it was so."""
        was_armed = self._end is not None
        self._cancel()
        if was_armed:
            self._tell(f"{self._station} is no longer armed", None)
        return was_armed

    def _cancel(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None

    def _time_is_up(self) -> None:
        with caused_by(None):
            self.disarm()
            self._ended()

    def _tell(self, text: str, until: float | None) -> None:
        level = "info" if until is None else "warning"
        self._stream.publish(
            Note(source="proxy", level=level, station=self._station, text=text)  # type: ignore[arg-type]
        )
        self._stream.publish(ArmingState(source="proxy", station=self._station, armed_until=until))
